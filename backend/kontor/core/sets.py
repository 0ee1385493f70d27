"""Many values as one parameter: the statement's text stays the same, so it is compiled and planned once.

PostgreSQL takes arrays, SQLite reads a JSON list. There is no limit on the number of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from kontor.core.db import Session


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


def any_of(db: Session, column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """The column is one of the values: ids, texts or whole numbers."""
    if db.sqlite:
        listed = sa.func.json_each(_json([_plain(value) for value in values])).table_valued("value")
        found: sa.ColumnElement[bool] = sa.type_coerce(column, sa.String()).in_(sa.select(listed.c.value))
        return found
    array = sa.bindparam(None, list(values), type_=ARRAY(column.type))
    return column == sa.any_(array)  # type: ignore[no-any-return]


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
