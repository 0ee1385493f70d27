"""What a channel sends when it places an order. Amounts in minor units of the order's currency."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from kontor.orders.states import DeliveryType

_PAYMENTS, _NO_MANDATE = b'"payments":[', b',"mandate":null}'
_NO_COUPONS = b',"coupons":[]}'
_NO_CURRENCY = b',"currency":null}'


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; coordinates in degrees where the channel knows them."""

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

    def as_json(self) -> dict[str, Any]:
        """The address as an order keeps it, without what is empty."""
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class CustomerInput:
    """Who orders, as the channel knows them."""

    name: str
    email: str | None = None
    external_id: str | None = None
    phone: str | None = None
    company: str | None = None
    vat_id: str | None = None


@dataclass(frozen=True, slots=True)
class LineInput:
    """One line. `unit_price` as shown by the channel; None asks for Kontor's price. `discount` is for all pieces."""

    sku: str
    quantity: int
    unit_price: int | None = None
    discount: int = 0
    discount_code: str | None = None
    external_id: str | None = None
    group: str | None = None
    no_split: bool = False


@dataclass(frozen=True, slots=True)
class ChargeInput:
    """A fee the customer pays for the whole order, as shown by the channel.

    Without a tax class of its own it shares the rates of the goods, in proportion to their amounts: carriage is part of
    the supply of what is carried (VAT Directive art. 78 b).
    """

    kind: str
    name: str
    amount: int
    tax_class: str | None = None


@dataclass(frozen=True, slots=True)
class DiscountInput:
    """A discount on the goods of the whole order."""

    code: str
    label: str
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentInput:
    """A promise of money by one method; `mandate` is the reference of the one that a direct debit is drawn on."""

    kind: str
    amount: int
    gateway: str = ""
    token: str | None = None
    label: str | None = None
    mandate: str | None = None


@dataclass(frozen=True, slots=True)
class OrderInput:
    """A whole order as it was placed. `reservation` is the reference under which pieces were kept for its customer.

    `coupons` are the codes the customer gave, for promotions of Kontor's own. `currency` is one the channel sells in,
    its own when not given.
    """

    channel: str
    external_id: str
    lines: tuple[LineInput, ...]
    billing_address: Address
    customer: CustomerInput
    shipping_address: Address | None = None
    delivery_type: DeliveryType = DeliveryType.SHIP
    pickup_location: str | None = None
    reservation: str | None = None
    sold_at_location: str | None = None
    charges: tuple[ChargeInput, ...] = ()
    discounts: tuple[DiscountInput, ...] = ()
    payments: tuple[PaymentInput, ...] = ()
    language: str | None = None
    placed_at: datetime | None = None
    promised_on: date | None = None
    priority: int | None = None
    ship_complete: bool = False
    max_parcels: int | None = None
    expected_total: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    coupons: tuple[str, ...] = ()
    currency: str | None = None

    def fingerprint(self) -> str:
        """Two inputs of one fingerprint are the same order.

        No coupons, no currency and no mandate count as no field at all: orders are recognized that were taken when
        there was none.
        """
        body = orjson.dumps(self)
        if bare := sum(each.mandate is None for each in self.payments):
            before, name, after = body.partition(_PAYMENTS)  # quotes within texts are escaped: this is the field itself
            body = before + name + after.replace(_NO_MANDATE, b"}", bare)
        if self.currency is None:
            body = body.removesuffix(_NO_CURRENCY) + b"}"
            body = body if self.coupons else body.removesuffix(_NO_COUPONS) + b"}"
        return hashlib.sha256(body).hexdigest()
