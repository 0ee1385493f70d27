"""What callers send about orders: placing them, and which ones they want to see."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.scalars import Long
from kontor.core.errors import InvalidInput, Path
from kontor.core.pagination import Sort, choose, narrow
from kontor.orders import intake
from kontor.orders.models import Order, OrderHold
from kontor.orders.states import ChargeStatus, DeliveryType, FulfillmentStatus, HoldKind, OrderState, ReturnStatus

MAX_FACTS = 4_000


@strawberry.input
class AddressInput:
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    company: str | None = None
    extra: str | None = None
    region: str | None = None
    phone: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    def read(self) -> intake.Address:
        """As the domain takes it."""
        return intake.Address(
            self.name, self.street, self.postal_code, self.city, self.country, self.company, self.extra, self.region,
            self.phone, self.latitude, self.longitude,
        )  # fmt: skip


@strawberry.input
class OrderCustomerInput:
    name: str
    email: str | None = None
    external_id: str | None = None
    phone: str | None = None
    company: str | None = None
    vat_id: str | None = None


@strawberry.input(description="Amounts in minor units of the order's currency; no price asks for Kontor's.")
class OrderLineInput:
    sku: str
    quantity: int
    unit_price: Long | None = None
    discount: Long = Long(0)
    discount_code: str | None = None
    external_id: str | None = None
    group: str | None = None
    no_split: bool = False


@strawberry.input(description="A fee; without a tax class of its own it shares the rates of the goods.")
class OrderChargeInput:
    kind: str
    name: str
    amount: Long
    tax_class: str | None = None


@strawberry.input
class OrderDiscountInput:
    code: str
    label: str
    amount: Long


@strawberry.input
class OrderPaymentInput:
    kind: str
    amount: Long
    gateway: str = ""
    token: str | None = None
    label: str | None = None
    mandate: str | None = strawberry.field(
        default=None, description="The reference of the SEPA mandate that a direct debit is drawn on."
    )


@strawberry.input(description="A whole order. `externalId` is the channel's own number and makes it one order.")
class PlaceOrderInput:
    channel: str
    external_id: str
    lines: list[OrderLineInput]
    billing_address: AddressInput
    customer: OrderCustomerInput
    shipping_address: AddressInput | None = None
    delivery_type: DeliveryType = DeliveryType.SHIP
    pickup_location: str | None = None
    sold_at_location: str | None = strawberry.field(
        default=None, description="The store that sold the order, by its code; cash was taken there."
    )
    reservation: str | None = strawberry.field(
        default=None,
        description="The reference of what was reserved for this customer at the pick-up place; the order takes it.",
    )
    charges: list[OrderChargeInput] = strawberry.field(default_factory=list)
    discounts: list[OrderDiscountInput] = strawberry.field(default_factory=list)
    payments: list[OrderPaymentInput] = strawberry.field(default_factory=list)
    language: str | None = None
    placed_at: datetime | None = None
    promised_on: date | None = None
    priority: int | None = None
    ship_complete: bool = False
    max_parcels: int | None = None
    expected_total: Long | None = None
    facts: JSON | None = None
    coupons: list[str] = strawberry.field(
        default_factory=list,
        description="Codes the customer gave. Promotions count for orders in which no line brings a price of its own.",
    )
    currency: str | None = strawberry.field(
        default=None, description="Of all amounts: one the channel sells in, its own unless given."
    )

    def read(self, path: Path) -> intake.OrderInput:
        """As the domain takes it; raises `InvalidInput` for what does not fit a column."""
        _check_texts(self, path)
        customer = self.customer
        return intake.OrderInput(
            channel=self.channel,
            external_id=self.external_id,
            lines=tuple(
                intake.LineInput(
                    line.sku, line.quantity, line.unit_price, line.discount, line.discount_code, line.external_id,
                    line.group, line.no_split,
                )
                for line in self.lines
            ),
            billing_address=self.billing_address.read(),
            customer=intake.CustomerInput(
                customer.name, customer.email, customer.external_id, customer.phone, customer.company, customer.vat_id
            ),
            shipping_address=self.shipping_address.read() if self.shipping_address else None,
            delivery_type=self.delivery_type,
            pickup_location=self.pickup_location,
            reservation=self.reservation,
            sold_at_location=self.sold_at_location,
            charges=tuple(intake.ChargeInput(row.kind, row.name, row.amount, row.tax_class) for row in self.charges),
            discounts=tuple(intake.DiscountInput(row.code, row.label, row.amount) for row in self.discounts),
            payments=tuple(
                intake.PaymentInput(row.kind, row.amount, row.gateway, row.token, row.label, row.mandate)
                for row in self.payments
            ),
            language=self.language,
            placed_at=self.placed_at,
            promised_on=self.promised_on,
            priority=self.priority,
            ship_complete=self.ship_complete,
            max_parcels=self.max_parcels,
            expected_total=self.expected_total,
            facts=_facts(self.facts, path),
            coupons=tuple(self.coupons),
            currency=self.currency,
        )  # fmt: skip


def _facts(facts: Any, path: Path) -> dict[str, Any]:
    if facts is None:
        return {}
    if not isinstance(facts, dict) or len(str(facts)) > MAX_FACTS:
        raise InvalidInput("An object of at most 4,000 characters.", code="INVALID_FACTS", path=(*path, "facts"))
    return facts


# Longest texts per column, by the name of the input field.
_LIMITS = {
    "email": 254, "phone": 40, "company": 200, "vat_id": 20, "extra": 200, "region": 60, "kind": 20, "tax_class": 40,
    "code": 60, "label": 120, "gateway": 40, "token": 200, "group": 30, "discount_code": 60, "external_id": 120,
    "sku": 80, "channel": 40, "pickup_location": 80, "sold_at_location": 80, "reservation": 80, "mandate": 35,
    "name": 200,
}  # fmt: skip
_CAMEL = {"vat_id": "vatId", "tax_class": "taxClass", "discount_code": "discountCode", "external_id": "externalId",
          "pickup_location": "pickupLocation", "sold_at_location": "soldAtLocation"}  # fmt: skip


def _check_texts(order: PlaceOrderInput, path: Path) -> None:
    parts: list[tuple[Path, Any]] = [(path, order), ((*path, "customer"), order.customer)]
    for name, address in (("billingAddress", order.billing_address), ("shippingAddress", order.shipping_address)):
        if address is not None:
            parts.append(((*path, name), address))
    for name, rows in (("lines", order.lines), ("charges", order.charges), ("discounts", order.discounts)):
        parts.extend(((*path, name, index), row) for index, row in enumerate(rows))
    parts.extend(((*path, "payments", index), row) for index, row in enumerate(order.payments))
    for where, part in parts:
        for name, value in vars(part).items():
            if type(value) is str and (len(value) > _LIMITS.get(name, 300) or "\x00" in value):
                raise InvalidInput(
                    f"At most {_LIMITS.get(name, 300)} characters, without NUL.",
                    code="INVALID_TEXT",
                    path=(*where, _CAMEL.get(name, name)),
                )
    if order.language is not None and (len(order.language) != 2 or not order.language.isalpha()):
        raise InvalidInput("A language has two letters.", code="INVALID_LANGUAGE", path=(*path, "language"))
    for index, coupon in enumerate(order.coupons):
        if not 1 <= len(coupon.strip()) <= _LIMITS["code"] or "\x00" in coupon:
            raise InvalidInput(
                f"1 to {_LIMITS['code']} characters.", code="INVALID_TEXT", path=(*path, "coupons", index)
            )
    for name, number in (("priority", order.priority), ("maxParcels", order.max_parcels)):
        if number is not None and not 0 <= number <= 10_000:
            raise InvalidInput("0 to 10,000.", code="INVALID_NUMBER", path=(*path, name))


@strawberry.input(description="Every given condition has to hold. `changedSince` is for catching up on a live list.")
class OrdersFilter:
    states: list[OrderState] | None = None
    fulfillment_statuses: list[FulfillmentStatus] | None = None
    channel_ids: list[UUID] | None = None
    customer_id: UUID | None = None
    email: str | None = None
    numbers: list[str] | None = None
    external_ids: list[str] | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    changed_since: datetime | None = None
    on_hold: bool | None = None
    hold_kinds: list[HoldKind] | None = None
    charge_statuses: list[ChargeStatus] | None = None
    return_statuses: list[ReturnStatus] | None = None
    delivery_types: list[DeliveryType] | None = None
    countries: list[str] | None = None
    promised_until: date | None = None


@strawberry.enum
class OrdersSort(Enum):
    PLACED_AT_ASC = "PLACED_AT_ASC"
    PLACED_AT_DESC = "PLACED_AT_DESC"
    UPDATED_AT_ASC = "UPDATED_AT_ASC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
    NUMBER_ASC = "NUMBER_ASC"
    NUMBER_DESC = "NUMBER_DESC"


SORTS: dict[str, Any] = {"NUMBER": Order.number, "PLACED_AT": Order.placed_at, "UPDATED_AT": Order.updated_at}


def sort_of(sort: OrdersSort) -> Sort:
    """The column and direction of a sort."""
    name, _, direction = sort.value.rpartition("_")
    return choose(SORTS, name, descending=direction == "DESC")


def filtered(found: sa.Select[Order], wanted: OrdersFilter | None) -> sa.Select[Order]:
    """Narrow a list of orders."""
    if wanted is None:
        return found
    for column, values in (
        (Order.state, wanted.states),
        (Order.fulfillment_status, wanted.fulfillment_statuses),
        (Order.channel_id, wanted.channel_ids),
        (Order.number, wanted.numbers),
        (Order.external_id, wanted.external_ids),
        (Order.charge_status, wanted.charge_statuses),
        (Order.return_status, wanted.return_statuses),
        (Order.delivery_type, wanted.delivery_types),
        (Order.country, wanted.countries),
    ):
        if values is not None:
            if len(values) > 500:
                raise InvalidInput("At most 500 values.", code="FILTER_TOO_LONG", path=("filter",))
            found = found.where(column.in_(values))
    return narrow(
        found,
        (Order.customer_id.__eq__, wanted.customer_id),
        (lambda email: Order.email_key == email.strip().lower(), wanted.email),
        (Order.placed_at.__ge__, wanted.placed_from),
        (Order.placed_at.__lt__, wanted.placed_until),
        (Order.promised_on.__lt__, wanted.promised_until),
        (Order.updated_at.__ge__, wanted.changed_since),
        (lambda on_hold: _held() if on_hold else sa.not_(_held()), wanted.on_hold),
        (lambda kinds: _held(OrderHold.kind.in_(kinds)), wanted.hold_kinds),
    )


def _held(*conditions: Any) -> Any:
    mine = OrderHold.order_id == Order.id, OrderHold.released_at.is_(None)
    return sa.select(sa.literal(1)).where(*mine, *conditions).exists()
