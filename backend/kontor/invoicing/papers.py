"""Frozen content to the values a page shows, and what is still to be drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.branding import logos_of_papers
from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.documents.billing import settlement_terms, tax_notes
from kontor.documents.formatting import currency_digits, texts
from kontor.documents.frozen import address_of, brand_of, seller_of
from kontor.documents.values import (
    BillingLine,
    CreditNoteDocument,
    InvoiceDocument,
    PaymentShare,
    TaxSubtotal,
    TaxTreatment,
)
from kontor.invoicing import queries
from kontor.invoicing.en16931 import Wording, electronic_invoice
from kontor.invoicing.models import CreditNote, Invoice
from kontor.invoicing.values import ElectronicInvoice
from kontor.orders.models import Order


@dataclass(frozen=True, slots=True)
class Paper:
    """A page to draw and where it belongs."""

    row_id: UUID
    order_id: UUID
    channel_id: UUID
    customer_id: UUID | None
    page: InvoiceDocument | CreditNoteDocument
    key: str
    content: Mapping[str, Any]

    def electronic(self) -> ElectronicInvoice:
        """The same document in the terms of EN 16931; raises `NotExpressible`."""
        page = self.page
        wording = Wording(texts(page.language)["discount"], " ".join(tax_notes(page)), settlement_terms(page))
        digits = currency_digits(page.currency)
        return electronic_invoice(page.number, self.content, digits=digits, wording=wording)

    @property
    def kind(self) -> str:
        return "INVOICE" if isinstance(self.page, InvoiceDocument) else "CREDIT_NOTE"


async def papers_of(
    db: Session, invoice_ids: Iterable[UUID], credit_note_ids: Iterable[UUID], *, drawn: bool = False
) -> list[Paper]:
    """The pages of those that have no document yet; `drawn` adds those that have."""
    papers: list[Paper] = []
    for model, ids, show, folder in (
        (Invoice, invoice_ids, invoice_page, "invoices"),
        (CreditNote, credit_note_ids, credit_note_page, "credit-notes"),
    ):
        columns: Any = model
        found = (
            sa.select(columns.id, columns.number, columns.order_id, columns.content, columns.year,
                      LegalEntity.logo_svg, LegalEntity.code, Order.channel_id, Order.customer_id)
            .join(LegalEntity, LegalEntity.id == columns.legal_entity_id)
            .join(Order, Order.id == columns.order_id)
        )  # fmt: skip
        found = found if drawn else found.where(columns.document_id.is_(None))
        rows = await queries.rows_of(db, found, columns.id, ids)
        logos = await logos_of_papers(db, [row["content"]["brand"] for row in rows])
        for row in rows:
            logo = logos.get(row["content"]["brand"].get("id", ""), row["logo_svg"] or "")
            page = show(row["number"], row["content"], logo)
            key = f"{folder}/{row['code']}/{row['year']}/{row['number']}.pdf"
            owners = (row["id"], row["order_id"], row["channel_id"], row["customer_id"])
            papers.append(Paper(*owners, page, key, row["content"]))
    return papers


async def attach(db: Session, papers: Sequence[Paper], document_ids: Sequence[UUID]) -> None:
    """Note which document shows what."""
    for model in (Invoice, CreditNote):
        columns: Any = model
        rows = [
            {"row": paper.row_id, "document": document_id}
            for paper, document_id in zip(papers, document_ids, strict=True)
            if isinstance(paper.page, InvoiceDocument) is (model is Invoice)
        ]
        if rows:
            table = columns.__table__
            change = sa.update(table).where(table.c.id == sa.bindparam("row"))
            stamp = {"updated_at": db.now} if "updated_at" in table.c else {}
            await (await db.connection()).execute(change.values(document_id=sa.bindparam("document"), **stamp), rows)


def invoice_page(number: str, content: Mapping[str, Any], logo: str) -> InvoiceDocument:
    """An invoice as its page shows it."""
    due = content["amount_due"]
    return InvoiceDocument(
        **_common(number, content, logo),
        supplied_on=date.fromisoformat(content["supplied_on"]),
        amount_due=due,
        due_on=date.fromisoformat(content["due_on"]) if due else None,
        delivery_address=address_of(content["delivery_address"]) if content["delivery_address"] else None,
    )


def credit_note_page(number: str, content: Mapping[str, Any], logo: str) -> CreditNoteDocument:
    """A credit note as its page shows it."""
    return CreditNoteDocument(
        **_common(number, content, logo),
        invoice_number=content["invoice_number"],
        invoice_issued_on=date.fromisoformat(content["invoice_issued_on"]),
        reason=content["reason"],
    )


def _common(number: str, content: Mapping[str, Any], logo: str) -> dict[str, Any]:
    brand = content["brand"].get("texts") or {}
    taxes = [
        TaxSubtotal(rate=Decimal(row["rate"]), net=row["net"], tax=row["tax"], gross=row["gross"])
        for row in content["taxes"]
    ]
    return {
        "number": number,
        "issued_on": date.fromisoformat(content["issued_on"]),
        "language": content["language"],
        "seller": seller_of(content["seller"]),
        "brand": brand_of(content["brand"], logo),
        "recipient": address_of(content["recipient"]),
        "order_number": content["order_number"],
        "footer": tuple(brand.get("footer", "").splitlines()),
        "currency": content["currency"],
        "lines": tuple(_line(line) for line in content["lines"]),
        "taxes": tuple(taxes),
        "net_total": sum(row.net for row in taxes),
        "tax_total": sum(row.tax for row in taxes),
        "gross_total": sum(row.gross for row in taxes),
        "prices_include_tax": content["gross"],
        "treatment": TaxTreatment(content["treatment"]),
        "tax_country": content["tax_country"],
        "vouchers": any(line.get("voucher") for line in content["lines"]),
        "ordered_on": date.fromisoformat(content["ordered_on"]),
        "recipient_vat_id": content["vat_id"] or "",
        "reference": content.get("buyer_reference", ""),
        "notes": tuple(note for note in (brand.get("invoice", ""),) if note),
        "payments": tuple(PaymentShare(method=row["method"], amount=row["amount"]) for row in content["payments"]),
    }


def _line(line: Mapping[str, Any]) -> BillingLine:
    return BillingLine(
        name=line["name"],
        quantity=line["quantity"],
        unit_price=line["unit_price"],
        total=line["total"],
        tax_rate=Decimal(line["tax_rate"]),
        discount=line["discount"],
        sku=line.get("sku", ""),
    )
