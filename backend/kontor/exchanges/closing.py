"""Exchanges that come to nothing, or to money after all."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.changes.money import open_difference
from kontor.core.db import Session
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.statemachine import transition
from kontor.exchanges.events import ExchangeCanceled, ExchangeOverdue
from kontor.exchanges.models import Exchange
from kontor.exchanges.reserving import give_up
from kontor.exchanges.states import EXCHANGE, ExchangeState
from kontor.fulfillment.models import Shipment
from kontor.orders.models import Order
from kontor.payments import queries as payment_queries
from kontor.payments.covering import cost_of, set_cover
from kontor.payments.models import Payment
from kontor.payments.receiving import add_payment
from kontor.payments.reporting import covered, dues_of, report, settings_of
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentState

TIMERS = ("exchanges.remind", "exchanges.overdue")


async def call_off(db: Session, exchange: Exchange, *, code: str, reason: str = "", now: datetime) -> None:
    """There is no exchange after all: what was kept for it is free again, and its goods are paid back if they come."""
    transition(db, exchange, ExchangeState.CANCELED, table=EXCHANGE, now=now, reason=reason or code)
    exchange.code, exchange.decision, exchange.updated_at = code, reason or None, now
    await give_up(db, exchange)
    await stop_timers(db, exchange)
    said: dict[str, Any] = {
        "exchange_id": exchange.id, "return_id": exchange.return_id, "number": exchange.number,
    }  # fmt: skip
    record(db, ExchangeCanceled(stream_id=exchange.order_id, **said, code=code, reason=reason))


async def stop_timers(db: Session, exchange: Exchange) -> None:
    """Nothing is waited for any more."""
    await unschedule(db, [f"{job}/{exchange.id}" for job in TIMERS])


async def ask_for_cover(db: Session, order: Order, exchange: Exchange, *, code: str, now: datetime) -> int:
    """What the goods of an exchange were to pay for is to be paid by the customer; how much that is, minor units.

    The order's method is asked for it where it can be; it is collected with what has left.
    """
    await set_cover(db, exchange.return_id, 0)
    difference = await open_difference(db, order)
    exchange.overdue_at, exchange.updated_at = now, now
    exchange.asked = difference.to_pay
    if difference.to_pay and difference.method is not None:
        payment = await add_payment(db, order, difference.method, now=now)
        await db.flush()
        exchange.payment_id = payment.id
        await _collect(db, order)
    await _report(db, order, now=now)
    if not difference.to_pay:
        return 0
    record(
        db,
        ExchangeOverdue(
            stream_id=order.id, exchange_id=exchange.id, return_id=exchange.return_id, number=exchange.number,
            code=code, amount=difference.to_pay, currency=order.currency, asked=exchange.payment_id is not None,
        ),
    )  # fmt: skip
    return difference.to_pay


async def cover_again(db: Session, order: Order, exchange: Exchange, *, now: datetime) -> None:
    """The goods came after their deadline: they pay for what nobody has paid yet, and nobody is asked for that."""
    await db.flush()
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    payments = (await payment_queries.lock_payments(db, [order.id]))[order.id]
    missing = max(0, dues.owed - (covered(payments) - dues.paid_back))
    await set_cover(db, exchange.return_id, min(missing, await cost_of(db, exchange.return_id)))
    asked = next((each for each in payments if each.id == exchange.payment_id), None)
    if asked is not None and _unanswered(asked):
        transition(db, asked, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")
    await _report(db, order, now=now)


def _unanswered(payment: Payment) -> bool:
    return payment.state is PaymentState.CREATED and not payment.authorized


async def _collect(db: Session, order: Order) -> None:
    """Once it is promised, collect what is missing of everything that has left."""
    found = sa.select(Shipment.id, Shipment.amount).where(Shipment.order_id == order.id, Shipment.recalled_at.is_(None))
    rows = list(await db.execute(found.order_by(Shipment.shipped_at, Shipment.id)))
    if not rows:
        return
    then: dict[str, UUID | int | bool] = {
        "order_id": order.id, "shipment_id": rows[-1].id, "shipped": sum(row.amount for row in rows), "final": False,
        "renewed": True,
    }  # fmt: skip
    schedule(db, "payments.authorize", {"order_id": order.id, "then_capture": then}, key=order.id)


async def _report(db: Session, order: Order, *, now: datetime) -> None:
    await db.flush()
    await report(db, [order], await payment_queries.lock_payments(db, [order.id]), now=now)
