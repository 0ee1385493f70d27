"""Refunds that come back after they had succeeded, and refunds that go by bank transfer in place of a gateway."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.payments import ledger, queries
from kontor.payments.disputes import left_over
from kontor.payments.errors import RefundNotFailed
from kontor.payments.events import RefundRepaid, RefundReturned, RefundSucceeded
from kontor.payments.models import (
    Payment,
    PaymentTransaction,
    Refund,
    RefundAllocation,
    TransactionKind,
    TransactionState,
)
from kontor.payments.ports import Declined
from kontor.payments.reporting import report
from kontor.payments.states import REFUND_TRANSITIONS, RefundState

K = TransactionKind
BY_TRANSFER = "TRANSFER"
"""How a transfer from our bank account is named where a method is."""


async def take_back(db: Session, transaction_id: UUID, refusal: Declined, *, now: datetime) -> bool:
    """Book that the money of a refund came back to us days after it had gone; once. Whether it did now.

    The refund has failed then: it may be tried again or paid by transfer. Until it is, the customer has money with us.
    """
    known = await db.get_one(PaymentTransaction, transaction_id)
    orders = await lock_orders(db, [known.order_id])
    payments = await queries.lock_payments(db, orders)
    key = f"return/{known.id}"
    told = await db.scalar(sa.select(PaymentTransaction.id).where(PaymentTransaction.idempotency_key == key))
    if told is not None or known.kind is not K.REFUND or known.outcome is not TransactionState.SUCCEEDED:
        return False
    payment = next(each for each in payments[known.order_id] if each.id == known.payment_id)
    back = ledger.intend(db, payment, K.REFUND_RETURN, known.amount, refund_id=known.refund_id, key=key)
    ledger.book(db, payment, back, None, now=now)
    back.gateway_reference, back.error = known.gateway_reference, f"{refusal.code}: {refusal.message}"[:500]
    if known.refund_id is not None:
        await _fail(db, known.refund_id, payment, back, refusal, now=now)
    await db.flush()
    await report(db, list(orders.values()), payments, now=now)
    return True


async def _fail(
    db: Session, refund_id: UUID, payment: Payment, back: PaymentTransaction, refusal: Declined, *, now: datetime
) -> None:
    """What was never told as gone is not told as come back: such a refund has failed or waits already."""
    refund = await db.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    share = await db.get_one(RefundAllocation, (refund_id, payment.id), populate_existing=True)
    share.done, refund.updated_at = False, now
    if refund.state is not RefundState.SUCCEEDED and refund.returned_at is None:
        return
    if refund.state is RefundState.SUCCEEDED:
        transition(db, refund, RefundState.FAILED, table=REFUND_TRANSITIONS, now=now, reason=refusal.code)
        refund.returned_at = refund.returned_at or now
        refund.error = f"{refusal.code}: {refusal.message}"[:500]
    event = RefundReturned(
        stream_id=refund.order_id, refund_id=refund.id, payment_id=payment.id, transaction_id=back.id,
        code=refusal.code, amount=back.amount, currency=payment.currency, method=payment.kind,
    )  # fmt: skip
    record(db, event)


def tell_repaid(db: Session, payment: Payment, done: PaymentTransaction, *, method: str = "") -> None:
    """Tell that a share went back after all whose money had come back to us."""
    assert done.refund_id is not None
    repaid = RefundRepaid(
        stream_id=payment.order_id, refund_id=done.refund_id, payment_id=payment.id, transaction_id=done.id,
        amount=done.amount, currency=payment.currency, method=method or payment.kind,
    )  # fmt: skip
    record(db, repaid)


async def pay_by_transfer(db: Session, order: Order, refund: Refund, *, now: datetime) -> list[PaymentTransaction]:
    """Take the shares of a locked, failed refund off their payments as transfers to be paid out from our account.

    Each share is a transaction that waits for its way to the bank. Raises `RefundNotFailed` where nothing failed, or
    where a bank has taken the money back meanwhile.
    """
    if refund.state is not RefundState.FAILED:
        raise RefundNotFailed("The refund has not failed.", state=refund.state)
    payments = {each.id: each for each in (await queries.lock_payments(db, [order.id]))[order.id]}
    underway = await queries.open_transactions(db, payments)
    shares = [each for each in (await queries.allocations_of(db, [refund.id])).get(refund.id, ()) if not each.done]
    _check_left(payments, underway, shares)
    made = []
    for share in shares:
        payment = payments[share.payment_id]
        done = ledger.book_now(db, payment, K.TRANSFER, share.amount, now=now, refund_id=refund.id)
        share.done = True
        made.append(done)
        if refund.returned_at is not None:
            tell_repaid(db, payment, done, method=BY_TRANSFER)
    transition(db, refund, RefundState.SUCCEEDED, table=REFUND_TRANSITIONS, now=now, reason="paid by transfer")
    refund.finished_at, refund.error = now, None
    if refund.returned_at is None:
        record(
            db,
            RefundSucceeded(
                stream_id=refund.order_id, refund_id=refund.id, return_id=refund.return_id, kind=refund.kind,
                amount=refund.amount, currency=refund.currency,
            ),
        )  # fmt: skip
    await db.flush()
    await report(db, [order], {order.id: list(payments.values())}, now=now)
    return made


def _check_left(
    payments: dict[UUID, Payment],
    underway: dict[UUID, list[PaymentTransaction]],
    shares: Sequence[RefundAllocation],
) -> None:
    for share in shares:
        left = left_over(payments[share.payment_id], underway.get(share.payment_id, ()))
        if share.amount > left:
            raise RefundNotFailed(
                "The customer's bank has taken this money back already.", code="REFUND_CHARGED_BACK", left=left
            )
