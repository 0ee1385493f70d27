"""Declare jobs once; run them by Dramatiq on Redis or in the web process.

A job is a function over a few due rows. It opens its units of work by `ctx.claim(...)`, which locks the rows and
deletes them with the work; what another worker did meanwhile is not handed over. A failing batch is run again row by
row, so that one bad row never stops its neighbors; a failing row waits longer each time and ends as a dead letter.
Rows of one key keep their order: what follows a row that has to wait is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram
from structlog.contextvars import bound_contextvars

from kontor.core import outbox
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM

if TYPE_CHECKING:
    from kontor.core.db import Database, Session
    from kontor.core.ports import Ports
    from kontor.settings import Settings

log = structlog.get_logger("kontor.jobs")
DONE = Counter("kontor_jobs_total", "Jobs run", ["job", "outcome"])
SECONDS = Histogram("kontor_job_seconds", "Time of a run over a batch", ["job"])
MAX_ATTEMPTS = 15


class RetryLater(Exception):
    """The outcome is not known yet: ask again after `delay`, without counting a failure."""

    def __init__(self, delay: timedelta, why: str = "") -> None:
        super().__init__(why)
        self.delay = delay


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the edges of one event loop work with."""

    database: Database
    ports: Ports
    settings: Settings


@dataclass(slots=True)
class JobContext:
    """Handed to a job: the runtime and the rows it is run for."""

    runtime: Runtime
    finished: set[int] = field(default_factory=set)

    @property
    def database(self) -> Database:
        return self.runtime.database

    @property
    def ports(self) -> Ports:
        return self.runtime.ports

    @contextlib.asynccontextmanager
    async def claim(self, *items: Item) -> AsyncIterator[tuple[Session, list[Item]]]:
        """A unit of work that finishes `items`: yields the session and the rows that are still to be done."""
        async with self.database.unit_of_work(SYSTEM) as db:
            mine = await outbox.claim(db, items)
            yield db, mine
            await outbox.complete(db, mine)
        self.finished.update(item.id for item in items)


JobFunction = Callable[[JobContext, Sequence[Item]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """A declared job: at most `batch` rows a run; `every` makes it recurring."""

    name: str
    function: JobFunction
    queue: str
    batch: int
    max_attempts: int
    every: timedelta | None


JOBS: dict[str, Job] = {}


def job(
    name: str,
    *,
    queue: str = "default",
    batch: int = 1,
    max_attempts: int = MAX_ATTEMPTS,
    every: timedelta | None = None,
) -> Callable[[JobFunction], JobFunction]:
    """Declare a job under a stable name, `package.action`."""

    def declare(function: JobFunction) -> JobFunction:
        if name in JOBS and JOBS[name].function.__module__ != function.__module__:
            raise ValueError(f"Two jobs are named {name}")
        JOBS[name] = Job(name, function, queue, batch, max_attempts, every)
        return function

    return declare


def backoff(attempts: int) -> timedelta:
    """The wait after a number of failures: half a second, doubling, at most ten minutes."""
    return timedelta(seconds=min(600.0, 0.5 * 2 ** min(attempts, 12)))


async def run(runtime: Runtime, name: str, ids: Sequence[int]) -> None:
    """Run a declared job for leased rows; never raises for a failing row."""
    declared = JOBS[name]
    async with runtime.database.read_only() as db:
        items = await outbox.load(db, ids)
    if not items:
        return
    started = perf_counter()
    async with _leased(runtime, ids):
        if len(items) == 1 or not await _attempt(runtime, declared, items):
            await _one_by_one(runtime, declared, items)
    SECONDS.labels(name).observe(perf_counter() - started)


@contextlib.asynccontextmanager
async def _leased(runtime: Runtime, ids: Sequence[int]) -> AsyncIterator[None]:
    """Keep the rows from being handed out again, for as long as the work on them takes."""
    keeper = asyncio.create_task(_keep(runtime, ids))
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _keep(runtime: Runtime, ids: Sequence[int]) -> None:
    while True:
        await asyncio.sleep(outbox.LEASE.total_seconds() / 2)
        try:
            async with runtime.database.unit_of_work() as db:
                await outbox.keep(db, ids)
        except Exception:
            log.warning("rows could not be leased anew", rows=len(ids), exc_info=True)


async def _attempt(runtime: Runtime, declared: Job, items: Sequence[Item]) -> bool:
    """The whole batch at once; False when it has to be done row by row."""
    context = JobContext(runtime)
    try:
        with bound_contextvars(job=declared.name):
            await declared.function(context, items)
            await _finish(context, items)
    except Exception as problem:
        log.info("batch is run row by row", job=declared.name, rows=len(items), error=repr(problem))
        return False
    DONE.labels(declared.name, "done").inc(len(items))
    return True


async def _one_by_one(runtime: Runtime, declared: Job, items: Sequence[Item]) -> None:
    """Row by row, in order; behind a row that has to wait, the later ones of its key are given back."""
    held: set[UUID] = set()
    given_back: list[Item] = []
    for item in items:
        if item.key in held:
            given_back.append(item)
        elif not await _run_one(runtime, declared, item) and item.key is not None:
            held.add(item.key)
    if given_back:
        async with runtime.database.unit_of_work() as db:
            await outbox.postpone(db, given_back, timedelta())


async def _run_one(runtime: Runtime, declared: Job, item: Item) -> bool:
    """Run one row; False when it is due again later, so that what follows it must wait too."""
    context = JobContext(runtime)
    try:
        with bound_contextvars(job=declared.name, outbox_id=item.id, stream=str(item.key or "")):
            await declared.function(context, [item])
            await _finish(context, [item])
    except RetryLater as later:
        async with runtime.database.unit_of_work() as db:
            await outbox.postpone(db, [item], later.delay)
        DONE.labels(declared.name, "later").inc()
        return False
    except Exception as problem:
        dead = item.attempts + 1 >= declared.max_attempts
        log.warning("job failed", job=declared.name, row=item.id, attempts=item.attempts + 1, dead=dead, exc_info=True)
        async with runtime.database.unit_of_work() as db:
            await outbox.fail(db, item, repr(problem), delay=backoff(item.attempts), dead=dead)
        DONE.labels(declared.name, "dead" if dead else "failed").inc()
        return dead
    DONE.labels(declared.name, "done").inc()
    return True


async def _finish(context: JobContext, items: Sequence[Item]) -> None:
    """Rows of a job that had nothing to write are done as well."""
    rest = [item for item in items if item.id not in context.finished]
    if rest:
        async with context.database.unit_of_work() as db:
            await outbox.complete(db, rest)


def grouped(leases: Sequence[outbox.Lease]) -> list[tuple[str, list[int]]]:
    """Leased rows as messages: one job, at most its batch of rows; rows of one key stay together and in order."""
    by_job: dict[str, list[outbox.Lease]] = {}
    for lease in leases:
        by_job.setdefault(lease.job, []).append(lease)
    messages: list[tuple[str, list[int]]] = []
    for name, rows in by_job.items():
        messages.extend((name, ids) for ids in _packed(rows, JOBS[name].batch if name in JOBS else 1))
    return messages


def _packed(rows: Sequence[outbox.Lease], size: int) -> list[list[int]]:
    keys: dict[Any, list[int]] = {}
    for row in rows:
        keys.setdefault(row.key or row.id, []).append(row.id)
    packs: list[list[int]] = []
    current: list[int] = []
    for ids in keys.values():
        if current and len(current) + len(ids) > size:
            packs.append(current)
            current = []
        current.extend(ids)
    if current:
        packs.append(current)
    return packs
