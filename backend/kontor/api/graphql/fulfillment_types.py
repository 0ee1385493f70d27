"""Fulfillment orders, shipments and parcels as a caller sees them; partners see no prices unless that was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.address_types import PostalAddress
from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.fulfillment_talk import FulfillmentMessage, FulfillmentStep, TakenOver, step_of, taken_over
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.order_types import money, plain_rate
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.relations import Rows, children, reference
from kontor.api.graphql.scalars import Money
from kontor.api.graphql.shown import Made, Shown, made
from kontor.auth.permissions import Permission
from kontor.catalog.models import ProductVariant
from kontor.core.statemachine import StateChange
from kontor.fulfillment import models
from kontor.fulfillment.answering import RejectedPieces
from kontor.fulfillment.hiding import shows_customer
from kontor.fulfillment.parcels import ParcelInput as ParcelValues
from kontor.fulfillment.queries import IS_PARCEL
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, ParcelState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.locations.models import StockLocation
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

    @reference(ProductVariant, "variant_id", uses=())
    def gtin(self, variant: Any, context: Context) -> str | None:
        return None if variant is None else variant.gtin

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
    "recalled_at", "partner_invoice", "partner_invoiced_on",
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
    partner_invoice: str | None = strawberry.field(description="The number under which the partner bills it to us.")
    partner_invoiced_on: date | None
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
    ship_due_at: datetime | None = strawberry.field(description="When the goods must have left, by agreement.")
    accepted_at: datetime | None
    decision_id: UUID | None
    split_from_id: UUID | None
    cancel_requested: bool = strawberry.field(description="The place is asked to stop; see answerCancellation.")
    cancel_reason: str | None
    escalated_at: datetime | None
    recallable_until: datetime | None
    expected_on: date | None = strawberry.field(
        description="When the place says the goods leave, if later than planned."
    )
    withdrawable_until: datetime | None = strawberry.field(description="Until when its answer can be taken back.")
    created_at: datetime
    updated_at: datetime

    MADE: ClassVar[Mapping[str, Made]] = {
        "withdrawable_until": made("answer_until")(lambda order: order.row.answer_until)
    }

    @children(models.FulfillmentLine.fulfillment_order_id, uses=())
    def lines(self, rows: Rows, context: Context) -> list[FulfillmentLine]:
        return [FulfillmentLine.of(row) for row in rows]

    @children(models.Parcel.fulfillment_order_id, visible=lambda _: IS_PARCEL, uses=())
    def parcels(self, rows: Rows, context: Context) -> list[Parcel]:
        return [Parcel.of(row) for row in rows]

    @children(models.Shipment.fulfillment_order_id, description="Recalled shipments among them.")
    def shipments(self, rows: Rows, context: Context) -> list[Shipment]:
        return [Shipment.of(row) for row in rows]

    @reference(StockLocation, "location_id", uses=())
    def place_name(self, place: Any, context: Context) -> str:
        return place.name if place is not None else ""

    @reference(Order, "order_id")
    def order_number(self, order: Any, context: Context) -> str:
        return order.number if order is not None else ""

    @reference(Order, "order_id", description="Where the goods go; null if collected, or no longer a partner's to see.")
    def shipping_address(self, order: Any, context: Context) -> PostalAddress | None:
        if order is None or self.delivery_type is not DeliveryType.SHIP or not self._shows_customer(context):
            return None
        return PostalAddress.of(order.shipping_address or order.billing_address)

    @reference(Order, "order_id", description="Whose name is on the label; empty if no longer a partner's to see.")
    def customer_name(self, order: Any, context: Context) -> str:
        address = None if order is None else order.shipping_address or order.billing_address
        return str(address["name"]) if address and self._shows_customer(context) else ""

    def _shows_customer(self, context: Context) -> bool:
        return context.principal.partner_id is None or shows_customer(self.state, self.row.hidden_at)

    @children(StateChange.entity_id, uses=(), description="What has happened here, oldest first.")
    def history(self, rows: Rows, context: Context) -> list[FulfillmentStep]:
        return [step_of(row, context) for row in rows]

    @children(
        models.FulfillmentMessage.fulfillment_order_id, uses=(),
        description="What place and company wrote; nothing of it for shops and customers.",
    )  # fmt: skip
    def messages(self, rows: Rows, context: Context) -> list[FulfillmentMessage]:
        return [] if context.principal.outside else [FulfillmentMessage.of(row) for row in rows]

    @strawberry.field(description="Whether the caller may see what goods cost here, and print invoices.")
    async def prices_shown(self, info: Info) -> bool:
        return await shows_prices(info)

    @strawberry.field(description="Who has the pieces now that this place refused or did not answer for in time.")
    async def taken_over(self, info: Info) -> list[TakenOver]:
        return await taken_over(info, self.row)

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


def pieces_of(lines: list[LineQuantityInput] | None) -> tuple[Pieces, ...] | None:
    """Pieces of fulfillment lines; None means all."""
    return None if lines is None else tuple(Pieces(line.line_id, line.quantity) for line in lines)


@strawberry.input(description="Pieces a place does not serve, and why.")
class RejectedLineInput:
    line_id: UUID
    quantity: int
    reason: RejectReason
    note: str | None = None
    sells_out: bool = strawberry.field(
        default=False, description="Nothing of the article is there any more: all that nobody else was promised goes."
    )

    def value(self) -> RejectedPieces:
        """As the domain takes it."""
        return RejectedPieces(self.line_id, self.quantity, self.reason, self.note, self.sells_out)


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
    expected_on: date | None = None


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


@strawberry.type
class ParcelChanged:
    parcel: Parcel


@strawberry.enum(description="What somebody knows of a parcel that left and did not arrive.")
class ParcelNews(Enum):
    EXCEPTION = ParcelState.EXCEPTION
    IN_TRANSIT = ParcelState.IN_TRANSIT
    LOST = ParcelState.LOST
    RETURNED = ParcelState.RETURNED


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


FulfillmentOrderResult = Annotated[FulfillmentOrderChanged | Refusal, strawberry.union("FulfillmentOrderResult")]
FulfillmentOrdersResult = Annotated[FulfillmentOrdersChanged | Refusal, strawberry.union("FulfillmentOrdersResult")]
ShipmentResult = Annotated[ShipmentChanged | Refusal, strawberry.union("ShipmentResult")]
ParcelResult = Annotated[ParcelChanged | Refusal, strawberry.union("ParcelResult")]
ShipmentsResult = Annotated[ShipmentsChanged | Refusal, strawberry.union("ShipmentsResult")]
RerouteResult = Annotated[FulfillmentOrderRerouted | Refusal, strawberry.union("RerouteFulfillmentOrderResult")]
