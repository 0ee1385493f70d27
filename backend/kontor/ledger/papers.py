"""What the entries of the journal are about: order, document, days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry
from kontor.invoicing.queries import Rows, rows_of
from kontor.orders.models import Order
from kontor.payments.models import PaymentTransaction

_OF_MONEY = (
    "CAPTURE", "RECEIPT", "WITHDRAWAL", "CHARGEBACK", "CHARGEBACK_LOSS", "REINSTATEMENT",
    "LOSS_RECOVERED", "DISPUTE_FEE", "REFUND_RETURNED", "REFUND_REPAID",
)  # fmt: skip
_ISSUED = ("INVOICE", "CREDIT_NOTE")


@dataclass(slots=True)
class Papers:
    """What entries are about, by what an entry refers to."""

    orders: dict[UUID, str]
    documents: dict[str, Mapping[str, Any]]
    first: dict[UUID, str]
    by_money: dict[str, str]

    def document(self, entry: JournalEntry) -> str:
        """The number of the document itself, of the one that money is for, or else of the order's first invoice."""
        if entry.reference in self.documents:
            return entry.reference
        order = entry.order_id
        known = self.by_money.get(entry.reference) or (self.first.get(order) if order else None)
        return known or (self.orders.get(order, "") if order else "") or entry.reference

    def day(self, entry: JournalEntry) -> date | None:
        """The day that a document bears, for the entry of its issue: what happens to it later has a day of its own."""
        content = self.documents.get(entry.reference) if entry.kind in _ISSUED else None
        return date.fromisoformat(content["issued_on"]) if content else None

    def said(self, entry: JournalEntry) -> dict[str, Any]:
        """Day of supply, due day and the buyer's VAT id of a document."""
        content = self.documents.get(entry.reference)
        if content is None:
            return {}
        days = {name: date.fromisoformat(content[name]) for name in ("supplied_on", "due_on") if content.get(name)}
        return {**days, "vat_id": content.get("vat_id") or ""}


async def papers_of(db: Session, entries: Sequence[JournalEntry]) -> Papers:
    order_ids = {entry.order_id for entry in entries if entry.order_id}
    orders = await rows_of(db, sa.select(Order.id, Order.number), Order.id, order_ids)
    columns = Invoice.number, Invoice.order_id, Invoice.shipment_id, Invoice.issued_at, Invoice.content
    invoices = await rows_of(db, sa.select(*columns), Invoice.order_id, order_ids)
    noted = sa.select(CreditNote.number, CreditNote.order_id, CreditNote.refund_id, CreditNote.content)
    notes = await rows_of(db, noted, CreditNote.order_id, order_ids)
    invoices.sort(key=lambda row: (row["issued_at"], row["number"]), reverse=True)
    return Papers(
        orders={row["id"]: row["number"] for row in orders},
        documents={row["number"]: row["content"] for row in (*invoices, *notes)},
        first={row["order_id"]: row["number"] for row in invoices},
        by_money=await _by_money(db, entries, invoices, notes),
    )


async def _by_money(db: Session, entries: Sequence[JournalEntry], invoices: Rows, notes: Rows) -> dict[str, str]:
    """The document that money is for, by the reference of its entry."""
    moved = [UUID(entry.reference) for entry in entries if entry.kind in _OF_MONEY]
    found = sa.select(PaymentTransaction.id, PaymentTransaction.shipment_id)
    shipments = {row["shipment_id"]: row["number"] for row in invoices}
    named = {row["refund_id"].hex: row["number"] for row in notes if row["refund_id"]}
    for row in await rows_of(db, found, PaymentTransaction.id, moved):
        if row["shipment_id"] in shipments:
            named[row["id"].hex] = shipments[row["shipment_id"]]
    return named
