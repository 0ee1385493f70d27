"""Orders as a caller sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.address_types import PostalAddress
from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.decision_words import DecisionView, view, words
from kontor.api.graphql.order_parts import OrderParts
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.relations import Rows, children, reference
from kontor.api.graphql.scalars import Long, Money
from kontor.api.graphql.shown import Made, Shown, made
from kontor.api.graphql.taxation import Taxation
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel as ChannelRow
from kontor.core.errors import NotFound
from kontor.exchanges.models import Exchange as ExchangeRow
from kontor.fulfillment.models import FulfillmentOrder as FulfillmentRow
from kontor.fulfillment.models import Shipment as ShipmentRow
from kontor.invoicing.models import CreditNote as CreditNoteRow
from kontor.invoicing.models import Invoice as InvoiceRow
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
from kontor.payments.models import Payment as PaymentRow
from kontor.payments.models import Refund as RefundRow
from kontor.promotions.values import ReturnRule
from kontor.returns.models import Return as ReturnRow
from kontor.routing.models import RoutingDecision as DecisionRow
from kontor.routing.models import RoutingLock as LockRow

if TYPE_CHECKING:
    from kontor.api.graphql.channels import SalesChannel
    from kontor.api.graphql.exchange_types import Exchange
    from kontor.api.graphql.fulfillment_types import FulfillmentOrder, Shipment
    from kontor.api.graphql.invoicing import CreditNote, Invoice
    from kontor.api.graphql.payment_types import Payment, Refund
    from kontor.api.graphql.returns import Return

for _states in (
    AuthorizeStatus, ChargeStatus, DeliveryType, FulfillmentStatus, HoldKind, InvoiceStatus, OrderState, ReturnRule,
    ReturnStatus,
):  # fmt: skip
    strawberry.enum(_states)

MOST_ORDERS = 1000


def amount_of(name: str) -> Made:
    """A field that is a column's amount in the row's currency."""
    amount = attrgetter(name)
    return made(name, "currency")(lambda shown: money(amount(shown.row), shown.row.currency))


@strawberry.type(
    description="A piece of the order's price that was taken off; of Kontor's own promotions with the version that "
    "gave it and what a return does to it."
)
class PriceReduction:
    id: UUID
    order_line_id: UUID
    code: str
    label: str
    amount: Money
    promotion_id: UUID | None
    return_rule: ReturnRule | None


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
    charged: bool = strawberry.field(description="Something has left: it is on an invoice, or will be.")
    refunded: Money = strawberry.field(description="What of it was given back.")


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
class Line(Shown):
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
    price_list: str | None
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
    currency: strawberry.Private[str]

    MADE: ClassVar[Mapping[str, Made]] = {
        "unit_price": made("unit_price")(lambda line: money(line.row.unit_price, line.currency)),
        "discount": made("discount_total")(lambda line: money(line.row.discount_total, line.currency)),
        "net": made("net_total")(lambda line: money(line.row.net_total, line.currency)),
        "tax": made("tax_total")(lambda line: money(line.row.tax_total, line.currency)),
        "gross": made("gross_total")(lambda line: money(line.row.gross_total, line.currency)),
        "tax_rate": made("tax_rate")(lambda line: plain_rate(line.row.tax_rate)),
        "unallocated": made("ordered", "canceled", "allocated", "backordered", "shipped")(
            lambda line: _unallocated(line.row)
        ),
    }


def _unallocated(row: Any) -> int:
    pieces: int = row.ordered - row.canceled - row.allocated - row.backordered - row.shipped
    return pieces


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
        return await words(info, self.record)

    @strawberry.field(description="The decision as numbers, with the names of places.")
    async def view(self, info: Info) -> DecisionView:
        return await view(info, self.record)


@strawberry.type(description="Why an order stays where it is, and since when.")
class RoutingLock(Shown):
    reason: str
    locked_at: datetime
    locked_by: str


@strawberry.type(description="A customer's order.")
class Order(OrderParts, Shown):
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
    billing_address: PostalAddress | None
    shipping_address: PostalAddress | None
    taxation: Taxation | None

    MADE: ClassVar[Mapping[str, Made]] = {
        "taxation": made("taxation")(lambda order: Taxation.of(order.row.taxation)),
        **{name: amount_of(name) for name in ("goods_total", "charges_total", "discount_total", "tax_total", "total")},
        "billing_address": made("billing_address")(lambda order: PostalAddress.of(order.row.billing_address)),
        "shipping_address": made("shipping_address")(lambda order: PostalAddress.of(order.row.shipping_address)),
    }

    @children(OrderLine.order_id, order_by=OrderLine.position)
    def lines(self, rows: Rows, context: Context) -> list[Line]:
        return [show_line(row, self.currency) for row in rows]

    @children(OrderCharge.order_id)
    def charges(self, rows: Rows, context: Context) -> list[Charge]:
        return [show_charge(row, self.currency) for row in rows]

    @children(PriceAdjustment.order_id)
    def price_reductions(self, rows: Rows, context: Context) -> list[PriceReduction]:
        return [
            PriceReduction(
                id=row.id,
                order_line_id=row.order_line_id,
                code=row.code,
                label=row.label,
                amount=money(row.amount, self.currency),
                promotion_id=row.promotion_id,
                return_rule=row.return_rule,
            )
            for row in rows
        ]

    @children(OrderHold.order_id, order_by=OrderHold.placed_at, extensions=[requires(Permission.ORDERS_READ)])
    def holds(self, rows: Rows, context: Context) -> list[Hold]:
        return [show_hold(row, outside=context.principal.outside) for row in rows]

    @reference(ChannelRow, "channel_id")
    def channel(
        self, row: Any, context: Context
    ) -> Annotated[SalesChannel, strawberry.lazy("kontor.api.graphql.channels")]:
        from kontor.api.graphql.channels import SalesChannel

        if row is None:
            raise NotFound("There is no such channel.")
        return SalesChannel.of(row)

    @children(
        FulfillmentRow.order_id, order_by=FulfillmentRow.number, extensions=[requires(Permission.FULFILLMENT_READ)]
    )
    def fulfillment_orders(
        self, rows: Rows, context: Context
    ) -> list[Annotated[FulfillmentOrder, strawberry.lazy("kontor.api.graphql.fulfillment_types")]]:
        from kontor.api.graphql.fulfillment_types import FulfillmentOrder

        return [FulfillmentOrder.of(row) for row in rows]

    @children(ShipmentRow.order_id, order_by=ShipmentRow.number)
    def shipments(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Shipment, strawberry.lazy("kontor.api.graphql.fulfillment_types")]]:
        from kontor.api.graphql.fulfillment_types import Shipment

        return [Shipment.of(row) for row in rows]

    @children(PaymentRow.order_id, order_by=PaymentRow.position, extensions=[requires(Permission.PAYMENTS_READ)])
    def payments(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Payment, strawberry.lazy("kontor.api.graphql.payment_types")]]:
        from kontor.api.graphql.payment_types import show_payment

        return [show_payment(row) for row in rows]

    @children(RefundRow.order_id, extensions=[requires(Permission.PAYMENTS_READ)])
    def refunds(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Refund, strawberry.lazy("kontor.api.graphql.payment_types")]]:
        from kontor.api.graphql.payment_types import show_refund

        return [show_refund(row, outside=context.principal.outside) for row in rows]

    @children(InvoiceRow.order_id, extensions=[requires(Permission.INVOICES_READ)])
    def invoices(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Invoice, strawberry.lazy("kontor.api.graphql.invoicing")]]:
        from kontor.api.graphql.invoicing import show_invoice

        return [show_invoice(row) for row in rows]

    @children(CreditNoteRow.order_id, extensions=[requires(Permission.INVOICES_READ)])
    def credit_notes(
        self, rows: Rows, context: Context
    ) -> list[Annotated[CreditNote, strawberry.lazy("kontor.api.graphql.invoicing")]]:
        from kontor.api.graphql.invoicing import show_credit_note

        return [show_credit_note(row) for row in rows]

    @children(ReturnRow.order_id, order_by=ReturnRow.number, extensions=[requires(Permission.RETURNS_READ)])
    def returns(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Return, strawberry.lazy("kontor.api.graphql.returns")]]:
        from kontor.api.graphql.returns import Return

        return [Return.of(row) for row in rows]

    @children(ExchangeRow.order_id, order_by=ExchangeRow.number, extensions=[requires(Permission.RETURNS_READ)])
    def exchanges(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Exchange, strawberry.lazy("kontor.api.graphql.exchange_types")]]:
        from kontor.api.graphql.exchange_types import Exchange

        return [Exchange.of(row) for row in rows]

    @children(DecisionRow.order_id, order_by=DecisionRow.decided_at, extensions=[requires(Permission.ROUTING_READ)])
    def routing_decisions(self, rows: Rows, context: Context) -> list[RoutingDecision]:
        return [show_decision(row) for row in rows]

    @children(
        LockRow.order_id, description="Null where it may be moved.", extensions=[requires(Permission.ROUTING_READ)]
    )
    def routing_lock(self, rows: Rows, context: Context) -> RoutingLock | None:
        return RoutingLock.of(rows[0]) if rows else None


def money(amount: int, currency: str) -> Money:
    """An amount as the API shows it."""
    return Money(amount=Long(amount), currency=currency)


def show_order(row: Any) -> Order:
    """An order's row as the API shows it."""
    return Order.of(row)


def show_line(row: Any, currency: str) -> Line:
    """An order line's row as the API shows it."""
    line = Line.of(row)
    line.currency = currency
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
        charged=row.shipment_id is not None and not row.canceled, refunded=money(row.refunded, currency),
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
