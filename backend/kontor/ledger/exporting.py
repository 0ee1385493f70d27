"""Exports of the journal: which entries leave together is decided once, the files follow by a job."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.documents.service import NewDocument
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry
from kontor.invoicing.queries import Rows, rows_of
from kontor.ledger import booking, datev, queries, tabular
from kontor.ledger.booking import Booked, Row, Side
from kontor.ledger.chart import Chart, Numbered
from kontor.ledger.errors import NothingToExport
from kontor.ledger.models import LedgerExport, LedgerExportEntry, LedgerSettings
from kontor.orders.models import Order
from kontor.payments.models import PaymentTransaction

KIND = "LEDGER_EXPORT"
_OF_MONEY = (
    "CAPTURE", "RECEIPT", "WITHDRAWAL", "CHARGEBACK", "CHARGEBACK_LOSS", "REINSTATEMENT",
    "LOSS_RECOVERED", "DISPUTE_FEE", "REFUND_RETURNED", "REFUND_REPAID",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: what is noted of it, and its content."""

    format: str
    name: str
    data: bytes
    rows: int
    about: Mapping[str, Any]

    def note(self, document_id: UUID) -> dict[str, Any]:
        """As the export's row keeps it."""
        return {
            "format": self.format,
            "name": self.name,
            "rows": self.rows,
            "sha256": hashlib.sha256(self.data).hexdigest(),
            "document_id": str(document_id),
            **self.about,
        }


async def create_export(
    db: Session, entity: LegalEntity, *, until: date, since: date | None = None, now: datetime
) -> LedgerExport:
    """Put together every entry up to the day `until` that has not left yet, from the day `since` on if that is given.

    Days are those of the entity's time zone. Two exports at once share no entry: the entity's settings are locked. The
    files follow by a job. Raises `NothingToExport`; `InvalidInput` for a period that ends before it begins.
    """
    if since is not None and since > until:
        raise InvalidInput("The period ends before it begins.", code="INVALID_PERIOD", path=("until",))
    await queries.lock_settings(db, entity)
    last = sa.select(sa.func.max(LedgerExport.sequence)).where(LedgerExport.legal_entity_id == entity.id)
    sequence = (await db.scalar(last) or 0) + 1
    export = LedgerExport(
        id=new_id(),
        number=f"{entity.code}-L{sequence:05}",
        legal_entity_id=entity.id,
        sequence=sequence,
        since=since,
        until=until,
        entries=0,
        files=[],
        created_at=now,
        created_by=db.principal.name[:200],
    )
    db.add(export)
    await db.flush()
    export.entries = await _take(db, export, entity)
    if not export.entries:
        raise NothingToExport("Every entry of this period has been exported.", until=until.isoformat())
    schedule(db, "ledger.write_export", {"export_id": export.id}, key=entity.id)
    return export


async def _take(db: Session, export: LedgerExport, entity: LegalEntity) -> int:
    """Note which entries leave with the export, in one statement; how many."""
    first, last = queries.bounds(entity, export.since, export.until)
    wanted = sa.select(JournalEntry.id, sa.literal(export.id, sa.Uuid())).where(
        JournalEntry.legal_entity_id == entity.id,
        JournalEntry.posted_at < last,
        queries.waiting(),
        sa.true() if first is None else JournalEntry.posted_at >= first,
    )
    done: Any = await db.execute(sa.insert(LedgerExportEntry).from_select(["entry_id", "export_id"], wanted))
    return int(done.rowcount)


async def files_of(db: Session, export_id: UUID) -> tuple[LedgerExport, list[File]]:
    """The files of an export: one table, one JSON object, and for each fiscal year and currency one batch of DATEV."""
    export = await db.get_one(LedgerExport, export_id)
    entity = await db.get_one(LegalEntity, export.legal_entity_id)
    settings = await queries.settings_of(db, entity)
    chart = await queries.chart_of(db, settings)
    entries = await _entries(db, export, entity)
    head = {
        "export": export.number,
        "legal_entity": entity.code,
        "since": export.since.isoformat() if export.since else None,
        "until": export.until.isoformat(),
        "chart": settings.chart,
    }
    find = _finder(chart)
    sides = sum(len(entry.sides) for entry in entries)
    return export, [
        File("CSV", f"{export.number}.csv", tabular.csv_of(entries, find), sides, {}),
        File("JSON", f"{export.number}.json", tabular.json_of(head, entries, find), sides, {}),
        *_batches(export, settings, entries, find),
    ]


def _finder(chart: Chart) -> Callable[[Booked, str, str], Numbered]:
    return lambda booked, account, detail: chart.find(account, detail, booked.on)


