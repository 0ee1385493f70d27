"""The event log as it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from math import inf
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.core.errors import Forbidden, Unavailable
from kontor.core.outbox import EventRecord
from kontor.orders import queries as orders
from kontor.webhooks.queries import hidden_events

if TYPE_CHECKING:
    from kontor.api.graphql.feeds import EventFeed

ASK_AGAIN_SECONDS = 5.0  # a session, user or client that was ended hears nothing for longer than this

MOST_STREAMS = 50


def feed_of(context: Context) -> EventFeed:
    """The feed of this process; raises `Unavailable` where none is kept."""
    if context.feed is None:
        raise Unavailable("The live feed is not running.")
    return context.feed


class Watch:
    """Asks at first and now and then whether a listener may still be heard and sees as far as before.

    A connection may be much older than what is listened to.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._asked = context, -inf

    async def check(self) -> None:
        """Before anything is told; raises `Forbidden`."""
        if monotonic() - self._asked > ASK_AGAIN_SECONDS:
            await self._context.check_still_signed_in()
            self._asked = monotonic()


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
        description=(
            "Events as they happen, of some streams and names, or all. Who sees a part of the business names orders"
            " they see."
        ),
        extensions=[requires("events:read")],
    )
    async def events_changed(
        self, info: Info, stream_ids: list[UUID] | None = None, names: list[str] | None = None
    ) -> AsyncIterator[LoggedEvent]:
        context, feed = info.context, feed_of(info.context)
        streams, wanted, hidden = set(stream_ids or ()), set(names or ()), hidden_events(context.principal)
        await _check_scope(context, streams)
        watch = Watch(context)
        async for event in feed.listen():
            await watch.check()
            heard = (not streams or event.stream_id in streams) and (not wanted or event.name in wanted)
            if heard and event.name not in hidden:
                yield LoggedEvent.of(event)


async def _check_scope(context: Context, streams: set[UUID]) -> None:
    """The log knows no scopes: who sees a part of the business hears of orders they may see, which stay theirs.

    Raises `Forbidden` for any other listening, `OrderNotFound` for a foreign order.
    """
    if not context.principal.restricted:
        return
    if not 1 <= len(streams) <= MOST_STREAMS:
        raise Forbidden("Name the orders whose events you want.", code="SCOPE_TOO_NARROW", max=MOST_STREAMS)
    async with context.runtime.database.read_only(context.principal) as db:
        for stream_id in streams:
            await orders.get_order(db, stream_id, context.principal)
