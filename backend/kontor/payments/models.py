"""Tables of payments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.payments.mandates import MandateKind
from kontor.payments.states import DisputeState, PaymentMethodKind, PaymentState, RefundState


class TransactionKind(StrEnum):
    """What was done with a promise of money. On account, BILL is what was invoiced, CREDIT what was taken off it before
    it was paid, TAKEOVER what another method paid of it, and WITHDRAW takes a RECEIVE back that was meant for something
    else. LOSS is what a bank took back although it had gone back already; no counter holds it. A dispute that was won
    takes a CHARGEBACK back by REINSTATE and a LOSS by RECOVER; its fees move no counter. REFUND_RETURN is a refund that
    came back after it had succeeded, TRANSFER what went back by bank transfer in its place."""

    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    RECEIVE = "RECEIVE"
    WITHDRAW = "WITHDRAW"
    CHARGEBACK = "CHARGEBACK"
    LOSS = "LOSS"
    BILL = "BILL"
    CREDIT = "CREDIT"
    TAKEOVER = "TAKEOVER"
    REINSTATE = "REINSTATE"
    RECOVER = "RECOVER"
    DISPUTE_FEE = "DISPUTE_FEE"
    DISPUTE_FEE_BACK = "DISPUTE_FEE_BACK"
    REFUND_RETURN = "REFUND_RETURN"
    TRANSFER = "TRANSFER"


class TransactionState(StrEnum):
    """What became of a call: the intent is written before it, the outcome after it."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Payment(Model):
    """A promise of money by one method. Amounts in minor units; sums of its transactions.

    `authorized` is what is promised or came in, less what was released. On account, `captured` is what came in,
    `billed` what was invoiced and `credited` what was taken off before it was paid. A payment that `settles_id` names
    is on account, and this one pays what is owed on it. `multi_capture` is what the gateway said of this promise alone;
    where it said nothing, its declared abilities hold. A debit of ours has a `mandate_id`; a mandate for one debit is
    taken in no parts either.
    """

    __tablename__ = "payment"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("captured >= 0 AND captured <= authorized", name="captured"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= captured", name="refunded"),
        sa.CheckConstraint("credited >= 0 AND credited <= billed", name="billed"),
        sa.Index("ix_payment_gateway_reference", "gateway_reference"),
        sa.Index("ix_payment_created_at_id", "created_at", "id"),
        sa.Index("ix_payment_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_payment_mandate_id",
            "mandate_id",
            sqlite_where=sa.text("mandate_id IS NOT NULL"),
            postgresql_where=sa.text("mandate_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_payment_expiring",
            "authorization_expires_at",
            sqlite_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
            postgresql_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    position: Mapped[int]
    kind: Mapped[PaymentMethodKind] = mapped_column(state_type(PaymentMethodKind))
    gateway: Mapped[str] = mapped_column(sa.String(40), default="")
    state: Mapped[PaymentState] = mapped_column(state_type(PaymentState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    authorized: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    captured: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    refunded: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    billed: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    credited: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    token: Mapped[str | None] = mapped_column(sa.String(200))
    gateway_reference: Mapped[str | None] = mapped_column(sa.String(120))
    label: Mapped[str | None] = mapped_column(sa.String(120))
    settles_id: Mapped[UUID | None]
    authorization_expires_at: Mapped[datetime | None]
    expiry_warned: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    multi_capture: Mapped[bool | None]
    mandate_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Mandate(Model):
    """A customer's signed permission to debit an account, known by creditor and reference. Never changed.

    `once` is for a single debit. `revoked_at` is when the customer withdrew it.
    """

    __tablename__ = "direct_debit_mandate"
    __table_args__ = (
        sa.UniqueConstraint("creditor_id", "reference"),
        sa.Index("ix_direct_debit_mandate_reference", "reference"),
        sa.Index("ix_direct_debit_mandate_created_at_id", "created_at", "id"),
        sa.Index("ix_direct_debit_mandate_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    creditor_id: Mapped[str] = mapped_column(sa.String(35))
    reference: Mapped[str] = mapped_column(sa.String(35))
    kind: Mapped[MandateKind] = mapped_column(state_type(MandateKind))
    once: Mapped[bool]
    signed_on: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(70))
    iban: Mapped[str] = mapped_column(sa.String(34))
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]


class PaymentMethod(Model):
    """What a channel says of a method in a country, or everywhere (empty). Amounts in minor units of its currency."""

    __tablename__ = "payment_method"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "kind", "country"),
        sa.CheckConstraint("minimum >= 0 AND (maximum IS NULL OR maximum >= minimum)", name="limits"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    position: Mapped[int]
    kind: Mapped[PaymentMethodKind] = mapped_column(state_type(PaymentMethodKind))
    country: Mapped[str] = mapped_column(sa.String(2))
    minimum: Mapped[int] = mapped_column(sa.BigInteger)
    maximum: Mapped[int | None] = mapped_column(sa.BigInteger)
    active: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(200))


class PaymentPolicy(Model):
    """Which payment of a channel's orders is next, from a moment on: `rule` by its `purpose` CAPTURE or REFUND."""

    __tablename__ = "payment_policy"
    __table_args__ = (sa.UniqueConstraint("channel_id", "purpose", "valid_from"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    purpose: Mapped[str] = mapped_column(sa.String(10))
    rule: Mapped[str] = mapped_column(sa.String(20))
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


class PaymentTransaction(Model):
    """The ledger of one payment. `idempotency_key` goes to the gateway, so that a repeated call does nothing.

    Of a debit by mandate, `collect_on` is the day on which the customer was told that it is due, `sequence_type` OOFF,
    FRST or RCUR.

    `rounding` is by how much the cash that changed hands differs from `amount`; no counter holds it.
    """

    __tablename__ = "payment_transaction"
    __table_args__ = (
        sa.Index("ix_payment_transaction_payment_id", "payment_id"),
        sa.Index("ix_payment_transaction_refund_id", "refund_id"),
        sa.Index("ix_payment_transaction_dispute_id", "dispute_id"),
        sa.Index("ix_payment_transaction_gateway_reference", "gateway_reference"),
        sa.Index("ix_payment_transaction_finished_at", "finished_at"),
        sa.CheckConstraint("amount >= 0", name="amount"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"))
    order_id: Mapped[UUID]
    kind: Mapped[TransactionKind] = mapped_column(state_type(TransactionKind))
    outcome: Mapped[TransactionState] = mapped_column(state_type(TransactionState))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    rounding: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    shipment_id: Mapped[UUID | None]
    refund_id: Mapped[UUID | None]
    dispute_id: Mapped[UUID | None]
    gateway_reference: Mapped[str | None] = mapped_column(sa.String(120))
    error: Mapped[str | None] = mapped_column(sa.String(500))
    collect_on: Mapped[date | None]
    sequence_type: Mapped[str | None] = mapped_column(sa.String(4))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Refund(Model):
    """Money back. `kind` RETURN, CANCELLATION, GOODWILL, CORRECTION; `source_key` makes a cause refund once.

    `lines` says what for: `{shipment_line_id, quantity, gross}` for goods, `{charge_id, gross}` for a fee given back,
    `{name, tax_rate, gross}` with a negative amount for a fee that is kept. Empty where no goods stand behind it.
    From `begun_at` on the payout is on its way and can no longer be recalled. `returned_at` is when money of it first
    came back after it had succeeded: what is paid since then is told share by share.
    """

    __tablename__ = "refund"
    __table_args__ = (
        sa.Index("ix_refund_order_id", "order_id"),
        sa.Index("ix_refund_requested_at_id", "requested_at", "id"),
        sa.Index("ix_refund_updated_at_id", "updated_at", "id"),
        sa.UniqueConstraint("source_key"),
        sa.CheckConstraint("amount >= 0", name="amount"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    return_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[RefundState] = mapped_column(state_type(RefundState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    lines: Mapped[list[Any]] = mapped_column(Json, default=list)
    policy: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    reason: Mapped[str] = mapped_column(sa.String(500))
    error: Mapped[str | None] = mapped_column(sa.String(500))
    source_key: Mapped[str] = mapped_column(sa.String(120))
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class RefundAllocation(Model):
    """The share of a refund that goes back over one payment."""

    __tablename__ = "refund_allocation"
    refund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("refund.id"), primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    done: Mapped[bool] = mapped_column(default=False)


class Dispute(Model):
    """A customer's complaint at the bank about one payment, known by the gateway's reference.

    `held` says that the bank has the money now, `rounds` how often it came back. An `inquiry` only asks. `told_at` and
    `rank` are those of the latest news. `reminded` counts the reminders before `due_at`. `fee` is what the gateway
    charged less what it gave back of it, minor units of `fee_currency`.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        sa.UniqueConstraint("gateway", "reference"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.Index("ix_dispute_payment_id", "payment_id"),
        sa.Index("ix_dispute_order_id", "order_id"),
        sa.Index("ix_dispute_opened_at_id", "opened_at", "id"),
        sa.Index("ix_dispute_due_at_id", "due_at", "id"),
        sa.Index("ix_dispute_updated_at_id", "updated_at", "id"),
        sa.Index("ix_dispute_state_due_at", "state", "due_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(sa.String(40))
    reference: Mapped[str] = mapped_column(sa.String(120))
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    state: Mapped[DisputeState] = mapped_column(state_type(DisputeState))
    inquiry: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(60))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    fee: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    fee_currency: Mapped[str] = mapped_column(sa.String(3))
    held: Mapped[bool] = mapped_column(default=False)
    rounds: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime]
    rank: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class DisputeAction(Model):
    """What we answered a bank: `kind` CONTEST or ACCEPT; the id is the key it goes to the gateway with."""

    __tablename__ = "dispute_action"
    __table_args__ = (sa.Index("ix_dispute_action_dispute_id", "dispute_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    dispute_id: Mapped[UUID] = mapped_column(sa.ForeignKey("dispute.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))
    outcome: Mapped[TransactionState] = mapped_column(state_type(TransactionState))
    texts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    documents: Mapped[list[Any]] = mapped_column(Json, default=list)
    error: Mapped[str | None] = mapped_column(sa.String(500))
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(sa.String(200))
    finished_at: Mapped[datetime | None]


class ExchangeCover(Model):
    """What the goods of a return pay for in place of money: lines given in exchange, minor units.

    Refunds kept `used` of it so far. `lines` is [{line_id, in_place_of}]; `in_place_of` is the line whose pieces a new
    one stands in for at the same worth, null otherwise.
    """

    __tablename__ = "exchange_cover"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0 AND used >= 0", name="amounts"),
        sa.Index("ix_exchange_cover_order_id", "order_id"),
    )
    return_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return.id"), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    used: Mapped[int] = mapped_column(sa.BigInteger)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
