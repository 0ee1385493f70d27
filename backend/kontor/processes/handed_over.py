"""The value of what has left, as the capture of money counts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.outbox import schedule
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.orders import queries as orders


@dataclass(slots=True)
class HandedOver:
    """Shipments nobody can take back any more: their value in minor units, and the last of them.

    `complete` says that no other piece will follow.
    """

    amount: int
    last: UUID
    complete: bool = False


async def values_of(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, HandedOver]:
    """By order; orders of which nothing has left for good are not among them.

    The value counts every shipment that is final, also those after the one at hand: it only ever grows, so that
    captures add up in whatever order they are made.
    """
    found: dict[UUID, HandedOver] = {}
    waiting: set[UUID] = set()
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Shipment.id, Shipment.order_id, Shipment.amount, FulfillmentOrder.recallable_until)
            .outerjoin(FulfillmentOrder, FulfillmentOrder.id == Shipment.fulfillment_order_id)
            .where(Shipment.order_id.in_(part), Shipment.recalled_at.is_(None))
            .order_by(Shipment.shipped_at, Shipment.id)
        )
        for row in rows:
            if row.recallable_until is not None and row.recallable_until > now:
                waiting.add(row.order_id)
                continue
            before = found.setdefault(row.order_id, HandedOver(0, row.id))
            before.amount += row.amount
            before.last = row.id
        await _mark_complete(db, part, found, waiting)
    return found


async def _mark_complete(
    db: Session, order_ids: Iterable[UUID], found: dict[UUID, HandedOver], waiting: set[UUID]
) -> None:
    still_open = await orders.still_open(db, order_ids)
    for order_id in order_ids:
        if order_id in found:
            found[order_id].complete = order_id not in still_open and order_id not in waiting


def schedule_capture(db: Session, order_id: UUID, shipment_id: UUID, shipped: int, *, final: bool) -> None:
    """Collect up to the value shipped; `final` also gives back what is promised beyond it."""
    args = {"order_id": order_id, "shipment_id": shipment_id, "shipped": shipped, "final": final}
    schedule(db, "payments.capture", args, key=order_id)
