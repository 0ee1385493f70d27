"""What is wished of an order, and what a preview says. Plain frozen values; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kontor.orders.intake import Address
from kontor.orders.states import DeliveryType

if TYPE_CHECKING:
    from kontor.changes.money import Difference
    from kontor.changes.placing import Sending


@dataclass(frozen=True, slots=True)
class LineWish:
    """How many pieces of a line are wanted in the end, shipped ones included; more than there are is added."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class SwapWish:
    """So many pieces of a line are to be another article."""

    line_id: UUID
    quantity: int
    sku: str


@dataclass(frozen=True, slots=True)
class AddWish:
    """An article to add at the price of the order's date."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class DeliveryWish:
    """Another way to get the goods; a pick-up names its place by code, `fee` is what the customer pays for shipping."""

    type: DeliveryType
    pickup_location: str | None = None
    fee: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A whole change; what is None or empty stays as it is."""

    lines: tuple[LineWish, ...] = ()
    swaps: tuple[SwapWish, ...] = ()
    adds: tuple[AddWish, ...] = ()
    address: Address | None = None
    delivery: DeliveryWish | None = None
    requested_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """As a change keeps it."""
        return {
            "lines": [{"line_id": str(each.line_id), "quantity": each.quantity} for each in self.lines],
            "swaps": [
                {"line_id": str(each.line_id), "quantity": each.quantity, "sku": each.sku} for each in self.swaps
            ],
            "adds": [{"sku": each.sku, "quantity": each.quantity} for each in self.adds],
            "address": self.address.as_json() if self.address else None,
            "delivery": None
            if self.delivery is None
            else {
                "type": self.delivery.type.value,
                "pickup_location": self.delivery.pickup_location,
                "fee": self.delivery.fee,
            },
            "requested_on": self.requested_on.isoformat() if self.requested_on else None,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Wish:
        """As a change kept it."""
        way, day = kept["delivery"], kept["requested_on"]
        return cls(
            tuple(LineWish(UUID(each["line_id"]), each["quantity"]) for each in kept["lines"]),
            tuple(SwapWish(UUID(each["line_id"]), each["quantity"], each["sku"]) for each in kept["swaps"]),
            tuple(AddWish(each["sku"], each["quantity"]) for each in kept["adds"]),
            Address(**kept["address"]) if kept["address"] else None,
            DeliveryWish(DeliveryType(way["type"]), way["pickup_location"], way["fee"]) if way else None,
            date.fromisoformat(day) if day else None,
        )


@dataclass(frozen=True, slots=True)
class Amounts:
    """What pieces cost: discounts taken off, `gross = net + tax`."""

    net: int = 0
    tax: int = 0
    gross: int = 0
    discount: int = 0

    def plus(self, other: Amounts, sign: int = 1) -> Amounts:
        """Both together, or with -1 the difference."""
        return Amounts(
            self.net + sign * other.net,
            self.tax + sign * other.tax,
            self.gross + sign * other.gross,
            self.discount + sign * other.discount,
        )


@dataclass(frozen=True, slots=True)
class LinePreview:
    """A line before and after; `position` 0 is one that is added. `asked` pieces wait for their place.

    `before` and `after` are what the pieces that are wanted cost, those that were asked back still counted in `after`.
    """

    line_id: UUID | None
    position: int
    sku: str
    name: str
    unit_price: int
    price_list: str | None
    quantity_before: int
    quantity_after: int
    shipped: int
    canceled: int = 0
    asked: int = 0
    before: Amounts = Amounts()
    after: Amounts = Amounts()
    sendings: tuple[Sending, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class PromotionPreview:
    """A discount of the order: what the wanted pieces bear of it before and after; `lost` is no longer earned by them.

    `rule` is None for a discount of the channel's own: pieces keep their share of it.
    """

    code: str
    label: str
    rule: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ChargePreview:
    """A fee that falls away (below 0) or is added."""

    kind: str
    name: str
    gross: int


@dataclass(frozen=True, slots=True)
class Question:
    """Work at a place that is asked to stop, with so many pieces; `partner` when it is not our own."""

    fulfillment_order_id: UUID
    number: str
    location_id: UUID
    partner: bool
    pieces: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything a change does. `token` stands for all of it; `asks` are places that decide first.

    `tax` is by how much the tax in the total changes. `lost` is what kept pieces no longer earn, gross. `message` names
    what the customer is told; None when nothing is.
    """

    order_id: UUID
    currency: str
    lines: tuple[LinePreview, ...]
    promotions: tuple[PromotionPreview, ...]
    charges: tuple[ChargePreview, ...]
    lost: int
    tax: int
    total_before: int
    total_after: int
    difference: Difference
    asks: tuple[Question, ...]
    moves: tuple[Sending, ...]
    promised_before: date | None
    promised_after: date | None
    delivery: DeliveryType
    pickup_location_id: UUID | None
    address: Mapping[str, Any] | None
    state_before: str
    state_after: str
    messages: tuple[str, ...] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
