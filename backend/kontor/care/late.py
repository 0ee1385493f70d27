"""Promises that were not kept: work that did not leave, goods that did not arrive, pieces that nobody has to send.

Each look takes a bounded part, the oldest first; what it leaves the next look finds. The cases end with the lateness.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care import service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.subjects import as_text, unknown
from kontor.care.values import CaseKind, NewCase
from kontor.core.clock import local_day, utc_day
from kontor.core.db import Session, chunks
from kontor.fulfillment import models
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.inventory.models import Allocation
from kontor.locations.models import StockLocation
from kontor.orders.models import NOT_SENT, Order, OrderLine
from kontor.orders.states import OVER

AT_ONCE = 500
WORK, SHIPMENT, ORDER = "fulfillment_order_id", "shipment_id", "order_id"
NOT_LEFT = (
    FulfillmentState.SCHEDULED, FulfillmentState.OPEN, FulfillmentState.ACCEPTED, FulfillmentState.PICKED,
    FulfillmentState.PACKED, FulfillmentState.ON_HOLD,
)  # fmt: skip
STUCK = (ParcelState.EXCEPTION, ParcelState.LOST, ParcelState.RETURNED)
ARRIVES_WITHIN = timedelta(days=3)
"""So long after its promised day what has left may still arrive: a weekend, and the day on which its scan is told."""
LOOKED_BACK = timedelta(days=60)
"""What was promised before that has arrived, or somebody has asked; carriers that tell nothing would raise it all."""
QUIET = timedelta(days=3)
"""So long what somebody has ended is not raised anew although it is late still."""


async def raise_late(db: Session, *, now: datetime) -> list[NewCase]:
    """What is late by now and has no case: work that has not left, goods that did not arrive, pieces nobody sends."""
    return [*await _work(db, now), *await _arrivals(db, now), *await _unrouted(db, now)]


async def _work(db: Session, now: datetime) -> list[NewCase]:
    """Work of days that are over where it is to be done."""
    row, zone = FulfillmentOrder, StockLocation.timezone
    days: dict[date, list[str]] = {}
    for name in await db.scalars(sa.select(zone).distinct().order_by(zone)):
        days.setdefault(local_day(now, name), []).append(name)
    if not days:
        return []
    found = (
        sa.select(row.id, row.order_id, row.number, row.promised_on)
        .join(StockLocation, StockLocation.id == row.location_id)
        .where(
            sa.text(f"fulfillment_order.{models.NOT_LEFT}"),
            row.promised_on < max(days),
            sa.or_(*(sa.and_(zone.in_(zones), row.promised_on < today) for today, zones in days.items())),
            unknown(CaseKind.LATE, as_text(db, row.id), ended_after=now - QUIET),
        )
        .order_by(row.promised_on, row.id)
        .limit(AT_ONCE)
    )
    return [
        NewCase(CaseKind.LATE, str(each.id), each.order_id, {WORK: str(each.id), **_promised(each)})
        for each in await db.execute(found)
    ]


async def _arrivals(db: Session, now: datetime) -> list[NewCase]:
    """Goods that have left and should be there, whoever carries them; a parcel that stands still has its own case.

    Raised once: that its carrier tells nothing is no news the second time.
    """
    row, today = FulfillmentOrder, _over_everywhere(now)
    tracking = sa.select(sa.func.min(Parcel.tracking_number)).where(Parcel.shipment_id == Shipment.id)
    found = (
        sa.select(
            Shipment.id, row.order_id, row.number, row.promised_on, tracking.scalar_subquery().label("tracking_number")
        )
        .join(Shipment, Shipment.fulfillment_order_id == row.id)
        .where(
            sa.text(f"fulfillment_order.{models.UNDER_WAY}"),
            row.promised_on < today - ARRIVES_WITHIN,
            row.promised_on >= today - LOOKED_BACK,
            _not_there(),
            ~sa.exists().where(Parcel.shipment_id == Shipment.id, Parcel.state.in_(STUCK)),
            unknown(CaseKind.LATE, as_text(db, Shipment.id), ended_after=now - LOOKED_BACK),
        )
        .order_by(row.promised_on, row.id, Shipment.id)
        .limit(AT_ONCE)
    )
    return [
        NewCase(
            CaseKind.LATE, str(each.id), each.order_id,
            {SHIPMENT: str(each.id), **_promised(each), "tracking_number": each.tracking_number},
        )
        for each in await db.execute(found)
    ]  # fmt: skip


async def _unrouted(db: Session, now: datetime) -> list[NewCase]:
    """Orders whose promised day is over and of which pieces are with no place: without stock, held, or refused."""
    found = (
        sa.select(Order.id, Order.number, Order.promised_on)
        .where(
            sa.text(f"orders.{NOT_SENT.replace(' AND ', ' AND orders.')}"),
            Order.promised_on < _over_everywhere(now),
            _without_place(),
            unknown(CaseKind.LATE, as_text(db, Order.id), ended_after=now - QUIET),
        )
        .order_by(Order.promised_on, Order.id)
        .limit(AT_ONCE)
    )
    return [
        NewCase(
            CaseKind.LATE, str(each.id), each.id, {ORDER: str(each.id), "promised_on": each.promised_on.isoformat()}
        )
        for each in await db.execute(found)
    ]


def _without_place() -> Any:
    """Pieces of the order have no stock, or stock whose place has not been told of them."""
    line = OrderLine
    short = line.ordered > line.canceled + line.allocated + line.shipped
    return sa.or_(
        sa.exists().where(line.order_id == Order.id, line.kind == "PHYSICAL", short),
        sa.exists().where(Allocation.order_id == Order.id, Allocation.fulfillment_order_id.is_(None)),
    )


def _not_there() -> Any:
    return sa.and_(Shipment.delivered_at.is_(None), Shipment.recalled_at.is_(None))


def _over_everywhere(now: datetime) -> date:
    """Days before that are over at every place of the earth."""
    return utc_day(now - timedelta(hours=12))


def _promised(row: Any) -> dict[str, str]:
    return {"number": row.number, "promised_on": row.promised_on.isoformat()}


async def settle_late(db: Session, *, now: datetime) -> None:
    """End the cases of work that left or is with nobody, goods that arrived, orders whose pieces all have a place."""
    found = await db.scalars(
        sa.select(Case.facts)
        .where(Case.kind == CaseKind.LATE.value, Case.state != CaseState.DONE)
        .order_by(Case.created_at, Case.id)
    )
    rows = found.all()
    still: tuple[tuple[str, Any, Any], ...] = (
        (WORK, FulfillmentOrder, FulfillmentOrder.state.in_(NOT_LEFT)),
        (SHIPMENT, Shipment, _not_there()),
        (ORDER, Order, sa.and_(Order.state.not_in(OVER), _without_place())),
    )
    gone: list[tuple[CaseKind, str]] = []
    for fact, model, holds in still:
        named = sorted({UUID(facts[fact]) for facts in rows if fact in facts})
        there = await _which(db, model, holds, named)
        gone += [(CaseKind.LATE, str(each)) for each in named if each not in there]
    if gone:
        await service.settle_cases(db, gone, now=now)


async def _which(db: Session, model: Any, holds: Any, ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for part in chunks(ids):
        found.update(await db.scalars(sa.select(model.id).where(model.id.in_(part), holds)))
    return found
