"""Orders as a caller sees them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_id, by_key, by_parent
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel as ChannelRow
from kontor.core.errors import NotFound
from kontor.fulfillment.models import FulfillmentOrder as FulfillmentRow
from kontor.fulfillment.models import Shipment as ShipmentRow
from kontor.locations.models import StockLocation
from kontor.orders.models import OrderCharge, OrderHold, OrderLine, PriceAdjustment
from kontor.orders.states import (
    AuthorizeStatus,
    ChargeStatus,
    DeliveryType,
    FulfillmentStatus,
    HoldKind,
    InvoiceStatus,
    OrderState,
    ReturnStatus,
)
from kontor.returns.models import Return as ReturnRow
from kontor.routing.explanation import describe
from kontor.routing.models import RoutingDecision as DecisionRow

if TYPE_CHECKING:
    from kontor.api.graphql.channels import SalesChannel
    from kontor.api.graphql.fulfillment_types import FulfillmentOrder, Shipment
    from kontor.api.graphql.invoicing import CreditNote, Invoice
    from kontor.api.graphql.payment_types import Payment, Refund
    from kontor.api.graphql.returns import Return

for _states in (
    AuthorizeStatus, ChargeStatus, DeliveryType, FulfillmentStatus, HoldKind, InvoiceStatus, OrderState, ReturnStatus,
):  # fmt: skip
    strawberry.enum(_states)

MOST_ORDERS = 1000


@strawberry.type(description="A piece of the order's price that was taken off.")
class PriceReduction:
    id: UUID
    order_line_id: UUID
    code: str
    label: str
    amount: Money


@strawberry.type(description="A fee of the order, such as shipping.")
class Charge:
    id: UUID
    kind: str
    name: str
    net: Money
    tax: Money
    gross: Money
    tax_rate: str
    canceled: bool


@strawberry.type(description="A named reason why nothing moves. Customers and shops see the kind, not words and names.")
class Hold:
    id: UUID
    kind: HoldKind
    blocking: bool
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None


@strawberry.type(description="A line with its counters in pieces; amounts are for all ordered pieces, discounts off.")
class Line:
    id: UUID
    position: int
    external_id: str | None
    variant_id: UUID
    sku: str
    name: str
    kind: str
    bundle_sku: str | None
    tax_rate: str
    unit_price: Money
    discount: Money
    net: Money
    tax: Money
    gross: Money
    ordered: int
    canceled: int
    unallocated: int
    backordered: int
    allocated: int
    shipped: int
    delivered: int
    returned: int
    refunded: int
    row: strawberry.Private[Any]
    currency: strawberry.Private[str]

    def __getattr__(self, name: str) -> Any:
        """Values are made for those who ask: a list of many lines shows a few of each."""
        if name == "row":
            raise AttributeError(name)
        if name in _LINE_AMOUNTS:
            return money(getattr(self.row, _LINE_AMOUNTS[name]), self.currency)
        if name == "tax_rate":
            return plain_rate(self.row.tax_rate)
        if name == "unallocated":
            row = self.row
            return row.ordered - row.canceled - row.allocated - row.backordered - row.shipped
        return getattr(self.row, name)


_LINE_AMOUNTS = {
    "unit_price": "unit_price", "discount": "discount_total", "net": "net_total", "tax": "tax_total",
    "gross": "gross_total",
}  # fmt: skip


@strawberry.type(description="A postal address as it was at order time.")
class PostalAddress:
    name: str
    company: str | None
    street: str
    extra: str | None
    postal_code: str
    city: str
    region: str | None
    country: str
    phone: str | None

    @classmethod
    def of(cls, address: dict[str, Any] | None) -> PostalAddress | None:
        """From an order's JSON."""
        values: dict[str, Any] = {} if address is None else {name: address.get(name) for name in _ADDRESS}
        return cls(**values) if values else None


_ADDRESS = ("name", "company", "street", "extra", "postal_code", "city", "region", "country", "phone")


async def _place_names(context: Context, keys: list[str]) -> list[dict[str, str]]:
    """Names of all places by id, for the words of a decision; read once per call."""
    async with context.runtime.database.read_only(context.principal) as db:
        rows = await db.execute(sa.select(StockLocation.id, StockLocation.name))
    names = {str(row.id): row.name for row in rows}
    return [names for _ in keys]


