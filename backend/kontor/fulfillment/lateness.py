"""Promised days that pass while the goods are still at a place. Customers are told of it once for each work."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.outbox import EventRecord, record
from kontor.fulfillment import models
from kontor.fulfillment.events import PromisePassed
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState as S
from kontor.fulfillment.work import Work, load_work
from kontor.inventory.events import BackorderRescheduled
from kontor.locations.models import StockLocation

AT_ONCE = 200
# Work that is held waits for somebody else: for money, a look at the order. It is looked at again once it goes on.
WAITING = frozenset({S.SCHEDULED, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED})


async def note_late(db: Session, *, now: datetime) -> int:
    """Say of work whose promised day is over where its place is that it is late, the oldest first; how many were said.

    Goods somebody asked to stop are left out. Locks the orders.
    """
    found = await _late(db, now)
    if not found:
        return 0
    work = await load_work(db, found)
    days = await _told_days(db, {row.order_id for row in work.rows.values()})
    said = 0
    for row in work.rows.values():
        if row.id not in found or row.late_at is not None or row.state not in WAITING or row.cancel_requested:
            continue
        if row.promised_on is None or row.promised_on >= found[row.id]:
            continue
        row.late_at = now
        day = row.promised_on.isoformat()
        lines = tuple(each for each in _pieces(work, row) if days.get((row.order_id, each["order_line_id"]), "") <= day)
        if lines:
            said += 1
            passed = PromisePassed(
                stream_id=row.order_id, fulfillment_order_id=row.id, promised_on=day, lines=lines
            )  # fmt: skip
            record(db, passed)
    return said


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


async def _told_days(db: Session, order_ids: Collection[UUID]) -> dict[tuple[UUID, str], str]:
    """The latest day that customers heard of lines whose goods are expected: by order and line."""
    told = sa.select(EventRecord.stream_id, EventRecord.payload).where(
        EventRecord.stream_id.in_(order_ids), EventRecord.name == BackorderRescheduled.name
    )
    days: dict[tuple[UUID, str], str] = {}
    for each in await db.execute(told):
        for line in each.payload["lines"]:
            key = (each.stream_id, str(line["order_line_id"]))
            days[key] = max(days.get(key, ""), each.payload["expected_on"])
    return days


def _pieces(work: Work, row: FulfillmentOrder) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"order_line_id": str(line.order_line_id), "quantity": line.quantity}
        for line in work.lines[row.id]
        if line.quantity
    )
