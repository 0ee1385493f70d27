"""Statements over the ledger."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kontor.channels.models import LegalEntity
from kontor.core.clock import midnight
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.ledger.chart import Chart, Numbered
from kontor.ledger.errors import LegalEntityNotFound
from kontor.ledger.models import LedgerAccount, LedgerDay, LedgerExport, LedgerExportEntry, LedgerSettings

CHARTS = ("SKR03", "SKR04")
ENTRY_SORTS: dict[str, Any] = {"POSTED_AT": JournalEntry.posted_at}
EXPORT_SORTS: dict[str, Any] = {"CREATED_AT": LedgerExport.created_at}


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted; what is None does not narrow. From inclusive, before exclusive."""

    legal_entity_id: UUID | None = None
    order_id: UUID | None = None
    kind: Sequence[str] | None = None
    account: str | None = None
    reference: str | None = None
    posted_from: datetime | None = None
    posted_before: datetime | None = None
    exported: bool | None = None


@cache
def shipped_chart(name: str) -> tuple[Numbered, ...]:
    """The chart of accounts that comes with Kontor under a name, DATEV's numbers for the accounts of the journal."""
    with (files("kontor.ledger") / "data" / f"{name.lower()}.csv").open(encoding="utf-8") as file:
        return tuple(
            Numbered(row["account"], row["detail"], row["number"], row["name"], bool(row["automatic"]), row["tax_key"])
            for row in csv.DictReader(file)
        )


def default_settings(entity: LegalEntity, now: datetime) -> LedgerSettings:
    """How the books are kept as long as nobody said otherwise."""
    return LedgerSettings(
        id=entity.id,
        chart="SKR03",
        consultant_number=0,
        client_number=0,
        fiscal_year_month=1,
        account_length=4,
        lock_exports=False,
        gift_card_years=None,
        updated_at=now,
    )


async def get_entity(db: Session, entity_id: UUID, principal: Principal) -> LegalEntity:
    """The legal entity; raises `LegalEntityNotFound`. The books are no business of a principal with a scope."""
    entity = None if principal.restricted else await db.get(LegalEntity, entity_id)
    if entity is None:
        raise LegalEntityNotFound("There is no such legal entity.", legal_entity_id=str(entity_id))
    return entity


async def settings_of(db: Session, entity: LegalEntity) -> LedgerSettings:
    """How an entity keeps its books; nothing is written."""
    return await db.get(LedgerSettings, entity.id) or default_settings(entity, db.now)


async def lock_settings(db: Session, entity: LegalEntity) -> LedgerSettings:
    """The same, locked; written where it was not there yet."""
    insert: Any = sqlite.insert if db.sqlite else postgresql.insert
    fresh = default_settings(entity, db.now)
    values = {column.key: getattr(fresh, column.key) for column in sa.inspect(LedgerSettings).columns}
    await db.execute(insert(LedgerSettings).values(values).on_conflict_do_nothing(index_elements=["id"]))
    found = sa.select(LedgerSettings).where(LedgerSettings.id == entity.id).with_for_update()
    settings: LedgerSettings = (await db.scalars(found.execution_options(populate_existing=True))).one()
    return settings


async def chart_of(db: Session, settings: LedgerSettings) -> Chart:
    """The numbers an entity goes by: its own over those of the shipped chart."""
    rows = await db.scalars(sa.select(LedgerAccount).where(LedgerAccount.legal_entity_id == settings.id))
    own = (
        Numbered(row.account, row.detail, row.number, row.name, row.automatic, row.tax_key, row.valid_from)
        for row in rows
    )
    return Chart([*shipped_chart(settings.chart), *own])


def bounds(entity: LegalEntity, since: date | None, until: date) -> tuple[datetime | None, datetime]:
    """The moments, from inclusive and before exclusive, of days in the entity's time zone."""
    return (None if since is None else midnight(since, entity.timezone)), midnight(
        until + timedelta(days=1), entity.timezone
    )


def _exported() -> sa.ColumnElement[bool]:
    return sa.exists().where(LedgerExportEntry.entry_id == JournalEntry.id)


def waiting() -> sa.ColumnElement[bool]:
    """Entries that have not left the house."""
    return sa.not_(_exported())


async def waiting_of(db: Session, entity_id: UUID) -> tuple[int, datetime | None]:
    """How many entries have not left the house, and the moment of the oldest."""
    found = sa.select(sa.func.count(), sa.func.min(JournalEntry.posted_at)).where(
        JournalEntry.legal_entity_id == entity_id, waiting()
    )
    count, oldest = (await db.execute(found)).one()
    return int(count), oldest


async def list_entries(
    db: Session, wanted: EntryFilter, page: PageRequest, *, sort: str = "POSTED_AT", descending: bool = True
) -> Page[JournalEntry]:
    """A page of the journal; nothing for a principal with a scope."""
    found = narrow(
        sa.select(JournalEntry).where(sa.false() if db.principal.restricted else sa.true()),
        (JournalEntry.legal_entity_id.__eq__, wanted.legal_entity_id),
        (JournalEntry.order_id.__eq__, wanted.order_id),
        (JournalEntry.kind.in_, wanted.kind),
        (JournalEntry.reference.__eq__, wanted.reference),
        (JournalEntry.posted_at.__ge__, wanted.posted_from),
        (JournalEntry.posted_at.__lt__, wanted.posted_before),
        (_moves, wanted.account),
        (lambda exported: _exported() if exported else waiting(), wanted.exported),
    )
    return await paginate(db, found, choose(ENTRY_SORTS, sort, descending=descending), JournalEntry.id, page)


def _moves(account: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(JournalLine.entry_id == JournalEntry.id, JournalLine.account == account)


async def list_exports(
    db: Session,
    page: PageRequest,
    *,
    legal_entity_id: UUID | None = None,
    sort: str = "CREATED_AT",
    descending: bool = True,
) -> Page[LedgerExport]:
    """A page of exports; nothing for a principal with a scope."""
    found = narrow(
        sa.select(LedgerExport).where(sa.false() if db.principal.restricted else sa.true()),
        (LedgerExport.legal_entity_id.__eq__, legal_entity_id),
    )
    return await paginate(db, found, choose(EXPORT_SORTS, sort, descending=descending), LedgerExport.id, page)


async def lines_of(db: Session, entry_ids: Sequence[UUID]) -> Mapping[UUID, list[JournalLine]]:
    """Lines by entry, in their order."""
    found: dict[UUID, list[JournalLine]] = {}
    for part in chunks(in_key_order(entry_ids)):
        statement = sa.select(JournalLine).where(JournalLine.entry_id.in_(part))
        for line in await db.scalars(statement.order_by(JournalLine.entry_id, JournalLine.position)):
            found.setdefault(line.entry_id, []).append(line)
    return found


async def closed_day(db: Session, entity_id: UUID, day: date) -> LedgerDay | None:
    """The closed day of an entity, None before it is closed."""
    found = sa.select(LedgerDay).where(LedgerDay.legal_entity_id == entity_id, LedgerDay.day == day)
    row: LedgerDay | None = await db.scalar(found)
    return row
