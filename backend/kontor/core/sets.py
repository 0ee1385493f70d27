"""Many values as one parameter: the statement's text stays the same, so it is compiled and planned once.

PostgreSQL takes arrays, SQLite reads a JSON list. There is no limit on the number of values. Columns of ids do this by
themselves: `column.in_(ids)`.
"""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping, Sequence, ValuesView
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from kontor.core.db import Session

_PLAIN = (list, tuple, set, frozenset, KeysView, ValuesView, Mapping)


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


class _Values(sa.TypeDecorator[Any]):
    """A list of values of one type as a single parameter."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        own: sa.types.TypeEngine[Any] = sa.Text() if dialect.name == "sqlite" else ARRAY(self.item)
        return dialect.type_descriptor(own)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return orjson.dumps([_plain(item) for item in value]).decode() if dialect.name == "sqlite" else value


class _OneOf(FunctionElement[bool]):
    """The first argument is among the values of the second."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it stands: SQLAlchemy would compare it with 1 on SQLite, which then uses no index."""
        return self


@compiles(_OneOf, "postgresql")
def _array(element: _OneOf, compiler: sa.Compiled, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} = ANY ({values}))"


@compiles(_OneOf, "sqlite")
def _json_list(element: _OneOf, compiler: sa.Compiled, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"


class _LookedUp(_OneOf):
    """The same, where PostgreSQL is not to count the values when it plans."""

    inherit_cache = True


@compiles(_LookedUp, "postgresql")
def _looked_up(element: _LookedUp, compiler: sa.Compiled, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} = ANY (ARRAY(SELECT unnest({values}))))"


class _Sets(sa.types.TypeEngine.Comparator[Any]):
    """`in_` of plain values takes them as one parameter."""

    def operate(self, op: Any, *other: Any, **options: Any) -> Any:
        if op is operators.in_op and isinstance(other[0], _PLAIN):
            return any_of(self.expr, other[0])
        return super().operate(op, *other, **options)


class Id(sa.Uuid[UUID]):
    """The id of a row."""

    class comparator_factory(_Sets, sa.Uuid.Comparator[Any]):
        pass


class Serial(sa.BigInteger):
    """A number the database gives."""

    class comparator_factory(_Sets, sa.BigInteger.Comparator[Any]):
        pass


def among(column: Any, name: str) -> sa.ColumnElement[bool]:
    """The column is one of the values given as the parameter `name`: for statements that are made once and kept."""
    return _OneOf(column, sa.bindparam(name, type_=_Values(column.type)))


def any_of(column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """The column is one of the values: texts, or whole numbers that are no ids; columns of ids say `in_`."""
    return _OneOf(column, sa.bindparam(None, list(values), type_=_Values(column.type), unique=True))


def looked_up(column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """The column is one of many texts most of which are not there: by the index, even where only a few are wanted.

    With a limit, PostgreSQL would read the table from its start, as if a hundredth of it were looked for.
    """
    return _LookedUp(column, sa.bindparam(None, list(values), type_=_Values(column.type), unique=True))


def any_pair_of(db: Session, columns: tuple[Any, Any], pairs: Sequence[tuple[Any, Any]]) -> sa.ColumnElement[bool]:
    """The two columns together are one of the pairs."""
    first, second = columns
    if db.sqlite:
        listed = sa.func.json_each(_json([[_plain(a), _plain(b)] for a, b in pairs])).table_valued("value")
        wanted = sa.select(sa.func.json_extract(listed.c.value, "$[0]"), sa.func.json_extract(listed.c.value, "$[1]"))
        left = sa.tuple_(sa.type_coerce(first, sa.String()), sa.type_coerce(second, sa.String()))
        return left.in_(wanted)
    rows = (
        sa.func.unnest(
            sa.bindparam(None, [a for a, _ in pairs], type_=ARRAY(first.type)),
            sa.bindparam(None, [b for _, b in pairs], type_=ARRAY(second.type)),
        )
        .table_valued("a", "b")
        .render_derived()
    )
    return sa.tuple_(first, second).in_(sa.select(rows.c.a, rows.c.b))


def _json(values: list[Any]) -> Any:
    return sa.bindparam(None, orjson.dumps(values).decode(), type_=sa.Text())
