"""What refunds said they kept, or had given before, line by line."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.payments.covering import open_covers
from kontor.payments.models import Refund, RefundAllocation
from kontor.payments.refund_due import COLLECTED_NO_MORE, Withheld
from kontor.payments.states import RefundState

GOODWILL = "GOODWILL"
CANCELLATION = "CANCELLATION"
GIVEN = {
    GOODWILL: Withheld.GOODWILL_GIVEN,
    "CORRECTION": Withheld.CORRECTION_GIVEN,
    CANCELLATION: Withheld.REFUNDED_BEFORE,
}


async def refunds_of(db: Session, order_id: UUID) -> Sequence[Refund]:
    """The refunds of an order that were not taken back, oldest first."""
    found = sa.select(Refund).where(Refund.order_id == order_id, Refund.state != RefundState.CANCELED)
    return list(await db.scalars(found.order_by(Refund.id).execution_options(populate_existing=True)))


def withheld_by_rule(refunds: Iterable[Refund]) -> dict[Withheld, int]:
    """What refunds kept for each rule, minor units."""
    found: dict[Withheld, int] = {}
    for refund in refunds:
        for line in refund.lines:
            if line.get("name") in set(Withheld):
                rule = Withheld(line["name"])
                found[rule] = found.get(rule, 0) - int(line["gross"])
    return found


async def paid_back_for_canceled(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was granted over each payment for pieces that never shipped, paid out yet or not, minor units.

    It pays for nothing any more, though it was taken: pieces added later need money of their own.
    """
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(RefundAllocation.payment_id, sa.func.sum(RefundAllocation.amount))
            .join(Refund, Refund.id == RefundAllocation.refund_id)
            .where(Refund.order_id.in_(part), Refund.kind == CANCELLATION, Refund.state != RefundState.CANCELED)
            .group_by(RefundAllocation.payment_id)
        )
        found.update({payment_id: int(amount) for payment_id, amount in rows})
    return found


async def waived(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What is collected no more: of goods that came back before anybody had paid them, and what goods that come back
    pay for in place of money; by order, minor units."""
    return await _kept_for(db, list(order_ids), COLLECTED_NO_MORE)


async def exchanged(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What goods that come back, or came, pay for in place of money, by order, minor units."""
    return await _kept_for(db, list(order_ids), frozenset({Withheld.EXCHANGED}))


async def exchanged_back(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What refunds of goods that came back kept for articles given in exchange, by order, minor units."""
    return await _kept_by_refunds(db, list(order_ids), frozenset({Withheld.EXCHANGED}))


async def _kept_for(db: Session, order_ids: Sequence[UUID], rules: frozenset[Withheld]) -> dict[UUID, int]:
    found = await open_covers(db, order_ids)
    for order_id, amount in (await _kept_by_refunds(db, order_ids, rules)).items():
        found[order_id] = found.get(order_id, 0) + amount
    return found


async def _kept_by_refunds(db: Session, order_ids: Sequence[UUID], rules: frozenset[Withheld]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Refund.order_id, Refund.lines).where(
                Refund.order_id.in_(part), Refund.return_id.is_not(None), Refund.state != RefundState.CANCELED
            )
        )
        for order_id, lines in rows:
            amount = sum(-int(line["gross"]) for line in lines if line.get("name") in rules)
            if amount:
                found[order_id] = found.get(order_id, 0) + amount
    return found


def taken_off(refunds: Iterable[Refund]) -> dict[str, int]:
    """What goodwill lowered the price of shipped goods by and no return has counted yet, by shipment line, minor units.

    A return that pays goods back pays less by what was given for them before; its lines say by how much (`reduced`).
    """
    found: dict[str, int] = {}
    for refund in refunds:
        for line in refund.lines:
            key = line.get("shipment_line_id")
            if key and refund.kind == GOODWILL:
                found[key] = found.get(key, 0) + int(line["gross"])
            elif key:
                found[key] = found.get(key, 0) - int(line.get("reduced", 0))
    return found


def counted_since(refund: Refund, others: Iterable[Refund]) -> bool:
    """Whether a return was paid less because of this refund, so that it cannot be taken back any more."""
    rest = [each for each in others if each.id != refund.id]
    if refund.lines:
        return any(amount < 0 for amount in taken_off(rest).values())
    rule = GIVEN.get(refund.kind)
    given = sum(each.amount for each in rest if each.kind == refund.kind and not each.lines)
    return rule is not None and withheld_by_rule(rest).get(rule, 0) > given
