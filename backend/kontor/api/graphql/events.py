"""The log as a list (the story of an order, or all that happened since), and jobs that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.api.graphql.subscriptions import LoggedEvent
from kontor.auth.permissions import Permission
from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.eventlog import place_of, read_log
from kontor.core.outbox import OutboxRow
from kontor.core.pagination import MAX_PAGE, Page, Sort, narrow, paginate
from kontor.core.principal import Principal
from kontor.orders import queries as orders
from kontor.webhooks.queries import hidden_events


@strawberry.type(description="A job that failed too often and waits until somebody repeats it.")
class DeadJob:
    id: Long
    job: str
    key: UUID | None
    event_id: UUID | None
    args: JSON | None
    attempts: int
    error: str | None
    due_at: datetime


@strawberry.type
class DeadJobsReplayed:
    count: int = strawberry.field(description="How many jobs are due again.")


@strawberry.enum
class EventsSort(Enum):
    POSITION = "POSITION"
    POSITION_DESC = "POSITION_DESC"


@strawberry.enum
class DeadJobsSort(Enum):
    ID = "ID"
    ID_DESC = "ID_DESC"


_BACK = "-"  # begins the cursors of the way back


def _place(after: str | None, back: bool) -> outbox.Place | None:
    if after is None:
        return None
    if after.startswith(_BACK) != back:
        raise InvalidInput(
            "The cursor is one of another list or order.", code="CURSOR_OF_ANOTHER_SORT", path=("after",)
        )
    try:
        return place_of(after.removeprefix(_BACK))
    except ValueError as problem:
        raise InvalidInput("The cursor is not one of this list.", code="INVALID_CURSOR", path=("after",)) from problem


async def check_scope(db: Session, principal: Principal, stream_id: UUID | None) -> None:
    """The log knows no scopes: who sees a part of the business reads the stream of an order they may see.

    Raises `Forbidden` for any other reading, `OrderNotFound` for a foreign order.
    """
    if not principal.restricted:
        return
    if stream_id is None:
        raise Forbidden("Name the order whose events you want.", code="SCOPE_TOO_NARROW")
    await orders.get_order(db, stream_id, principal)


@strawberry.type
class EventsQuery:
    @strawberry.field(
        extensions=[requires(Permission.EVENTS_READ)],
        description=(
            "The log in its order: of one order or stream, or all. The cursor of the last row may be kept and asked"
            " after at any time; nothing is missed or told twice."
        ),
    )
    async def events(
        self,
        info: Info,
        order_id: UUID | None = None,
        stream_id: UUID | None = None,
        names: list[str] | None = None,
        sort: EventsSort = EventsSort.POSITION,
        first: First = 50,
        after: After = None,
    ) -> Connection[LoggedEvent]:
        if order_id is not None and stream_id is not None:
            raise InvalidInput("Give the order or the stream.", code="INVALID_LOOKUP", path=("orderId",))
        back = sort is EventsSort.POSITION_DESC
        size, place, stream = page_of(first, None).first, _place(after, back), order_id or stream_id
        hidden = hidden_events(info.context.principal)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            await check_scope(db, info.context.principal, stream)
            rows = await read_log(db, place, limit=size + 1, stream_id=stream, names=names, without=hidden, back=back)
        cursors = [f"{_BACK if back else ''}{row.transaction}.{row.position}" for row in rows[:size]]
        return connect(
            Page(rows[:size], cursors, len(rows) > size), lambda row: LoggedEvent.of(row, info.context.principal)
        )

    @strawberry.field(extensions=[requires(Permission.OPERATIONS_READ)], description="Jobs that were given up.")
    async def dead_jobs(
        self,
        info: Info,
        job: str | None = None,
        sort: DeadJobsSort = DeadJobsSort.ID,
        first: First = 50,
        after: After = None,
    ) -> Connection[DeadJob]:
        found = narrow(sa.select(OutboxRow).where(OutboxRow.dead), (OutboxRow.job.__eq__, job))
        order = Sort(OutboxRow.id, sort is DeadJobsSort.ID_DESC)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page: Page[Any] = await paginate(db, found, order, OutboxRow.id, page_of(first, after))
        return connect(page, show_dead_job)


def show_dead_job(row: Any) -> DeadJob:
    """A dead row of the outbox as the API shows it."""
    args = None if row.args is None else JSON(row.args)
    return DeadJob(
        id=Long(row.id), job=row.job, key=row.key, event_id=row.event_id, args=args, attempts=row.attempts,
        error=row.last_error, due_at=row.due_at,
    )  # fmt: skip


async def _replayed_again(_db: Session, _ids: Sequence[UUID]) -> DeadJobsReplayed:
    return DeadJobsReplayed(count=0)


@strawberry.type
class EventsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.OPERATIONS_WRITE)],
        description="Repeat jobs that were given up: the named ones (at most 200), or with all true every one.",
    )
    async def replay_dead_jobs(
        self, info: Info, ids: list[Long] | None = None, all: bool = False
    ) -> Annotated[DeadJobsReplayed | Refusal, strawberry.union("ReplayDeadJobsResult")]:
        if bool(ids) == all or len(ids or ()) > MAX_PAGE:
            raise InvalidInput(f"Name 1 to {MAX_PAGE} jobs, or all.", code="INVALID_BATCH", path=("ids",))

        async def work(db: Session) -> DeadJobsReplayed:
            return DeadJobsReplayed(
                count=await outbox.replay_dead(db, None if all else [int(each) for each in ids or ()])
            )

        return await change(
            info, work, body=[ids, all], again=_replayed_again, targets=lambda done: [],
            details={"ids": [int(each) for each in ids or ()], "all": all},
        )  # fmt: skip
