"""The event log as it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.core.errors import Forbidden, Unavailable
from kontor.core.outbox import EventRecord
from kontor.core.principal import Principal
from kontor.orders import queries as orders
from kontor.webhooks.queries import hidden_events, payload_for

if TYPE_CHECKING:
    from kontor.api.graphql.feeds import EventFeed

MOST_STREAMS = 50


def feed_of(context: Context) -> EventFeed:
    """The feed of this process; raises `Unavailable` where none is kept."""
    if context.feed is None:
        raise Unavailable("The live feed is not running.")
    return context.feed


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
    def of(cls, event: EventRecord, principal: Principal) -> LoggedEvent:
        """As the API shows it; outside the company without the words and names of its people."""
        return cls(
            id=event.id,
            position=Long(event.position),
            stream_id=event.stream_id,
            seq=event.seq,
            name=event.name,
            occurred_at=event.occurred_at,
            by="" if principal.outside else event.principal_name,
            payload=JSON(payload_for(principal, event)),
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
        await context.check_still_signed_in()  # a connection may be much older than what is listened to
        async for event in feed.listen():
            heard = (not streams or event.stream_id in streams) and (not wanted or event.name in wanted)
            if heard and event.name not in hidden:
                await context.check_still_signed_in()
                yield LoggedEvent.of(event, context.principal)


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
