"""Promised days that pass while the goods are still at a place. Customers are told of it once for each work."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.outbox import EventRecord, record
from kontor.fulfillment import models
from kontor.fulfillment.events import FulfillmentPostponed, PromisePassed
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState as S
from kontor.fulfillment.work import load_work
from kontor.inventory.events import BackorderRescheduled
from kontor.locations.models import StockLocation

AT_ONCE = 200
# Work that is held waits for somebody else: for money, a look at the order. It is looked at again once it goes on.
WAITING = frozenset({S.SCHEDULED, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED})


Told = Mapping[tuple[UUID, UUID], date]
"""The latest day that customers heard of, by order and line."""


async def note_late(db: Session, *, now: datetime) -> int:
    """Say of work whose promised day is over where its place is that it is late, the oldest first; how many were said.

    Goods somebody asked to stop are left out. Where the customer heard of a later day for all of the work, that is its
    promise from then on. Locks the orders.
    """
    found = await _late(db, now)
    if not found:
        return 0
    work = await load_work(db, found)
    order_ids = {row.order_id for row in work.rows.values()}
    told, heard = await told_days(db, order_ids), await _heard(db, order_ids)
    said = 0
    for row in work.rows.values():
        if row.id not in found or row.late_at is not None or row.state not in WAITING or row.cancel_requested:
            continue
        if row.promised_on is None or row.promised_on >= found[row.id]:
            continue
        pieces = {line.order_line_id: line.quantity for line in work.lines[row.id] if line.quantity}
        days = {line_id: told.get((row.order_id, line_id)) for line_id in pieces}
        row.promised_on = day = promised_day(row.promised_on, list(days.values()))
        if day >= found[row.id]:
            continue
        row.late_at = now
        late = {line_id: count for line_id, count in pieces.items() if (days[line_id] or day) <= day}
        lines = _news(row.order_id, late, heard)
        if lines:
            said += 1
            passed = PromisePassed(
                stream_id=row.order_id, fulfillment_order_id=row.id, promised_on=day.isoformat(), lines=lines
            )  # fmt: skip
            record(db, passed)
    return said


def promised_day(promised_on: date, told: Sequence[date | None]) -> date:
    """By when work is expected of which customers heard these days since: the earliest, where all were put off. Pure.

    Days before the promise put nothing off.
    """
    return max(promised_on, min((day or promised_on for day in told), default=promised_on))


async def _late(db: Session, now: datetime) -> dict[UUID, date]:
    """Work to look at, with today's day at its place."""
    row, zone = FulfillmentOrder, StockLocation.timezone
    today = {name: local_day(now, name) for name in await db.scalars(sa.select(zone).distinct().order_by(zone))}
    if not today:
        return {}
    over = [sa.and_(zone == name, row.promised_on < day) for name, day in today.items()]
    found = (
        sa.select(row.id, zone)
        .join(StockLocation, StockLocation.id == row.location_id)
        .where(
            sa.text(f"fulfillment_order.{models.NOT_LEFT}"), row.promised_on < max(today.values()), sa.or_(*over),
            row.state.in_(sorted(WAITING)), row.late_at.is_(None), row.cancel_requested.is_(False),
        )
        .order_by(row.promised_on, row.id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return {each.id: today[each.timezone] for each in await db.execute(found)}


async def told_days(db: Session, order_ids: Collection[UUID]) -> Told:
    """The latest day that customers heard of lines: of goods that are expected, or that a place puts off."""
    said = sa.select(EventRecord.stream_id, EventRecord.payload).where(
        EventRecord.stream_id.in_(order_ids),
        EventRecord.name.in_((BackorderRescheduled.name, FulfillmentPostponed.name)),
    )
    days: dict[tuple[UUID, UUID], date] = {}
    for each in await db.execute(said):
        day = date.fromisoformat(each.payload["expected_on"])
        for line in each.payload["lines"]:
            key = (each.stream_id, UUID(str(line["order_line_id"])))
            days[key] = max(days.get(key, day), day)
    return days


async def _heard(db: Session, order_ids: Collection[UUID]) -> Counter[tuple[UUID, UUID]]:
    """Pieces that customers heard are late and that no work has any more which was late then: a place refused them."""
    heard: Counter[tuple[UUID, UUID]] = Counter()
    said = sa.select(EventRecord.stream_id, EventRecord.payload).where(
        EventRecord.stream_id.in_(order_ids), EventRecord.name == PromisePassed.name
    )
    for each in await db.execute(said):
        for told in each.payload["lines"]:
            heard[each.stream_id, UUID(str(told["order_line_id"]))] += told["quantity"]
    row, line = FulfillmentOrder, FulfillmentLine
    there = (
        sa.select(row.order_id, line.order_line_id, line.quantity)
        .join(line, line.fulfillment_order_id == row.id)
        .where(row.order_id.in_(order_ids), row.late_at.is_not(None), row.state.not_in((S.REJECTED, S.CANCELED)))
    )
    for order_id, line_id, quantity in await db.execute(there) if heard else ():
        heard[order_id, line_id] -= quantity
    return heard


def _news(order_id: UUID, late: Mapping[UUID, int], heard: Counter[tuple[UUID, UUID]]) -> tuple[dict[str, Any], ...]:
    """Late pieces without those of which the customer heard already; these are taken off `heard`."""
    lines: list[dict[str, Any]] = []
    for line_id, quantity in late.items():
        known = min(quantity, max(0, heard[order_id, line_id]))
        heard[order_id, line_id] -= known
        if quantity > known:
            lines.append({"order_line_id": str(line_id), "quantity": quantity - known})
    return tuple(lines)
