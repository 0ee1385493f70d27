"""What is wished of an order, and what its changes are shown as."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

import strawberry

from kontor.api.graphql.order_inputs import AddressInput
from kontor.api.graphql.order_types import Order, money
from kontor.api.graphql.scalars import Long, Money
from kontor.changes.placing import Sending
from kontor.changes.states import ChangeState
from kontor.changes.values import AddWish, Amounts, DeliveryWish, LineWish, SwapWish, Wish
from kontor.core.errors import InvalidInput, KontorError
from kontor.orders.states import DeliveryType, OrderState

MOST = 500


@contextlib.contextmanager
def named_by_input() -> Iterator[None]:
    """Refusals of a part of the wish name the field of the input it came in."""
    try:
        yield
    except KontorError as refusal:
        first, *rest = refusal.path or ("",)
        if first == "address":
            refusal.path = ("input", "shippingAddress", *rest)
        elif first in ("lines", "swaps", "adds", "delivery", "requestedOn"):
            refusal.path = ("input", *refusal.path)
        raise


@strawberry.input(description="How many pieces of a line are wanted in the end, shipped ones included.")
class LineWishInput:
    line_id: UUID
    quantity: int


@strawberry.input(description="So many pieces of a line are to be another article, at its price of the order's date.")
class SwapWishInput:
    line_id: UUID
    quantity: int
    sku: str


@strawberry.input(description="An article to add, at its price of the order's date.")
class AddWishInput:
    sku: str
    quantity: int


@strawberry.input(description="Sent, or collected at a place named by its code; `fee` is what is paid for carriage.")
class DeliveryWishInput:
    type: DeliveryType
    pickup_location: str | None = None
    fee: Long = Long(0)


@strawberry.input(description="A whole change; what is left out stays as it is.")
class OrderChangeInput:
    lines: list[LineWishInput] = strawberry.field(default_factory=list)
    swaps: list[SwapWishInput] = strawberry.field(default_factory=list)
    adds: list[AddWishInput] = strawberry.field(default_factory=list)
    shipping_address: AddressInput | None = None
    delivery: DeliveryWishInput | None = None
    requested_on: date | None = None

    def read(self) -> Wish:
        """As the domain takes it; raises `InvalidInput` for more than 500 entries."""
        for name, rows in (("lines", self.lines), ("swaps", self.swaps), ("adds", self.adds)):
            if len(rows) > MOST:
                raise InvalidInput(f"At most {MOST}.", code="INVALID_LINES", path=("input", name), max=MOST)
        way = self.delivery
        return Wish(
            tuple(LineWish(each.line_id, each.quantity) for each in self.lines),
            tuple(SwapWish(each.line_id, each.quantity, each.sku) for each in self.swaps),
            tuple(AddWish(each.sku, each.quantity) for each in self.adds),
            self.shipping_address.read() if self.shipping_address else None,
            DeliveryWish(way.type, way.pickup_location, way.fee) if way else None,
            self.requested_on,
        )


@strawberry.type(description="What pieces cost, discounts taken off.")
class ChangeAmounts:
    net: Money
    tax: Money
    gross: Money
    discount: Money

    @classmethod
    def of(cls, amounts: Amounts, currency: str) -> ChangeAmounts:
        """As the API shows them."""
        return cls(
            net=money(amounts.net, currency), tax=money(amounts.tax, currency), gross=money(amounts.gross, currency),
            discount=money(amounts.discount, currency),
        )  # fmt: skip


@strawberry.type(description="Pieces that come from one place.")
class ChangeSending:
    location_id: UUID
    quantity: int
    leaves_on: date
    arrives_on: date

    @classmethod
    def of(cls, each: Sending) -> ChangeSending:
        """As the API shows it."""
        return cls(
            location_id=each.location_id, quantity=each.quantity, leaves_on=each.leaves_on, arrives_on=each.arrives_on
        )


@strawberry.type(description="A line before and after; one that is added has no id. Asked pieces wait for their place.")
class ChangedLine:
    line_id: UUID | None
    position: int
    sku: str
    name: str
    unit_price: Money
    price_list: str | None
    quantity_before: int
    quantity_after: int
    shipped: int
    canceled: int
    asked: int
    missing: int
    before: ChangeAmounts
    after: ChangeAmounts
    sendings: list[ChangeSending]


@strawberry.type(description="What the wanted pieces bear of a discount; by its rule they keep it or earn it anew.")
class ChangedPromotion:
    code: str
    label: str
    return_rule: str | None
    before: Money
    after: Money


@strawberry.type(description="A fee that is added, or falls away (below 0).")
class ChangedCharge:
    kind: str
    name: str
    gross: Money


@strawberry.type(description="What goes back over a payment; `credited` of it is only taken off what is owed.")
class ChangeRefundShare:
    payment_id: UUID
    kind: str
    label: str | None
    amount: Money
    credited: Money


@strawberry.type(description="How what is more is paid.")
class ChangePaymentMethod:
    kind: str
    label: str | None


@strawberry.type(
    description="Who owes whom: what goes back, what is promised and not collected, what is still to be paid. "
    "Without a method the amount stays open, and nothing of the order moves until it is promised."
)
class ChangeMoney:
    refund: Money
    shares: list[ChangeRefundShare]
    released: Money
    to_pay: Money
    method: ChangePaymentMethod | None


@strawberry.type(description="Work at a place that decides first whether it stops.")
class ChangeQuestion:
    fulfillment_order_id: UUID
    number: str
    location_id: UUID
    partner: bool
    pieces: int


@strawberry.type(description="What the customer is told: subject and text in the order's language.")
class ChangeMessage:
    template: str
    subject: str
    text: str


@strawberry.type(
    description="Everything a change does, computed and not written. The token stands for all of it. Where places are "
    "asked first, the amounts are what comes out when they agree."
)
class OrderChangePreview:
    order_id: UUID
    token: str
    lines: list[ChangedLine]
    promotions: list[ChangedPromotion]
    charges: list[ChangedCharge]
    lost_discount: Money = strawberry.field(description="What kept pieces no longer earn of promotions; charged.")
    tax: Money = strawberry.field(description="By how much the tax in the total changes.")
    total_before: Money
    total_after: Money
    money: ChangeMoney
    asks: list[ChangeQuestion]
    moves: list[ChangeSending] = strawberry.field(description="Where pieces that are routed anew come from.")
    promised_before: date | None
    promised_after: date | None
    delivery_type: DeliveryType
    pickup_location_id: UUID | None
    state_before: OrderState
    state_after: OrderState
    messages: list[ChangeMessage]


@strawberry.type(description="A change of an order; PENDING waits for places, the other states are final.")
class OrderChange:
    id: UUID
    order_id: UUID
    state: ChangeState
    reason: str | None
    canceled: int
    refused: int
    code: str | None
    amount: Money = strawberry.field(description="By how much the order costs less when all agree; below 0: more.")
    due_at: datetime | None
    opened_at: datetime
    opened_by: str | None
    closed_at: datetime | None


@strawberry.type(description="The change was done, or waits for places.")
class OrderChangeConfirmed:
    change: OrderChange
    order: Order


@strawberry.type(
    description="The order has moved since the preview; nothing was done. `moved` of WISH, LINES, PRICES, MONEY, "
    "PLACES, STATE."
)
class OrderChangeStale:
    code: str
    message: str
    moved: list[str]
    preview: OrderChangePreview


@strawberry.type(description="Nobody waits for places any more.")
class OrderChangeCanceled:
    change: OrderChange
    order: Order
