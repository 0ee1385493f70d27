"""The journal computed anew from the log of events, and compared with what is there."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.eventlog import read_log
from kontor.core.outbox import EventRecord, OutboxRow, Place
from kontor.invoicing import journal
from kontor.invoicing.journal import Entry, Happened
from kontor.invoicing.models import JournalEntry
from kontor.invoicing.posting import POSTED
from kontor.ledger import queries

AT_ONCE = 500
Side = tuple[str, str, int]


async def differences(db: Session) -> AsyncIterator[str]:
    """One line of text for each entry that is missing, differs from its event, or belongs to none.

    What a waiting job is still to post is not missing.
    """
    seen = 0
    async for events in _events(db):
        wanted = await journal.entries_of(db, events)
        present = await _present(db, [entry.source_key for entry in wanted])
        waiting = await _waiting(db, [entry.order_id for entry in wanted if entry.source_key not in present])
        for entry in wanted:
            found = present.get(entry.source_key)
            seen += found is not None
            if found is None and entry.order_id not in waiting:
                yield f"{entry.kind} {entry.reference} is missing"
            elif found is not None and found != _plain(entry, entry.lines):
                yield f"{entry.kind} {entry.reference} differs: {found} instead of {_plain(entry, entry.lines)}"
    async for text in _strangers(db, seen):
        yield text


async def post_missing(db: Session) -> int:
    """Write the entries that events have and the journal lacks; what is there is never changed. How many."""
    written = 0
    async for events in _events(db):
        wanted = await journal.entries_of(db, events)
        present = await _present(db, [entry.source_key for entry in wanted])
        missing = [entry for entry in wanted if entry.source_key not in present]
        await journal.write(db, missing)
        written += len(missing)
    return written


async def _events(db: Session) -> AsyncIterator[list[Happened]]:
    place: Place | None = None
    while records := await read_log(db, place, limit=AT_ONCE, names=POSTED):
        yield [_happened(record) for record in records]
        place = records[-1].place


def _happened(record: EventRecord) -> Happened:
    return Happened(record.id, record.name, record.stream_id, record.occurred_at, record.payload)


async def _present(db: Session, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in chunks(keys):
        entries = list(await db.scalars(sa.select(JournalEntry).where(JournalEntry.source_key.in_(part))))
        lines = await queries.lines_of(db, [entry.id for entry in entries])
        found.update({entry.source_key: _plain(entry, lines.get(entry.id, ())) for entry in entries})
    return found


def _plain(entry: JournalEntry | Entry, lines: Iterable[Any]) -> Mapping[str, Any]:
    names = ("kind", "legal_entity_id", "order_id", "reference", "currency", "posted_at")
    sides = [(str(line.account), line.detail, line.amount) for line in lines]
    return {**{name: getattr(entry, name) for name in names}, "lines": sorted(sides)}


async def _waiting(db: Session, order_ids: Sequence[UUID | None]) -> set[UUID | None]:
    """Orders whose money is still to be posted."""
    found: set[UUID | None] = set()
    for part in chunks(sorted({order_id for order_id in order_ids if order_id is not None})):
        rows = sa.select(OutboxRow.key).where(
            OutboxRow.key.in_(part), OutboxRow.job == "invoicing.post_journal", sa.not_(OutboxRow.dead)
        )
        found.update(await db.scalars(rows))
    return found


async def _strangers(db: Session, seen: int) -> AsyncIterator[str]:
    """Entries that no event explains, or that stand for an event of which nothing was to be posted."""
    total = await db.scalar(sa.select(sa.func.count()).select_from(JournalEntry)) or 0
    if total == seen:
        return
    event_id: Any = sa.cast(EventRecord.id, sa.String())
    key: Any = JournalEntry.source_key
    if db.sqlite:
        event_id, key = sa.type_coerce(EventRecord.id, sa.String()), sa.func.replace(key, "-", "")
    known = sa.exists().where(event_id == key, EventRecord.name.in_(POSTED))
    for row in await db.execute(sa.select(JournalEntry.kind, JournalEntry.reference).where(sa.not_(known))):
        yield f"{row.kind} {row.reference} belongs to no event"
