"""Fields that follow a relation of their record: `@children` to rows that name it, `@reference` to the row it names.

Such a field says what it reads and how the rows are shown, not when. So it can be read for all records of a list by
one statement, and several of them in one short read; for a single record it is an ordinary resolver over the loaders.
What comes back are plain rows with a model's columns, not tracked objects. Derived properties are not on them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
import strawberry
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import Visible, by_id, by_parent
from kontor.api.graphql.permissions import Access
from kontor.core.sets import among

Rows = Sequence[Any]
Show = Callable[[Any, Any, Context], Any]
MARK = "_follows"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Rows by the values of a column: all of each in an order, or the only one. Fields may share it."""

    column: InstrumentedAttribute[Any]
    many: bool
    order: InstrumentedAttribute[Any] | None = None
    visible: Visible | None = None

    def by_key(self, rows: Sequence[Any]) -> dict[Any, Any]:
        """What there is for each value of the column."""
        key = self.column.key
        if not self.many:
            return {getattr(row, key): row for row in rows}
        groups: dict[Any, list[Any]] = defaultdict(list)
        for row in rows:
            groups[getattr(row, key)].append(row)
        return dict(groups)


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """The rows of a source that a record's `attribute` names, and the value of the field they make."""

    source: Source
    attribute: str
    show: Show
    uses: frozenset[str] | None = None

    @property
    def needs(self) -> frozenset[str] | None:
        """The columns of a record's own row that the field needs; None when that is not said."""
        return None if self.uses is None else self.uses | {self.attribute}

    def shown(self, records: Sequence[Any], found: Mapping[Any, Any], context: Context) -> list[Any]:
        """The value of the field for each record."""
        show, attribute = self.show, self.attribute
        if self.source.many:
            return [show(record, found.get(getattr(record, attribute), []), context) for record in records]
        return [show(record, found.get(getattr(record, attribute)), context) for record in records]


_sources: dict[tuple[Any, ...], Source] = {}


def _source(
    column: InstrumentedAttribute[Any],
    *,
    many: bool,
    order: InstrumentedAttribute[Any] | None = None,
    visible: Visible | None = None,
) -> Source:
    """The one source of that description. Attributes of a model are one object each as long as the process lives."""
    key = (id(column), many, id(order), visible)
    return _sources.setdefault(key, Source(column, many, order, visible))


class Need(NamedTuple):
    """What a field has to read before it can be shown; without columns all of them."""

    relation: Relation
    records: Sequence[Any]
    columns: frozenset[str] | None = None


async def read(needs: Sequence[Need], context: Context) -> list[list[Any]]:
    """The values of the fields for their records. What is asked for at the same time is read in one session."""
    reads: Reads = context.loaders.setdefault(Reads, Reads(context))
    return await asyncio.gather(*[reads.ask(need) for need in needs])


class Reads:
    """The reads of one call that wait for each other, as those of the loaders do."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[tuple[Need, asyncio.Future[list[Any]]]] = []
        self._running: set[asyncio.Task[None]] = set()  # the loop itself holds a task only weakly

    def ask(self, need: Need) -> asyncio.Future[list[Any]]:
        """The values of a field, when they are there."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        future: asyncio.Future[list[Any]] = loop.create_future()
        self._waiting.append((need, future))
        return future

    def _begin(self) -> None:
        asked, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._answer(asked))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, asked: list[tuple[Need, asyncio.Future[list[Any]]]]) -> None:
        try:
            found: dict[Source, dict[Any, Any]] | Exception = await _find([need for need, _ in asked], self._context)
        except Exception as problem:
            found = problem
        for need, future in asked:
            if future.done():
                continue
            try:
                if isinstance(found, Exception):
                    raise found
                relation = need.relation
                future.set_result(relation.shown(need.records, found[relation.source], self._context))
            except Exception as problem:
                future.set_exception(problem)


