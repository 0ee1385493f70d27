"""Cursor pages: stable under inserts, because a page continues after a row and not after a count."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import orjson
import sqlalchemy as sa

from kontor.core.errors import InvalidInput

if TYPE_CHECKING:
    from kontor.core.db import Session

T = TypeVar("T")
Rows = TypeVar("Rows", bound=sa.Select[Any])
MAX_PAGE = 200
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks for: `first` rows after the cursor `after`."""

    first: int = 50
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_PAGE:
            raise InvalidInput(
                f"A page has 1 to {MAX_PAGE} rows.", code="INVALID_PAGE_SIZE", path=("first",), max=MAX_PAGE
            )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows with the cursor of each and whether more follow."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort column and direction; the id breaks ties. Rows without a value come last, whatever the direction."""

    column: Any
    descending: bool = False

    @property
    def name(self) -> str:
        """What the cursors of this order bear, so that those of another are told apart."""
        column = self.column.expression
        return f"{column.table.name}.{column.name}{'-' if self.descending else ''}"


def choose(sorts: Mapping[str, Any], sort: str, *, descending: bool = False) -> Sort:
    """One of the orders a list offers; raises `InvalidInput` for a name it does not know."""
    if sort not in sorts:
        raise InvalidInput(f"This list is not sorted by {sort}.", code="UNKNOWN_SORT", path=("sort",), sort=sort)
    return Sort(sorts[sort], descending)


def narrow(found: Rows, *conditions: tuple[Callable[[Any], Any], Any]) -> Rows:
    """Of a statement's rows those for which every condition holds whose value was given: `(column.in_, values)`."""
    return found.where(*(holds(value) for holds, value in conditions if value is not None))


async def paginate(
    db: "Session", statement: Any, sort: Sort, id_column: Any, page: PageRequest, *, plain: bool = False
) -> Page[T]:
    """One page of a statement that selects one model, in the order of the column and the ids.

    `plain` gives rows with the model's columns in place of tracked objects: for what is only shown, at a fraction.
    A column that may be null is read in two runs, each along its index: the rows with a value, then those without.
    """
    kinds = sort.column.type.python_type, id_column.type.python_type
    last = None if page.after is None else decode_cursor(page.after, sort.name, *kinds)
    nullable, wanted, rows = sort.column.expression.nullable, page.first + 1, list[T]()
    if last is not None and last[0] is None and not nullable:
        raise _invalid()
    if plain:
        statement = statement.with_only_columns(*id_column.class_.__table__.c)
    if last is None or last[0] is not None:
        found = statement.where(sort.column.is_not(None)) if nullable else statement
        key = [(sort.column, None if last is None else last[0]), (id_column, None if last is None else last[1])]
        rows += await _run(db, found, key, sort.descending, wanted)
    if nullable and len(rows) < wanted:
        past = last is not None and last[0] is None
        key = [(id_column, last[1] if past and last is not None else None)]
        rows += await _run(db, statement.where(sort.column.is_(None)), key, sort.descending, wanted - len(rows))
    items, name, id_name = rows[: page.first], sort.column.key, id_column.key
    cursors = [encode_cursor(sort.name, getattr(item, name), getattr(item, id_name)) for item in items]
    return Page(items, cursors, len(rows) > page.first)


async def _run(
    db: "Session", statement: Any, key: Sequence[tuple[Any, Any]], descending: bool, limit: int
) -> Sequence[Any]:
    """Rows behind the values of the key's columns; without a last value from the first row on."""
    if key[-1][1] is not None:
        columns = sa.tuple_(*(column for column, _ in key))
        last = sa.tuple_(*(sa.literal(value, column.type) for column, value in key))
        statement = statement.where(columns < last if descending else columns > last)
    order = [column.desc() if descending else column for column, _ in key]
    found = await db.execute(statement.order_by(*order).limit(limit))
    return found.all() if len(found.keys()) > 1 else found.scalars().all()


def encode_cursor(sort: str, value: Any, row_id: Any) -> str:
    """An opaque cursor for a row of a list in the order of that name."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, value, row_id], default=str)).decode().rstrip("=")


def decode_cursor(cursor: str, sort: str, kind: type, id_kind: type = UUID) -> tuple[Any, Any]:
    """The sort value (None where the row has none) and id a cursor stands for.

    Raises `InvalidInput`: `CURSOR_OF_ANOTHER_SORT` for one of another order or list, `INVALID_CURSOR` for what is none.
    """
    try:
        name, value, row_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(name, str):
            raise TypeError("no order has such a name")
        if name != sort:
            raise InvalidInput(
                "The cursor is one of another list or order.", code="CURSOR_OF_ANOTHER_SORT", path=("after",)
            )
        return None if value is None else _typed(value, kind), _typed(row_id, id_kind)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as problem:
        raise _invalid() from problem


def _invalid() -> InvalidInput:
    return InvalidInput("The cursor is not one of this list.", code="INVALID_CURSOR", path=("after",))


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value).astimezone(UTC)
    if kind is date:
        return date.fromisoformat(value)
    if kind is UUID:
        return UUID(value)
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    if (isinstance(value, int) and abs(value) > LARGEST) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("no database holds it")
    return value
