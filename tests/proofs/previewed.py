"""What was said of money before it went back, beside what was booked: amount, tax and the share of each payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.invoicing.models import CreditNote
from kontor.orders.models import Order
from kontor.payments import service as payments
from kontor.payments.models import Payment, Refund, RefundAllocation
from kontor.payments.states import RefundState
from kontor.returns.values import RefundDue
from proofs.order_machine import Broken


@dataclass(frozen=True)
class Foreseen:
    """What a preview said, with the share of each payment, and what the money of the order was then."""

    due: RefundDue
    shares: dict[UUID, int]
    money: Any


async def foresee(db: Session, order: Order, due: RefundDue) -> Foreseen:
    """What is due, with the shares in which it would go back now."""
    shares: dict[UUID, int] = {}
    if due.amount > 0:
        preview = await payments.preview_refund(db, order, due.amount)
        shares = {share.payment.id: share.amount for share in preview.shares}
    return Foreseen(due, shares, await _money(db, order.id, but=None))


async def check(db: Session, number: str, return_id: UUID, said: Foreseen) -> str:
    """Raise `Broken` where a return was paid otherwise than was foreseen; what was compared.

    What goods and charges come to and its tax hold whatever happens; how much of it goes back, and how, as long as no
    other money moved in between. Nothing is compared as long as nothing is booked.
    """
    refund = await db.scalar(sa.select(Refund).where(Refund.return_id == return_id).order_by(Refund.id).limit(1))
    if refund is None:
        return "not booked"
    kept = {str(rule) for rule in said.due.withheld}
    credited = sum(int(line["gross"]) for line in refund.lines if line.get("name") not in kept)
    compared = "credited"
    _same(number, "credited", said.due.credited, credited)
    notes = list(await db.scalars(sa.select(CreditNote).where(CreditNote.refund_id == refund.id)))
    if notes:
        lines = [line for note in notes for line in note.content["lines"]]
        of_goods = [line for line in lines if line.get("shipment_line_id") or line.get("charge_id")]
        tax = sum(line.tax for line in said.due.lines) + sum(charge.tax for charge in said.due.charges)
        _same(number, "tax", tax, sum(line["tax"] for line in of_goods))
        compared += ", tax"
    if said.due.waits or said.money != await _money(db, refund.order_id, but=refund.id):
        return compared
    _same(number, "amount", said.due.amount, refund.amount)
    rows = await db.scalars(sa.select(RefundAllocation).where(RefundAllocation.refund_id == refund.id))
    _same(number, "shares", said.shares, {row.payment_id: row.amount for row in rows})
    return f"{compared}, amount, shares"


def _same(number: str, what: str, said: Any, booked: Any) -> None:
    if said != booked:
        raise Broken(f"{number}: {what} {said} was previewed, {booked} is booked")


async def _money(db: Session, order_id: UUID, *, but: UUID | None) -> Any:
    """What came in and what is promised back, without one refund."""
    paid = sa.select(Payment.id, Payment.captured, Payment.state).where(Payment.order_id == order_id)
    back = sa.select(Refund.id, Refund.amount).where(Refund.order_id == order_id, Refund.state != RefundState.CANCELED)
    rows = [tuple(row) for row in await db.execute(paid.order_by(Payment.id))]
    others = [tuple(row) for row in await db.execute(back.order_by(Refund.id)) if row.id != but]
    return [(row[0], row[1]) for row in rows], others
