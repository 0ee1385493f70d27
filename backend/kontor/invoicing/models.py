"""Tables of invoices and the journal."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.invoicing.states import InvoiceState

# By amounts, as states say what is done about the rest: what is late is OVERDUE from its first day on.
PARTLY_PAID = (
    "paid > 0 AND paid < gross - credited "
    "AND state IN ('ISSUED', 'PARTIALLY_PAID', 'OVERDUE', 'DUNNING_1', 'DUNNING_2', 'DUNNING_3')"
)


class Invoice(Model):
    """A legal document for one shipment. `content` is everything the page shows, frozen at issue."""

    __tablename__ = "invoice"
    __table_args__ = (
        sa.UniqueConstraint("legal_entity_id", "series", "year", "sequence"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("shipment_id"),
        sa.CheckConstraint("gross = net + tax", name="amounts"),
        sa.Index("ix_invoice_order_id", "order_id"),
        sa.Index("ix_invoice_issued_at_id", "issued_at", "id"),
        sa.Index("ix_invoice_due_on_id", "due_on", "id"),
        sa.Index("ix_invoice_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_invoice_partly_paid",
            "due_on",
            "id",
            sqlite_where=sa.text(PARTLY_PAID),
            postgresql_where=sa.text(PARTLY_PAID),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    series: Mapped[str] = mapped_column(sa.String(10))
    year: Mapped[int]
    sequence: Mapped[int]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    shipment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shipment.id"))
    state: Mapped[InvoiceState] = mapped_column(state_type(InvoiceState))
    issued_at: Mapped[datetime]
    supplied_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    tax: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    paid: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    credited: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    written_off: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    document_id: Mapped[UUID | None]
    updated_at: Mapped[datetime]


class CreditNote(Model):
    """A correction that names its invoice and lines. `source_key` makes a cause credit once."""

    __tablename__ = "credit_note"
    __table_args__ = (
        sa.UniqueConstraint("legal_entity_id", "series", "year", "sequence"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("source_key"),
        sa.CheckConstraint("gross = net + tax", name="amounts"),
        sa.Index("ix_credit_note_order_id", "order_id"),
        sa.Index("ix_credit_note_invoice_id", "invoice_id"),
        sa.Index("ix_credit_note_issued_at_id", "issued_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    series: Mapped[str] = mapped_column(sa.String(10))
    year: Mapped[int]
    sequence: Mapped[int]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    invoice_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invoice.id"))
    refund_id: Mapped[UUID | None]
    source_key: Mapped[str] = mapped_column(sa.String(120))
    issued_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(sa.String(3))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    tax: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    document_id: Mapped[UUID | None]


class JournalEntry(Model):
    """One financial event in double entry, in the books of one legal entity; `source_key` makes an event post once.

    Rows are written once and never changed.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        sa.UniqueConstraint("source_key"),
        sa.Index("ix_journal_entry_order_id", "order_id"),
        sa.Index("ix_journal_entry_reference", "reference"),
        sa.Index("ix_journal_entry_posted_at_id", "posted_at", "id"),
        sa.Index("ix_journal_entry_legal_entity_id", "legal_entity_id", "posted_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[str] = mapped_column(sa.String(20))
    legal_entity_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    reference: Mapped[str] = mapped_column(sa.String(80))
    currency: Mapped[str] = mapped_column(sa.String(3))
    posted_at: Mapped[datetime]


class JournalLine(Model):
    """One side of an entry: debit positive, credit negative, minor units; an entry's lines sum to zero.

    `detail` is the part of the account: how revenue and tax are taxed, by which method money moves.
    """

    __tablename__ = "journal_line"
    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("journal_entry.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class OpenItem(Model):
    """What a customer owes, or has with us; rows of one order sum to what the journal says of its receivables.

    `kind`: INVOICE (the id is the invoice's), DUNNING_FEE (the notice's), and one for whatever else of an order's
    money no document explains (the id is the order's): ADVANCE before its goods are invoiced, OVERPAYMENT after,
    UNDERPAYMENT where it is missing. SUSPENSE is money on our account that is of no order yet (the id is the bank
    entry's). `open` is positive for what is owed to us, minor units, 0 once it is settled.
    """

    __tablename__ = "open_item"
    __table_args__ = (
        sa.Index("ix_open_item_order_id", "order_id"),
        sa.Index("ix_open_item_due_on_id", "due_on", "id"),
        sa.Index("ix_open_item_since_id", "since", "id"),
        sa.Index("ix_open_item_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_open_item_legal_entity_id",
            "legal_entity_id",
            "due_on",
            sqlite_where=sa.text("open <> 0"),
            postgresql_where=sa.text("open <> 0"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    legal_entity_id: Mapped[UUID]
    order_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("orders.id"))
    number: Mapped[str] = mapped_column(sa.String(40))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    open: Mapped[int] = mapped_column(sa.BigInteger)
    since: Mapped[datetime]
    due_on: Mapped[date]
    updated_at: Mapped[datetime]


class DunningNotice(Model):
    """A reminder of an invoice: its level, fee and interest it asks for, the new due day. Levels are unique.

    `instalment` is the number of the agreed part that it is about, 0 for the whole. `interest_until` is the
    last day that `interest` counts where base rates of later days were not known, else None. `fee_paid` and
    `interest_paid` are what has come in, `waived_fee` and `waived_interest` what nobody asks for any more; both are
    settled at `fee_settled_at`.
    """

    __tablename__ = "dunning_notice"
    __table_args__ = (
        sa.UniqueConstraint("invoice_id", "instalment", "level"),
        sa.CheckConstraint("fee >= 0", name="fee"),
        sa.CheckConstraint("fee_paid + waived_fee <= fee AND interest_paid + waived_interest <= interest", name="paid"),
        sa.Index("ix_dunning_notice_issued_at_id", "issued_at", "id"),
        sa.Index("ix_dunning_notice_order_id", "order_id"),
        sa.Index(
            "ix_dunning_notice_interest_until",
            "interest_until",
            sqlite_where=sa.text("interest_until IS NOT NULL"),
            postgresql_where=sa.text("interest_until IS NOT NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invoice.id"))
    order_id: Mapped[UUID]
    level: Mapped[int]
    instalment: Mapped[int] = mapped_column(default=0, server_default="0")
    interest_until: Mapped[date | None]
    fee: Mapped[int] = mapped_column(sa.BigInteger)
    interest: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    fee_paid: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    interest_paid: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    waived_fee: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    waived_interest: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    claimed: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    due_on: Mapped[date]
    issued_at: Mapped[datetime]
    fee_settled_at: Mapped[datetime | None]
    fee_waived: Mapped[bool] = mapped_column(default=False)

    @property
    def open_fee(self) -> int:
        """What of the fee is neither paid nor waived, minor units."""
        return self.fee - self.fee_paid - self.waived_fee

    @property
    def open_interest(self) -> int:
        """What of the interest is neither paid nor waived, minor units."""
        return self.interest - self.interest_paid - self.waived_interest


class DebtDecision(Model):
    """What a person decided about a debt: WRITE_OFF, with its `parts` by way of taxing, or COLLECTION.

    `recovered` is what of a written-off amount has come in after all.
    """

    __tablename__ = "debt_decision"
    __table_args__ = (
        sa.CheckConstraint("recovered >= 0 AND recovered <= amount", name="recovered"),
        sa.Index("ix_debt_decision_invoice_id", "invoice_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invoice.id"))
    order_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(sa.String(20))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    recovered: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    currency: Mapped[str] = mapped_column(sa.String(3))
    parts: Mapped[list[Any]] = mapped_column(Json, default=list)
    reason: Mapped[str] = mapped_column(sa.String(500))
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(sa.String(200))


class DunningPlan(Model):
    """What was agreed for an invoice: no reminders until a day, or instalments; the id is the invoice's.

    `instalments` are `{number, due_on, amount}` in their order and sum to what was open when they were agreed; each is
    reminded of by itself. `ended` are former plans, of each what was open by number when the last one was agreed.
    """

    __tablename__ = "dunning_plan"
    id: Mapped[UUID] = mapped_column(sa.ForeignKey("invoice.id"), primary_key=True)
    paused_until: Mapped[date | None]
    paid_before: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    instalments: Mapped[list[Any]] = mapped_column(Json, default=list)
    ended: Mapped[list[Any]] = mapped_column(Json, default=list)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[str] = mapped_column(sa.String(200))
