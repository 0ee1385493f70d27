"""Exports of the journal: which entries leave together is decided once, the files follow by a job."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.invoicing.models import JournalEntry
from kontor.ledger import queries
from kontor.ledger.errors import NothingToExport
from kontor.ledger.models import LedgerExport, LedgerExportEntry


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
