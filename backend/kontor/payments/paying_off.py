"""Debts on account that another method pays: collected at once, and no longer owed on account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.models import Order
from kontor.payments import ledger, queries
from kontor.payments.events import DebtTakenOver
from kontor.payments.models import Payment, TransactionKind
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentMethodKind, PaymentState
from kontor.payments.surplus import refund_paid_twice

_WAITING = frozenset({PaymentState.CREATED, PaymentState.EXPIRED})


async def promised_off(db: Session, payments: Sequence[Payment]) -> dict[UUID, int]:
    """What refunds under way will take off the debts that some of these payments are to pay; minor units by payment."""
    settling = {each.order_id for each in payments if each.settles_id}
    return await queries.promised_refunds(db, settling) if settling else {}


def debts(payments: Sequence[Payment], promised: Mapping[UUID, int]) -> dict[UUID, int]:
    """What is owed on account and nobody has undertaken to pay otherwise yet, by payment, minor units.

    What is `promised` back is going to be taken off a debt: another method does not pay it.
    """
    owed = {each.id: _open(each, promised) for each in payments if each.kind is PaymentMethodKind.ON_ACCOUNT}
    for each in payments:
        if each.settles_id in owed and each.state in _WAITING:
            owed[each.settles_id] -= each.amount - each.authorized
    return {payment_id: amount for payment_id, amount in owed.items() if amount > 0}


def still_wanted(payment: Payment, payments: Sequence[Payment], promised: Mapping[UUID, int]) -> int:
    """What is to be promised of a payment, minor units: to pay a debt no more than is owed by now."""
    wanted = payment.amount - payment.authorized
    debt = _debt(payment, payments)
    return wanted if debt is None else min(wanted, _open(debt, promised))


def drop_unneeded(
    db: Session, payment: Payment, payments: Sequence[Payment], promised: Mapping[UUID, int], *, now: datetime
) -> None:
    """A debt that was paid before its money was collected needs no other method any more."""
    waits = payment.settles_id and payment.state is PaymentState.CREATED
    if waits and not still_wanted(payment, payments, promised):
        transition(db, payment, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")


async def take_over(
    db: Session,
    order: Order,
    payment: Payment,
    payments: Sequence[Payment],
    *,
    promised: Mapping[UUID, int],
    now: datetime,
) -> None:
    """What a payment of a locked order has just collected for a debt is not owed on account any more.

    While the money was being collected, a transfer may have come in, or goods come back: what was owed no more, or is
    `promised` back and so about to be taken off the debt, goes back.
    """
    debt = _debt(payment, payments)
    if debt is None:
        return
    taken = min(payment.captured, _open(debt, promised))
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
        await refund_paid_twice(db, order, payment, payments, amount=payment.captured - taken, now=now)


def _open(debt: Payment, promised: Mapping[UUID, int]) -> int:
    """A refund is taken off what is owed before anything is paid out."""
    return max(0, ledger.owed(debt) - promised.get(debt.id, 0))


def _debt(payment: Payment, payments: Sequence[Payment]) -> Payment | None:
    return next((each for each in payments if each.id == payment.settles_id), None)
