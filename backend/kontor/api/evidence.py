"""What an order says in a dispute, as one file: a cover with all that is known, then its invoices.

Reads across packages, as a bank does not care which of them knows something.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa
from pypdf import PdfReader, PdfWriter

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal
from kontor.documents import service as documents
from kontor.documents.formatting import day, moment, money
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.documents.rendering import Renderer
from kontor.documents.service import NewDocument
from kontor.documents.values import Brand, EvidencePack, EvidencePart
from kontor.fulfillment.models import Parcel, Shipment
from kontor.invoicing.models import Invoice
from kontor.notifications.models import Notification
from kontor.orders.models import Order, OrderLine
from kontor.payments.dispute_lists import get_dispute
from kontor.payments.evidence import reason_text
from kontor.payments.models import Dispute

EVIDENCE = "EVIDENCE"
MOST = 50  # messages, parcels and invoices that are told
Language = Literal["de", "en"]
_WORDS: dict[str, dict[str, str]] = {
    "de": {
        "reason": "Grund", "amount": "Betrag", "order": "Bestellung", "number": "Nummer", "placed": "Bestellt am",
        "customer": "Kunde", "email": "E-Mail", "billing": "Rechnungsadresse", "shipping": "Lieferadresse",
        "articles": "Artikel", "delivery": "Lieferung", "sent": "versandt", "arrived": "zugestellt",
        "invoices": "Rechnungen", "messages": "Nachrichten an den Kunden", "failed": "nicht zugestellt", "to": "an",
        "dispute": "Vorgang",
    },
    "en": {
        "reason": "Reason", "amount": "Amount", "order": "Order", "number": "Number", "placed": "Ordered on",
        "customer": "Customer", "email": "Email", "billing": "Billing address", "shipping": "Delivery address",
        "articles": "Items", "delivery": "Delivery", "sent": "sent", "arrived": "delivered", "invoices": "Invoices",
        "messages": "Messages to the customer", "failed": "not delivered", "to": "to", "dispute": "Case",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collected:
    """The cover of the file, the invoices that follow it, and where it belongs."""

    order: Order
    pack: EvidencePack
    invoices: Sequence[Document]


async def collect(runtime: Runtime, principal: Principal, dispute_id: UUID, language: str) -> NewDocument:
    """Put the file of a dispute together and into the store; its row is still to be written.

    Raises `DisputeNotFound`.
    """
    async with runtime.database.read_only(principal) as db:
        found = await _facts(db, await get_dispute(db, dispute_id), "de" if language == "de" else "en")
    renderer, store = runtime.ports.get(Renderer), runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    parts = [await renderer.render_async(found.pack)]
    parts += [await documents.read(store, each) for each in found.invoices]
    made = NewDocument(
        kind=EVIDENCE,
        number=found.pack.number,
        key=f"evidence/{dispute_id}/{new_id()}.pdf",
        data=await asyncio.to_thread(_joined, parts),
        order_id=found.order.id,
        language=found.pack.language,
    )  # fmt: skip - neither channel nor customer: it is said to a bank, not to the shop or who complains
    await documents.put(store, made)
    return made


def _joined(parts: Sequence[bytes]) -> bytes:
    writer = PdfWriter()
    for part in parts:
        for page in PdfReader(io.BytesIO(part)).pages:
            writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def _facts(db: Session, dispute: Dispute, language: Language) -> Collected:
    order = await db.get_one(Order, dispute.order_id)
    channel = await db.get_one(SalesChannel, order.channel_id)
    seller = await db.get_one(LegalEntity, channel.legal_entity_id)
    words = _WORDS[language]
    said = _Telling(words, language, seller.timezone)
    invoices, files = await _invoices(db, order)
    pack = EvidencePack(
        number=order.number, issued_on=local_day(db.now, seller.timezone), language=language,
        brand=Brand(name=channel.name, color=seller.brand_color or "#1f3a5f"),
        summary=(
            (words["dispute"], dispute.reference),
            (words["reason"], reason_text(dispute.reason, language)),
            (words["amount"], money(dispute.amount, dispute.currency, language)),
        ),
        parts=(
            said.order(order, await _lines(db, order.id)),
            said.delivery(await _parcels(db, order.id)),
            EvidencePart(
                heading=words["invoices"],
                rows=tuple(
                    (each.number, f"{said.at(each.issued_at)} · {money(each.gross, each.currency, language)}")
                    for each in invoices
                ),
            ),
            said.messages(await _messages(db, order.id)),
        ),
    )  # fmt: skip
    return Collected(order, pack, files)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Facts in a language, by the seller's clock."""

    words: dict[str, str]
    language: Language
    zone: str

    def at(self, when: datetime) -> str:
        return day(local_day(when, self.zone), self.language)

    def order(self, order: Order, lines: Sequence[Any]) -> EvidencePart:
        words = self.words
        goods = "; ".join(f"{line.ordered} × {line.name}" for line in lines)
        rows = (
            (words["number"], order.number),
            (words["placed"], self.at(order.placed_at)),
            (words["amount"], money(order.total, order.currency, self.language)),
            (words["customer"], str(order.billing_address.get("name") or "")),
            (words["email"], order.email or ""),
            (words["billing"], _address(order.billing_address)),
            (words["shipping"], _address(order.shipping_address or {})),
            (words["articles"], goods),
        )
        return EvidencePart(heading=words["order"], rows=rows)

    def delivery(self, parcels: Sequence[Any]) -> EvidencePart:
        rows = []
        for row in parcels:
            steps = [f"{self.words['sent']} {self.at(row.shipped_at)}"]
            if row.delivered_at is not None:
                steps.append(f"{self.words['arrived']} {self.at(row.delivered_at)}")
            label = " ".join(filter(None, (row.carrier, row.tracking_number))) or row.number
            rows.append((label, " · ".join(filter(None, (*steps, row.tracking_url)))))
        return EvidencePart(heading=self.words["delivery"], rows=tuple(rows))

    def messages(self, messages: Sequence[Notification]) -> EvidencePart:
        words = self.words
        rows = tuple(
            (
                moment(each.sent_at or each.created_at, self.language),
                f"{each.subject or each.template} · {words['to']} {each.recipient}"
                + (f" · {words['failed']}" if each.error else ""),
            )
            for each in messages
        )
        return EvidencePart(heading=words["messages"], rows=rows)


