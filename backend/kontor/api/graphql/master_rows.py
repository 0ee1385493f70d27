"""What all masters share in the API: rows in with a result each, rows out as their columns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, plain, text_of
from kontor.api.graphql.mutation import change
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.imports.saving import Outcome, RowResult

MOST_ROWS = 1000
EACH = "Up to 1,000 rows, each with a result; a refused one leaves the others alone unless all or nothing is wanted."
WRITTEN = frozenset({Outcome.CREATED, Outcome.UPDATED})

strawberry.enum(Outcome, name="RowOutcome")


@strawberry.type(description="What became of one row; `code`, `message`, `path` and `details` say why it was refused.")
class SavedRow:
    index: int = strawberry.field(description="The place in the call, from 0.")
    key: str = strawberry.field(description="The natural key.")
    outcome: Outcome
    id: UUID | None
    code: str | None = None
    message: str | None = None
    path: list[str] | None = None
    details: JSON | None = None


@strawberry.type(description="What became of each row, in the order of the call.")
class SavedRows:
    rows: list[SavedRow]
    created: int
    updated: int
    unchanged: int
    refused: int
    replayed: bool = strawberry.field(
        description="The same call was answered before under its idempotency key; `rows` are those it wrote."
    )


SavedRowsResult: TypeAlias = Annotated[SavedRows | Refusal, strawberry.union("SaveRowsResult")]


class Given:
    """An input of which only what was given counts: what is absent stays as it is, null empties."""

    def values(self) -> dict[str, Any]:
        """The given fields by name, as the service takes them."""
        return {name: _plain(value) for name, value in vars(self).items() if value is not strawberry.UNSET}


def _plain(value: Any) -> Any:
    if isinstance(value, Given):
        return value.values()
    return [_plain(item) for item in value] if isinstance(value, list) else value


@lru_cache
def _columns(kind: type) -> tuple[str, ...]:
    fields = kind.__strawberry_definition__.fields  # type: ignore[attr-defined]
    return tuple(field.python_name for field in fields if field.base_resolver is None)


def shown(kind: type, row: Any) -> dict[str, Any]:
    """The columns of a row that a type shows under the same names."""
    return {name: getattr(row, name) for name in _columns(kind)}


async def save_rows(
    info: Info,
    inputs: Sequence[Given],
    save: Callable[..., Awaitable[list[RowResult]]],
    *,
    noun: str,
    all_or_nothing: bool,
) -> SavedRows:
    """Save up to 1,000 rows in one unit of work; raises `InvalidInput` for more."""
    if not 1 <= len(inputs) <= MOST_ROWS:
        raise InvalidInput(f"1 to {MOST_ROWS} rows.", code="INVALID_BATCH", path=("inputs",), max=MOST_ROWS)
    given = [each.values() for each in inputs]
    results: list[RowResult] = []

    async def work(db: Session) -> SavedRows:
        results[:] = await save(db, given, all_or_nothing=all_or_nothing)
        return _payload(info, results)

    async def again(db: Session, ids: list[UUID]) -> SavedRows:
        rows = [SavedRow(index=index, key="", outcome=Outcome.UNCHANGED, id=row_id) for index, row_id in enumerate(ids)]
        return SavedRows(rows=rows, created=0, updated=0, unchanged=len(rows), refused=0, replayed=True)

    return await change(
        info,
        work,
        body=[given, all_or_nothing],
        again=again,
        targets=lambda _: [(noun, row.id) for row in results if row.id is not None and row.outcome in WRITTEN],
    )


def _payload(info: Info, results: Sequence[RowResult]) -> SavedRows:
    def count(outcome: Outcome) -> int:
        return sum(result.outcome is outcome for result in results)

    return SavedRows(
        rows=[_row(info, result) for result in results],
        created=count(Outcome.CREATED),
        updated=count(Outcome.UPDATED),
        unchanged=count(Outcome.UNCHANGED),
        refused=count(Outcome.REFUSED),
        replayed=False,
    )


def _row(info: Info, result: RowResult) -> SavedRow:
    row = SavedRow(index=result.index, key=result.key, outcome=result.outcome, id=result.id)
    if result.problem is not None:
        row.code = result.problem.code
        row.message = text_of(result.problem, info.context.language)
        row.path = [str(part) for part in ("inputs", result.index, *result.problem.path)]
        row.details = plain(result.problem.params)
    return row


def lookup(**keys: Any) -> dict[str, Any]:
    """The one key that was given; raises `InvalidInput` for none or several."""
    given = {name: value for name, value in keys.items() if value is not None}
    if len(given) != 1:
        raise InvalidInput(f"Give one of {', '.join(keys)}.", code="INVALID_LOOKUP", path=(next(iter(keys)),))
    return given
