"""Cursor pages: stable under inserts, because a page continues after a row and not after a count."""

import base64
import binascii
from collections.abc import Sequence
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
    """A sort column and direction; the id breaks ties."""

    column: Any
    descending: bool = False


async def paginate(db: "Session", statement: Any, sort: Sort, id_column: Any, page: PageRequest) -> Page[T]:
    """One page of a statement that selects one model; sort columns must not be null."""
    key = sa.tuple_(sort.column, id_column)
    if page.after is not None:
        value, row_id = decode_cursor(page.after, sort.column.type.python_type)
        last = sa.tuple_(sa.literal(value, sort.column.type), sa.literal(row_id, id_column.type))
        statement = statement.where(key < last if sort.descending else key > last)
    order = (sort.column.desc(), id_column.desc()) if sort.descending else (sort.column, id_column)
    rows: list[T] = list(await db.scalars(statement.order_by(*order).limit(page.first + 1)))
    items = rows[: page.first]
    name, id_name = sort.column.key, id_column.key
    cursors = [encode_cursor(getattr(item, name), getattr(item, id_name)) for item in items]
    return Page(items, cursors, len(rows) > page.first)


def encode_cursor(value: Any, row_id: Any) -> str:
    """An opaque cursor for a row."""
    return base64.urlsafe_b64encode(orjson.dumps([value, row_id], default=str)).decode().rstrip("=")


def decode_cursor(cursor: str, kind: type) -> tuple[Any, UUID]:
    """The sort value and id a cursor stands for; raises `InvalidInput` for anything else."""
    try:
        value, row_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return _typed(value, kind), UUID(row_id)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as problem:
        raise InvalidInput("The cursor is not one of this list.", code="INVALID_CURSOR", path=("after",)) from problem


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
