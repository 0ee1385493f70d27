"""The relay hands out what is due, ticks recurring jobs, and outlives a broker that is away."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from kontor import relay
from kontor.app import background_work
from kontor.core import jobs, outbox
from kontor.core.jobs import JobContext, Runtime
from kontor.core.outbox import Item, OutboxRow
from kontor.relay import MAX_QUEUED, CronEntry, Relay
from support import Drain, StandingClock

RUN: list[str] = []
HOURLY = "test.hourly"


@pytest.fixture(autouse=True)
def _jobs() -> Iterator[None]:
    RUN.clear()
    known = dict(jobs.JOBS)

    @jobs.job("test.note", queue="notes", batch=10)
    async def note(ctx: JobContext, items: Sequence[Item]) -> None:
        async with ctx.claim(*items) as (_db, mine):
            RUN.extend(item.args["text"] for item in mine)

    @jobs.job(HOURLY, every=timedelta(hours=1))
    async def hourly(ctx: JobContext, items: Sequence[Item]) -> None:
        RUN.append("tick")

    yield
    jobs.JOBS.clear()
    jobs.JOBS.update(known)


class Carrier:
    """Keeps what it is handed; refuses after `room` messages."""

    def __init__(self, room: int = 100, queued: int = 0) -> None:
        self.sent: list[tuple[str, list[int]]] = []
        self.room, self.waiting = room, queued

    def send(self, job: str, ids: Sequence[int]) -> None:
        if len(self.sent) >= self.room:
            raise ConnectionError("away")
        self.sent.append((job, list(ids)))

    def queued(self) -> dict[str, int]:
        return {"notes": self.waiting}

    def notes(self) -> list[list[int]]:
        return [ids for job, ids in self.sent if job == "test.note"]


async def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def schedule(runtime: Runtime, count: int) -> None:
    async with runtime.database.unit_of_work() as db:
        for number in range(count):
            outbox.schedule(db, "test.note", {"text": str(number)})


async def test_due_rows_are_handed_out_in_batches(runtime: Runtime) -> None:
    await schedule(runtime, 15)
    carrier = Carrier()
    await Relay(runtime, carrier).step()
    assert [len(ids) for ids in carrier.notes()] == [10, 5]


async def test_leased_rows_are_not_handed_out_twice(runtime: Runtime) -> None:
    await schedule(runtime, 3)
    carrier, other = Carrier(), Carrier()
    await Relay(runtime, carrier).step()
    await Relay(runtime, other).step()
    assert (len(carrier.notes()), len(other.notes())) == (1, 0)


async def test_rows_come_back_when_the_broker_goes_away(runtime: Runtime) -> None:
    await schedule(runtime, 3)
    with pytest.raises(ConnectionError):
        await Relay(runtime, Carrier(room=0)).step()
    carrier = Carrier()
    await Relay(runtime, carrier).step()
    assert [len(ids) for ids in carrier.notes()] == [3]


async def test_full_queue_gets_nothing_more(runtime: Runtime) -> None:
    await schedule(runtime, 3)
    carrier = Carrier(queued=MAX_QUEUED)
    await Relay(runtime, carrier).step()
    assert carrier.notes() == []
    carrier.waiting = 0
    await Relay(runtime, carrier).step()
    assert [len(ids) for ids in carrier.notes()] == [3]


async def test_loop_outlives_trouble(runtime: Runtime) -> None:
    await schedule(runtime, 1)
    carrier, stop = Carrier(room=0), asyncio.Event()
    loop = asyncio.create_task(Relay(runtime, carrier).run(stop))
    await asyncio.sleep(0.1)
    carrier.room = 100
    await until(lambda: bool(carrier.notes()))
    stop.set()
    await loop
    assert [len(ids) for ids in carrier.notes()] == [1]


async def entry_of(runtime: Runtime) -> CronEntry:
    async with runtime.database.read_only() as db:
        return await db.get_one(CronEntry, HOURLY)


async def test_missed_runs_are_made_up_for_by_one(runtime: Runtime, drain: Drain, clock: StandingClock) -> None:
    await drain(recurring=True)
    assert RUN == ["tick"]
    clock.advance(hours=5, minutes=10)
    await drain(recurring=True)
    assert RUN == ["tick", "tick"]
    assert (await entry_of(runtime)).next_at == clock.moment + timedelta(minutes=50)


async def test_several_relays_tick_once(runtime: Runtime) -> None:
    await asyncio.gather(relay.tick(runtime), relay.tick(runtime), relay.tick(runtime))
    async with runtime.database.read_only() as db:
        rows = sa.select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.job == HOURLY)
        assert await db.scalar(rows) == 1


async def test_dead_run_does_not_keep_later_ones_away(runtime: Runtime, drain: Drain, clock: StandingClock) -> None:
    await relay.tick(runtime)
    async with runtime.database.unit_of_work() as db:
        await db.execute(sa.update(OutboxRow).values(dead=True))
    clock.advance(hours=1)
    await drain(recurring=True)
    assert RUN == ["tick"]


async def test_clock_moves_through_recurring_runs(drain: Drain, clock: StandingClock) -> None:
    await drain(until=clock.moment + timedelta(hours=3), recurring=True)
    assert RUN == ["tick"] * 4


async def test_sign_of_life_and_backlog_are_left(runtime: Runtime) -> None:
    await Relay(runtime, Carrier(queued=MAX_QUEUED)).step()
    await schedule(runtime, 2)
    async with runtime.database.read_only() as db:
        assert await relay.last_beat(db) is not None
        backlog = await relay.measure(db)
    assert (backlog.due, backlog.dead) == (2, 0)


@pytest.mark.engine("sqlite")
async def test_web_process_does_the_work_itself(runtime: Runtime) -> None:
    async with background_work(runtime):
        await schedule(runtime, 12)
        await until(lambda: len(RUN) - RUN.count("tick") >= 12)
    assert sorted(int(text) for text in RUN if text != "tick") == list(range(12))
