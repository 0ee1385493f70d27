"""How a list is followed: what changed, within what the caller may see and asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.feeds import AT_ONCE, LONGEST, batches, version_of
from kontor.api.graphql.subscriptions import feed_of
from kontor.core.pagination import PageRequest, Sort, paginate
from kontor.core.principal import Principal

T = TypeVar("T")
REMEMBERED = 10_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is older
Narrow = Callable[[Any], Any]
CatchUp = Annotated[
    datetime | None,
    strawberry.argument(
        description=(
            "Tell first what changed since then, then go on with what happens: nothing is missed between. What"
            " changed in the minute before may be told again."
        )
    ),
]
ABOUT = (
    "Each row that is added or changes, as it is by then; several changes in short order are told as one. A row that"
    " is no more among those asked for is told by its id alone, as `gone`."
)


@strawberry.type(
    description=(
        "A row of a list that is followed. `gone`: it does not meet the filter any more, or is not for the caller any"
        " more; nothing but its id is told then."
    )
)
class Update(Generic[T]):
    id: UUID
    gone: bool
    node: T | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A list that can be followed: its table, what a principal sees of it, and how a row is shown to whom."""

    model: Any
    visible_to: Callable[[Principal], Any]
    show: Callable[[Any], Any]
    show_outside: Callable[[Any], Any] | None = None

    def shown(self, row: Any, principal: Principal) -> Any:
        """The row as the principal sees it."""
        return (self.show_outside if principal.outside and self.show_outside else self.show)(row)


async def follow(
    info: Info, what: Followed, narrow: Narrow | None, since: datetime | None = None
) -> AsyncIterator[Update[Any]]:
    """What changes of a list, after a catch-up when `since` is given.

    Rights and scope are those of the moment: every batch is read anew within what the caller may see, so of a row
    that left their view nothing is told but its id, and that only to who was told of it before. Raises what is wrong
    with the filter before anything is told, and `Forbidden` once the caller may not be heard any more.
    """
    context, told, narrow = info.context, _Told(), narrow or (lambda found: found)
    narrow(sa.select(what.model))
    await context.check_still_signed_in()
    async with feed_of(context).rows(what.model).listening() as queue:
        async for ids in _changed(context, what, queue, since):
            for update in await _updates(context, what, narrow, ids, told):
                await context.check_still_signed_in()
                yield update


async def _changed(
    context: Context, what: Followed, queue: asyncio.Queue[UUID | None], since: datetime | None
) -> AsyncIterator[Sequence[UUID]]:
    """Ids that changed since then, and those that change from now on."""
    if since is not None:
        async for ids in _changed_since(context, what, max(since, BEGINNING) - LONGEST):
            yield ids
    async for ids in batches(queue):
        yield ids


class _Told:
    """What a listener knows of the rows told last."""

    def __init__(self) -> None:
        self._known: dict[UUID, Any] = {}

    def add(self, row_id: UUID, version: Any) -> bool:
        """Whether this version of the row is new to the listener."""
        new: bool = self._known.pop(row_id, None) != version
        self._known[row_id] = version
        if len(self._known) > REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return new

    def forget(self, row_id: UUID) -> bool:
        """Whether it was known."""
        return self._known.pop(row_id, None) is not None


async def _changed_since(context: Context, what: Followed, since: datetime) -> AsyncIterator[Sequence[UUID]]:
    """Ids of what the caller sees and changed since, page by page; what changes meanwhile waits in the queue."""
    row, after = what.model, None
    while True:
        async with context.runtime.database.read_only(context.principal) as db:
            found = what.visible_to(context.principal).where(row.updated_at >= since)
            page: Any = await paginate(db, found, Sort(row.updated_at), row.id, PageRequest(AT_ONCE, after))
        if page.items:
            yield [item.id for item in page.items]
        if not page.has_next:
            return
        after = page.cursors[-1]


async def _updates(
    context: Context, what: Followed, narrow: Narrow, ids: Sequence[UUID], told: _Told
) -> list[Update[Any]]:
    """The rows as they are now, in the order of the ids, but for those told as they are; one statement."""
    row = what.model
    wanted = narrow(sa.select(row)).with_only_columns(row.id).where(row.id.in_(ids))
    found = what.visible_to(context.principal).where(row.id.in_(ids)).add_columns(row.id.in_(wanted))
    async with context.runtime.database.read_only(context.principal) as db:
        found = found.add_columns(*version_of(row, db))
        seen = {each[0].id: each for each in await db.execute(found)}
    context.loaders.clear()  # they keep what they once read, and one context serves the whole connection
    updates: list[Update[Any]] = []
    for row_id in ids:
        if row_id not in seen:
            if told.forget(row_id):
                updates.append(Update(id=row_id, gone=True, node=None))
            continue
        item, matches, *version = seen[row_id]
        if told.add(row_id, (matches, *version)):
            node = what.shown(item, context.principal) if matches else None
            updates.append(Update(id=row_id, gone=not matches, node=node))
    return updates
