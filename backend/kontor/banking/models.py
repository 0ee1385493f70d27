"""Tables of banking."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class BankStatement(Model):
    """A statement of one account; amounts in minor units. An account's statements are known by the bank's id."""

    __tablename__ = "bank_statement"
    __table_args__ = (
        sa.UniqueConstraint("iban", "reference"),
        sa.Index("ix_bank_statement_imported_at_id", "imported_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    iban: Mapped[str] = mapped_column(sa.String(34))
    reference: Mapped[str] = mapped_column(sa.String(35))
    currency: Mapped[str] = mapped_column(sa.String(3))
    opening: Mapped[int] = mapped_column(sa.BigInteger)
    closing: Mapped[int] = mapped_column(sa.BigInteger)
    ends_on: Mapped[date]
    entries: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(sa.String(200))


class BankEntry(Model):
    """A movement of an account: what came in is positive. `assigned` is the sum of its assignments that stand.

    `reference` is the bank's, unique for the account. `set_aside` says that nobody looks for what it pays. `suspended`
    is what of it is booked against suspense, `kept_in_suspense` that some of it has been.
    """

    __tablename__ = "bank_entry"
    __table_args__ = (
        sa.UniqueConstraint("iban", "reference"),
        sa.CheckConstraint("assigned >= 0 AND (assigned = 0 OR assigned <= amount)", name="assigned"),
        sa.CheckConstraint("suspended >= 0", name="suspended"),
        sa.Index("ix_bank_entry_booked_on_id", "booked_on", "id"),
        sa.Index("ix_bank_entry_updated_at_id", "updated_at", "id"),
        sa.Index("ix_bank_entry_statement_id", "statement_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    statement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bank_statement.id"))
    legal_entity_id: Mapped[UUID]
    iban: Mapped[str] = mapped_column(sa.String(34))
    reference: Mapped[str] = mapped_column(sa.String(80))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    assigned: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    currency: Mapped[str] = mapped_column(sa.String(3))
    booked_on: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(140))
    counter_iban: Mapped[str] = mapped_column(sa.String(34))
    end_to_end: Mapped[str] = mapped_column(sa.String(35))
    purpose: Mapped[str] = mapped_column(sa.String(1000))
    set_aside: Mapped[bool] = mapped_column(default=False)
    suspended: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    kept_in_suspense: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    updated_at: Mapped[datetime]


class BankAssignment(Model):
    """A part of an entry that a person said pays a debt; `undone_at` when that was taken back.

    It pays the invoice (`transaction_id`), or fee and interest of a reminder (`notice_id`), of which `interest`.
    """

    __tablename__ = "bank_assignment"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_bank_assignment_entry_id", "entry_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bank_entry.id"))
    payment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    transaction_id: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    interest: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[str] = mapped_column(sa.String(200))
    undone_at: Mapped[datetime | None]


class PayoutFile(Model):
    """Transfers to customers that went to the bank in one file; the document is written by a job."""

    __tablename__ = "payout_file"
    __table_args__ = (
        sa.UniqueConstraint("legal_entity_id", "sequence"),
        sa.Index("ix_payout_file_created_at_id", "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(35))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    sequence: Mapped[int]
    execute_on: Mapped[date]
    transfers: Mapped[int]
    total: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    document_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


class Payout(Model):
    """Money that goes back by transfer, and where to; the id is the payment transaction's, so it leaves once."""

    __tablename__ = "payout"
    __table_args__ = (sa.Index("ix_payout_file_id", "file_id"),)
    id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment_transaction.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(140))
    iban: Mapped[str] = mapped_column(sa.String(34))
    file_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("payout_file.id"))
    updated_at: Mapped[datetime]


