"""The two ways to follow a relation: by id and by parent. Many requests become one statement in one short read.

What comes back are plain rows with a model's columns, not tracked objects: reading lists this way costs a fraction.
Derived properties of the model are not on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.dataloader import DataLoader

from kontor.api.graphql.context import Context, Info
from kontor.core.db import Model, chunks
from kontor.core.principal import Principal

M = TypeVar("M", bound=Model)
K = TypeVar("K")
V = TypeVar("V")
Visible = Callable[[Principal], sa.ColumnElement[bool] | None]


async def by_id(info: Info, model: type[M], row_id: UUID | None, *, visible: Visible | None = None) -> M | None:
    """The row of that id, None when there is none or the principal may not see it."""
    if row_id is None:
        return None

    def make(context: Context) -> DataLoader[Any, Any]:
        async def load(ids: list[UUID]) -> Sequence[Any]:
            found = {row.id: row for row in await _rows(context, model, cast(Any, model).id, ids, visible)}
            return [found.get(item) for item in ids]

        return DataLoader(load)

    return cast("M | None", await _loader(info.context, (model, visible), make).load(row_id))


async def by_parent(
    info: Info,
    column: InstrumentedAttribute[Any],
    parent_id: UUID,
    *,
    order_by: Any = None,
    visible: Visible | None = None,
) -> list[Any]:
    """The rows whose `column` is the parent's id, in `order_by`, else in the order of their ids."""

    def make(context: Context) -> DataLoader[Any, Any]:
        model = column.class_

        async def load(ids: list[UUID]) -> Sequence[Any]:
            order = model.id if order_by is None else order_by
            groups: dict[UUID, list[Any]] = defaultdict(list)
            for row in await _rows(context, model, column, ids, visible, order):
                groups[getattr(row, column.key)].append(row)
            return [groups[item] for item in ids]

        return DataLoader(load)

    # Attributes of a model are one object each as long as the process lives; any other order has its text only.
    order_key = id(order_by) if isinstance(order_by, InstrumentedAttribute) else str(order_by)
    key = (id(column), order_key, visible)
    return cast("list[Any]", await _loader(info.context, key, make).load(parent_id))


async def by_key(info: Info, load: Callable[[Context, list[K]], Awaitable[Sequence[V]]], key: K) -> V:
    """Any other batched look-up: `load` gets the context and the keys and answers in their order."""

    def make(context: Context) -> DataLoader[Any, Any]:
        return DataLoader(lambda keys: load(context, keys))

    return cast(V, await _loader(info.context, load, make).load(key))


def _loader(context: Context, key: Any, make: Callable[[Context], DataLoader[Any, Any]]) -> DataLoader[Any, Any]:
    loader = context.loaders.get(key)
    if loader is None:
        loader = context.loaders[key] = make(context)
    return loader


async def _rows(
    context: Context, model: Any, column: Any, ids: Sequence[UUID], visible: Visible | None, order: Any = None
) -> list[Any]:
    rows: list[Any] = []
    async with context.runtime.database.read_only(context.principal, bare=True) as db:
        for part in chunks(ids):
            found = sa.select(*model.__table__.c).where(column.in_(part))
            condition = visible(context.principal) if visible is not None else None
            if condition is not None:
                found = found.where(condition)
            if order is not None:
                found = found.order_by(order)
            rows.extend(await db.execute(found))
    return rows
