"""Money that a customer's bank takes back: as far as it is there, and what it takes beyond that.

A refund that is with the gateway may still succeed: what it would leave nothing for waits until its outcome is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.payments import ledger, queries
from kontor.payments.events import ChargebackLost, PaymentChargedBack
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentState

K = TransactionKind


def left_over(payment: Payment, underway: Iterable[PaymentTransaction]) -> int:
    """What is still there of a payment once everything under way with it is done, minor units."""
    leaving = sum(
        each.amount for each in underway if each.outcome in ledger.OPEN and each.kind in (K.REFUND, K.CHARGEBACK)
    )
    return max(0, payment.captured - payment.refunded - leaving)


async def charge_back(db: Session, payment: Payment, amount: int, *, notice_id: str, now: datetime) -> None:
    """Book that the customer's bank took money back from a locked payment; each notice is booked once.

    What is beyond the money that is there is a loss; while refunds are with the gateway, it waits for their outcome.
    """
    key = f"chargeback/{notice_id}"[:110]
    keys = (key, f"{key}/rest")
    if await db.scalar(sa.select(PaymentTransaction.id).where(PaymentTransaction.idempotency_key.in_(keys)).limit(1)):
        return
    underway = (await queries.open_transactions(db, [payment.id])).get(payment.id, [])
    taken = min(amount, left_over(payment, underway))
    if PAYMENT_TRANSITIONS.allows(payment.state, PaymentState.CHARGED_BACK):
        transition(db, payment, PaymentState.CHARGED_BACK, table=PAYMENT_TRANSITIONS, now=now)
    if taken:
        _take(db, payment, ledger.intend(db, payment, K.CHARGEBACK, taken, key=key), now=now)
    if taken < amount:
        rest = ledger.intend(db, payment, K.CHARGEBACK, amount - taken, key=keys[1])
        settle_disputes(db, payment, [*underway, rest], now=now)


def settle_disputes(db: Session, payment: Payment, underway: Sequence[PaymentTransaction], *, now: datetime) -> None:
    """Book what was charged back beyond the money that was there, once no refund of the payment has an open outcome."""
    still = [each for each in underway if each.outcome in ledger.OPEN]
    if any(each.kind is K.REFUND for each in still):
        return
    for rest in still:
        if rest.kind is not K.CHARGEBACK:
            continue
        asked, there = rest.amount, min(rest.amount, payment.captured - payment.refunded)
        if there:
            rest.amount = there
            _take(db, payment, rest, now=now)
        else:
            rest.kind = K.LOSS
            _lose(db, payment, rest, now=now)
        if 0 < there < asked:
            _lose(db, payment, ledger.intend(db, payment, K.LOSS, asked - there), now=now)


def _take(db: Session, payment: Payment, intent: PaymentTransaction, *, now: datetime) -> None:
    ledger.book(db, payment, intent, None, now=now)
    record(db, PaymentChargedBack(**_facts(payment, intent)))


def _lose(db: Session, payment: Payment, intent: PaymentTransaction, *, now: datetime) -> None:
    ledger.book(db, payment, intent, None, now=now)
    record(db, ChargebackLost(**_facts(payment, intent)))


def _facts(payment: Payment, intent: PaymentTransaction) -> Mapping[str, Any]:
    return {
        "stream_id": payment.order_id,
        "payment_id": payment.id,
        "transaction_id": intent.id,
        "amount": intent.amount,
        "currency": payment.currency,
        "method": payment.kind,
    }
