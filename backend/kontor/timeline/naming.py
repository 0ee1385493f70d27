"""The names of what an order's facts speak of, read once: its articles, places, parcels, returns, cases and tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.models import Case
from kontor.core.db import Session
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.locations.models import StockLocation
from kontor.orders.models import OrderLine
from kontor.processes.models import ProcessInstance, UserTask
from kontor.returns.models import Return
from kontor.timeline.values import Fact


@dataclass(frozen=True, slots=True)
class Names:
    """By id, as text: `work` are fulfillment orders with their place, `parcels` also stand under their shipment."""

    currency: str
    articles: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    work: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    parcels: Mapping[str, str] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)


async def names_of(db: Session, order_id: UUID, currency: str, facts: Iterable[Fact]) -> Names:
    """Whatever the facts of an order may name."""
    line, work, parcel = OrderLine, FulfillmentOrder, Parcel
    articles = (await db.execute(sa.select(line.id, line.name).where(line.order_id == order_id))).all()
    rows = (
        await db.execute(
            sa.select(work.id, work.number, StockLocation.name)
            .join(StockLocation, StockLocation.id == work.location_id)
            .where(work.order_id == order_id)
        )
    ).all()
    boxes = (
        await db.execute(
            sa.select(parcel.id, parcel.shipment_id, parcel.carrier, parcel.tracking_number)
            .join(work, work.id == parcel.fulfillment_order_id)
            .where(work.order_id == order_id)
            .order_by(parcel.id)
        )
    ).all()
    returns = (await db.execute(sa.select(Return.id, Return.number).where(Return.order_id == order_id))).all()
    return Names(
        currency,
        articles={str(row.id): row.name for row in articles},
        places=await _places(db, facts),
        work={str(row.id): (row.number, row.name) for row in rows},
        parcels=_boxes(boxes),
        returns={str(row.id): row.number for row in returns},
        codes=await _codes(db, order_id),
    )


async def _places(db: Session, facts: Iterable[Fact]) -> dict[str, str]:
    """Places that facts name by id; work knows its own."""
    found: set[UUID] = set()
    for fact in facts:
        told = fact.payload
        named = [told.get("location_id"), *(told.get("location_ids") or ())]
        named += [part.get("location_id") for part in _parts(told)]
        found |= {UUID(each) for each in named if each}
    rows = await db.execute(sa.select(StockLocation.id, StockLocation.name).where(StockLocation.id.in_(found)))
    return {str(row.id): row.name for row in rows.all()}


def _parts(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for name in ("lines", "fulfillment_orders") for part in told.get(name) or () if isinstance(part, dict)]


def _boxes(rows: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        text = " ".join(filter(None, (row.carrier, row.tracking_number)))
        found[str(row.id)] = text
        if row.shipment_id and text:
            known = found.get(str(row.shipment_id))
            found[str(row.shipment_id)] = f"{known}, {text}" if known else text
    return found


async def _codes(db: Session, order_id: UUID) -> dict[str, str]:
    """Kinds of cases, names of tasks and keys of processes, whose words are in the catalogue."""
    rows = await db.execute(
        sa.union_all(
            sa.select(Case.id, Case.kind.label("code")).where(Case.order_id == order_id),
            sa.select(UserTask.id, UserTask.name).where(UserTask.order_id == order_id),
            sa.select(ProcessInstance.id, ProcessInstance.key).where(ProcessInstance.order_id == order_id),
        )
    )
    return {str(row.id): row.code for row in rows.all()}
