"""Tables of payments."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.payments.states import PaymentMethodKind, PaymentState, RefundState


class TransactionKind(StrEnum):
    """What was done with a promise of money."""

    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    RECEIVE = "RECEIVE"
    CHARGEBACK = "CHARGEBACK"


class TransactionState(StrEnum):
    """What became of a call: the intent is written before it, the outcome after it."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Payment(Model):
    """A promise of money by one method. Amounts in minor units; sums of its transactions."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("captured >= 0 AND captured <= authorized", name="captured"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= captured", name="refunded"),
        sa.Index("ix_payment_gateway_reference", "gateway_reference"),
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
    token: Mapped[str | None] = mapped_column(sa.String(200))
    gateway_reference: Mapped[str | None] = mapped_column(sa.String(120))
    label: Mapped[str | None] = mapped_column(sa.String(120))
    authorization_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PaymentTransaction(Model):
    """The ledger of one payment. `idempotency_key` goes to the gateway, so that a repeated call does nothing."""

    __tablename__ = "payment_transaction"
    __table_args__ = (
        sa.Index("ix_payment_transaction_payment_id", "payment_id"),
        sa.CheckConstraint("amount >= 0", name="amount"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"))
    order_id: Mapped[UUID]
    kind: Mapped[TransactionKind] = mapped_column(state_type(TransactionKind))
    outcome: Mapped[TransactionState] = mapped_column(state_type(TransactionState))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    shipment_id: Mapped[UUID | None]
    refund_id: Mapped[UUID | None]
    gateway_reference: Mapped[str | None] = mapped_column(sa.String(120))
    error: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Refund(Model):
    """Money back. `kind` RETURN, CANCELLATION, GOODWILL, CORRECTION; `source_key` makes a cause refund once."""

    __tablename__ = "refund"
    __table_args__ = (
        sa.Index("ix_refund_order_id", "order_id"),
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
    reason: Mapped[str] = mapped_column(sa.String(500))
    source_key: Mapped[str] = mapped_column(sa.String(120))
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    finished_at: Mapped[datetime | None]


class RefundAllocation(Model):
    """The share of a refund that goes back over one payment."""

    __tablename__ = "refund_allocation"
    refund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("refund.id"), primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    done: Mapped[bool] = mapped_column(default=False)
