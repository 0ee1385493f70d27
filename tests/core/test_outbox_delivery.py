"""Scheduled rows are run once, in order, and what fails waits or dies."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from kontor.core import jobs, outbox
from kontor.core.clock import wall
from kontor.core.db import Database, Session
from kontor.core.jobs import JobContext, Runtime
from kontor.core.outbox import Item, OutboxRow
from kontor.core.principal import SYSTEM
from support import Drain, StandingClock

RUN: list[str] = []


@pytest.fixture(autouse=True)
def _jobs() -> Iterator[None]:
    RUN.clear()

    @jobs.job("test.note", batch=10)
    async def note(ctx: JobContext, items: Sequence[Item]) -> None:
        async with ctx.claim(*items) as (_db, mine):
            RUN.extend(item.args["text"] for item in mine)
            if any(item.args["text"] == "bad" for item in mine):
                RUN[-len(mine) :] = []
                raise ValueError("bad")
            if any(item.args["text"] == "later" for item in mine):
                RUN[-len(mine) :] = []
                raise jobs.RetryLater(timedelta(minutes=1))

    @jobs.job("test.once", max_attempts=1)
    async def once(ctx: JobContext, items: Sequence[Item]) -> None:
        raise RuntimeError("never works")

    yield
    del jobs.JOBS["test.note"], jobs.JOBS["test.once"]


async def test_due_rows_run_in_order(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        for text in ("a", "b", "c"):
            outbox.schedule(db, "test.note", {"text": text})
    assert await drain() == []
    assert RUN == ["a", "b", "c"]


async def test_rolled_back_work_schedules_nothing(database: Database, drain: Drain) -> None:
    async def fails(db: Session) -> None:
        outbox.schedule(db, "test.note", {"text": "a"})
        raise KeyError

    with pytest.raises(KeyError):
        await database.in_unit(SYSTEM, fails)
    await drain()
    assert RUN == []


async def test_bad_row_does_not_stop_its_neighbors(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        for text in ("a", "bad", "c"):
            outbox.schedule(db, "test.note", {"text": text})
    failures = await drain()
    assert RUN == ["a", "c"]
    assert [(item.job, item.attempts, item.dead) for item in failures] == [("test.note", 1, False)]


async def test_rows_behind_a_failing_one_of_their_key_wait(runtime: Runtime) -> None:
    mine, other = uuid4(), uuid4()
    async with runtime.database.unit_of_work() as db:
        for text, key in (("a", mine), ("bad", mine), ("b", other), ("c", mine)):
            outbox.schedule(db, "test.note", {"text": text}, key=key)
    async with runtime.database.unit_of_work() as db:
        leased = await outbox.lease_due(db)
    await jobs.run(runtime, "test.note", [row.id for row in leased])
    assert RUN == ["a", "b"]
    async with runtime.database.unit_of_work() as db:
        rows = list(await db.scalars(sa.select(OutboxRow).order_by(OutboxRow.id)))
        assert [(row.args, row.attempts, row.available_at > wall()) for row in rows] == [
            ({"text": "bad"}, 1, True),
            ({"text": "c"}, 0, False),
        ]
        assert await outbox.lease_due(db) == []


async def test_rows_behind_a_postponed_one_of_their_key_wait(runtime: Runtime) -> None:
    key = uuid4()
    async with runtime.database.unit_of_work() as db:
        for text in ("a", "later", "b"):
            outbox.schedule(db, "test.note", {"text": text}, key=key)
    async with runtime.database.unit_of_work() as db:
        leased = await outbox.lease_due(db)
    await jobs.run(runtime, "test.note", [row.id for row in leased])
    assert RUN == ["a"]


async def test_row_dies_after_its_last_attempt(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.once", {})
    failures = await drain()
    assert [(item.attempts, item.dead, item.error) for item in failures] == [(1, True, "RuntimeError('never works')")]


async def test_unknown_job_is_reported_as_failure(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.unknown", {})
    assert [item.error for item in await drain()] == ["Nobody knows this job"]


async def test_timers_run_at_their_time(database: Database, drain: Drain, clock: StandingClock) -> None:
    later = clock.moment + timedelta(days=2)
    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.note", {"text": "late"}, due_at=later)
        outbox.schedule(db, "test.note", {"text": "soon"}, due_at=clock.moment + timedelta(hours=1))
    await drain()
    assert RUN == []
    await drain(until=clock.moment + timedelta(days=1))
    assert RUN == ["soon"]
    await drain(until=later)
    assert RUN == ["soon", "late"]


async def test_later_timer_of_a_key_does_not_hold_up_an_earlier_one(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    key = uuid4()
    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.note", {"text": "late"}, key=key, due_at=clock.moment + timedelta(days=9))
        outbox.schedule(db, "test.note", {"text": "now"}, key=key)
    await drain()
    assert RUN == ["now"]


async def test_number_of_a_finished_row_is_never_given_to_another(database: Database) -> None:
    """A worker that still holds the old number must not finish somebody else's work with it."""
    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.note", {"text": "old"})
    async with database.unit_of_work() as db:
        [old] = await outbox.load(db, [row.id for row in await outbox.lease_due(db)])
        await outbox.complete(db, [old])
        outbox.schedule(db, "test.note", {"text": "new"})
    async with database.unit_of_work() as db:
        assert await outbox.claim(db, [old]) == []


async def test_long_work_is_not_handed_out_again(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=1.2))

    @jobs.job("test.long")
    async def long(ctx: JobContext, items: Sequence[Item]) -> None:
        for _ in range(16):
            await asyncio.sleep(0.1)
            async with ctx.database.unit_of_work() as db:
                RUN.extend(lease.job for lease in await outbox.lease_due(db))

    async with database.unit_of_work() as db:
        outbox.schedule(db, "test.long", {})
    async with database.unit_of_work() as db:
        [lease] = await outbox.lease_due(db, until=timedelta(seconds=1.2))
    await jobs.run(runtime, "test.long", [lease.id])
    del jobs.JOBS["test.long"]
    assert RUN == []
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 0


@pytest.mark.engine("postgresql")
async def test_row_behind_one_that_somebody_holds_is_left(database: Database) -> None:
    key, other = uuid4(), uuid4()
    async with database.unit_of_work() as db:
        for number, name in enumerate((key, key, other)):
            outbox.schedule(db, "test.note", {"text": str(number)}, key=name)
    async with database.unit_of_work() as holding:
        first = await holding.scalar(sa.select(sa.func.min(OutboxRow.id)))
        await holding.execute(sa.select(OutboxRow.id).where(OutboxRow.id == first).with_for_update())
        async with database.unit_of_work() as db:
            leased = await outbox.lease_due(db)
    assert [lease.key for lease in leased] == [other]
