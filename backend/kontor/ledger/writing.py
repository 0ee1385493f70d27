"""The files of an export, written portion by portion: never more than one portion of the journal is in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.clock import local_day
from kontor.core.db import Database, Session
from kontor.documents.service import LargeFile, NewDocument
from kontor.invoicing.models import JournalEntry
from kontor.ledger import booking, datev, queries, tabular
from kontor.ledger.booking import Booked, Row, Side
from kontor.ledger.chart import Chart, Numbered
from kontor.ledger.models import LedgerExport, LedgerExportEntry, LedgerSettings
from kontor.ledger.papers import papers_of

KIND = "LEDGER_EXPORT"
PORTION = 1_000
"""Entries that are read and written at once."""
_TYPES = {"CSV": "text/csv; charset=utf-8", "JSON": "application/json", "DATEV": "text/csv; charset=windows-1252"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: what is noted of it, and where its content lies until it is kept."""

    format: str
    name: str
    content: LargeFile
    rows: int
    about: Mapping[str, Any]

    def note(self, document_id: UUID) -> dict[str, Any]:
        """As the export's row keeps it."""
        return {
            "format": self.format,
            "name": self.name,
            "rows": self.rows,
            "size": self.content.size,
            "sha256": self.content.sha256,
            "document_id": str(document_id),
            **self.about,
        }


def document_of(export: LedgerExport, file: File) -> NewDocument:
    """A file as it is kept."""
    return NewDocument(
        kind=KIND,
        number=file.name[:60],
        key=f"ledger/{export.legal_entity_id}/{file.name}",
        data=file.content,
        subject_id=export.id,
        content_type=_TYPES[file.format],
        language="de",
    )


@dataclass(frozen=True, slots=True)
class Source:
    """An export, how its entity keeps its books, and the moments of its first and last entry."""

    export: LedgerExport
    entity: LegalEntity
    settings: LedgerSettings
    chart: Chart
    first: datetime
    last: datetime

    def find(self, booked: Booked, account: str, detail: str) -> Numbered:
        """The number of an account on the day of an entry; raises `AccountMissing`."""
        return self.chart.find(account, detail, booked.on)

    def head(self) -> dict[str, Any]:
        """What the JSON object says before its entries."""
        return {
            "export": self.export.number,
            "legal_entity": self.entity.code,
            "since": self.export.since.isoformat() if self.export.since else None,
            "until": self.export.until.isoformat(),
            "chart": self.settings.chart,
        }


async def source_of(db: Session, export_id: UUID) -> Source:
    """What the files of an export are written by. An export has entries, so it has a first and a last one."""
    export = await db.get_one(LedgerExport, export_id)
    entity = await db.get_one(LegalEntity, export.legal_entity_id)
    settings = await queries.settings_of(db, entity)
    moments = (
        sa.select(sa.func.min(JournalEntry.posted_at), sa.func.max(JournalEntry.posted_at))
        .join(LedgerExportEntry, LedgerExportEntry.entry_id == JournalEntry.id)
        .where(LedgerExportEntry.export_id == export_id)
    )
    first, last = (await db.execute(moments)).one()
    return Source(export, entity, settings, await queries.chart_of(db, settings), first, last)


async def write_files(
    database: Database, export_id: UUID, folder: Path, *, portion: int = PORTION
) -> tuple[LedgerExport, list[File]]:
    """Write the files of an export into a folder: a table, a JSON object, and for each fiscal year and currency
    batches of DATEV.

    Each portion is a short read of its own: what has left the house does not change any more, so that they belong
    together all the same. Raises `AccountMissing`.
    """
    async with database.read_only() as db:
        source = await source_of(db, export_id)
    with Writers(source, folder) as writers:
        async for entries in portions(database, source, portion):
            await asyncio.to_thread(writers.add, entries)
        return source.export, await asyncio.to_thread(writers.finish)


async def portions(database: Database, source: Source, size: int) -> AsyncIterator[list[Booked]]:
    """The entries of an export in the order of their events, each with its paper, so many at a time."""
    after: tuple[datetime, UUID] | None = None
    while True:
        async with database.read_only() as db:
            rows = list(await db.scalars(_next(source, after, size)))
            booked = await _booked(db, source.entity, rows)
        if rows:
            after = rows[-1].posted_at, rows[-1].id
            yield booked
        if len(rows) < size:
            return


def _next(source: Source, after: tuple[datetime, UUID] | None, size: int) -> sa.Select[Any]:
    """The next entries behind a place, by the index over moment and id: nothing is sorted."""
    row = JournalEntry
    ours = sa.exists().where(LedgerExportEntry.entry_id == row.id, LedgerExportEntry.export_id == source.export.id)
    found = sa.select(row).where(
        row.legal_entity_id == source.entity.id,
        row.posted_at >= (after[0] if after else source.first),
        row.posted_at <= source.last,
        ours,
    )
    if after is not None:
        place = sa.tuple_(sa.literal(after[0], row.posted_at.type), sa.literal(after[1], row.id.type))
        found = found.where(sa.tuple_(row.posted_at, row.id) > place)
    return found.order_by(row.posted_at, row.id).limit(size)


