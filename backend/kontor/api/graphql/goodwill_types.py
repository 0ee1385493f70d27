"""Goodwill as a caller sees it, and what a caller sends."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context
from kontor.api.graphql.order_change_types import ChangeMessage
from kontor.api.graphql.order_types import money
from kontor.api.graphql.payment_types import PreviewedShare, RefundShareInput, plain, show_payment
from kontor.api.graphql.relations import reference
from kontor.api.graphql.scalars import Long, Money, MoneyInput
from kontor.claims import goodwill, queries
from kontor.claims.limits import LimitRow
from kontor.claims.states import GoodwillForm, GoodwillReason, GoodwillState
from kontor.core.errors import InvalidInput
from kontor.orders.models import Order

for _states in (GoodwillForm, GoodwillReason, GoodwillState):
    strawberry.enum(_states)


@strawberry.type(
    name="Goodwill",
    description="Something given out of goodwill: its money is a refund, or (VOUCHER) a gift card. `note` is for "
    "colleagues.",
)
class GoodwillRow:
    id: UUID
    order_id: UUID
    claim_id: UUID | None
    form: GoodwillForm
    state: GoodwillState
    amount: Money
    reason: GoodwillReason
    note: str
    refund_id: UUID | None
    card_id: UUID | None
    requested_at: datetime
    requested_by: str
    granted_at: datetime | None
    granted_by: str | None
    decision: str | None = strawberry.field(description="Why it was declined.")
    issued_at: datetime | None = strawberry.field(description="When the voucher was made.")
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> GoodwillRow:
        """From a row."""
        return cls(**plain(row, _PLAIN), amount=money(row.amount, row.currency))

    @reference(Order, "order_id")
    def order_number(self, order: Any, context: Context) -> str:
        return order.number if order is not None else ""


_PLAIN = (
    "id", "order_id", "claim_id", "form", "state", "reason", "note", "refund_id", "card_id", "requested_at",
    "requested_by", "granted_at", "granted_by", "decision", "issued_at", "updated_at",
)  # fmt: skip


@strawberry.type(description="What a role may grant alone, minor units: on one order, and on one day.")
class GoodwillLimit:
    role: str
    currency: str
    per_order: Long
    per_day: Long
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, row: Any) -> GoodwillLimit:
        """From a row."""
        names = ("role", "currency", "changed_at", "changed_by")
        return cls(**plain(row, names), per_order=Long(row.per_order), per_day=Long(row.per_day))


@strawberry.type(description="What was granted in one form for one reason.")
class GoodwillSum:
    form: GoodwillForm
    reason: GoodwillReason
    count: int
    amount: Money

    @classmethod
    def of(cls, row: queries.GoodwillSum) -> GoodwillSum:
        """From a sum."""
        return cls(form=row.form, reason=row.reason, count=row.count, amount=money(row.amount, row.currency))


@strawberry.type(description="A line of the credit note that would lower the price of kept goods.")
class LoweredLine:
    name: str
    net: Money
    tax: Money
    gross: Money


@strawberry.type(description="What goodwill would do; nothing has happened yet.")
class GoodwillPreview:
    amount: Money
    tax: Money = strawberry.field(description="What of the amount is tax that is not owed any more.")
    available: Money = strawberry.field(description="The most that can be given in this form.")
    own_limit: Money | None = strawberry.field(description="What one may still grant here alone; none: no limit.")
    needs_approval: bool
    lines: list[LoweredLine]
    shares: list[PreviewedShare]
    messages: list[ChangeMessage] = strawberry.field(description="What the customer is told; codes are not made yet.")
    token: str = strawberry.field(description="To be given to `grantGoodwill`, which refuses when something moved.")


def show_preview(found: goodwill.GoodwillPreview, currency: str, messages: list[ChangeMessage]) -> GoodwillPreview:
    """A preview as the API shows it."""
    left = found.allowance.left
    return GoodwillPreview(
        amount=money(found.amount, currency),
        tax=money(found.tax, currency),
        available=money(found.available, currency),
        own_limit=None if left is None else money(left, currency),
        needs_approval=found.needs_approval,
        lines=[
            LoweredLine(
                name=line["name"], net=money(line["net"], currency), tax=money(line["tax"], currency),
                gross=money(line["gross"], currency),
            )
            for line in found.lines
        ],
        shares=[
            PreviewedShare(
                payment=show_payment(share.payment), amount=money(share.amount, currency),
                credited=money(share.credited, currency),
            )
            for share in (found.money.shares if found.money else ())
        ],
        messages=messages,
        token=found.token,
    )  # fmt: skip


@strawberry.input(description="All conditions hold together.")
class GoodwillFilter:
    state: list[GoodwillState] | None = None
    form: list[GoodwillForm] | None = None
    reason: list[GoodwillReason] | None = None
    order_id: UUID | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    granted_from: datetime | None = None
    granted_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.GoodwillFilter:
        """As the domain takes it."""
        return queries.GoodwillFilter(**vars(self))


@strawberry.enum
class GoodwillSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What might be given.")
class PreviewGoodwillInput:
    order_id: UUID
    form: GoodwillForm
    amount: MoneyInput
    shares: list[RefundShareInput] | None = None
    note_to_customer: str | None = None

    def value(self, order: Order) -> goodwill.GoodwillWish:
        """As the domain takes it."""
        amount, chosen = amount_of(order, self.amount), _chosen(self.shares)
        return goodwill.GoodwillWish(self.form, amount, GoodwillReason.OTHER, chosen=chosen)


@strawberry.input(description="`note` is for colleagues; the customer reads the reason. `token` is the preview's.")
class GrantGoodwillInput:
    order_id: UUID
    form: GoodwillForm
    amount: MoneyInput
    reason: GoodwillReason
    note: str = ""
    shares: list[RefundShareInput] | None = None
    token: str | None = None
    wait: bool | None = strawberry.field(
        default=None, description="Whether it may be recalled for 60 seconds; people wait, API clients do not."
    )
    note_to_customer: str | None = strawberry.field(
        default=None, description="A personal sentence in the message that tells of it (`care:write`)."
    )

    def wish(self, order: Order, *, recallable: bool) -> goodwill.GoodwillWish:
        """As the domain takes it."""
        return goodwill.GoodwillWish(
            self.form, amount_of(order, self.amount), self.reason, self.note, token=self.token,
            recallable=recallable, chosen=_chosen(self.shares),
        )  # fmt: skip


def amount_of(order: Order, amount: MoneyInput) -> int:
    """Minor units of the order's currency; raises `InvalidInput` for another one."""
    given = amount.value("amount")
    if given.currency != order.currency:
        raise InvalidInput(
            f"The order is in {order.currency}.", code="CURRENCY_MISMATCH", path=("amount", "currency"),
            expected=order.currency,
        )  # fmt: skip
    return given.amount


def _chosen(shares: list[RefundShareInput] | None) -> dict[UUID, int] | None:
    return {share.payment_id: int(share.amount) for share in shares} if shares else None


@strawberry.input(description="Amounts in minor units.")
class GoodwillLimitInput:
    role: str
    currency: str
    per_order: Long
    per_day: Long

    def value(self) -> LimitRow:
        """As the domain takes it."""
        return LimitRow(self.role, self.currency, int(self.per_order), int(self.per_day))


@strawberry.type
class GoodwillChanged:
    goodwill: GoodwillRow


@strawberry.type
class GoodwillLimitsSaved:
    limits: list[GoodwillLimit]
