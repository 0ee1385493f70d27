"""One loop that hands due outbox rows to the workers and starts recurring jobs. Several relays may run at once.

Rows are leased, so that no two relays hand out the same one; a lease that runs out makes the row due again. When the
database or Redis is away the loop waits and tries again: nothing is lost, because the rows are the truth.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core import jobs, outbox
from kontor.core.clock import wall
from kontor.core.db import Model, chunks
from kontor.core.outbox import OutboxRow
from kontor.core.sharedclock import MovableClock

if TYPE_CHECKING:
    from kontor.core.db import Session
    from kontor.core.jobs import Runtime

log = structlog.get_logger("kontor.relay")
HANDED_OUT = Counter("kontor_relay_rows_total", "Outbox rows handed to workers", ["job"])
TROUBLE = Counter("kontor_relay_trouble_total", "Rounds of the relay that failed")
DUE = Gauge("kontor_outbox_due_rows", "Outbox rows that are due and not leased")
OLDEST = Gauge("kontor_outbox_oldest_seconds", "How long the oldest due row has been waiting")
DEAD = Gauge("kontor_outbox_dead_rows", "Outbox rows that are given up until somebody replays them")

HEARTBEAT = "relay.heartbeat"
HEARTBEAT_SECONDS = 5.0
TICK_SECONDS = 1.0
FASTEST, SLOWEST, LONGEST_BACKOFF = 0.02, 0.2, 10.0
ROUND_ROWS = 1000
# Messages that may wait in a queue. While the workers are busy, rows gather in the outbox and are handed out in larger
# batches; and what lay in a queue longer than its lease would only be handed out again.
MAX_QUEUED = 4


class CronEntry(Model):
    """When a recurring job runs next. The relay's own sign of life is a row too."""

    __tablename__ = "cron_entry"
    job: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    next_at: Mapped[datetime]
    ticked_at: Mapped[datetime]


class Carrier(Protocol):
    """Takes messages to the workers."""

    def send(self, job: str, ids: Sequence[int]) -> None:
        """Hand over one message; raises when the carrier is away."""
        ...

    def queued(self) -> dict[str, int]:
        """How many messages wait in each queue; raises when the carrier is away."""
        ...


