"""Payments and refunds as a caller sees them, and what a caller sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context
from kontor.api.graphql.order_change_types import ChangeMessage
from kontor.api.graphql.order_types import amount_of, money
from kontor.api.graphql.relations import Rows, children
from kontor.api.graphql.scalars import Long, Money, MoneyInput
from kontor.api.graphql.shown import Made, Shown
from kontor.payments import lists, models
from kontor.payments.models import TransactionKind, TransactionState
from kontor.payments.policies import PolicySource
from kontor.payments.service import RefundKind
from kontor.payments.states import PaymentMethodKind, PaymentState, RefundState

for _states in (
    PaymentMethodKind, PaymentState, PolicySource, RefundKind, RefundState, TransactionKind, TransactionState,
):  # fmt: skip
    strawberry.enum(_states)


@strawberry.type(description="One operation on a payment and what became of it.")
class PaymentTransaction:
    id: UUID
    kind: TransactionKind
    outcome: TransactionState
    amount: Long
    rounding: Long = strawberry.field(description="What the till took or paid out beyond the amount: coins are scarce.")
    shipment_id: UUID | None
    refund_id: UUID | None
    error: str | None
    collect_on: date | None = strawberry.field(
        description="The day a debit by mandate is due that its customer was told."
    )
    sequence_type: str | None = strawberry.field(description="Of a debit by mandate: OOFF, FRST or RCUR.")
    created_at: datetime
    finished_at: datetime | None


_TRANSACTION = (
    "id", "kind", "outcome", "shipment_id", "refund_id", "error", "collect_on", "sequence_type", "created_at",
    "finished_at",
)  # fmt: skip


@strawberry.type(description="A promise of money by one method.")
class Payment(Shown):
    id: UUID
    order_id: UUID
    position: int
    kind: PaymentMethodKind
    gateway: str
    state: PaymentState
    label: str | None
    mandate_id: UUID | None
    amount: Money
    authorized: Money = strawberry.field(description="Promised or come in, less what was released.")
    captured: Money
    refunded: Money
    billed: Money = strawberry.field(description="Invoiced on account.")
    credited: Money = strawberry.field(description="Taken off what was invoiced before it was paid.")
    authorization_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime

    MADE: ClassVar[Mapping[str, Made]] = {
        name: amount_of(name) for name in ("amount", "authorized", "captured", "refunded", "billed", "credited")
    }

    @children(models.PaymentTransaction.payment_id, uses=())
    def transactions(self, rows: Rows, context: Context) -> list[PaymentTransaction]:
        return [
            PaymentTransaction(**plain(row, _TRANSACTION), amount=Long(row.amount), rounding=Long(row.rounding))
            for row in rows
        ]


@strawberry.type(description="The share of a refund that goes back over one payment.")
class RefundShare:
    payment_id: UUID
    amount: Long
    done: bool


@strawberry.type(description="Money back. Customers and shops do not see whose decision it was, nor in which words.")
class Refund:
    id: UUID
    order_id: UUID
    return_id: UUID | None
    kind: RefundKind
    state: RefundState
    amount: Money
    policy: str
    reason: str
    error: str | None
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    updated_at: datetime

    @children(models.RefundAllocation.refund_id, order_by=models.RefundAllocation.payment_id)
    def shares(self, rows: Rows, context: Context) -> list[RefundShare]:
        return [RefundShare(payment_id=row.payment_id, amount=Long(row.amount), done=row.done) for row in rows]


def plain(row: Any, names: Sequence[str]) -> dict[str, Any]:
    """Columns that are shown as they are."""
    return {name: getattr(row, name) for name in names}


def amounts(row: Any, names: Sequence[str]) -> dict[str, Any]:
    """Columns that are amounts in the row's currency."""
    return {name: money(getattr(row, name), row.currency) for name in names}


def show_payment(row: Any) -> Payment:
    """A payment's row as the API shows it."""
    return Payment.of(row)


def show_refund(row: Any, *, outside: bool = False) -> Refund:
    """A refund's row as the API shows it; `outside` the company without the words and names of its people."""
    names = ("id", "order_id", "return_id", "state", "policy", "error", "requested_at", "finished_at", "updated_at")
    return Refund(
        **plain(row, names),
        reason="" if outside else row.reason,
        requested_by="" if outside else row.requested_by,
        kind=RefundKind(row.kind),
        amount=money(row.amount, row.currency),
    )


@strawberry.type(description="What a payment would give back; `credited` of it is only taken off what is owed.")
class PreviewedShare:
    payment: Payment
    amount: Money
    credited: Money


@strawberry.type(description="How a refund would be divided, before it is confirmed.")
class RefundPreview:
    amount: Money
    refundable: Money
    policy: str
    policy_source: PolicySource = strawberry.field(
        description="Who says so: the given shares, a stored version, the channel's settings, or none of them."
    )
    policy_valid_from: datetime | None = strawberry.field(description="Since when the stored version counts.")
    needs_approval: bool
    shares: list[PreviewedShare]
    messages: list[ChangeMessage] = strawberry.field(description="What the customer is told, once the money has gone.")


@strawberry.input(description="All conditions hold together.")
class PaymentsFilter:
    state: list[PaymentState] | None = None
    kind: list[PaymentMethodKind] | None = None
    order_id: UUID | None = None
    gateways: list[str] | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    expires_before: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.PaymentFilter:
        """As the domain takes it."""
        return lists.PaymentFilter(**vars(self))


@strawberry.input(description="All conditions hold together.")
class RefundsFilter:
    state: list[RefundState] | None = None
    kind: list[RefundKind] | None = None
    order_id: UUID | None = None
    return_id: UUID | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.RefundFilter:
        """As the domain takes it."""
        return lists.RefundFilter(**vars(self))


@strawberry.enum
class PaymentsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class RefundsSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="An amount of one payment.")
class RefundShareInput:
    payment_id: UUID
    amount: Long


@strawberry.input(description="`shares` chooses what each payment gives back, in place of the channel's policy.")
class IssueRefundInput:
    order_id: UUID
    kind: RefundKind
    amount: MoneyInput
    reason: str
    shares: list[RefundShareInput] | None = None
    compensation: bool = strawberry.field(
        default=False, description="Goodwill for trouble had, which lowers no price; else it lowers that of kept goods."
    )
    charge_id: UUID | None = strawberry.field(
        default=None, description="A charge, such as shipping, of which so much is given back, with its tax."
    )
    wait: bool | None = strawberry.field(
        default=None, description="Whether it may be recalled for 60 seconds; people wait, API clients do not."
    )
    note_to_customer: str | None = strawberry.field(
        default=None, description="A personal sentence in the message that tells of it (`care:write`)."
    )


@strawberry.input(description="Another method for what is not covered.")
class AddPaymentInput:
    order_id: UUID
    kind: PaymentMethodKind
    amount: MoneyInput
    gateway: str = ""
    token: str | None = None
    label: str | None = None
    mandate: str | None = strawberry.field(
        default=None, description="The reference of the SEPA mandate that a direct debit is drawn on."
    )


@strawberry.type
class RefundChanged:
    refund: Refund


@strawberry.type
class PaymentChanged:
    payment: Payment
