"""How a list is followed: what changed, within what the caller may see and asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.feeds import AT_ONCE, LONGEST, batches
from kontor.api.graphql.subscriptions import Watch, feed_of
from kontor.core.pagination import PageRequest, Sort, paginate
from kontor.core.principal import Principal

T = TypeVar("T")
REMEMBERED = 10_000
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
    """A list that can be followed: its table, what a principal sees of it, and how a row is shown."""

    model: Any
    visible_to: Callable[[Principal], Any]
    show: Callable[[Any], Any]


async def follow(
    info: Info, what: Followed, narrow: Narrow | None, since: datetime | None = None
) -> AsyncIterator[Update[Any]]:
    """What changes of a list, after a catch-up when `since` is given.

    Rights and scope are those of the moment: every batch is read anew within what the caller may see, so of a row
    that left their view nothing is told but its id, and that only to who was told of it before.
    """
    context, told = info.context, _Told()
    watch, narrow = Watch(context), narrow or (lambda found: found)
    await watch.check()
    async with feed_of(context).rows(what.model).listening() as queue:
        if since is not None:
            async for ids in _changed_since(context, what, since - LONGEST):
                await watch.check()
                for update in await _updates(context, what, narrow, ids, told):
                    yield update
        async for ids in batches(queue):
            await watch.check()
            for update in await _updates(context, what, narrow, ids, told):
                yield update


class _Told:
    """The ids a listener knows, the latest of them."""

    def __init__(self) -> None:
        self._ids: dict[UUID, None] = {}

    def add(self, row_id: UUID) -> None:
        self._ids.pop(row_id, None)
        self._ids[row_id] = None
        if len(self._ids) > REMEMBERED:
            self._ids.pop(next(iter(self._ids)))

    def forget(self, row_id: UUID) -> bool:
        """Whether it was known."""
        return row_id in self._ids and self._ids.pop(row_id) is None


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
    """The rows as they are now, in the order of the ids; one statement."""
    row = what.model
    wanted = narrow(sa.select(row)).with_only_columns(row.id).where(row.id.in_(ids))
    found = what.visible_to(context.principal).where(row.id.in_(ids)).add_columns(row.id.in_(wanted))
    async with context.runtime.database.read_only(context.principal) as db:
        seen = {each[0].id: each for each in await db.execute(found)}
    context.loaders.clear()  # they keep what they once read, and one context serves the whole connection
    updates: list[Update[Any]] = []
    for row_id in ids:
        if row_id not in seen:
            if told.forget(row_id):
                updates.append(Update(id=row_id, gone=True, node=None))
            continue
        item, matches = seen[row_id]
        told.add(row_id)
        updates.append(Update(id=row_id, gone=not matches, node=what.show(item) if matches else None))
    return updates
