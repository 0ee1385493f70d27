"""Take a shipment back while its effects still wait, and let them go when nobody did."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.outbox import record, unschedule
from kontor.core.principal import Principal
from kontor.fulfillment import queries
from kontor.fulfillment.errors import NotRecallable, ShipmentNotFound
from kontor.fulfillment.events import ShipmentRecalled
from kontor.fulfillment.models import Shipment
from kontor.fulfillment.parcels import back_to_the_place
from kontor.fulfillment.shipments import give_back_charges
from kontor.fulfillment.shipping import announcement, tell_shipped
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.fulfillment.work import announce_fulfilled, count, load_work, step
from kontor.inventory import allocations as stock
from kontor.orders.states import ReturnStatus

S = FulfillmentState


async def recall(db: Session, shipment_id: UUID, *, now: datetime, principal: Principal | None = None) -> Shipment:
    """Take a shipment back: the goods are packed again, and nobody will have heard of it.

    Raises `NotRecallable` when the window has passed or later steps build on the pieces of this one.
    """
    found = await _shipment(db, shipment_id)
    work = await load_work(db, [found.fulfillment_order_id] if found.fulfillment_order_id else [], principal=principal)
    row = next(iter(work.rows.values()), None)
    if row is None:
        raise ShipmentNotFound("There is no such shipment.", shipment_id=str(shipment_id))
    shipment = await _shipment(db, shipment_id)
    if shipment.recalled_at is not None or row.state is not S.SHIPPED:
        raise NotRecallable("The shipment was recalled or has arrived already.")
    if row.recallable_until is None or now >= row.recallable_until:
        raise NotRecallable("The time to recall the shipment has passed.")
    if any(parcel.state is ParcelState.DELIVERED for parcel in (await queries.parcels_of(db, [row.id]))[row.id]):
        raise NotRecallable("A parcel of the shipment has arrived already.")
    lines = (await queries.shipment_lines_of(db, [shipment.id]))[shipment.id]
    order, places = work.order_of(row), {line.order_line_id: line for line in work.lines[row.id]}
    settled = {line.id: line.shipped + line.canceled for line in work.order_lines[order.id]}
    if any(settled[line.order_line_id] != line.first_unit + line.quantity for line in lines):
        raise NotRecallable("Pieces of the same lines were shipped or canceled since.", code="SHIPMENT_BUILT_UPON")
    if any(line.returned for line in lines) or order.return_status is ReturnStatus.REQUESTED:
        raise NotRecallable("Goods of the order come back already.", code="SHIPMENT_BUILT_UPON")
    await unschedule(db, [announcement(shipment.id)])
    rows = [
        {
            "order_line_id": line.order_line_id,
            "variant_id": places[line.order_line_id].variant_id,
            "location_id": row.location_id,
            "fulfillment_order_id": row.id,
            "channel_id": row.channel_id,
            "quantity": line.quantity,
            "priority": row.priority,
        }
        for line in lines
    ]
    await stock.unship(db, order.id, rows)
    for line in lines:
        work.add(order.id, line.order_line_id, shipped=-line.quantity, allocated=line.quantity)
    await give_back_charges(db, order.id, shipment.id)
    await back_to_the_place(db, row, now=now)
    shipment.recalled_at, row.recallable_until = now, None
    step(db, row, S.PACKED, now=now, reason="recalled")
    record(db, ShipmentRecalled(stream_id=order.id, fulfillment_order_id=row.id, shipment_id=shipment.id))
    await count(db, work, now=now)
    return shipment


async def _shipment(db: Session, shipment_id: UUID) -> Shipment:
    statement = sa.select(Shipment).where(Shipment.id == shipment_id).execution_options(populate_existing=True)
    found = await db.scalar(statement)
    if found is None:
        raise ShipmentNotFound("There is no such shipment.", shipment_id=str(shipment_id))
    return found


async def announce_shipments(db: Session, shipment_ids: Iterable[UUID], *, now: datetime) -> None:
    """The window has passed: let everybody hear of the shipments that were not recalled."""
    ids = sorted(set(shipment_ids))
    shipments: dict[UUID, Shipment] = {}
    for part in chunks(ids):
        for shipment in await db.scalars(sa.select(Shipment).where(Shipment.id.in_(part))):
            if shipment.fulfillment_order_id is not None:
                shipments[shipment.fulfillment_order_id] = shipment
    work = await load_work(db, shipments)
    waiting = [row for row in work.rows.values() if row.recallable_until is not None and row.state is S.SHIPPED]
    for row in waiting:
        order = work.order_of(row)
        row.recallable_until, row.updated_at = None, now
        tell_shipped(db, row, shipments[row.id], order.currency)
    await announce_fulfilled(db, work, [row.order_id for row in waiting])