@strawberry.type(description="Why an order is served from where.")
class RoutingDecision:
    id: UUID
    occasion: str
    policy: str
    cost_cents: Long
    parcels: int
    unsent: int
    decided_at: datetime
    record: JSON

    @strawberry.field(description="The decision in words, in the language asked for.")
    async def explanation(self, info: Info) -> list[str]:
        names = await by_key(info, _place_names, "all")
        return describe(cast("dict[str, Any]", self.record), info.context.language, names=names)


@strawberry.type(description="A customer's order.")
class Order:
    id: UUID
    number: str
    external_id: str
    channel_id: UUID
    customer_id: UUID | None
    state: OrderState
    currency: str
    language: str
    email: str | None
    delivery_type: DeliveryType
    country: str
    priority: int
    promised_on: date | None
    pickup_location_id: UUID | None
    goods_total: Money
    charges_total: Money
    discount_total: Money
    tax_total: Money
    total: Money
    fulfillment_status: FulfillmentStatus
    authorize_status: AuthorizeStatus
    charge_status: ChargeStatus
    return_status: ReturnStatus
    invoice_status: InvoiceStatus
    placed_at: datetime
    updated_at: datetime
    billing: strawberry.Private[dict[str, Any]]
    shipping: strawberry.Private[dict[str, Any] | None]

    @strawberry.field
    def billing_address(self) -> PostalAddress | None:
        return PostalAddress.of(self.billing)

    @strawberry.field
    def shipping_address(self) -> PostalAddress | None:
        return PostalAddress.of(self.shipping)

    @strawberry.field
    async def lines(self, info: Info) -> list[Line]:
        rows = await by_parent(info, OrderLine.order_id, self.id, order_by=OrderLine.position)
        return [show_line(row, self.currency) for row in rows]

    @strawberry.field
    async def charges(self, info: Info) -> list[Charge]:
        rows = await by_parent(info, OrderCharge.order_id, self.id)
        return [show_charge(row, self.currency) for row in rows]

    @strawberry.field
    async def price_reductions(self, info: Info) -> list[PriceReduction]:
        rows = await by_parent(info, PriceAdjustment.order_id, self.id)
        return [
            PriceReduction(
                id=row.id,
                order_line_id=row.order_line_id,
                code=row.code,
                label=row.label,
                amount=money(row.amount, self.currency),
            )
            for row in rows
        ]

    @strawberry.field(extensions=[requires(Permission.ORDERS_READ)])
    async def holds(self, info: Info) -> list[Hold]:
        rows = await by_parent(info, OrderHold.order_id, self.id, order_by=OrderHold.placed_at)
        outside = info.context.principal.outside
        return [show_hold(row, outside=outside) for row in rows]

    @strawberry.field
    async def channel(self, info: Info) -> Annotated[SalesChannel, strawberry.lazy("kontor.api.graphql.channels")]:
        from kontor.api.graphql.channels import SalesChannel

        row = await by_id(info, ChannelRow, self.channel_id)
        if row is None:
            raise NotFound("There is no such channel.")
        return SalesChannel.of(row)

    @strawberry.field(extensions=[requires(Permission.FULFILLMENT_READ)])
    async def fulfillment_orders(
        self, info: Info
    ) -> list[Annotated[FulfillmentOrder, strawberry.lazy("kontor.api.graphql.fulfillment_types")]]:
        from kontor.api.graphql.fulfillment_types import FulfillmentOrder

        rows = await by_parent(info, FulfillmentRow.order_id, self.id, order_by=FulfillmentRow.number)
        return [FulfillmentOrder.of(row) for row in rows]

    @strawberry.field
    async def shipments(
        self, info: Info
    ) -> list[Annotated[Shipment, strawberry.lazy("kontor.api.graphql.fulfillment_types")]]:
        from kontor.api.graphql.fulfillment_types import Shipment

        rows = await by_parent(info, ShipmentRow.order_id, self.id, order_by=ShipmentRow.number)
        return [Shipment.of(row) for row in rows]

    @strawberry.field(extensions=[requires(Permission.PAYMENTS_READ)])
    async def payments(
        self, info: Info
    ) -> list[Annotated[Payment, strawberry.lazy("kontor.api.graphql.payment_types")]]:
        from kontor.api.graphql.payments import payments_of

        return await payments_of(info, self.id)

    @strawberry.field(extensions=[requires(Permission.PAYMENTS_READ)])
    async def refunds(self, info: Info) -> list[Annotated[Refund, strawberry.lazy("kontor.api.graphql.payment_types")]]:
        from kontor.api.graphql.payments import refunds_of

        return await refunds_of(info, self.id)

    @strawberry.field(extensions=[requires(Permission.INVOICES_READ)])
    async def invoices(self, info: Info) -> list[Annotated[Invoice, strawberry.lazy("kontor.api.graphql.invoicing")]]:
        from kontor.api.graphql.invoicing import invoices_of

        return await invoices_of(info, self.id)

    @strawberry.field(extensions=[requires(Permission.INVOICES_READ)])
    async def credit_notes(
        self, info: Info
    ) -> list[Annotated[CreditNote, strawberry.lazy("kontor.api.graphql.invoicing")]]:
        from kontor.api.graphql.invoicing import credit_notes_of

        return await credit_notes_of(info, self.id)

    @strawberry.field(extensions=[requires(Permission.RETURNS_READ)])
    async def returns(self, info: Info) -> list[Annotated[Return, strawberry.lazy("kontor.api.graphql.returns")]]:
        from kontor.api.graphql.returns import Return

        rows = await by_parent(info, ReturnRow.order_id, self.id, order_by=ReturnRow.number)
        return [Return.of(row) for row in rows]

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_decisions(self, info: Info) -> list[RoutingDecision]:
        rows = await by_parent(info, DecisionRow.order_id, self.id, order_by=DecisionRow.decided_at)
        return [show_decision(row) for row in rows]


