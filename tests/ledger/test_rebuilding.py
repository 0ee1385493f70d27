"""The journal is what its events say, and a difference is found."""

from __future__ import annotations

import sqlalchemy as sa

from factories.ledger import busy_entity
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.ledger import rebuilding
from support import Drain


async def found(database: Database) -> list[str]:
    async with database.read_only() as db:
        return [text async for text in rebuilding.differences(db)]


async def test_the_journal_computed_anew_is_equal(runtime: Runtime, database: Database, drain: Drain) -> None:
    await busy_entity(database, drain)
    assert await found(database) == []


async def test_a_lost_entry_is_missing_and_posted_again(runtime: Runtime, database: Database, drain: Drain) -> None:
    await busy_entity(database, drain)
    async with database.unit_of_work() as db:
        lost = (await db.scalars(sa.select(JournalEntry).where(JournalEntry.kind == "REFUND").limit(1))).one()
        await db.execute(sa.delete(JournalLine).where(JournalLine.entry_id == lost.id))
        await db.execute(sa.delete(JournalEntry).where(JournalEntry.id == lost.id))
    assert await found(database) == [f"REFUND {lost.reference} is missing"]
    async with database.unit_of_work() as db:
        assert await rebuilding.post_missing(db) == 1
    assert await found(database) == []


async def test_a_changed_line_and_a_stranger_are_found(runtime: Runtime, database: Database, drain: Drain) -> None:
    await busy_entity(database, drain)
    async with database.unit_of_work() as db:
        line = (await db.scalars(sa.select(JournalLine).where(JournalLine.account == "BANK"))).one()
        line.amount += 1
        db.add(
            JournalEntry(id=new_id(), source_key="x", kind="CAPTURE", reference="R", currency="EUR", posted_at=db.now)
        )
    texts = await found(database)
    assert len(texts) == 2
    assert texts[0].startswith("RECEIPT ")
    assert texts[1] == "CAPTURE R belongs to no event"
