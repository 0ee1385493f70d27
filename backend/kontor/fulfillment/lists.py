"""Lists of work, shipments and parcels: what can be asked for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.fulfillment import finding
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment
from kontor.fulfillment.queries import IS_PARCEL, parcels_visible_to, shipments_visible_to, visible_to
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.orders.models import Order
from kontor.orders.states import DeliveryType

SORTS: dict[str, Any] = {
    "CREATED_AT": FulfillmentOrder.created_at,
    "DUE_AT": FulfillmentOrder.due_at,
    "NUMBER": FulfillmentOrder.number,
    "UPDATED_AT": FulfillmentOrder.updated_at,
}
SHIPMENT_SORTS: dict[str, Any] = {
    "NUMBER": Shipment.number,
    "SHIPPED_AT": Shipment.shipped_at,
    "UPDATED_AT": Shipment.updated_at,
}
PARCEL_SORTS: dict[str, Any] = {"CREATED_AT": Parcel.id, "UPDATED_AT": Parcel.updated_at}  # ids follow their making


@dataclass(frozen=True, slots=True)
class FulfillmentFilter:
    """Which fulfillment orders are wanted; what is None does not narrow. `due_before` and days until are exclusive.

    `problems_at` wants those that somebody has to look at, as seen at that moment.
    """

    ids: Sequence[UUID] | None = None
    states: Sequence[FulfillmentState] | None = None
    location_ids: Sequence[UUID] | None = None
    partner_ids: Sequence[UUID] | None = None
    channel_ids: Sequence[UUID] | None = None
    order_ids: Sequence[UUID] | None = None
    order_number: str | None = None
    numbers: Sequence[str] | None = None
    delivery_types: Sequence[DeliveryType] | None = None
    ship_before: date | None = None
    due_before: datetime | None = None
    search: str | None = None
    ship_to: str | None = None
    article: str | None = None
    tracking_number: str | None = None
    problems_at: datetime | None = None
    cancel_requested: bool | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShipmentFilter:
    """Which shipments are wanted; what is None does not narrow. From inclusive, until exclusive."""

    order_ids: Sequence[UUID] | None = None
    order_number: str | None = None
    numbers: Sequence[str] | None = None
    location_ids: Sequence[UUID] | None = None
    tracking_number: str | None = None
    delivered: bool | None = None
    recalled: bool | None = None
    shipped_from: datetime | None = None
    shipped_until: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParcelFilter:
    """Which parcels are wanted; what is None does not narrow."""

    states: Sequence[ParcelState] | None = None
    fulfillment_order_ids: Sequence[UUID] | None = None
    shipment_ids: Sequence[UUID] | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    changed_since: datetime | None = None


def narrowed(found: sa.Select[FulfillmentOrder], wanted: FulfillmentFilter) -> sa.Select[FulfillmentOrder]:
    """Of these fulfillment orders the wanted ones."""
    row = FulfillmentOrder
    return narrow(
        found,
        (row.id.in_, wanted.ids),
        (finding.bears, wanted.search),
        (finding.goes_to, wanted.ship_to),
        (finding.holds_article, wanted.article),
        (finding.tracked_as, wanted.tracking_number),
        (finding.is_problem, wanted.problems_at),
        (row.state.in_, wanted.states),
        (row.location_id.in_, wanted.location_ids),
        (row.partner_id.in_, wanted.partner_ids),
        (row.channel_id.in_, wanted.channel_ids),
        (row.order_id.in_, wanted.order_ids),
        (lambda number: row.order_id.in_(_orders_numbered(number)), wanted.order_number),
        (row.number.in_, wanted.numbers),
        (row.delivery_type.in_, wanted.delivery_types),
        (row.ship_on.__lt__, wanted.ship_before),
        (row.due_at.__lt__, wanted.due_before),
        (row.cancel_requested.__eq__, wanted.cancel_requested),
        (row.updated_at.__ge__, wanted.changed_since),
    )


def shipments_narrowed(found: sa.Select[Shipment], wanted: ShipmentFilter) -> sa.Select[Shipment]:
    """Of these shipments the wanted ones."""
    row = Shipment
    return narrow(
        found,
        (row.order_id.in_, wanted.order_ids),
        (lambda number: row.order_id.in_(_orders_numbered(number)), wanted.order_number),
        (row.number.in_, wanted.numbers),
        (row.location_id.in_, wanted.location_ids),
        (lambda number: row.id.in_(_tracked(number)), wanted.tracking_number),
        (lambda done: row.delivered_at.is_not(None) if done else row.delivered_at.is_(None), wanted.delivered),
        (lambda done: row.recalled_at.is_not(None) if done else row.recalled_at.is_(None), wanted.recalled),
        (row.shipped_at.__ge__, wanted.shipped_from),
        (row.shipped_at.__lt__, wanted.shipped_until),
        (row.updated_at.__ge__, wanted.changed_since),
    )


def parcels_narrowed(found: sa.Select[Parcel], wanted: ParcelFilter) -> sa.Select[Parcel]:
    """Of these parcels the wanted ones; voided ones only where states are named."""
    found = found.where(IS_PARCEL if wanted.states is None else Parcel.state.in_(wanted.states))
    return narrow(
        found,
        (Parcel.fulfillment_order_id.in_, wanted.fulfillment_order_ids),
        (Parcel.shipment_id.in_, wanted.shipment_ids),
        (Parcel.tracking_number.__eq__, wanted.tracking_number),
        (Parcel.carrier.__eq__, wanted.carrier),
        (Parcel.updated_at.__ge__, wanted.changed_since),
    )


def _orders_numbered(number: str) -> sa.Select[Any]:
    return sa.select(Order.id).where(Order.number == number)


def _tracked(number: str) -> sa.Select[Any]:
    return sa.select(Parcel.shipment_id).where(Parcel.tracking_number == number)


async def list_fulfillment_orders(
    db: Session,
    wanted: FulfillmentFilter,
    page: PageRequest,
    *,
    principal: Principal,
    sort: str = "CREATED_AT",
    descending: bool = True,
) -> Page[FulfillmentOrder]:
    """A page of what the principal may see."""
    found = narrowed(visible_to(principal), wanted)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), FulfillmentOrder.id, page)


async def count_fulfillment_orders(
    db: Session, wanted: Sequence[FulfillmentFilter], *, principal: Principal, most: int
) -> list[int]:
    """How many fulfillment orders of each kind the principal may see; nobody counts further than `most`."""
    counts = []
    for each in wanted:
        found = narrowed(visible_to(principal), each).with_only_columns(FulfillmentOrder.id).limit(most)
        counts.append(int(await db.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0))
    return counts


async def list_shipments(
    db: Session,
    wanted: ShipmentFilter,
    page: PageRequest,
    *,
    principal: Principal,
    sort: str = "SHIPPED_AT",
    descending: bool = True,
) -> Page[Shipment]:
    """A page of shipments the principal may see; recalled ones among them."""
    found = shipments_narrowed(shipments_visible_to(principal), wanted)
    return await paginate(db, found, choose(SHIPMENT_SORTS, sort, descending=descending), Shipment.id, page)


async def list_parcels(
    db: Session,
    wanted: ParcelFilter,
    page: PageRequest,
    *,
    principal: Principal,
    sort: str = "CREATED_AT",
    descending: bool = True,
) -> Page[Parcel]:
    """A page of parcels the principal may see."""
    found = parcels_narrowed(parcels_visible_to(principal), wanted)
    return await paginate(db, found, choose(PARCEL_SORTS, sort, descending=descending), Parcel.id, page)
