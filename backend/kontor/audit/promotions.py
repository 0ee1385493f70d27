"""Invariant 4, what is given: budgets and coupons have used what orders got of them."""

from __future__ import annotations

import sqlalchemy as sa

from kontor.audit.comparing import Difference, or_zero, text, total, unequal
from kontor.core.db import Session
from kontor.promotions.models import Coupon, PromotionUse, Redemption

_STANDS = Redemption.given_back_at.is_(None)


async def budgets(db: Session) -> list[Difference]:
    """A promotion's counter is what stands of its redemptions: how many, and what they gave."""
    used = (
        sa.select(Redemption.promotion_code, sa.func.count().label("uses"), total(Redemption.amount, "given"))
        .where(_STANDS)
        .group_by(Redemption.promotion_code)
        .subquery()
    )
    found = sa.outerjoin(PromotionUse, used, used.c.promotion_code == PromotionUse.code)
    subject = (text("promotion"), PromotionUse.code)
    differences: list[Difference] = []
    for name, recorded in (("uses", PromotionUse.uses), ("given", PromotionUse.given)):
        pair = (recorded, or_zero(used.c[name]))
        differences += await unequal(db, 4, f"{name} against redemptions", found=found, subject=subject, pair=pair)
    return differences


async def coupons(db: Session) -> list[Difference]:
    """A coupon was used as often as redemptions that stand name it."""
    used = (
        sa.select(Redemption.coupon_id, sa.func.count().label("uses"))
        .where(_STANDS, Redemption.coupon_id.is_not(None))
        .group_by(Redemption.coupon_id)
        .subquery()
    )
    found = sa.outerjoin(Coupon, used, used.c.coupon_id == Coupon.id)
    pair = (Coupon.uses, or_zero(used.c.uses))
    subject = (text("coupon"), Coupon.code)
    return await unequal(db, 4, "uses against redemptions", found=found, subject=subject, pair=pair)


CHECKS = (budgets, coupons)
