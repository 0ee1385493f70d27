"""Secure the money of orders: promises at the gateway, agreements on account, money that is there already."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import record, schedule
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.orders.states import OrderState
from kontor.payments import ledger, queries
from kontor.payments.calling import Call, Results, Settled
from kontor.payments.events import AuthorizationExpiring, PaymentAuthorized, PaymentCaptured, PaymentDeclined
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import Declined
from kontor.payments.reporting import Dues, covered, covers, dues_of, report, settings_of
from kontor.payments.states import AWAITING_TRANSFER, PaymentMethodKind, PaymentState

ENDED = frozenset({OrderState.CANCELED, OrderState.REJECTED})
WANTING = frozenset({PaymentState.CREATED, PaymentState.EXPIRED})
WARN_BEFORE = timedelta(hours=24)


async def plan_authorizations(db: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    """Write the intents of every payment a gateway has to promise; calls by order. Open intents are resumed."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    wanting = [
        payment
        for order in orders.values()
        if order.state not in ENDED
        for payment in payments[order.id]
        if payment.state in WANTING and ledger.by_gateway(payment) and payment.amount > payment.authorized
    ]
    underway = await queries.open_transactions(db, [payment.id for payment in wanting])
    calls: dict[UUID, list[Call]] = {order_id: [] for order_id in orders}
    for payment in wanting:
        at_once = _captured_at_once(payment, settings[orders[payment.order_id].channel_id])
        known = next((each for each in underway.get(payment.id, ()) if each.kind is TransactionKind.AUTHORIZE), None)
        intent = known or ledger.intend(db, payment, TransactionKind.AUTHORIZE, payment.amount - payment.authorized)
        calls[payment.order_id].append(Call(payment, intent, fresh=known is None, capture_now=at_once))
    return calls


def _captured_at_once(payment: Payment, settings: Mapping[str, Any]) -> bool:
    """A channel may name methods whose money is taken with the promise (`immediate_capture`)."""
    return payment.kind in settings.get("immediate_capture", ())


async def finish_authorizations(db: Session, order_ids: Sequence[UUID], results: Results, *, now: datetime) -> None:
    """Book the outcomes and tell, per order, whether its payments are enough to work on it."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    flat = [payment for group in payments.values() for payment in group]
    underway = await queries.open_transactions(db, [payment.id for payment in flat])
    told: set[UUID] = set()
    for payment in flat:
        intents = [each for each in underway.get(payment.id, ()) if each.kind is TransactionKind.AUTHORIZE]
        channel = settings[orders[payment.order_id].channel_id]
        if _settle(db, payment, intents, results, now=now, at_once=_captured_at_once(payment, channel)):
            told.add(payment.order_id)
    dues = await dues_of(db, list(orders.values()), settings)
    for order in orders.values():
        if order.state in ENDED:
            schedule(db, "payments.void", {"order_id": order.id}, key=order.id)
        else:
            _tell(db, order, payments[order.id], dues[order.id], told=order.id in told)
    await report(db, list(orders.values()), payments, now=now)


def _settle(
    db: Session,
    payment: Payment,
    intents: Sequence[PaymentTransaction],
    results: Results,
    *,
    now: datetime,
    at_once: bool,
) -> bool:
    """Whether the payment was declined just now."""
    declined = False
    for intent in intents:
        outcome = results.get(intent.id)
        if not isinstance(outcome, Settled):
            continue
        if isinstance(outcome, Declined):
            ledger.book(db, payment, intent, outcome, now=now)
            ledger.decline(db, payment, outcome.code, now=now)
            record(db, _declined(payment, outcome.code, outcome.message))
            declined = True
        elif ledger.book(db, payment, intent, outcome, now=now) and at_once:
            _collect(db, payment, TransactionKind.CAPTURE, now=now)
    if not ledger.by_gateway(payment) and payment.state is PaymentState.CREATED and not payment.authorized:
        _promise_here(db, payment, now=now)
    return declined


def _promise_here(db: Session, payment: Payment, *, now: datetime) -> None:
    """Methods without a gateway: an agreement, a balance the channel keeps, or money it has collected."""
    if payment.kind.immediate_capture:
        _collect(db, payment, TransactionKind.RECEIVE, now=now)
    elif payment.kind is not PaymentMethodKind.PREPAYMENT:
        ledger.book_now(db, payment, TransactionKind.AUTHORIZE, payment.amount, now=now)


def _collect(db: Session, payment: Payment, kind: TransactionKind, *, now: datetime) -> None:
    done = ledger.book_now(db, payment, kind, payment.amount, now=now)
    record(
        db,
        PaymentCaptured(
            stream_id=payment.order_id,
            payment_id=payment.id,
            transaction_id=done.id,
            shipment_id=None,
            amount=payment.amount,
            currency=payment.currency,
            method=payment.kind,
        ),
    )


def _tell(db: Session, order: Order, payments: Sequence[Payment], dues: Dues, *, told: bool) -> None:
    """Enough, or why not: each run ends with one of the two, so that whoever asked never waits in vain."""
    if covers(payments, dues):
        record(db, PaymentAuthorized(stream_id=order.id, amount=covered(payments), currency=order.currency))
        return
    if told or not payments:
        return
    awaited = next((each for each in payments if each.kind is PaymentMethodKind.PREPAYMENT), None)
    if awaited is not None and awaited.captured < awaited.amount:
        record(db, _declined(awaited, AWAITING_TRANSFER, "The money has not come in yet."))
    else:
        record(db, _declined(payments[-1], "NOT_COVERED", "The payments do not cover the order."))


def _declined(payment: Payment, code: str, message: str) -> PaymentDeclined:
    return PaymentDeclined(stream_id=payment.order_id, payment_id=payment.id, code=code, message=message)


async def watch_expiry(db: Session, *, now: datetime, limit: int = 500) -> int:
    """Warn before promises run out; let those go that have, and ask for them anew where the order still needs them."""
    ending = (
        sa.select(Payment.order_id)
        .where(
            Payment.authorized > Payment.captured,
            Payment.authorization_expires_at.is_not(None),
            Payment.authorization_expires_at <= now + WARN_BEFORE,
            sa.or_(sa.not_(Payment.expiry_warned), Payment.authorization_expires_at <= now),
        )
        .order_by(Payment.authorization_expires_at)
        .limit(limit)
    )
    orders = await lock_orders(db, list(await db.scalars(ending)))
    payments = await queries.lock_payments(db, orders)
    flat = [payment for group in payments.values() for payment in group]
    underway = await queries.open_transactions(db, [payment.id for payment in flat])
    for payment in flat:
        expires_at = payment.authorization_expires_at
        if expires_at is None or payment.authorized <= payment.captured or payment.id in underway:
            continue
        if expires_at <= now:
            _let_go(db, orders[payment.order_id], payment, now=now)
        elif expires_at <= now + WARN_BEFORE and not payment.expiry_warned:
            payment.expiry_warned = True
            record(
                db,
                AuthorizationExpiring(
                    stream_id=payment.order_id, payment_id=payment.id, expires_at=expires_at.isoformat()
                ),
            )
    await report(db, list(orders.values()), payments, now=now)
    return len(orders)


def _let_go(db: Session, order: Order, payment: Payment, *, now: datetime) -> None:
    ledger.lapse(db, payment, now=now)
    needed = order.state in (OrderState.RECEIVED, OrderState.CONFIRMED, OrderState.IN_FULFILLMENT)
    if needed and payment.state is PaymentState.EXPIRED:
        schedule(db, "payments.authorize", {"order_id": order.id}, key=order.id)