def _address(address: dict[str, Any]) -> str:
    names = ("name", "company", "street", "extra", "postal_code", "city", "country")
    return ", ".join(str(address[name]) for name in names if address.get(name))


async def _lines(db: Session, order_id: UUID) -> Sequence[Any]:
    found = sa.select(OrderLine.ordered, OrderLine.name).where(OrderLine.order_id == order_id)
    return (await db.execute(found.order_by(OrderLine.position).limit(MOST))).all()


async def _parcels(db: Session, order_id: UUID) -> Sequence[Any]:
    found = (
        sa.select(
            Shipment.number, Shipment.shipped_at, Shipment.delivered_at, Parcel.carrier, Parcel.tracking_number,
            Parcel.tracking_url,
        )
        .outerjoin(Parcel, Parcel.shipment_id == Shipment.id)
        .where(Shipment.order_id == order_id, Shipment.recalled_at.is_(None))
        .order_by(Shipment.shipped_at, Parcel.id)
        .limit(MOST)
    )  # fmt: skip
    return (await db.execute(found)).all()


async def _invoices(db: Session, order: Order) -> tuple[Sequence[Invoice], Sequence[Document]]:
    found = sa.select(Invoice).where(Invoice.order_id == order.id).order_by(Invoice.issued_at, Invoice.id).limit(MOST)
    rows = list(await db.scalars(found))
    ids = [row.document_id for row in rows if row.document_id is not None]
    files = {row.id: row for row in await db.scalars(sa.select(Document).where(Document.id.in_(ids)))}
    return rows, [files[key] for key in ids if key in files]


async def _messages(db: Session, order_id: UUID) -> Sequence[Notification]:
    found = sa.select(Notification).where(Notification.order_id == order_id).order_by(Notification.id).limit(MOST)
    return cast("Sequence[Notification]", list(await db.scalars(found)))
