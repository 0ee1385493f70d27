"""What of the money of an order may go back, told by rule."""

from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.orders.models import Order
from kontor.payments import kept, queries, refunding
from kontor.payments.kept import GIVEN, refunds_of, withheld_by_rule
from kontor.payments.models import PaymentTransaction, Refund, RefundAllocation, TransactionKind, TransactionState
from kontor.payments.refund_due import MoneyThere, Payable, Withheld, payable
from kontor.payments.reporting import dues_of, settings_of

K = TransactionKind


async def payable_for(db: Session, order: Order, due: int, *, cover: int = 0) -> Payable:
    """What of `due` (minor units) can go back over the payments of an order, and which rule keeps the rest.

    `cover` is what of it pays for articles given in exchange.
    """
    there = await refunding.refundable(db, order.id)
    if due <= there:
        return payable(due, MoneyThere(there)).less(cover)
    return payable(due, await _money_there(db, order, there)).less(cover)


async def _money_there(db: Session, order: Order, refundable: int) -> MoneyThere:
    payments = await queries.read_payments(db, order.id)
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    causes = await _given(db, order.id)
    of_canceled = min(dues.canceled, causes.get(Withheld.REFUNDED_BEFORE, 0))
    causes[Withheld.REFUNDED_BEFORE] = causes.get(Withheld.REFUNDED_BEFORE, 0) - dues.canceled
    exchanged = (await kept.exchanged(db, [order.id])).get(order.id, 0)
    named = sum(payment.amount for payment in payments if not payment.settles_id)
    # Of canceled pieces nobody is asked for money, and what went back for them pays for nothing else.
    causes[Withheld.NOT_PAID] = order.total - dues.canceled - exchanged - (named - of_canceled)
    causes[Withheld.CHARGED_BACK] = await held_by_banks(db, order.id)
    for rule, amount in withheld_by_rule(await refunds_of(db, order.id)).items():
        causes[rule] = causes.get(rule, 0) - amount
    return MoneyThere(refundable, causes, await _captures_open(db, order.id))


async def held_by_banks(db: Session, order_id: UUID) -> int:
    """What banks took back of money that was there, less what disputes that were won brought back; minor units."""
    row = PaymentTransaction
    signed = sa.case((row.kind == K.REINSTATE, -row.amount), else_=row.amount)
    found = sa.select(sa.func.sum(signed)).where(
        row.order_id == order_id,
        row.kind.in_((K.CHARGEBACK, K.REINSTATE)),
        row.outcome == TransactionState.SUCCEEDED,
    )
    return int(await db.scalar(found) or 0)


async def _captures_open(db: Session, order_id: UUID) -> bool:
    row = PaymentTransaction
    opened = (TransactionState.PENDING, TransactionState.UNKNOWN)
    found = sa.select(row.id).where(row.order_id == order_id, row.kind == K.CAPTURE, row.outcome.in_(opened))
    return await db.scalar(found.limit(1)) is not None


async def _given(db: Session, order_id: UUID) -> dict[Withheld, int]:
    """What went back, or is about to, for no goods of the order."""
    counts = sa.or_(RefundAllocation.done, Refund.state.in_(queries.UNDER_WAY))
    rows = await db.execute(
        sa.select(Refund.kind, Refund.lines, RefundAllocation.amount)
        .join(RefundAllocation, RefundAllocation.refund_id == Refund.id)
        .where(Refund.order_id == order_id, counts, Refund.kind.in_(list(GIVEN)))
    )
    given: dict[Withheld, int] = {}
    for kind, lines, amount in rows:
        if not lines:
            given[GIVEN[kind]] = given.get(GIVEN[kind], 0) + amount
    return given
