"""Readers of the event log miss nothing, whoever commits first."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Database, Session
from kontor.core.eventlog import end_of_log, read_log
from kontor.core.outbox import EventRecord


def add(db: Session, number: int) -> None:
    db.add(
        EventRecord(
            id=uuid4(),
            stream_id=UUID(int=1),
            seq=number,
            name="Tested",
            payload={},
            occurred_at=db.now,
            principal_kind="SYSTEM",
            principal_name="x",
        )
    )


async def read(database: Database, after: outbox.Place) -> list[EventRecord]:
    async with database.read_only() as db:
        return await read_log(db, after)


async def test_log_is_read_piece_by_piece(database: Database) -> None:
    for number in range(1, 4):
        async with database.unit_of_work() as db:
            add(db, number)
    async with database.read_only() as db:
        first = await read_log(db, outbox.START, limit=2)
        rest = await read_log(db, first[-1].place, limit=2)
    assert [event.seq for event in (*first, *rest)] == [1, 2, 3]


@pytest.mark.engine("postgresql")
async def test_event_that_is_committed_late_is_not_missed(database: Database) -> None:
    older, newer = database.unit_of_work(), database.unit_of_work()
    first = await older.__aenter__()
    await first.execute(sa.text("SELECT pg_current_xact_id()"))  # the older transaction writes later …
    second = await newer.__aenter__()
    add(second, 1)
    await second.flush()
    add(first, 2)
    await older.__aexit__(None, None, None)  # … and commits earlier
    seen = await read(database, outbox.START)
    await newer.__aexit__(None, None, None)
    seen += await read(database, seen[-1].place)
    assert [event.seq for event in seen] == [2, 1]


@pytest.mark.engine("postgresql")
async def test_who_starts_at_the_end_hears_of_what_is_still_open(database: Database) -> None:
    older = database.unit_of_work()
    first = await older.__aenter__()
    add(first, 1)
    await first.flush()
    async with database.unit_of_work() as second:
        add(second, 2)
    async with database.read_only() as db:
        end = await end_of_log(db)
    await older.__aexit__(None, None, None)
    assert [event.seq for event in await read(database, end)] == [1, 2]
