"""Writing dated values: what a call changes in the timelines of many things, in three statements."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import utc_day
from kontor.core.db import Model, Session, chunks
from kontor.core.ids import new_id
from kontor.imports.saving import Draft, Outcome, attempt, good, insert_rows, writable
from kontor.imports.spans import Span, splice

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Start = datetime | date


@dataclass(frozen=True, slots=True)
class Changes(Generic[K, V]):
    """What differs from what was read: rows that end earlier, plans that are dropped, spans that are new."""

    closed: dict[UUID, Any]
    dropped: list[UUID]
    added: list[tuple[K, Span[V]]]


@dataclass(slots=True)
class Timelines(Generic[K, V]):
    """The spans of many things, read once; values are put in one after the other and then written together."""

    spans: dict[K, list[Span[V]]]
    _before: dict[UUID, Span[V]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = {span.id: span for spans in self.spans.values() for span in spans if span.id is not None}

    def place(self, draft: Draft, key: K, new: Span[V], now: Start) -> None:
        """Put a draft's value in; sets its id and outcome. Raises `PastChanged`."""
        spans = self.spans.setdefault(key, [])
        found = splice(spans, new, now)
        if found.empty:
            return
        draft.outcome = Outcome.UPDATED if found.closed or found.dropped else Outcome.CREATED
        added = [Span(span.start, span.end, span.value, new_id()) for span in found.added]
        draft.id = next(span.id for span in added if span.value == new.value)
        kept = [
            Span(span.start, found.closed[span.id], span.value, span.id) if span.id in found.closed else span
            for span in spans
            if span.id not in found.dropped
        ]
        self.spans[key] = kept + added

    def changes(self) -> Changes[K, V]:
        """What is to be written."""
        after = {span.id: (key, span) for key, spans in self.spans.items() for span in spans if span.id is not None}
        return Changes(
            closed={
                row_id: after[row_id][1].end
                for row_id, span in self._before.items()
                if row_id in after and after[row_id][1].end != span.end
            },
            dropped=[row_id for row_id in self._before if row_id not in after],
            added=[found for row_id, found in after.items() if row_id not in self._before],
        )


async def place_and_write(
    db: Session,
    model: type[Model],
    timelines: Timelines[K, V],
    drafts: Iterable[Draft],
    *,
    place: Callable[[Draft], tuple[K, Span[V]]],
    row: Callable[[K, Span[V]], Mapping[str, Any]],
    all_or_nothing: bool,
) -> Changes[K, V]:
    """Put the good drafts in, in their order, and write what differs; `row` gives the columns of a new span.

    Moments are compared with the business time, days with its date in UTC.
    """
    drafts = list(drafts)
    for draft in good(drafts):
        key, span = place(draft)
        now = db.now if isinstance(span.start, datetime) else utc_day(db.now)
        attempt(draft, lambda draft=draft, key=key, span=span, now=now: timelines.place(draft, key, span, now))  # type: ignore[misc]
    if not writable(drafts, all_or_nothing):
        return Changes({}, [], [])
    changes = timelines.changes()
    await _write(db, model, changes)
    await insert_rows(db, model, [{"id": span.id, **row(key, span)} for key, span in changes.added])
    return changes


async def _write(db: Session, model: type[Model], changes: Changes[K, V]) -> None:
    """Make room before anything new is inserted: the database refuses overlaps row by row."""
    table: Any = model.__table__
    await db.flush()
    for part in chunks(sorted(changes.dropped)):
        await db.execute(sa.delete(table).where(table.c.id.in_(part)))
    if changes.closed:
        statement = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        connection = await db.connection()
        await connection.execute(
            statement.values(valid_to=sa.bindparam("ends", type_=table.c.valid_to.type)),
            [{"row_id": row_id, "ends": changes.closed[row_id]} for row_id in sorted(changes.closed)],
        )
