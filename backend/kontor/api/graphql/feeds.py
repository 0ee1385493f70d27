"""The feeds behind live lists: one tailer per web process and thing reads what is new and hands it to who listens."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.core.db import Model
from kontor.core.errors import Unavailable
from kontor.core.eventlog import end_of_log, read_log
from kontor.core.outbox import EventRecord, Place

if TYPE_CHECKING:
    from kontor.core.db import Database, Session

T = TypeVar("T")
log = structlog.get_logger("kontor.feed")
FASTEST, SLOWEST, AFTER_TROUBLE = 0.1, 0.5, 2.0
AT_ONCE = 200  # rows a listener is given together


class Feed(ABC, Generic[T]):
    """Reads only while somebody listens, from the moment they came."""

    room = 1000  # how much may wait for a listener

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[asyncio.Queue[T | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()

    @property
    def reading(self) -> bool:
        """Whether it is known from where: whatever is committed from now on is told."""
        return self._begun.is_set()

    @abstractmethod
    async def start(self, db: Session) -> None:
        """Find the place from which everything is new."""

    @abstractmethod
    async def read(self, db: Session) -> Collection[T]:
        """What is new since the last time, in its order."""

    async def listen(self) -> AsyncIterator[T]:
        """Everything from now on; raises `Unavailable` for a listener who falls too far behind."""
        async with self.listening() as queue:
            while (item := await queue.get()) is not None:
                yield item
            raise overrun()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Queue[T | None]]:
        """A queue of what is new, which ends with None for who falls too far behind; the feed has begun to read."""
        queue: asyncio.Queue[T | None] = asyncio.Queue(self.room)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._begun.clear()
            self._task = asyncio.create_task(self._tail())
        try:
            await self._begun.wait()
            yield queue
        finally:
            self._listeners.discard(queue)

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _tail(self) -> None:
        pause = FASTEST
        while self._listeners or pause == FASTEST:
            try:
                async with self._database.read_only() as db:
                    if not self.reading:
                        await self.start(db)
                        self._begun.set()
                    found = await self.read(db)
            except Exception as problem:
                log.warning("what is new cannot be read", feed=repr(self), error=repr(problem))
                pause = AFTER_TROUBLE
            else:
                self._spread(found)
                pause = FASTEST if found else min(pause * 1.5, SLOWEST)
            await asyncio.sleep(pause)

    def _spread(self, items: Collection[T]) -> None:
        for queue in list(self._listeners):
            if queue.qsize() + len(items) >= self.room:
                self._listeners.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
                continue
            for item in items:
                queue.put_nowait(item)


def overrun() -> Unavailable:
    """Who cannot follow is told so and catches up by itself."""
    return Unavailable("The feed was too fast for this listener.", code="FEED_OVERRUN")


class EventFeed(Feed[EventRecord]):
    """The event log. It also knows the feeds of the tables, so that a process has one of each."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._place: Place = (0, 0)
        self._rows: dict[type[Model], RowFeed] = {}

    def rows(self, model: type[Model]) -> RowFeed:
        """The feed of changed rows of a table."""
        return self._rows.setdefault(model, RowFeed(self._database, model))

    async def start(self, db: Session) -> None:
        self._place = await end_of_log(db)

    async def read(self, db: Session) -> Collection[EventRecord]:
        events = await read_log(db, self._place)
        self._place = events[-1].place if events else self._place
        return events

    async def close(self) -> None:
        """Stop reading, the tables too."""
        for feed in self._rows.values():
            await feed.close()
        await super().close()


# A row is found by `updated_at`, the moment its transaction began. It is looked for as far back as transactions
# usually last at each look, and now and then as far back as any of them lasts.
USUAL, LONGEST = timedelta(seconds=2), timedelta(seconds=60)
LOOKS_BETWEEN = 10


class RowFeed(Feed[UUID]):
    """The ids of rows that were added or changed, by their `updated_at`: no writer has to do anything for it."""

    room = 20_000  # ids; who is behind is told of each once

    def __init__(self, database: Database, model: type[Model]) -> None:
        super().__init__(database)
        self._model: Any = model
        self._since = datetime.min.replace(tzinfo=UTC)
        self._looks = 0
        self._known: dict[UUID, tuple[Any, ...]] = {}

    def __repr__(self) -> str:
        return f"RowFeed({self._model.__tablename__})"

    async def start(self, db: Session) -> None:
        self._looks, self._since = 0, db.now
        self._known = await self._versions(db, db.now - LONGEST)

    async def read(self, db: Session) -> Collection[UUID]:
        far = self._looks % LOOKS_BETWEEN == 0
        found = await self._versions(db, min(self._since, db.now) - (LONGEST if far else USUAL))
        new = [row_id for row_id, version in found.items() if self._known.get(row_id) != version]
        self._known = found if far else self._known | found
        self._since, self._looks = db.now, self._looks + 1
        return new

    async def _versions(self, db: Session, since: datetime) -> dict[UUID, tuple[Any, ...]]:
        """What tells one version of a row from the next, of rows changed since then, in the order of their changes."""
        row, version = self._model, version_of(self._model, db)
        found = sa.select(row.id, *version).where(row.updated_at >= since).order_by(row.updated_at, row.id)
        return {each[0]: tuple(each[1:]) for each in await db.execute(found)}


def version_of(model: Any, db: Session) -> list[Any]:
    """Columns that tell one version of a row from the next: its stamp, its state, and the transaction that wrote it.

    SQLite knows no transaction of a row: there two changes that leave the state and bear the same microsecond are one.
    """
    columns = [model.updated_at, *([model.state] if hasattr(model, "state") else [])]
    if not db.sqlite:
        columns.append(sa.cast(sa.literal_column(f"{model.__tablename__}.xmin"), sa.Text).label("written_by"))
    return columns


async def batches(queue: asyncio.Queue[UUID | None]) -> AsyncIterator[list[UUID]]:
    """What waits in the queue, each id once, `AT_ONCE` at most; raises `Unavailable` when it was too much."""
    while True:
        taken: dict[UUID, None] = {}
        while not taken or (not queue.empty() and len(taken) < AT_ONCE):
            item = await queue.get()
            if item is None:
                raise overrun()
            taken[item] = None
        yield list(taken)
