"""Money that a customer's bank takes back: as far as it is there, and what it takes beyond that.

A refund that is with the gateway may still succeed: what it would leave nothing for waits until its outcome is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.payments import ledger, queries
from kontor.payments.events import (
    ChargebackLost,
    DisputeFeeCharged,
    LossRecovered,
    PaymentChargedBack,
    PaymentReinstated,
)
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.payments.ports import Declined
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentState

K = TransactionKind


def left_over(payment: Payment, underway: Iterable[PaymentTransaction]) -> int:
    """What is still there of a payment once everything under way with it is done, minor units."""
    leaving = sum(
        each.amount for each in underway if each.outcome in ledger.OPEN and each.kind in (K.REFUND, K.CHARGEBACK)
    )
    return max(0, payment.captured - payment.refunded - leaving)


async def charge_back(
    db: Session, payment: Payment, amount: int, *, notice_id: str, now: datetime, dispute_id: UUID | None = None
) -> None:
    """Book that the customer's bank took money back from a locked payment; each notice is booked once.

    What is beyond the money that is there is a loss; while refunds are with the gateway, it waits for their outcome.
    """
    key = f"chargeback/{notice_id}"[:110]
    keys = (key, f"{key}/rest")
    row = PaymentTransaction
    if await db.scalar(sa.select(row.id).where(row.idempotency_key.in_(keys)).limit(1)):
        unnamed = sa.update(row).where(row.idempotency_key.in_(keys), row.dispute_id.is_(None))
        await db.execute(unnamed.values(dispute_id=dispute_id))  # booked before disputes were kept
        return
    underway = (await queries.open_transactions(db, [payment.id])).get(payment.id, [])
    taken = min(amount, left_over(payment, underway))
    if PAYMENT_TRANSITIONS.allows(payment.state, PaymentState.CHARGED_BACK):
        transition(db, payment, PaymentState.CHARGED_BACK, table=PAYMENT_TRANSITIONS, now=now)
    if taken:
        _take(db, payment, _intend(db, payment, K.CHARGEBACK, taken, dispute_id, key=key), now=now)
    if taken < amount:
        rest = _intend(db, payment, K.CHARGEBACK, amount - taken, dispute_id, key=keys[1])
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
            lost = _intend(db, payment, K.LOSS, asked - there, rest.dispute_id)
            _lose(db, payment, lost, now=now)


def _intend(
    db: Session,
    payment: Payment,
    kind: TransactionKind,
    amount: int,
    dispute_id: UUID | None,
    *,
    key: str | None = None,
) -> PaymentTransaction:
    intent = ledger.intend(db, payment, kind, amount, key=key)
    intent.dispute_id = dispute_id
    return intent


async def reinstate(db: Session, payment: Payment, dispute_id: UUID, *, now: datetime) -> None:
    """Book that a dispute was won: what the bank took of a locked payment, and what was lost with it, is back.

    What still waited for the outcome of a refund was never booked, and is not any more.
    """
    rows = list(
        await db.scalars(
            sa.select(PaymentTransaction)
            .where(PaymentTransaction.dispute_id == dispute_id)
            .order_by(PaymentTransaction.id)
            .execution_options(populate_existing=True)
        )
    )
    for rest in rows:
        if rest.outcome in ledger.OPEN:
            ledger.book(db, payment, rest, Declined("dispute_won", "The dispute was won before."), now=now)
    for taken, given, event in ((K.CHARGEBACK, K.REINSTATE, PaymentReinstated), (K.LOSS, K.RECOVER, LossRecovered)):
        back = _sum(rows, taken) - _sum(rows, given)
        if back > 0:
            intent = _intend(db, payment, given, back, dispute_id)
            ledger.book(db, payment, intent, None, now=now)
            record(db, event(dispute_id=dispute_id, **_facts(payment, intent)))
    await db.flush()
    if await _still_taken(db, payment) <= 0:
        ledger.leave_dispute(db, payment, now=now)


def _sum(rows: Iterable[PaymentTransaction], kind: TransactionKind) -> int:
    return sum(each.amount for each in rows if each.kind is kind and each.outcome is TransactionState.SUCCEEDED)


async def _still_taken(db: Session, payment: Payment) -> int:
    """What banks hold of a payment, minor units."""
    row = PaymentTransaction
    signed = sa.case((row.kind == K.CHARGEBACK, row.amount), (row.kind == K.REINSTATE, -row.amount), else_=0)
    found = sa.select(sa.func.sum(signed)).where(
        row.payment_id == payment.id, row.outcome == TransactionState.SUCCEEDED
    )
    return int(await db.scalar(found) or 0)


async def charge_fee(db: Session, payment: Payment, dispute_id: UUID, fee: int, *, now: datetime) -> None:
    """Book what the gateway keeps for a dispute, less what it gave back, up to `fee` minor units in all."""
    rows = list(await db.scalars(sa.select(PaymentTransaction).where(PaymentTransaction.dispute_id == dispute_id)))
    more = fee - _sum(rows, K.DISPUTE_FEE) + _sum(rows, K.DISPUTE_FEE_BACK)
    if not more:
        return
    kind = K.DISPUTE_FEE if more > 0 else K.DISPUTE_FEE_BACK
    intent = _intend(db, payment, kind, abs(more), dispute_id)
    ledger.book(db, payment, intent, None, now=now)
    record(db, DisputeFeeCharged(dispute_id=dispute_id, **{**_facts(payment, intent), "amount": more}))


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
