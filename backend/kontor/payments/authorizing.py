"""Secure the money of orders: promises at the gateway, agreements on account, money that is there already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record, schedule
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.orders.states import CALLED_OFF, DeliveryType
from kontor.payments import debiting, ledger, paying_off, queries
from kontor.payments.calling import Call, Results, Settled
from kontor.payments.events import PaymentAuthorized, PaymentCaptured, PaymentDeclined
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import Declined
from kontor.payments.renewing import asked_for, follow_up
from kontor.payments.reporting import Dues, covered, covers, doubtful, dues_of, report, settings_of
from kontor.payments.states import AWAITING_TRANSFER, PaymentMethodKind, PaymentState
from kontor.payments.surplus import refund_late_money

WANTING = frozenset({PaymentState.CREATED, PaymentState.EXPIRED})


async def plan_authorizations(db: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    """Write the intents of every payment a gateway has to promise; calls by order. Open intents are resumed."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    wanting = [
        payment
        for group in payments.values()
        for payment in group
        if payment.state in WANTING and ledger.by_gateway(payment) and payment.amount > payment.authorized
    ]
    underway = await queries.open_transactions(db, [payment.id for payment in wanting])
    promised = await paying_off.promised_off(db, wanting)
    renewable = await _renewable(db, [each for each in wanting if each.state is PaymentState.EXPIRED], orders, payments)
    calls: dict[UUID, list[Call]] = {order_id: [] for order_id in orders}
    for payment in wanting:
        order = orders[payment.order_id]
        at_once = _captured_at_once(payment, settings[order.channel_id])
        known = next((each for each in underway.get(payment.id, ()) if each.kind is TransactionKind.AUTHORIZE), None)
        amount = paying_off.still_wanted(payment, payments[order.id], promised)
        if payment.state is PaymentState.EXPIRED:
            amount = known.amount if known else max(0, min(amount, renewable[order.id]))
            renewable[order.id] -= amount
        if known is None and (order.state in CALLED_OFF or not amount):
            continue  # what is with the gateway is asked for also when the order was called off in the meantime
        intent = known or ledger.intend(db, payment, TransactionKind.AUTHORIZE, amount)
        debits = await debiting.announce(db, orders, [(payment, intent)], taking=at_once)
        call = Call(payment, intent, fresh=known is None, capture_now=at_once, debit=debits.get(intent.id))
        calls[payment.order_id].append(call)
    return calls


async def _renewable(
    db: Session, lapsed: Sequence[Payment], orders: Mapping[UUID, Order], payments: Mapping[UUID, Sequence[Payment]]
) -> dict[UUID, int]:
    """What promises that have run out are still needed for, by order, minor units: others may have taken their place,
    or pieces been canceled. A promise that could not be collected takes no other's place."""
    wanted = [orders[order_id] for order_id in dict.fromkeys(each.order_id for each in lapsed)]
    if not wanted:
        return {}
    dues = await dues_of(db, wanted, await settings_of(db, wanted))
    declined = await queries.declined_captures(db, [each.id for order in wanted for each in payments[order.id]])
    return {
        order.id: dues[order.id].owed
        - covered(payments[order.id])
        + dues[order.id].paid_back
        + doubtful(payments[order.id], declined)
        - asked_for(payments[order.id], PaymentState.CREATED)
        for order in wanted
    }


def _captured_at_once(payment: Payment, settings: Mapping[str, Any]) -> bool:
    """A channel may name methods whose money is taken with the promise (`immediate_capture`); debts: always."""
    return payment.settles_id is not None or payment.kind in settings.get("immediate_capture", ())


async def finish_authorizations(db: Session, order_ids: Sequence[UUID], results: Results, *, now: datetime) -> None:
    """Book the outcomes and tell, per order, whether its payments are enough to work on it."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    flat = [payment for group in payments.values() for payment in group]
    underway = await queries.open_transactions(db, [payment.id for payment in flat])
    told: set[UUID] = set()
    collected: set[UUID] = set()
    promised = await paying_off.promised_off(db, flat)
    answered = {payment.order_id for payment in flat if _asked(underway.get(payment.id, ()))}
    for payment in flat:
        order, before = orders[payment.order_id], payment.captured
        intents = _asked(underway.get(payment.id, ()))
        at_once = _captured_at_once(payment, settings[order.channel_id])
        if _settle(db, payment, intents, results, now=now, at_once=at_once):
            told.add(order.id)
        if order.state not in CALLED_OFF:
            _promise_here(db, order, payment, payments[order.id], promised, now=now)
        if payment.captured > before:
            collected.add(order.id)
            await paying_off.take_over(db, order, payment, payments[order.id], promised=promised, now=now)
        elif not intents:
            paying_off.drop_unneeded(db, payment, payments[order.id], promised, now=now)
    dues = await dues_of(db, list(orders.values()), settings)
    for order in orders.values():
        if order.state in CALLED_OFF:
            schedule(db, "payments.void", {"order_id": order.id}, key=order.id)
        else:
            _tell(db, order, payments[order.id], dues[order.id], told=order.id in told)
            if order.id in answered:
                await follow_up(db, order, payments[order.id], dues[order.id], declined=order.id in told, now=now)
    await refund_late_money(db, [orders[order_id] for order_id in sorted(collected)], now=now)
    await report(db, list(orders.values()), payments, now=now)


def _asked(underway: Sequence[PaymentTransaction]) -> list[PaymentTransaction]:
    return [each for each in underway if each.kind is TransactionKind.AUTHORIZE]


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
            _collect(db, payment, TransactionKind.CAPTURE, intent.amount, now=now)
    return declined


def _promise_here(
    db: Session,
    order: Order,
    payment: Payment,
    payments: Sequence[Payment],
    promised: Mapping[UUID, int],
    *,
    now: datetime,
) -> None:
    """Methods without a gateway: an agreement, a balance the channel keeps, or money it has collected.

    Goods that wait in a store are paid there in cash when they are fetched, unless they were sold in a store.
    """
    if ledger.by_gateway(payment) or payment.state is not PaymentState.CREATED or payment.authorized:
        return
    amount = paying_off.still_wanted(payment, payments, promised)
    later = order.delivery_type is DeliveryType.PICKUP and order.sold_at_location_id is None
    at_the_till = payment.kind is PaymentMethodKind.CASH and later and payment.settles_id is None
    if payment.kind.immediate_capture and amount and not at_the_till:
        _collect(db, payment, TransactionKind.RECEIVE, amount, now=now)
    elif payment.kind is not PaymentMethodKind.PREPAYMENT and amount:
        ledger.book_now(db, payment, TransactionKind.AUTHORIZE, amount, now=now)
        if payment.settles_id is not None:
            _collect(db, payment, TransactionKind.CAPTURE, amount, now=now)


def _collect(db: Session, payment: Payment, kind: TransactionKind, amount: int, *, now: datetime) -> None:
    done = ledger.book_now(db, payment, kind, amount, now=now)
    record(
        db,
        PaymentCaptured(
            stream_id=payment.order_id,
            payment_id=payment.id,
            transaction_id=done.id,
            shipment_id=None,
            amount=amount,
            currency=payment.currency,
            method=payment.kind,
            rounding=done.rounding,
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
