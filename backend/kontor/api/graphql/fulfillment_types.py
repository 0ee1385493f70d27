"""Fulfillment orders, shipments and parcels as a caller sees them; partners see no prices unless that was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal, plain, text_of
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.order_types import PostalAddress, money, plain_rate
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.relations import Rows, children, reference
from kontor.api.graphql.scalars import Money
from kontor.api.graphql.shown import Made, Shown, made
from kontor.auth.permissions import Permission
from kontor.core.errors import KontorError
from kontor.fulfillment import lists, models
from kontor.fulfillment.answering import RejectedPieces
from kontor.fulfillment.parcels import ParcelInput as ParcelValues
from kontor.fulfillment.queries import IS_PARCEL
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, ParcelState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.orders.models import Order
from kontor.orders.states import DeliveryType
from kontor.partners.models import Partner

for _states in (FulfillmentState, ParcelState, RejectReason, SourceOutcome):
    strawberry.enum(_states)


@strawberry.type(description="Pieces of one order line in a fulfillment order.")
class FulfillmentLine(Shown):
    id: UUID
    order_line_id: UUID
    variant_id: UUID
    sku: str
    name: str
    quantity: int
    picked: int
    reject_reason: RejectReason | None
    reject_note: str | None

    MADE: ClassVar[Mapping[str, Made]] = {
        "reject_reason": made("reject_reason")(
            lambda line: RejectReason(line.row.reject_reason) if line.row.reject_reason else None
        )
    }


@strawberry.type(description="A parcel and its tracking; `contents` holds order line, SKU and quantity where known.")
class Parcel(Shown):
    id: UUID
    fulfillment_order_id: UUID
    shipment_id: UUID | None
    state: ParcelState
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    sscc: str | None = strawberry.field(description="GS1 number of the logistic unit, once it is packed.")
    weight_g: int
    contents: JSON
    created_at: datetime
    updated_at: datetime


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

    @children(models.Parcel.shipment_id)
    def parcels(self, rows: Rows, context: Context) -> list[Parcel]:
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


@strawberry.type(description="Lines given to one place: the unit of routing and of work.")
class FulfillmentOrder(Shown):
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

    @children(models.FulfillmentLine.fulfillment_order_id, uses=())
    def lines(self, rows: Rows, context: Context) -> list[FulfillmentLine]:
        return [FulfillmentLine.of(row) for row in rows]

    @children(models.Parcel.fulfillment_order_id, visible=lambda _: IS_PARCEL, uses=())
    def parcels(self, rows: Rows, context: Context) -> list[Parcel]:
        return [Parcel.of(row) for row in rows]

    @children(models.Shipment.fulfillment_order_id, description="Recalled shipments among them.")
    def shipments(self, rows: Rows, context: Context) -> list[Shipment]:
        return [Shipment.of(row) for row in rows]

    @reference(Order, "order_id")
    def order_number(self, order: Any, context: Context) -> str:
        return order.number if order is not None else ""

    @reference(Order, "order_id", description="Where the goods go; null for goods that are collected.")
    def shipping_address(self, order: Any, context: Context) -> PostalAddress | None:
        if order is None or self.delivery_type is not DeliveryType.SHIP:
            return None
        return PostalAddress.of(order.shipping_address or order.billing_address)

    @reference(Order, "order_id", description="Whose name is on the label or who will collect.")
    def customer_name(self, order: Any, context: Context) -> str:
        address = None if order is None else order.shipping_address or order.billing_address
        return str(address["name"]) if address else ""

    @strawberry.field(
        description="What the customer shows; never told to the store that asks for it.",
        extensions=[requires(Permission.ORDERS_READ)],
    )
    def pickup_code(self, info: Info) -> str | None:
        principal = info.context.principal
        return None if principal.location_ids is not None or principal.partner_id is not None else self.row.pickup_code


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
    channel_ids: list[UUID] | None = None
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    numbers: list[str] | None = None
    delivery_types: list[DeliveryType] | None = None
    ship_before: date | None = None
    due_before: datetime | None = None
    cancel_requested: bool | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.FulfillmentFilter:
        """As the domain takes it."""
        return lists.FulfillmentFilter(**vars(self))


@strawberry.enum
class FulfillmentOrdersSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    DUE_AT = "DUE_AT"
    DUE_AT_DESC = "DUE_AT_DESC"
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What is left out does not narrow.")
class ShipmentsFilter:
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    location_ids: list[UUID] | None = None
    numbers: list[str] | None = None
    tracking_number: str | None = None
    delivered: bool | None = None
    recalled: bool | None = None
    shipped_from: datetime | None = None
    shipped_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.ShipmentFilter:
        """As the domain takes it."""
        return lists.ShipmentFilter(**vars(self))


@strawberry.enum
class ShipmentsSort(Enum):
    SHIPPED_AT = "SHIPPED_AT"
    SHIPPED_AT_DESC = "SHIPPED_AT_DESC"
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What is left out does not narrow.")
class ParcelsFilter:
    states: list[ParcelState] | None = None
    fulfillment_order_ids: list[UUID] | None = None
    shipment_ids: list[UUID] | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.ParcelFilter:
        """As the domain takes it."""
        return lists.ParcelFilter(**vars(self))


@strawberry.enum
class ParcelsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


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
