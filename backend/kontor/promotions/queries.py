"""Finding promotions, coupons and what orders got of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.core.sets import any_of
from kontor.promotions.coupons import normalized
from kontor.promotions.models import Coupon, Promotion, PromotionUse, Redemption
from kontor.promotions.values import BenefitKind

SORTS: dict[str, Any] = {
    "VALID_FROM": Promotion.valid_from,
    "CODE": Promotion.code,
    "UPDATED_AT": Promotion.updated_at,
}
COUPON_SORTS: dict[str, Any] = {"CREATED_AT": Coupon.created_at, "CODE": Coupon.code, "UPDATED_AT": Coupon.updated_at}
REDEMPTION_SORTS: dict[str, Any] = {"REDEEMED_AT": Redemption.redeemed_at, "UPDATED_AT": Redemption.updated_at}


@dataclass(frozen=True, slots=True)
class PromotionFilter:
    """Which versions are wanted; what is None does not narrow. `at` keeps those valid at a moment."""

    codes: Sequence[str] | None = None
    kinds: Sequence[BenefitKind] | None = None
    coupon: bool | None = None
    at: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CouponFilter:
    """Which coupons are wanted; what is None does not narrow."""

    promotions: Sequence[str] | None = None
    codes: Sequence[str] | None = None
    batch_ids: Sequence[UUID] | None = None
    blocked: bool | None = None
    used: bool | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RedemptionFilter:
    """Which redemptions are wanted; what is None does not narrow."""

    promotions: Sequence[str] | None = None
    order_ids: Sequence[UUID] | None = None
    given_back: bool | None = None
    changed_since: datetime | None = None


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """Promotions, coupons and their use are the company's own: whoever sees only a part of it sees none."""
    scoped = (principal.partner_id, principal.channel_ids, principal.location_ids, principal.customer_id)
    return sa.true() if all(scope is None for scope in scoped) else sa.false()


def valid_at(at: datetime) -> sa.ColumnElement[bool]:
    """Valid at a moment."""
    return sa.and_(Promotion.valid_from <= at, sa.or_(Promotion.valid_to.is_(None), Promotion.valid_to > at))


async def list_promotions(
    db: Session, wanted: PromotionFilter, page: PageRequest, *, sort: str = "VALID_FROM", descending: bool = True
) -> Page[Promotion]:
    """A page of versions, ended and planned ones included unless `at` is given."""
    found = narrow(
        sa.select(Promotion).where(visible_to(db.principal)),
        (lambda codes: any_of(Promotion.code, codes), wanted.codes),
        (Promotion.kind.in_, wanted.kinds),
        (Promotion.coupon.__eq__, wanted.coupon),
        (valid_at, wanted.at),
        (Promotion.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Promotion.id, page)


async def find_promotion(db: Session, promotion_id: UUID) -> Promotion | None:
    """One version."""
    return await db.scalar(sa.select(Promotion).where(Promotion.id == promotion_id, visible_to(db.principal)))


async def list_coupons(
    db: Session, wanted: CouponFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Coupon]:
    """A page of coupons."""
    found = narrow(
        sa.select(Coupon).where(visible_to(db.principal)),
        (lambda codes: any_of(Coupon.promotion_code, codes), wanted.promotions),
        (lambda codes: any_of(Coupon.code, [normalized(code) for code in codes]), wanted.codes),
        (Coupon.batch_id.in_, wanted.batch_ids),
        (lambda blocked: Coupon.blocked_at.is_not(None) if blocked else Coupon.blocked_at.is_(None), wanted.blocked),
        (lambda used: Coupon.uses > 0 if used else Coupon.uses == 0, wanted.used),
        (Coupon.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(COUPON_SORTS, sort, descending=descending), Coupon.id, page)


async def list_redemptions(
    db: Session, wanted: RedemptionFilter, page: PageRequest, *, sort: str = "REDEEMED_AT", descending: bool = True
) -> Page[Redemption]:
    """A page of what orders got."""
    back = Redemption.given_back_at
    found = narrow(
        sa.select(Redemption).where(visible_to(db.principal)),
        (lambda codes: any_of(Redemption.promotion_code, codes), wanted.promotions),
        (Redemption.order_id.in_, wanted.order_ids),
        (lambda given: back.is_not(None) if given else back.is_(None), wanted.given_back),
        (Redemption.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(REDEMPTION_SORTS, sort, descending=descending), Redemption.id, page)


async def uses_of(db: Session, codes: Sequence[str]) -> dict[str, PromotionUse]:
    """What orders used of promotions with a budget, by code."""
    rows = await db.scalars(sa.select(PromotionUse).where(any_of(PromotionUse.code, sorted(set(codes)))))
    return {row.code: row for row in rows}


async def count_of_batch(db: Session, batch_id: UUID) -> int:
    """How many coupons a batch has."""
    return await db.scalar(sa.select(sa.func.count()).select_from(Coupon).where(Coupon.batch_id == batch_id)) or 0
