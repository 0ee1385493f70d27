"""What orders use of budgets and coupons: counted under locks in key order, given back when an order is not to be.

Coupons are locked before promotions, both before stock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Session, in_key_order
from kontor.core.ids import new_id
from kontor.core.sets import any_of
from kontor.promotions.events import PromotionsGivenBack
from kontor.promotions.models import Coupon, PromotionUse, Redemption
from kontor.promotions.values import Offer, Used

_COLUMNS = (
    "id", "order_id", "promotion_id", "promotion_code", "coupon_id", "amount", "currency", "redeemed_at",
    "given_back_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What an order gets of a promotion, and by which coupon."""

    order_id: UUID
    offer: Offer
    amount: int
    currency: str
    coupon_id: UUID | None = None


@dataclass(slots=True)
class Tally:
    """What is used of budgets and coupons, with what the orders of a batch take before it is written."""

    used: dict[str, Used] = field(default_factory=dict)
    coupons: dict[UUID, int] = field(default_factory=dict)

    def take(self, redeemed: Iterable[Redeemed], *, sign: int = 1) -> None:
        """Count what an order takes, or with -1 what one does not take after all."""
        for each in redeemed:
            before = self.used.get(each.offer.code, Used())
            self.used[each.offer.code] = Used(before.uses + sign, before.given + sign * each.amount)
            if each.coupon_id is not None:
                self.coupons[each.coupon_id] = self.coupons.get(each.coupon_id, 0) + sign


async def read_used(db: Session, codes: Collection[str]) -> dict[str, Used]:
    """What was used of these promotions so far."""
    if not codes:
        return {}
    rows = await db.execute(
        sa.select(PromotionUse.code, PromotionUse.uses, PromotionUse.given).where(
            any_of(PromotionUse.code, sorted(codes))
        )
    )
    return {code: Used(uses, given) for code, uses, given in rows}


async def lock_coupons(db: Session, ids: Iterable[UUID]) -> dict[UUID, Coupon]:
    """Coupons as they are, locked in key order."""
    wanted = in_key_order(ids)
    if not wanted:
        return {}
    rows = await db.scalars(
        sa.select(Coupon)
        .where(Coupon.id.in_(wanted))
        .order_by(Coupon.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def redeem(db: Session, redeemed: Sequence[Redeemed]) -> bool:
    """Write what orders get, if budgets and coupons still have it; whether they had.

    When they had not, nothing of it may stay: the caller undoes the transaction.
    """
    if not redeemed:
        return True
    tally = Tally()
    tally.take(redeemed)
    coupons = await lock_coupons(db, tally.coupons)
    for coupon_id, count in tally.coupons.items():
        coupon = coupons[coupon_id]
        if coupon.blocked_at is not None or (coupon.most_uses is not None and coupon.uses + count > coupon.most_uses):
            return False
        coupon.uses += count
    if not await _count(db, redeemed):
        return False
    await db.flush()
    await db.bulk_insert(
        Redemption,
        _COLUMNS,
        [
            (new_id(), each.order_id, each.offer.id, each.offer.code, each.coupon_id, each.amount, each.currency,
             db.now, None, db.now)
            for each in redeemed
        ],
    )  # fmt: skip
    return True


async def _count(db: Session, redeemed: Sequence[Redeemed]) -> bool:
    """Count what is taken of every promotion that has a counter, whether this version has a budget or not.

    What an order gives back later is taken off the counter, so it has to be in it, too. Each version's own budget
    counts, in the order in which the batch was priced.
    """
    rows = await lock_uses(db, {each.offer.code for each in redeemed})
    for each in redeemed:
        row, offer = rows.get(each.offer.code), each.offer
        if row is None:
            continue
        row.uses += 1
        row.given += each.amount
        if offer.most_uses is not None and row.uses > offer.most_uses:
            return False
        if offer.most_given is not None and row.given > offer.most_given:
            return False
    return True


async def lock_uses(db: Session, codes: Iterable[str]) -> dict[str, PromotionUse]:
    """The counters of promotions with a budget, locked in key order; those without a counter are missing."""
    rows = await db.scalars(
        sa.select(PromotionUse)
        .where(any_of(PromotionUse.code, sorted(set(codes))))
        .order_by(PromotionUse.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.code: row for row in rows}


async def give_back(db: Session, order_ids: Iterable[UUID]) -> int:
    """Give back what whole orders used of coupons and budgets, once; how many redemptions that are."""
    rows: list[Any] = list(
        await db.scalars(
            sa.select(Redemption)
            .where(Redemption.order_id.in_(in_key_order(order_ids)), Redemption.given_back_at.is_(None))
            .order_by(Redemption.id)
            .with_for_update()
        )
    )
    coupons = await lock_coupons(db, (row.coupon_id for row in rows if row.coupon_id is not None))
    uses = await lock_uses(db, (row.promotion_code for row in rows)) if rows else {}
    codes: dict[UUID, list[str]] = {}
    for row in rows:
        row.given_back_at = db.now
        codes.setdefault(row.order_id, []).append(row.promotion_code)
        if row.coupon_id in coupons:
            coupons[row.coupon_id].uses -= 1
        if row.promotion_code in uses:
            # An order that was being placed while the counter was made is not in it.
            use = uses[row.promotion_code]
            use.uses, use.given = max(0, use.uses - 1), max(0, use.given - row.amount)
    for order_id, names in codes.items():
        outbox.record(db, PromotionsGivenBack(stream_id=order_id, codes=tuple(sorted(names))))
    return len(rows)