async def _booked(db: Session, entity: LegalEntity, entries: Sequence[JournalEntry]) -> list[Booked]:
    lines = await queries.lines_of(db, [entry.id for entry in entries])
    papers = await papers_of(db, entries)
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
class _Batch:
    """A batch of DATEV while it is written: its header is written again once its days are known."""

    path: Path
    file: BinaryIO
    year: date
    currency: str
    part: int
    rows: int = 0
    rounding: int = 0
    days: tuple[date, date] | None = None

    def add(self, rows: Sequence[Row], *, locked: bool) -> None:
        self.file.write(datev.lines(rows, locked=locked))
        self.rows += len(rows)
        self.rounding += sum(row.rounding for row in rows)
        days = [row.booked.on for row in rows] + list(self.days or ())
        self.days = min(days), max(days)


@dataclass(slots=True)
class Writers:
    """The open files of an export; closed when the block ends."""

    source: Source
    folder: Path
    _csv: BinaryIO = field(init=False)
    _json: BinaryIO = field(init=False)
    _sides: int = 0
    _batches: dict[tuple[date, str], list[_Batch]] = field(default_factory=dict)

    def __enter__(self) -> "Writers":
        self._csv, self._json = self._path("csv").open("wb"), self._path("json").open("wb")
        self._csv.write(tabular.csv_head())
        self._json.write(tabular.json_head(self.source.head()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        for file in (self._csv, self._json, *(batch.file for group in self._batches.values() for batch in group)):
            file.close()

    def _path(self, ending: str) -> Path:
        return self.folder / f"{self.source.export.number}.{ending}"

    def add(self, entries: Sequence[Booked]) -> None:
        """Write entries to every file they belong to."""
        find = self.source.find
        self._csv.write(tabular.csv_of(entries, find))
        self._json.write(tabular.json_of(entries, find, first=not self._sides))
        self._sides += sum(len(entry.sides) for entry in entries)
        groups: dict[tuple[date, str], list[Row]] = {}
        for entry in entries:
            rows = booking.rows_of(entry, lambda account, detail, entry=entry: find(entry, account, detail))  # type: ignore[misc]
            year = datev.fiscal_year_of(entry.on, self.source.settings.fiscal_year_month)
            groups.setdefault((year, entry.currency), []).extend(rows)
        for place, rows in groups.items():
            self._add_rows(place, rows)

    def _add_rows(self, place: tuple[date, str], rows: Sequence[Row]) -> None:
        group = self._batches.setdefault(place, [])
        while rows:
            if not group or group[-1].rows == datev.MOST_ROWS:
                group.append(self._begin(*place, len(group)))
            room = datev.MOST_ROWS - group[-1].rows
            group[-1].add(rows[:room], locked=self.source.settings.lock_exports)
            rows = rows[room:]

    def _begin(self, year: date, currency: str, part: int) -> _Batch:
        more = f"-{part + 1}" if part else ""
        path = self.folder / f"EXTF_{self.source.export.number}-{year.year}-{currency}{more}.csv"
        batch = _Batch(path, path.open("wb"), year, currency, part)
        batch.file.write(self._head(batch, year, year))
        return batch

    def _head(self, batch: _Batch, since: date, until: date) -> bytes:
        settings, export = self.source.settings, self.source.export
        return datev.head(
            datev.Batch(
                settings.consultant_number, settings.client_number, batch.year, settings.account_length, since, until,
                f"Kontor {export.number}", batch.currency, settings.chart, settings.lock_exports, export.created_at,
            )
        )  # fmt: skip

    def finish(self) -> list[File]:
        """Write what comes last and close the files; what is noted of each."""
        self._json.write(tabular.JSON_END)
        self._csv.close()
        self._json.close()
        return [
            self._file("CSV", self._path("csv"), self._sides, {}),
            self._file("JSON", self._path("json"), self._sides, {}),
            *(self._finished(batch) for place in sorted(self._batches) for batch in self._batches[place]),
        ]

    def _finished(self, batch: _Batch) -> File:
        assert batch.days is not None
        since, until = batch.days
        batch.file.seek(0)
        batch.file.write(self._head(batch, since, until))
        batch.file.close()
        about = {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "currency": batch.currency,
            "rounding": batch.rounding,
        }
        return self._file("DATEV", batch.path, batch.rows, about)

    @staticmethod
    def _file(format: str, path: Path, rows: int, about: Mapping[str, Any]) -> File:
        return File(format, path.name, LargeFile.measured(path), rows, about)