async def _find(needs: Sequence[Need], context: Context) -> dict[Source, dict[Any, Any]]:
    """What there is of each source, by one statement each."""
    ids: dict[Source, set[Any]] = defaultdict(set)
    columns: dict[Source, frozenset[str] | None] = {}
    for relation, records, names in needs:
        source = relation.source
        ids[source].update([getattr(record, relation.attribute) for record in records])
        known = columns.setdefault(source, names)
        columns[source] = None if known is None or names is None else known | names
    rows: dict[Source, Sequence[Any]] = {}
    async with context.runtime.database.read_only(context.principal, bare=True) as db:
        for source, wanted in ids.items():
            found = _statement(source, columns[source])
            condition = source.visible(context.principal) if source.visible is not None else None
            found = found if condition is None else found.where(condition)
            rows[source] = (await db.execute(found, {"ids": list(wanted - {None})})).all()
    return {source: source.by_key(found) for source, found in rows.items()}


@lru_cache(maxsize=1000)
def _statement(source: Source, names: frozenset[str] | None) -> sa.Select[Any]:
    """Always the same object for the same columns, so that its text is made once."""
    column, order = source.column, source.order
    columns = column.class_.__table__.c
    wanted = columns if names is None else [columns[name] for name in sorted(names | {column.key})]
    found = sa.select(*wanted).where(among(column, "ids"))
    return found.order_by(column.class_.id if order is None else order) if source.many else found


def children(
    column: InstrumentedAttribute[Any],
    *,
    order_by: InstrumentedAttribute[Any] | None = None,
    visible: Visible | None = None,
    attribute: str = "id",
    uses: Collection[str] | None = None,
    description: str | None = None,
    extensions: Collection[FieldExtension] = (),
) -> Callable[[Show], Any]:
    """A field over the rows whose `column` is the record's `attribute`, in `order_by`, else in the order of their ids.

    The decorated method gets them as a list, and the context; what it returns is the value, its annotation the type.
    `uses` names the columns of the record's own row that the method looks at; without it all of them are read.
    """
    return _field(
        lambda show: Relation(
            _source(column, many=True, order=order_by, visible=visible), attribute, show, _used(uses)
        ),
        description,
        extensions,
    )


def reference(
    model: Any,
    attribute: str,
    *,
    visible: Visible | None = None,
    uses: Collection[str] | None = None,
    description: str | None = None,
    extensions: Collection[FieldExtension] = (),
) -> Callable[[Show], Any]:
    """A field over the row whose id the record's `attribute` holds; the method gets None where there is none."""
    return _field(
        lambda show: Relation(_source(model.id, many=False, visible=visible), attribute, show, _used(uses)),
        description,
        extensions,
    )


def _used(columns: Collection[str] | None) -> frozenset[str] | None:
    return None if columns is None else frozenset(columns)


def _field(
    relate: Callable[[Show], Relation], description: str | None, extensions: Collection[FieldExtension]
) -> Callable[[Show], Any]:
    def decorate(show: Show) -> Any:
        resolve = _resolver(relate(show))
        return strawberry.field(resolve, description=description, extensions=list(extensions))

    return decorate


def _resolver(relation: Relation) -> Callable[..., Any]:
    """The field of a single record, by the loaders."""
    show = relation.show
    source = relation.source
    model: Any = source.column.class_

    async def resolve(self: Any, info: Info) -> Any:
        key = getattr(self, relation.attribute)
        found: Any
        if source.many:
            found = await by_parent(info, source.column, key, order_by=source.order, visible=source.visible)
        else:
            found = await by_id(info, model, key, visible=source.visible)
        return show(self, found, info.context)

    resolve.__name__, resolve.__qualname__, resolve.__module__ = show.__name__, show.__qualname__, show.__module__
    resolve.__annotations__ = {"info": Info, "return": show.__annotations__["return"]}
    setattr(resolve, MARK, relation)
    return resolve


def relation_of(field: StrawberryField) -> Relation | None:
    """What a field follows; None for one with a way of its own."""
    if any(not isinstance(extension, Access) for extension in field.extensions):
        return None
    found: Relation | None = getattr(field.base_resolver and field.base_resolver.wrapped_func, MARK, None)
    return found