class GatewayAccount(Model):
    """Which legal entity a gateway pays out to, and whether its payouts are fetched.

    `missing_after_days`: how long a movement may wait for a payout before somebody has to look.
    """

    __tablename__ = "gateway_account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(sa.String(40), unique=True)
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    fetch: Mapped[bool]
    missing_after_days: Mapped[int]
    fetched_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class GatewayPayout(Model):
    """Money that a gateway sent to our bank account, net of fees, minor units; below zero what it took from there.

    `entry_id` is the movement of the account by which it arrived; `by_hand` says that only a person matches it.
    """

    __tablename__ = "gateway_payout"
    __table_args__ = (
        sa.UniqueConstraint("gateway", "reference"),
        sa.UniqueConstraint("entry_id"),
        sa.Index("ix_gateway_payout_arrives_on_id", "arrives_on", "id"),
        sa.Index("ix_gateway_payout_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(sa.String(40))
    reference: Mapped[str] = mapped_column(sa.String(120))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    fees: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    lines: Mapped[int]
    arrives_on: Mapped[date]
    descriptor: Mapped[str] = mapped_column(sa.String(140))
    entry_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bank_entry.id"))
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]


class GatewayPayoutLine(Model):
    """One movement that a payout settled, and what of ours it is: a transaction or a dispute; neither if unknown.

    `cleared` is what it takes off the clearing account `detail`, in `cleared_currency`. `original` is what it was
    before the gateway converted it.
    """

    __tablename__ = "gateway_payout_line"
    __table_args__ = (
        sa.UniqueConstraint("gateway", "reference"),
        sa.Index("ix_gateway_payout_line_payout_id", "payout_id"),
        sa.Index("ix_gateway_payout_line_dispute_id", "dispute_id"),
        sa.Index("ix_gateway_payout_line_occurred_at_id", "occurred_at", "id"),
        sa.Index("uq_gateway_payout_line_transaction_id", "transaction_id", unique=True),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(sa.ForeignKey("gateway_payout.id"))
    gateway: Mapped[str] = mapped_column(sa.String(40))
    reference: Mapped[str] = mapped_column(sa.String(120))
    category: Mapped[str] = mapped_column(sa.String(20))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    fee: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    original: Mapped[int | None] = mapped_column(sa.BigInteger)
    original_currency: Mapped[str | None] = mapped_column(sa.String(3))
    source: Mapped[str] = mapped_column(sa.String(120))
    description: Mapped[str] = mapped_column(sa.String(500))
    occurred_at: Mapped[datetime]
    transaction_id: Mapped[UUID | None]
    dispute_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    detail: Mapped[str] = mapped_column(sa.String(40))
    cleared: Mapped[int] = mapped_column(sa.BigInteger)
    cleared_currency: Mapped[str] = mapped_column(sa.String(3))


class GatewayLineReference(Model):
    """The reference of a line of a statement that was put together with others of its order into one line of ours."""

    __tablename__ = "gateway_line_reference"
    __table_args__ = (sa.Index("ix_gateway_line_reference_line_id", "line_id"),)
    gateway: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("gateway_payout_line.id"))


class GatewayDifference(Model):
    """What payouts and our books do not agree on, until a person explains it or time does.

    `kind`: UNKNOWN_LINE, OTHER_SELLER, AMOUNT_DIFFERS, CURRENCY_CONVERTED, SUM_DIFFERS, MISSING_LINE. `amount` is what
    the gateway paid beyond what we expected, minor units. `explanation`: ORDER, SUSPENSE, or SETTLED where a later
    payout brought what was missing. `cleared` is what the explanation takes off the clearing account `detail`.
    """

    __tablename__ = "gateway_difference"
    __table_args__ = (
        sa.UniqueConstraint("kind", "subject_id"),
        sa.Index("ix_gateway_difference_opened_at_id", "opened_at", "id"),
        sa.Index("ix_gateway_difference_updated_at_id", "updated_at", "id"),
        sa.Index("ix_gateway_difference_payout_id", "payout_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[UUID]
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    gateway: Mapped[str] = mapped_column(sa.String(40))
    payout_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("gateway_payout.id"))
    line_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("gateway_payout_line.id"))
    transaction_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    detail: Mapped[str] = mapped_column(sa.String(40))
    cleared: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    explanation: Mapped[str | None] = mapped_column(sa.String(20))
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