def money(amount: int, currency: str) -> Money:
    """An amount as the API shows it."""
    return Money(amount=Long(amount), currency=currency)


def show_order(row: Any) -> Order:
    """An order's row as the API shows it."""
    currency = row.currency
    return Order(
        id=row.id, number=row.number, external_id=row.external_id, channel_id=row.channel_id,
        customer_id=row.customer_id, state=row.state, currency=currency, language=row.language, email=row.email,
        delivery_type=row.delivery_type, country=row.country, priority=row.priority, promised_on=row.promised_on,
        pickup_location_id=row.pickup_location_id, goods_total=money(row.goods_total, currency),
        charges_total=money(row.charges_total, currency), discount_total=money(row.discount_total, currency),
        tax_total=money(row.tax_total, currency), total=money(row.total, currency),
        fulfillment_status=row.fulfillment_status, authorize_status=row.authorize_status,
        charge_status=row.charge_status, return_status=row.return_status, invoice_status=row.invoice_status,
        placed_at=row.placed_at, updated_at=row.updated_at, billing=row.billing_address, shipping=row.shipping_address,
    )  # fmt: skip


def show_line(row: Any, currency: str) -> Line:
    """An order line's row as the API shows it."""
    line = object.__new__(Line)
    line.row, line.currency = row, currency
    return line


def plain_rate(rate: Any) -> str:
    """A rate in percent without trailing zeros."""
    text = str(rate)
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_charge(row: Any, currency: str) -> Charge:
    """A charge's row as the API shows it."""
    return Charge(
        id=row.id, kind=row.kind, name=row.name, net=money(row.net, currency), tax=money(row.tax, currency),
        gross=money(row.gross, currency), tax_rate=plain_rate(row.tax_rate), canceled=row.canceled,
    )  # fmt: skip


def show_hold(row: Any, *, outside: bool = False) -> Hold:
    """A hold's row as the API shows it; `outside` the company without the words and names of its people."""
    return Hold(
        id=row.id, kind=row.kind, blocking=row.blocking, reason="" if outside else row.reason, placed_at=row.placed_at,
        placed_by="" if outside else row.placed_by, released_at=row.released_at,
        released_by=None if outside else row.released_by,
    )  # fmt: skip


def show_decision(row: Any) -> RoutingDecision:
    """A stored decision as the API shows it."""
    return RoutingDecision(
        id=row.id, occasion=row.occasion, policy=row.policy, cost_cents=Long(row.cost), parcels=row.parcels,
        unsent=row.unsent, decided_at=row.decided_at, record=JSON(row.record),
    )  # fmt: skip