class Relay:
    """The loop over one runtime."""

    def __init__(self, runtime: Runtime, carrier: Carrier) -> None:
        self._runtime, self._carrier = runtime, carrier
        self._wake = asyncio.Event()
        self._ticked = self._beaten = float("-inf")
        self._full: list[str] = []

    def wake(self) -> None:
        """Look at once; for a commit in the same process and event loop."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; raises nothing for a database or Redis that is away."""
        pause, failures = FASTEST, 0
        while not stop.is_set():
            try:
                handed_out = await self.step()
                busy = handed_out or self._full
                pause = 0.0 if handed_out >= ROUND_ROWS else FASTEST if busy else min(pause * 2, SLOWEST)
                failures = 0
            except Exception as problem:
                failures += 1
                pause = min(FASTEST * 2**failures, LONGEST_BACKOFF)
                TROUBLE.inc()
                log.warning("relay waits", error=repr(problem), seconds=pause, exc_info=failures == 1)
            await self._rest(stop, pause, hurried=not failures)
            pause = max(pause, FASTEST)

    async def _rest(self, stop: asyncio.Event, pause: float, *, hurried: bool) -> None:
        waits = [asyncio.ensure_future(stop.wait())]
        if hurried:
            waits.append(asyncio.ensure_future(self._wake.wait()))
        try:
            await asyncio.wait(waits, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._wake.clear()

    async def step(self) -> int:
        """One round: recurring jobs, then due rows; how many rows were handed out."""
        await self._tick()
        if not await has_due(self._runtime):
            self._full = []
            return 0
        queued = await asyncio.to_thread(self._carrier.queued)
        self._full = full = [name for name, job in jobs.JOBS.items() if queued.get(job.queue, 0) >= MAX_QUEUED]
        async with self._runtime.database.unit_of_work() as db:
            leases = await outbox.lease_due(db, limit=ROUND_ROWS, without=full)
        await self._hand_out(jobs.grouped(leases))
        return len(leases)

    async def _hand_out(self, messages: Sequence[tuple[str, list[int]]]) -> None:
        sent = await asyncio.to_thread(self._send_all, messages)
        for name, ids in messages[:sent]:
            HANDED_OUT.labels(name).inc(len(ids))
        if sent < len(messages):
            async with self._runtime.database.unit_of_work() as db:
                await release(db, [row for _, ids in messages[sent:] for row in ids])
            raise ConnectionError("The carrier took only a part of the messages")

    def _send_all(self, messages: Sequence[tuple[str, list[int]]]) -> int:
        """How many messages were taken; the rest is given back when the carrier goes away in the middle."""
        for position, (name, ids) in enumerate(messages):
            if name not in jobs.JOBS:
                # A worker of a newer release may know it: the lease runs out, and the row is due again.
                log.error("nobody knows this job", job=name, rows=len(ids))
                continue
            try:
                self._carrier.send(name, ids)
            except Exception:
                log.warning("a message could not be handed over", job=name, exc_info=True)
                return position
        return len(messages)

    async def _tick(self) -> None:
        if monotonic() - self._ticked < TICK_SECONDS:
            return
        await tick(self._runtime)
        self._ticked = monotonic()
        if monotonic() - self._beaten >= HEARTBEAT_SECONDS:
            async with self._runtime.database.unit_of_work() as db:
                await beat(db)
                await measure(db)
            self._beaten = monotonic()


async def has_due(runtime: Runtime) -> bool:
    """Whether any row may be leased: a read, so that an idle relay never takes SQLite's write lock."""
    async with runtime.database.read_only() as db:
        found = sa.select(OutboxRow.id).where(*_waiting(db)).limit(1)
        return await db.scalar(found) is not None


def _waiting(db: Session) -> tuple[sa.ColumnElement[bool], ...]:
    return (sa.not_(OutboxRow.dead), OutboxRow.due_at <= db.now, OutboxRow.available_at <= wall())


async def release(db: Session, ids: Sequence[int]) -> None:
    """Give leased rows back."""
    for part in chunks(ids):
        await db.execute(sa.update(OutboxRow).where(OutboxRow.id.in_(part)).values(available_at=wall()))


async def tick(runtime: Runtime) -> None:
    """Schedule the recurring jobs whose time has come; runs that were missed are made up for by one."""
    recurring = {name: job.every for name, job in jobs.JOBS.items() if job.every is not None}
    if not recurring:
        return
    async with runtime.database.read_only() as db:
        known = {entry.job: entry.next_at for entry in await db.scalars(sa.select(CronEntry))}
        now = db.now
    if all(known.get(name, now) > now for name in recurring):
        return
    async with runtime.database.unit_of_work() as db:
        await _enter(db, [name for name in recurring if name not in known])
        due = (
            sa.select(CronEntry)
            .where(CronEntry.job.in_(recurring), CronEntry.next_at <= db.now)
            .order_by(CronEntry.job)
            .with_for_update(skip_locked=True)
        )
        for entry in list(await db.scalars(due)):
            await _start(db, entry, recurring[entry.job])


async def _enter(db: Session, names: Sequence[str]) -> None:
    for name in sorted(names):
        await db.execute(_NEW_ENTRY, {"job": name, "next_at": db.now, "ticked_at": db.now})


async def _start(db: Session, entry: CronEntry, every: timedelta) -> None:
    name = f"cron/{entry.job}"
    # A run that was given up must not keep the following ones away.
    await db.execute(sa.delete(OutboxRow).where(OutboxRow.unique_key == name, OutboxRow.dead))
    outbox.schedule(db, entry.job, {}, unique_key=name)
    entry.next_at += every * ((db.now - entry.next_at) // every + 1)
    entry.ticked_at = db.now


_NEW_ENTRY = sa.text(
    "INSERT INTO cron_entry (job, next_at, ticked_at) VALUES (:job, :next_at, :ticked_at) ON CONFLICT (job) DO NOTHING"
).bindparams(
    sa.bindparam("next_at", type_=CronEntry.next_at.type), sa.bindparam("ticked_at", type_=CronEntry.ticked_at.type)
)
_BEAT = sa.text(
    "INSERT INTO cron_entry (job, next_at, ticked_at) VALUES (:job, :at, :at) "
    "ON CONFLICT (job) DO UPDATE SET next_at = excluded.next_at, ticked_at = excluded.ticked_at"
).bindparams(sa.bindparam("at", type_=CronEntry.ticked_at.type))


async def beat(db: Session) -> None:
    """Leave a sign of life, in wall time."""
    await db.execute(_BEAT, {"job": HEARTBEAT, "at": wall()})


async def last_beat(db: Session) -> datetime | None:
    """When any relay was last seen working, in wall time."""
    return await db.scalar(sa.select(CronEntry.ticked_at).where(CronEntry.job == HEARTBEAT))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: rows due and free, seconds the oldest of them has been available, rows given up."""

    due: int
    oldest_seconds: float
    dead: int


async def measure(db: Session) -> Backlog:
    """The backlog now; the gauges are set to it."""
    due, oldest = (
        await db.execute(sa.select(sa.func.count(), sa.func.min(OutboxRow.available_at)).where(*_waiting(db)))
    ).one()
    dead = await db.scalar(sa.select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.dead))
    backlog = Backlog(due, max(0.0, (wall() - oldest).total_seconds()) if oldest else 0.0, dead or 0)
    DUE.set(backlog.due)
    OLDEST.set(backlog.oldest_seconds)
    DEAD.set(backlog.dead)
    return backlog


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that did not succeed: it will be tried again, or is dead."""

    id: int
    job: str
    attempts: int
    dead: bool
    error: str


async def drain(runtime: Runtime, *, until: datetime | None = None, recurring: bool = False) -> list[Failure]:
    """Run everything due in this process, in order, until nothing is due; the rows that failed, none raised.

    With `until` a movable clock is moved from timer to timer up to that moment; `recurring` starts recurring jobs too.
    A failing row is tried once and then waits for its turn. Raises `ValueError` when the clock cannot be moved.
    """
    while True:
        if recurring:
            await tick(runtime)
        async with runtime.database.unit_of_work() as db:
            leases = await outbox.lease_due(db)
        for name, ids in jobs.grouped(leases):
            await _run_here(runtime, name, ids)
        if not leases and not await _move_on(runtime, until, recurring=recurring):
            return await failures(runtime)


async def _run_here(runtime: Runtime, name: str, ids: Sequence[int]) -> None:
    if name in jobs.JOBS:
        await jobs.run(runtime, name, ids)
        return
    async with runtime.database.unit_of_work() as db:
        for item in await outbox.load(db, ids):
            await outbox.fail(db, item, "Nobody knows this job", delay=jobs.backoff(item.attempts), dead=False)


async def _move_on(runtime: Runtime, until: datetime | None, *, recurring: bool) -> bool:
    """Move the clock to the next timer; False when there is none up to `until`."""
    if until is None:
        return False
    clock = runtime.database.clock
    if not isinstance(clock, MovableClock):
        raise ValueError("This clock cannot be moved")
    if await clock.now() >= until:
        return False
    async with runtime.database.read_only() as db:
        timers = sa.select(sa.func.min(OutboxRow.due_at)).where(sa.not_(OutboxRow.dead), OutboxRow.due_at > db.now)
        times = [await db.scalar(timers)]
        if recurring:
            entries = sa.select(sa.func.min(CronEntry.next_at))
            times.append(await db.scalar(entries.where(CronEntry.job != HEARTBEAT, CronEntry.next_at > db.now)))
    await clock.move_to(min([until, *(time for time in times if time is not None)]))
    return True


async def failures(runtime: Runtime) -> list[Failure]:
    """Every row that failed at least once and is still there."""
    async with runtime.database.read_only() as db:
        rows = await db.scalars(sa.select(OutboxRow).where(OutboxRow.last_error.is_not(None)).order_by(OutboxRow.id))
        return [Failure(row.id, row.job, row.attempts, row.dead, row.last_error or "") for row in rows]


async def hurry(runtime: Runtime) -> None:
    """End every wait between attempts, so that the next round tries again at once."""
    async with runtime.database.unit_of_work() as db:
        await db.execute(sa.update(OutboxRow).where(sa.not_(OutboxRow.dead)).values(available_at=wall()))


@contextlib.contextmanager
def woken_by_commits(relay: Relay, runtime: Runtime) -> Iterator[None]:
    """While open, every commit of this process makes the relay look at once."""
    calls: list[Callable[[], None]] = runtime.database.after_commit
    calls.append(relay.wake)
    try:
        yield
    finally:
        calls.remove(relay.wake)