def _batches(
    export: LedgerExport,
    settings: LedgerSettings,
    entries: Sequence[Booked],
    find: Callable[[Booked, str, str], Numbered],
) -> Iterable[File]:
    groups: dict[tuple[date, str], list[Row]] = {}
    for entry in entries:
        rows = booking.rows_of(entry, lambda account, detail, entry=entry: find(entry, account, detail))  # type: ignore[misc]
        year = datev.fiscal_year_of(entry.on, settings.fiscal_year_month)
        groups.setdefault((year, entry.currency), []).extend(rows)
    for (year, currency), rows in sorted(groups.items()):
        for part in range(0, len(rows), datev.MOST_ROWS):
            yield _batch(export, settings, rows[part : part + datev.MOST_ROWS], (year, currency, part))


def _batch(export: LedgerExport, settings: LedgerSettings, rows: Sequence[Row], place: tuple[date, str, int]) -> File:
    year, currency, part = place
    days = sorted(row.booked.on for row in rows)
    batch = datev.Batch(
        settings.consultant_number, settings.client_number, year, settings.account_length, days[0], days[-1],
        f"Kontor {export.number}", currency, settings.chart, settings.lock_exports, export.created_at,
    )  # fmt: skip
    more = f"-{part // datev.MOST_ROWS + 1}" if part else ""
    name = f"EXTF_{export.number}-{year.year}-{currency}{more}.csv"
    about = {
        "since": days[0].isoformat(),
        "until": days[-1].isoformat(),
        "currency": currency,
        "rounding": sum(row.rounding for row in rows),
    }
    return File("DATEV", name, datev.written(batch, rows), len(rows), about)


def document_of(export: LedgerExport, file: File) -> NewDocument:
    """A file as it is kept."""
    kinds = {"CSV": "text/csv; charset=utf-8", "JSON": "application/json", "DATEV": "text/csv; charset=windows-1252"}
    return NewDocument(
        kind=KIND,
        number=file.name[:60],
        key=f"ledger/{export.legal_entity_id}/{file.name}",
        data=file.data,
        subject_id=export.id,
        content_type=kinds[file.format],
        language="de",
    )


async def _entries(db: Session, export: LedgerExport, entity: LegalEntity) -> list[Booked]:
    """The entries of an export in the order of their events, each with its paper."""
    found = (
        sa.select(JournalEntry)
        .join(LedgerExportEntry, LedgerExportEntry.entry_id == JournalEntry.id)
        .where(LedgerExportEntry.export_id == export.id)
        .order_by(JournalEntry.posted_at, JournalEntry.source_key)
    )
    entries = list(await db.scalars(found))
    lines = await queries.lines_of(db, [entry.id for entry in entries])
    papers = await _papers(db, entries)
    return [
        Booked(
            id=str(entry.id),
            kind=entry.kind,
            on=papers.day(entry) or local_day(entry.posted_at, entity.timezone),
            document=papers.document(entry),
            reference=entry.reference,
            order_number=papers.orders.get(entry.order_id, "") if entry.order_id else "",
            currency=entry.currency,
            sides=tuple(Side(line.account, line.detail, line.amount) for line in lines[entry.id]),
            **papers.said(entry),
        )
        for entry in entries
    ]


@dataclass(slots=True)
class _Papers:
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
        """The day that a document bears."""
        content = self.documents.get(entry.reference)
        return date.fromisoformat(content["issued_on"]) if content else None

    def said(self, entry: JournalEntry) -> dict[str, Any]:
        """Day of supply, due day and the buyer's VAT id of a document."""
        content = self.documents.get(entry.reference)
        if content is None:
            return {}
        days = {name: date.fromisoformat(content[name]) for name in ("supplied_on", "due_on") if content.get(name)}
        return {**days, "vat_id": content.get("vat_id") or ""}


async def _papers(db: Session, entries: Sequence[JournalEntry]) -> _Papers:
    order_ids = {entry.order_id for entry in entries if entry.order_id}
    orders = await rows_of(db, sa.select(Order.id, Order.number), Order.id, order_ids)
    columns = Invoice.number, Invoice.order_id, Invoice.shipment_id, Invoice.issued_at, Invoice.content
    invoices = await rows_of(db, sa.select(*columns), Invoice.order_id, order_ids)
    noted = sa.select(CreditNote.number, CreditNote.order_id, CreditNote.refund_id, CreditNote.content)
    notes = await rows_of(db, noted, CreditNote.order_id, order_ids)
    invoices.sort(key=lambda row: (row["issued_at"], row["number"]), reverse=True)
    return _Papers(
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
