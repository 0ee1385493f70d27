"""The story of an order, for who looks after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.master_rows import shown
from kontor.api.graphql.paging import After, First, page_of
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.errors import InvalidInput
from kontor.timeline import service
from kontor.timeline.values import TimelineKind

strawberry.enum(TimelineKind)


@strawberry.type(description="A value of an entry; `before` where it is known.")
class TimelineDetail:
    name: str = strawberry.field(description="Which value it is, the same in every language.")
    label: str = strawberry.field(description="How people read the name.")
    before: str | None
    after: str | None


@strawberry.type(description="Something that happened to an order, in words of the language asked for.")
class TimelineEntry:
    id: str
    at: datetime
    kind: TimelineKind
    name: str = strawberry.field(description="The event, the step of a state, or what else it is.")
    text: str
    who: str = strawberry.field(description="Who did it; empty where nobody is named.")
    subject: UUID | None = strawberry.field(description="What it is about besides the order: a parcel, a message, …")
    details: list[TimelineDetail]

    @classmethod
    def of(cls, entry: Any) -> TimelineEntry:
        """As the API shows it."""
        details = [TimelineDetail(**shown(TimelineDetail, each)) for each in entry.details]
        return cls(**{**shown(cls, entry), "details": details})


@strawberry.type(description="A page of an order's story, the latest first; without a cursor it ends where it began.")
class OrderTimeline:
    entries: list[TimelineEntry]
    end_cursor: str | None


@strawberry.type
class TimelineQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ)],
        description=(
            "Everything that happened to an order, by its id or number: each fact once, of the kinds wanted that the"
            " caller may read. Null where there is no such order."
        ),
    )
    async def order_timeline(
        self,
        info: Info,
        order_id: UUID | None = None,
        number: str | None = None,
        kinds: list[TimelineKind] | None = None,
        first: First = 50,
        after: After = None,
    ) -> OrderTimeline | None:
        if (order_id is None) == (number is None):
            raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("orderId",))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await service.find_order(db, order_id=order_id, number=number)
            if order is None:
                return None
            story = await service.timeline_of(db, order, page_of(first, after), info.context.language, kinds)
        return OrderTimeline(entries=[TimelineEntry.of(each) for each in story.entries], end_cursor=story.cursor)
