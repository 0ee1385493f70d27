"""Debts on account that another method pays: collected at once, and no longer owed on account."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.models import Order
from kontor.payments import ledger
from kontor.payments.events import DebtTakenOver
from kontor.payments.models import Payment, TransactionKind
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentMethodKind, PaymentState
from kontor.payments.surplus import refund_surplus

_WAITING = frozenset({PaymentState.CREATED, PaymentState.EXPIRED})


def debts(payments: Sequence[Payment]) -> dict[UUID, int]:
    """What is owed on account and nobody has undertaken to pay otherwise yet, by payment, minor units."""
    owed = {each.id: ledger.owed(each) for each in payments if each.kind is PaymentMethodKind.ON_ACCOUNT}
    for each in payments:
        if each.settles_id in owed and each.state in _WAITING:
            owed[each.settles_id] -= each.amount - each.authorized
    return {payment_id: amount for payment_id, amount in owed.items() if amount > 0}


def still_wanted(payment: Payment, payments: Sequence[Payment]) -> int:
    """What is to be promised of a payment, minor units: to pay a debt no more than is owed by now."""
    wanted = payment.amount - payment.authorized
    debt = _debt(payment, payments)
    return wanted if debt is None else min(wanted, ledger.owed(debt))


def drop_unneeded(db: Session, payment: Payment, payments: Sequence[Payment], *, now: datetime) -> None:
    """A debt that was paid before its money was collected needs no other method any more."""
    if payment.settles_id and payment.state is PaymentState.CREATED and not still_wanted(payment, payments):
        transition(db, payment, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")


async def take_over(db: Session, order: Order, payment: Payment, payments: Sequence[Payment], *, now: datetime) -> None:
    """What a payment of a locked order has just collected for a debt is not owed on account any more.

    A transfer may have come in while the money was being collected: what was paid twice goes back.
    """
    debt = _debt(payment, payments)
    if debt is None:
        return
    taken = min(payment.captured, ledger.owed(debt))
    if taken:
        done = ledger.book_now(db, debt, TransactionKind.TAKEOVER, taken, now=now)
        record(
            db,
            DebtTakenOver(
                stream_id=order.id,
                payment_id=debt.id,
                by_payment_id=payment.id,
                transaction_id=done.id,
                amount=taken,
                currency=order.currency,
            ),
        )
    if payment.captured > taken:
        await db.flush()
        reason, key = "the debt was paid twice", f"twice/{payment.id}"
        await refund_surplus(db, order, most=payment.captured - taken, reason=reason, source_key=key, now=now)


def _debt(payment: Payment, payments: Sequence[Payment]) -> Payment | None:
    return next((each for each in payments if each.id == payment.settles_id), None)
