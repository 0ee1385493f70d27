"""Fulfillment orders, shipments and parcels as a caller sees them; partners see no prices unless that was agreed."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, plain, text_of
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.order_types import PostalAddress, money, plain_rate
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.core.errors import KontorError
from kontor.fulfillment import models, queries
from kontor.fulfillment.answering import RejectedPieces
from kontor.fulfillment.parcels import ParcelInput as ParcelValues
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, ParcelState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.orders.models import Order
from kontor.orders.states import DeliveryType
from kontor.partners.models import Partner

for _states in (FulfillmentState, ParcelState, RejectReason, SourceOutcome):
    strawberry.enum(_states)


@strawberry.type(description="Pieces of one order line in a fulfillment order.")
class FulfillmentLine:
    id: UUID
    order_line_id: UUID
    variant_id: UUID
    sku: str
    name: str
    quantity: int
    picked: int
    reject_reason: RejectReason | None
    reject_note: str | None

    @classmethod
    def of(cls, row: Any) -> FulfillmentLine:
        """As the API shows it."""
        reason = RejectReason(row.reject_reason) if row.reject_reason else None
        return cls(
            id=row.id, order_line_id=row.order_line_id, variant_id=row.variant_id, sku=row.sku, name=row.name,
            quantity=row.quantity, picked=row.picked, reject_reason=reason, reject_note=row.reject_note,
        )  # fmt: skip


_PARCEL = (
    "id", "fulfillment_order_id", "shipment_id", "state", "carrier", "tracking_number", "tracking_url", "weight_g",
    "created_at", "updated_at",
)  # fmt: skip


@strawberry.type(description="A parcel and its tracking; `contents` holds order line, SKU and quantity where known.")
class Parcel:
    id: UUID
    fulfillment_order_id: UUID
    shipment_id: UUID | None
    state: ParcelState
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    weight_g: int
    contents: JSON
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Parcel:
        """As the API shows it."""
        return cls(contents=JSON(row.contents), **{name: getattr(row, name) for name in _PARCEL})


async def shows_prices(info: Info) -> bool:
    """Whether the caller may see what goods are worth to the customer."""
    partner_id = info.context.principal.partner_id
    if partner_id is None:
        return True
    partner = await by_id(info, Partner, partner_id)
    return partner is not None and bool(partner.agreement.get("show_prices"))


@strawberry.type(description="Pieces that left, with their frozen amounts at the tax rate of the date of supply.")
class ShipmentLine:
    id: UUID
    order_line_id: UUID
    quantity: int
    returned: int
    net: Money | None
    tax: Money | None
    gross: Money | None
    tax_rate: str | None


_SHIPMENT = (
    "id", "number", "order_id", "fulfillment_order_id", "location_id", "delivery_type", "shipped_at", "delivered_at",
    "recalled_at",
)  # fmt: skip


@strawberry.type(description="Goods that left a place, were handed over, or codes that were issued.")
class Shipment:
    id: UUID
    number: str
    order_id: UUID
    fulfillment_order_id: UUID | None
    location_id: UUID | None
    delivery_type: DeliveryType
    shipped_at: datetime
    delivered_at: datetime | None
    recalled_at: datetime | None
    worth: strawberry.Private[int]

    @strawberry.field(description="What it is worth to the customer, gross; partners see it where that was agreed.")
    async def amount(self, info: Info) -> Money | None:
        order = await by_id(info, Order, self.order_id)
        if order is None or not await shows_prices(info):
            return None
        return money(self.worth, order.currency)

    @strawberry.field
    async def lines(self, info: Info) -> list[ShipmentLine]:
        order = await by_id(info, Order, self.order_id)
        currency = order.currency if order is not None and await shows_prices(info) else None
        rows = await by_parent(info, models.ShipmentLine.shipment_id, self.id)
        return [_shipment_line(row, currency) for row in rows]

    @strawberry.field
    async def parcels(self, info: Info) -> list[Parcel]:
        rows = await by_parent(info, models.Parcel.shipment_id, self.id)
        return [Parcel.of(row) for row in rows]

    @classmethod
    def of(cls, row: Any) -> Shipment:
        """As the API shows it."""
        return cls(worth=row.amount, **{name: getattr(row, name) for name in _SHIPMENT})


def _shipment_line(row: Any, currency: str | None) -> ShipmentLine:
    amounts = {name: money(getattr(row, name), currency) if currency else None for name in ("net", "tax", "gross")}
    return ShipmentLine(
        id=row.id, order_line_id=row.order_line_id, quantity=row.quantity, returned=row.returned,
        tax_rate=plain_rate(row.tax_rate) if currency else None, **amounts,
    )  # fmt: skip


_ROW = (
    "id", "number", "order_id", "location_id", "partner_id", "state", "delivery_type", "priority", "ship_on",
    "promised_on", "due_at", "decision_id", "split_from_id", "cancel_requested", "cancel_reason", "escalated_at",
    "recallable_until", "created_at", "updated_at",
)  # fmt: skip


@strawberry.type(description="Lines given to one place: the unit of routing and of work.")
class FulfillmentOrder:
    id: UUID
    number: str
    order_id: UUID
    location_id: UUID
    partner_id: UUID | None
    state: FulfillmentState
    delivery_type: DeliveryType
    priority: int
    ship_on: date | None
    promised_on: date | None
    due_at: datetime | None = strawberry.field(description="When the place must have answered.")
    decision_id: UUID | None
    split_from_id: UUID | None
    cancel_requested: bool = strawberry.field(description="The place is asked to stop; see answerCancellation.")
    cancel_reason: str | None
    escalated_at: datetime | None
    recallable_until: datetime | None
    created_at: datetime
    updated_at: datetime
    code: strawberry.Private[str | None]

    @strawberry.field
    async def lines(self, info: Info) -> list[FulfillmentLine]:
        rows = await by_parent(info, models.FulfillmentLine.fulfillment_order_id, self.id)
        return [FulfillmentLine.of(row) for row in rows]

    @strawberry.field
    async def parcels(self, info: Info) -> list[Parcel]:
        rows = await by_parent(info, models.Parcel.fulfillment_order_id, self.id)
        return [Parcel.of(row) for row in rows]

    @strawberry.field(description="Recalled shipments among them.")
    async def shipments(self, info: Info) -> list[Shipment]:
        rows = await by_parent(info, models.Shipment.fulfillment_order_id, self.id)
        return [Shipment.of(row) for row in rows]

    @strawberry.field
    async def order_number(self, info: Info) -> str:
        order = await by_id(info, Order, self.order_id)
        return order.number if order is not None else ""

    @strawberry.field(description="Where the goods go; null for goods that are collected.")
    async def shipping_address(self, info: Info) -> PostalAddress | None:
        order = await by_id(info, Order, self.order_id)
        if order is None or self.delivery_type is not DeliveryType.SHIP:
            return None
        return PostalAddress.of(order.shipping_address or order.billing_address)

    @strawberry.field(description="Whose name is on the label or who will collect.")
    async def customer_name(self, info: Info) -> str:
        order = await by_id(info, Order, self.order_id)
        address = None if order is None else order.shipping_address or order.billing_address
        return str(address["name"]) if address else ""

    @strawberry.field(
        description="What the customer shows; never told to the store that asks for it.",
        extensions=[requires(Permission.ORDERS_READ)],
    )
    def pickup_code(self, info: Info) -> str | None:
        principal = info.context.principal
        return None if principal.location_ids is not None or principal.partner_id is not None else self.code

    @classmethod
    def of(cls, row: Any) -> FulfillmentOrder:
        """As the API shows it."""
        return cls(code=row.pickup_code, **{name: getattr(row, name) for name in _ROW})


@strawberry.type(description="A code that was issued for one piece.")
class IssuedCode:
    id: UUID
    order_line_id: UUID
    unit: int
    code: str
    issued_at: datetime


@strawberry.input(description="What is left out does not narrow; `dueBefore` is exclusive.")
class FulfillmentOrdersFilter:
    states: list[FulfillmentState] | None = None
    location_ids: list[UUID] | None = None
    partner_ids: list[UUID] | None = None
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    due_before: datetime | None = None
    cancel_requested: bool | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.FulfillmentFilter:
        """As the domain takes it."""
        return queries.FulfillmentFilter(**vars(self))


@strawberry.enum
class FulfillmentOrdersSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What is left out does not narrow.")
class ShipmentsFilter:
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    location_ids: list[UUID] | None = None
    tracking_number: str | None = None
    delivered: bool | None = None

    def value(self) -> queries.ShipmentFilter:
        """As the domain takes it."""
        return queries.ShipmentFilter(**vars(self))


def pieces_of(lines: list[LineQuantityInput] | None) -> tuple[Pieces, ...] | None:
    """Pieces of fulfillment lines; None means all."""
    return None if lines is None else tuple(Pieces(line.line_id, line.quantity) for line in lines)


@strawberry.input(description="Pieces a place does not serve, and why.")
class RejectedLineInput:
    line_id: UUID
    quantity: int
    reason: RejectReason
    note: str | None = None

    def value(self) -> RejectedPieces:
        """As the domain takes it."""
        return RejectedPieces(self.line_id, self.quantity, self.reason, self.note)


@strawberry.input(description="A parcel; `contents` in pieces of fulfillment lines.")
class ParcelInput:
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    weight_g: int = 0
    contents: list[LineQuantityInput] | None = None

    def value(self) -> ParcelValues:
        """As the domain takes it."""
        return ParcelValues(
            self.carrier, self.tracking_number, self.tracking_url, self.weight_g, pieces_of(self.contents)
        )


@strawberry.input(description="Without lines all of it is taken on.")
class AcceptFulfillmentOrderInput:
    fulfillment_order_id: UUID
    lines: list[LineQuantityInput] | None = None


@strawberry.input(description="Without lines all of it left; without a time it left now.")
class ShipFulfillmentOrderInput:
    fulfillment_order_id: UUID
    lines: list[LineQuantityInput] | None = None
    parcels: list[ParcelInput] | None = None
    shipped_at: datetime | None = None


@strawberry.input(description="Name the fulfillment order, or the tracking number of a parcel.")
class RecordDeliveryInput:
    fulfillment_order_id: UUID | None = None
    tracking_number: str | None = None
    delivered_at: datetime | None = None


@strawberry.type
class FulfillmentOrderChanged:
    fulfillment_order: FulfillmentOrder


@strawberry.type
class ShipmentChanged:
    shipment: Shipment


@strawberry.type(description="The work that ended here, and what other places got.")
class FulfillmentOrderRerouted:
    fulfillment_order: FulfillmentOrder
    outcome: SourceOutcome
    made: list[UUID]


@strawberry.type(description="Why one row of a batch was refused.")
class RefusedRow:
    index: int
    code: str
    message: str
    path: list[str]
    details: JSON


@strawberry.type(description="The outcome of each row, in the order of the input.")
class FulfillmentOrdersChanged:
    results: list[Annotated[FulfillmentOrderChanged | RefusedRow, strawberry.union("FulfillmentOrderOutcome")]]


@strawberry.type(description="The outcome of each row, in the order of the input.")
class ShipmentsChanged:
    results: list[Annotated[ShipmentChanged | RefusedRow, strawberry.union("ShipmentOutcome")]]


def refused_row(info: Info, index: int, refusal: KontorError) -> RefusedRow:
    """A refusal of one row, its path seen from the mutation's arguments."""
    return RefusedRow(
        index=index,
        code=refusal.code,
        message=text_of(refusal, info.context.language),
        path=[str(part) for part in ("inputs", index, *refusal.path)],
        details=plain(refusal.params),
    )


FulfillmentOrderResult = Annotated[FulfillmentOrderChanged | Refusal, strawberry.union("FulfillmentOrderResult")]
FulfillmentOrdersResult = Annotated[FulfillmentOrdersChanged | Refusal, strawberry.union("FulfillmentOrdersResult")]
ShipmentResult = Annotated[ShipmentChanged | Refusal, strawberry.union("ShipmentResult")]
ShipmentsResult = Annotated[ShipmentsChanged | Refusal, strawberry.union("ShipmentsResult")]
RerouteResult = Annotated[FulfillmentOrderRerouted | Refusal, strawberry.union("RerouteFulfillmentOrderResult")]
