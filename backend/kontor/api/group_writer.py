"""Many `placeOrder` calls, one unit of work.

The cost of an order is the commit, not the work. Calls that arrive while a batch is being written wait for the next
one, so the busier the process the larger the batches. Each order keeps its own principal and gets its own answer
after the commit; a refused order never touches its neighbors.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import structlog
from prometheus_client import Histogram
from sqlalchemy.exc import IntegrityError

from kontor.core.db import Session
from kontor.core.numbering import NumberBlocks
from kontor.core.principal import SYSTEM
from kontor.orders.placing import Outcome, StockMoved, Taken
from kontor.payments.placing import take_orders

if TYPE_CHECKING:
    from kontor.core.db import Database

log = structlog.get_logger("kontor.placing")
BATCH = Histogram("kontor_placing_batch_orders", "Orders written in one unit of work", buckets=(1, 2, 4, 8, 16, 32, 64))
LARGEST = 64
PATIENCE = 0.15  # of the time the last batch took: so long its callers may take to come back with their next calls
Call = tuple[Taken, asyncio.Future[Outcome]]


_writers: WeakKeyDictionary[Database, GroupWriter] = WeakKeyDictionary()


def of(database: Database) -> GroupWriter:
    """The writer of this process for the database."""
    writer = _writers.get(database)
    if writer is None:
        writer = _writers[database] = GroupWriter(database)
    return writer


class GroupWriter:
    """One per process and event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers = NumberBlocks("order")
        self._waiting: list[Call] = []
        self._task: asyncio.Task[None] | None = None
        self._last_size, self._last_took, self._last_end = 0, 0.0, 0.0
        self._all_back = asyncio.Event()

    async def place(self, taken: Taken) -> Outcome:
        """Place one order together with whatever else is waiting; returns after the commit."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((taken, answer))
        if len(self._waiting) >= self._last_size:
            self._all_back.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())
        return await answer

    async def place_many(self, batch: Sequence[Taken], *, request_id: str | None = None) -> list[Outcome]:
        """Place a batch of one caller in one unit of work."""
        numbers = await self._numbers.take(self._database, len(batch))

        async def placed(*, stock_last: bool) -> list[Outcome]:
            async def work(db: Session) -> list[Outcome]:
                return await take_orders(db, batch, numbers, stock_last=stock_last)

            principal = batch[0].principal if batch else SYSTEM
            return await self._database.in_unit(principal, work, request_id=request_id)

        # The same external order or customer, or other buyers, may come by another process meanwhile: they are found
        # the next time. Stock that is taken first stays, so only a twin can still come between the last two.
        for stock_last in (True, False):
            with contextlib.suppress(IntegrityError, StockMoved):
                return await placed(stock_last=stock_last)
        return await placed(stock_last=False)

    async def close(self) -> None:
        """Wait for what was accepted."""
        if self._task is not None:
            await self._task

    async def _write_all(self) -> None:
        await self._gather()
        while self._waiting:
            part, begun = self._next(), time.monotonic()
            await self._write(part)
            self._last_size, self._last_end = len(part), time.monotonic()
            self._last_took = self._last_end - begun
            await self._gather()

    async def _gather(self) -> None:
        """Let the calls that are ready join, and wait a moment for callers who were answered just now.

        They come back one after the other: the first of them alone would make a batch of one, for which all others
        have to wait.
        """
        await asyncio.sleep(0)
        patience = self._last_end + self._last_took * PATIENCE - time.monotonic()
        if len(self._waiting) < self._last_size and patience > 0:
            self._all_back.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_back.wait(), patience)

    def _next(self) -> list[Call]:
        """The next batch; of two calls for the same external order the second waits for the first one's answer."""
        part: list[Call] = []
        later: list[Call] = []
        seen: set[tuple[str, str]] = set()
        for call in self._waiting:
            key = (call[0].order.channel, call[0].order.external_id)
            fits = len(part) < LARGEST and key not in seen
            seen.add(key)
            (part if fits else later).append(call)
        self._waiting = later
        return part

    async def _write(self, part: Sequence[Call]) -> None:
        BATCH.observe(len(part))
        try:
            outcomes = await self.place_many([taken for taken, _ in part])
        except Exception as problem:
            if len(part) > 1:
                log.warning("a batch is placed one by one", orders=len(part), error=repr(problem))
                for each in part:
                    await self._write([each])
            elif not part[0][1].done():
                part[0][1].set_exception(problem)
            return
        for (_, answer), outcome in zip(part, outcomes, strict=True):
            if not answer.done():  # the caller may have gone
                answer.set_result(outcome)
