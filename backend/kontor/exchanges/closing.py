"""Exchanges that come to nothing, or to money after all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.changes.money import Difference, open_difference, settle_difference
from kontor.core.db import Session
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.statemachine import transition
from kontor.exchanges import queries
from kontor.exchanges.events import ExchangeCanceled, ExchangeOverdue
from kontor.exchanges.models import Exchange
from kontor.exchanges.reserving import give_up
from kontor.exchanges.states import EXCHANGE, ExchangeState, ExchangeWay
from kontor.fulfillment.models import Shipment
from kontor.orders.models import Order
from kontor.payments import queries as payment_queries
from kontor.payments.covering import cost_of, open_cover, set_cover
from kontor.payments.receiving import add_payment
from kontor.payments.reporting import covered, dues_of, report, settings_of
from kontor.payments.unanswered import void_unanswered
from kontor.returns.labels import start_label

TIMERS = ("exchanges.remind", "exchanges.overdue")
REMIND_BEFORE = timedelta(days=3)
"""How long before its deadline a customer is reminded of goods that have not come back."""


async def call_off(db: Session, exchange: Exchange, *, code: str, reason: str = "", now: datetime) -> None:
    """There is no exchange after all: what was kept for it is free again, and its goods are paid back if they come."""
    transition(db, exchange, ExchangeState.CANCELED, table=EXCHANGE, now=now, reason=reason or code)
    exchange.code, exchange.decision, exchange.updated_at = code, reason or None, now
    await give_up(db, exchange)
    await stop_timers(db, exchange)
    if exchange.way is ExchangeWay.ADVANCE:
        await start_label(db, exchange.return_id, now=now)
    said: dict[str, Any] = {
        "exchange_id": exchange.id, "return_id": exchange.return_id, "number": exchange.number,
    }  # fmt: skip
    record(db, ExchangeCanceled(stream_id=exchange.order_id, **said, code=code, reason=reason))


async def stop_timers(db: Session, exchange: Exchange) -> None:
    """Nothing is waited for any more."""
    await unschedule(db, [f"{job}/{exchange.id}" for job in TIMERS])


async def start_timers(db: Session, exchange: Exchange, *, since: datetime, now: datetime) -> None:
    """The new goods of an advance exchange have left: from now on the others are waited for, as long as was agreed.

    That is as long as from `since`, when its deadline was set, to the deadline it has. Their label holds as long.
    """
    if exchange.due_at is None:
        return
    exchange.due_at = now + (exchange.due_at - since)
    await start_label(db, exchange.return_id, now=now, at_least=exchange.due_at)
    await stop_timers(db, exchange)
    for job, at in zip(TIMERS, (exchange.due_at - REMIND_BEFORE, exchange.due_at), strict=True):
        wait_for(db, exchange, job, at=max(at, now))


def wait_for(db: Session, exchange: Exchange, job: str, *, at: datetime) -> None:
    """Look at an exchange again at a time; one timer of a kind at once."""
    schedule(db, job, {"exchange_id": exchange.id}, key=exchange.order_id, due_at=at, unique_key=f"{job}/{exchange.id}")


async def ask_for_cover(db: Session, order: Order, exchange: Exchange, *, code: str, now: datetime) -> int:
    """What the goods of an exchange were still to pay for is to be paid by the customer; how much that is, minor units.

    What else is open of the order is not asked for by it. The order's method is asked where it can be; it is collected
    with what has left, and new goods that have not left wait until it is promised.
    """
    still = await open_cover(db, exchange.return_id)
    await set_cover(db, exchange.return_id, 0)
    if not still:
        return 0
    await db.flush()
    difference = await open_difference(db, order)
    to_pay = min(difference.to_pay, still)
    if not to_pay:
        await _report(db, order, now=now)
        return 0
    exchange.overdue_at, exchange.updated_at = now, now
    await _ask(db, order, exchange, difference, to_pay, now=now)
    if await _has_open(db, exchange):
        await settle_difference(db, order, replace(difference, method=None), now=now)
    await _report(db, order, now=now)
    record(
        db,
        ExchangeOverdue(
            stream_id=order.id, exchange_id=exchange.id, return_id=exchange.return_id, number=exchange.number,
            code=code, amount=to_pay, currency=order.currency, asked=exchange.payment_id is not None,
        ),
    )  # fmt: skip
    return to_pay


async def _ask(
    db: Session, order: Order, exchange: Exchange, difference: Difference, amount: int, *, now: datetime
) -> None:
    """Ask the order's method, if there is one, for so much of what is missing."""
    exchange.asked, exchange.payment_id = amount, None
    if amount and difference.method is not None:
        payment = await add_payment(db, order, replace(difference.method, amount=amount), now=now)
        await db.flush()
        exchange.payment_id = payment.id
        await collect(db, order)


async def _has_open(db: Session, exchange: Exchange) -> bool:
    rows = (await queries.lines_of(db, [exchange.id]))[exchange.id]
    return any(line.open_quantity for line in await queries.added_lines(db, rows))


async def cover_again(db: Session, order: Order, exchange: Exchange, *, worth: int, now: datetime) -> None:
    """Goods worth so much (minor units) came after their deadline: they pay for what nobody has paid yet.

    So much less is asked for. A payment that may be at the gateway is left alone: what it brings goes back.
    """
    await db.flush()
    await set_cover(db, exchange.return_id, 0)
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    payments = (await payment_queries.lock_payments(db, [order.id]))[order.id]
    missing = max(0, dues.owed - (covered(payments) - dues.paid_back))
    still = min(missing, worth, await cost_of(db, exchange.return_id))
    await set_cover(db, exchange.return_id, still)
    asked = next((each for each in payments if each.id == exchange.payment_id), None)
    if still and asked is not None and await void_unanswered(db, [asked], now=now):
        await db.flush()
        difference = await open_difference(db, order)
        await _ask(db, order, exchange, difference, min(difference.to_pay, max(0, asked.amount - still)), now=now)
    await _report(db, order, now=now)


async def collect(db: Session, order: Order) -> None:
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
