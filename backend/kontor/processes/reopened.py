"""Orders whose goods had all left and to which lines were added: their process waits for those no more.

So they are given to places, waited for and completed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.outbox import EventRecord, schedule
from kontor.fulfillment.models import Shipment
from kontor.fulfillment.sourcing import WORKABLE, SourceOutcome, source_orders
from kontor.orders import queries as orders
from kontor.orders import service
from kontor.orders.events import OrderFulfilled
from kontor.orders.models import Order
from kontor.orders.states import FulfillmentStatus, OrderState
from kontor.processes import shortages
from kontor.processes.messages import ORDER
from kontor.processes.models import ProcessInstance
from kontor.processes.settings import WAITING_TIMES, waiting_time
from kontor.processes.states import InstanceState
from kontor.routing import masters as routing_masters

RETRY, DELIVERY = "order.release_retry", "order.delivery_wait"
NOT_BEFORE = timedelta(hours=1)
"""So long it is at least until an order is looked at again."""


async def source_again(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Give open pieces of such orders to places, unless the orders are held; others are left to their processes.

    What finds no place or code is a case, and looked for again after the channel's `order.release_retry`. From the
    first time on the order is watched by `complete_waited`.
    """
    wanted = await _reopened(db, order_ids)
    if not wanted:
        return
    sourced = await source_orders(db, [order.id for order in wanted], now=now)
    short = shortages.short_of(sourced)
    await shortages.raise_cases(db, short)
    await shortages.settle_cases(db, [key for key, found in sourced.items() if found.outcome is SourceOutcome.ALL])
    for order in wanted:
        if order.id in short:
            _look_again(db, "source", order, at=now + await _wait(db, order, RETRY))
        _look_again(db, "complete", order, at=now + await _wait(db, order, DELIVERY))


async def _reopened(db: Session, order_ids: Iterable[UUID]) -> list[Order]:
    """Of these orders those that are worked on and have open pieces, though everything of them had left once.

    Their process has gone on, or is about to: the event says so before the process has heard of it.
    """
    open_again = await orders.still_open(db, order_ids)
    found: list[Order] = []
    for part in chunks(in_key_order(open_again)):
        had_left = sa.exists().where(EventRecord.stream_id == Order.id, EventRecord.name == OrderFulfilled.__name__)
        rows = sa.select(Order).where(Order.id.in_(part), Order.state.in_(WORKABLE), had_left)
        found.extend(await db.scalars(rows.order_by(Order.id)))
    return found


async def complete_again(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Complete orders of which everything has arrived and whose process is over."""
    locked = await orders.lock_orders(db, order_ids)
    over = await _without_process(db, locked)
    arrived = [
        order
        for order in locked.values()
        if order.id in over
        and order.state is OrderState.IN_FULFILLMENT
        and order.fulfillment_status is FulfillmentStatus.DELIVERED
    ]
    service.complete(db, arrived, now=now)


async def complete_waited(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Complete orders whose process is over when no news came of what left last within `order.delivery_wait`.

    Those with open pieces, with goods that left later or with a process that goes on are looked at again after that.
    """
    locked = await orders.lock_orders(db, order_ids)
    waiting = [order for order in locked.values() if order.state is OrderState.IN_FULFILLMENT]
    ready = await _without_process(db, locked) - await orders.still_open(db, locked)
    left = await _left_last(db, [order.id for order in waiting])
    for order in waiting:
        wait = await _wait(db, order, DELIVERY)
        due = left.get(order.id, now) + wait
        if order.id in ready and due <= now:
            service.complete(db, [order], now=now)
        else:
            _look_again(db, "complete", order, at=due if due > now else now + wait)


async def _without_process(db: Session, order_ids: Collection[UUID]) -> set[UUID]:
    rows = sa.select(ProcessInstance.order_id).where(
        ProcessInstance.order_id.in_(list(order_ids)),
        ProcessInstance.key == ORDER,
        ProcessInstance.state == InstanceState.FINISHED,
    )
    return set(await db.scalars(rows))


async def _left_last(db: Session, order_ids: Collection[UUID]) -> dict[UUID, datetime]:
    rows = await db.execute(
        sa.select(Shipment.order_id, sa.func.max(Shipment.shipped_at).label("at"))
        .where(Shipment.order_id.in_(list(order_ids)), Shipment.recalled_at.is_(None))
        .group_by(Shipment.order_id)
    )
    return {row.order_id: row.at for row in rows}


async def _wait(db: Session, order: Order, setting: str) -> timedelta:
    channel = (await routing_masters.load(db)).channels_by_id[order.channel_id]
    found = waiting_time(channel.settings, setting)
    return WAITING_TIMES[setting][1] if found is None else found


def _look_again(db: Session, what: str, order: Order, *, at: datetime) -> None:
    """One timer of a kind at once: the first stays. A channel that waits for nothing is not looked at all the time."""
    job, name = f"processes.{what}_reopened", f"reopened/{what}/{order.id}"
    due_at = max(at, db.now + NOT_BEFORE)
    schedule(db, job, {"order_id": order.id}, key=order.id, due_at=due_at, unique_key=name)
