"""The live feed: one tailer per web process reads the event log and hands events to whoever listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import strawberry
import structlog
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.core.errors import Forbidden, Unavailable
from kontor.core.eventlog import end_of_log, read_log
from kontor.core.outbox import EventRecord

if TYPE_CHECKING:
    from kontor.core.db import Database

log = structlog.get_logger("kontor.feed")
FASTEST, SLOWEST, AFTER_TROUBLE = 0.1, 0.5, 2.0
QUEUED = 1000
ASK_AGAIN_SECONDS = 5.0  # a session, user or client that was ended hears nothing for longer than this


class EventFeed:
    """Reads the log only while somebody listens, from the moment they came."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[asyncio.Queue[EventRecord | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.reading = False  # whether it is known from where

    async def listen(self) -> AsyncIterator[EventRecord]:
        """Every event from now on; raises `Unavailable` for a listener who falls too far behind."""
        queue: asyncio.Queue[EventRecord | None] = asyncio.Queue(QUEUED)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tail())
        try:
            while (event := await queue.get()) is not None:
                yield event
            raise Unavailable("The feed was too fast for this listener.", code="FEED_OVERRUN")
        finally:
            self._listeners.discard(queue)

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _tail(self) -> None:
        place, pause, self.reading = None, FASTEST, False
        while self._listeners or pause == FASTEST:
            try:
                async with self._database.read_only() as db:
                    if place is None:
                        place = await end_of_log(db)
                        self.reading = True
                    events = await read_log(db, place)
            except Exception as problem:
                log.warning("the log cannot be read", error=repr(problem))
                pause = AFTER_TROUBLE
            else:
                place = events[-1].place if events else place
                self._spread(events)
                pause = FASTEST if events else min(pause * 1.5, SLOWEST)
            await asyncio.sleep(pause)

    def _spread(self, events: Collection[EventRecord]) -> None:
        for queue in list(self._listeners):
            if queue.qsize() + len(events) >= QUEUED:
                self._listeners.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
                continue
            for event in events:
                queue.put_nowait(event)


@strawberry.type(description="A fact of the log.")
class LoggedEvent:
    id: UUID
    position: Long
    stream_id: UUID
    seq: int
    name: str
    occurred_at: datetime
    by: str
    payload: JSON

    @classmethod
    def of(cls, event: EventRecord) -> LoggedEvent:
        """As the API shows it."""
        return cls(
            id=event.id,
            position=Long(event.position),
            stream_id=event.stream_id,
            seq=event.seq,
            name=event.name,
            occurred_at=event.occurred_at,
            by=event.principal_name,
            payload=JSON(event.payload),
        )


@strawberry.type
class EventsSubscription:
    @strawberry.subscription(
        description="Events as they happen, of some streams and names, or all.",
        extensions=[requires("events:read")],
    )
    async def events_changed(
        self, info: Info, stream_ids: list[UUID] | None = None, names: list[str] | None = None
    ) -> AsyncIterator[LoggedEvent]:
        context = info.context
        # The log knows no scopes: a caller who sees only a part of the business has no place in it.
        if context.principal.restricted:
            raise Forbidden("The event log is for callers without a scope.", code="SCOPE_TOO_NARROW")
        if context.feed is None:
            raise Unavailable("The live feed is not running.")
        streams, wanted = set(stream_ids or ()), set(names or ())
        asked = monotonic()
        async for event in context.feed.listen():
            if monotonic() - asked > ASK_AGAIN_SECONDS:
                await context.check_still_signed_in()
                asked = monotonic()
            if (not streams or event.stream_id in streams) and (not wanted or event.name in wanted):
                yield LoggedEvent.of(event)
