"""Goods arrive, by fulfillment order or by tracking number; said twice, it is true once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.outbox import record, unschedule
from kontor.core.principal import SYSTEM, Principal
from kontor.core.statemachine import transition
from kontor.fulfillment import queries
from kontor.fulfillment.errors import ShipmentNotFound, WrongState
from kontor.fulfillment.events import FulfillmentDelivered
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment, ShipmentLine
from kontor.fulfillment.shipping import CLOCKS_DIFFER, announcement, tell_shipped
from kontor.fulfillment.states import PARCEL, FulfillmentState, ParcelState
from kontor.fulfillment.work import Work, announce_fulfilled, count, load_work, one, step

S = FulfillmentState


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived: everything of a fulfillment order, or the parcels of a tracking number; None means now."""

    fulfillment_order_id: UUID | None = None
    tracking_number: str | None = None
    delivered_at: datetime | None = None


@dataclass(slots=True)
class _Arrival:
    row: FulfillmentOrder
    shipment: Shipment
    parcels: list[Parcel]
    delivered_at: datetime


async def record_delivery(
    db: Session, request: Delivery, *, now: datetime, principal: Principal | None = None
) -> Shipment:
    """Record one arrival; raises what `record_deliveries` answers."""
    return one(await record_deliveries(db, [request], now=now, principal=principal))


async def record_deliveries(
    db: Session, requests: Sequence[Delivery], *, now: datetime, principal: Principal | None = None
) -> list[Shipment | KontorError]:
    """Goods arrived: the shipment, or the refusal, of each request in its position.

    A shipment is delivered when its last parcel is. What is known already changes nothing.
    """
    numbers = [each.tracking_number for each in requests if each.tracking_number]
    tracked = await queries.tracked(db, numbers, principal or SYSTEM) if numbers else {}
    ids = {each.fulfillment_order_id for each in requests if each.fulfillment_order_id}
    ids |= {parcel.fulfillment_order_id for parcels in tracked.values() for parcel in parcels}
    work = await load_work(db, ids, principal=principal)
    shipments = await queries.shipments_of_rows(db, work.rows)
    parcels = await queries.parcels_of(db, work.rows)
    lines = await queries.shipment_lines_of(db, [shipment.id for shipment in shipments.values()])
    results: list[Shipment | KontorError] = []
    told: list[_Arrival] = []
    for each in requests:
        try:
            arrivals = _check(each, work, shipments, parcels, tracked, now=now)
        except KontorError as refusal:
            results.append(refusal)
            continue
        for arrival in arrivals:
            if _arrive(db, work, arrival, parcels[arrival.row.id], lines[arrival.shipment.id], now=now):
                told.append(arrival)
        results.append(arrivals[0].shipment)
    if told:  # what has arrived cannot be recalled any more
        await unschedule(db, [announcement(each.shipment.id) for each in told])
        await announce_fulfilled(db, work, [each.row.order_id for each in told])
    await count(db, work, now=now)
    return results


def _check(
    each: Delivery,
    work: Work,
    shipments: Mapping[UUID, Shipment],
    parcels: Mapping[UUID, list[Parcel]],
    tracked: Mapping[str, list[Parcel]],
    *,
    now: datetime,
) -> list[_Arrival]:
    if (each.fulfillment_order_id is None) == (each.tracking_number is None):
        raise InvalidInput(
            "Name the fulfillment order or the tracking number.", code="NAME_ONE", path=("fulfillmentOrderId",)
        )
    delivered_at = each.delivered_at or now
    if delivered_at > now + CLOCKS_DIFFER:
        raise InvalidInput("Goods do not arrive in the future.", code="INVALID_DELIVERED_AT", path=("deliveredAt",))
    if each.tracking_number is not None:
        named = [parcel for parcel in tracked[each.tracking_number] if parcel.fulfillment_order_id in shipments]
        if not named:
            raise ShipmentNotFound("There is no such parcel on its way.", path=("trackingNumber",))
        # The rows were read again under the lock: look them up there.
        known = {parcel.id: parcel for rows in parcels.values() for parcel in rows}
        return [_arrival(known[parcel.id], work, shipments, min(delivered_at, now)) for parcel in named]
    assert each.fulfillment_order_id is not None
    row = work.rows.get(each.fulfillment_order_id)
    if row is None:
        raise ShipmentNotFound("There is no such fulfillment order.", path=("fulfillmentOrderId",))
    if row.id not in shipments:
        raise WrongState(f"The fulfillment order is {row.state}.", state=str(row.state), path=("fulfillmentOrderId",))
    return [_Arrival(row, shipments[row.id], parcels[row.id], min(delivered_at, now))]


def _arrival(parcel: Parcel, work: Work, shipments: Mapping[UUID, Shipment], delivered_at: datetime) -> _Arrival:
    row = work.rows[parcel.fulfillment_order_id]
    return _Arrival(row, shipments[row.id], [parcel], delivered_at)


def _arrive(
    db: Session,
    work: Work,
    arrival: _Arrival,
    parcels: Sequence[Parcel],
    lines: Sequence[ShipmentLine],
    *,
    now: datetime,
) -> bool:
    """Whether this is the first that is heard of the shipment."""
    row, shipment = arrival.row, arrival.shipment
    for parcel in arrival.parcels:
        if PARCEL.allows(parcel.state, ParcelState.DELIVERED):  # whatever was told of it before
            transition(db, parcel, ParcelState.DELIVERED, table=PARCEL, now=now)
            parcel.updated_at = now
    under_way = [parcel for parcel in parcels if parcel.state is not ParcelState.DELIVERED]
    if shipment.delivered_at is not None or (under_way and len(arrival.parcels) < len(parcels)):
        return False
    early = row.recallable_until is not None
    if early:
        tell_shipped(db, row, shipment, work.order_of(row).currency)
        row.recallable_until = None
    shipment.delivered_at = arrival.delivered_at
    if row.state is S.SHIPPED:
        step(db, row, S.DELIVERED, now=now)
    record(db, FulfillmentDelivered(stream_id=row.order_id, fulfillment_order_id=row.id, shipment_id=shipment.id))
    for line in lines:
        work.add(row.order_id, line.order_line_id, delivered=line.quantity)
    return early
