"""Dated values beside each other, never over each other: a memory in which the past does not change.

A span is valid from its start inclusive to its end exclusive, None meaning without end. Works for moments and days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from kontor.imports.errors import PastChanged

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Span(Generic[V]):
    """A value and when it is valid; `id` is that of its row, None while it has none."""

    start: Any
    end: Any | None
    value: V
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Splice(Generic[V]):
    """What is to be written: rows that end earlier, plans that are dropped, rows that are new."""

    closed: dict[UUID, Any] = field(default_factory=dict)
    dropped: list[UUID] = field(default_factory=list)
    added: list[Span[V]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.closed or self.dropped or self.added)


def splice(present: Iterable[Span[V]], new: Span[V], now: Any) -> Splice[V]:
    """Put `new` among the spans of one thing.

    Without an end it lasts until the next planned start. The span it begins in is closed; what that one still had to
    say after the end of `new` is opened again. Plans (starts from `now` on) that it covers are dropped or begin later.
    Raises `PastChanged` when another value than the one then valid would be given to a moment before `now`.
    """
    spans = sorted(present, key=lambda span: span.start)
    end = new.end if new.end is not None else _next_start(spans, new.start)
    touched = [span for span in spans if _overlaps(span, new.start, end)]
    if len(touched) == 1 and _says_already(touched[0], new, end):
        return Splice()
    if new.start < now and any(span.start < now and span.value != new.value for span in touched):
        raise PastChanged("What was valid in the past does not change.", path=("validFrom",))
    if new.start < now and any(span.start < now for span in touched):
        # The same value is valid already: only what is still to come can differ.
        said_until: list[Any] = [span.end for span in touched if span.start < now]
        if None in said_until or (end is not None and max(said_until) >= end):
            return Splice()
        new = Span(max(said_until), end, new.value)
        touched = [span for span in touched if _overlaps(span, new.start, end)]
    result: Splice[V] = Splice()
    for span in touched:
        _make_room(result, span, new.start, end)
    result.added.append(Span(new.start, end, new.value))
    return result


def _next_start(spans: Sequence[Span[V]], start: Any) -> Any | None:
    return next((span.start for span in spans if span.start > start), None)


def _overlaps(span: Span[V], start: Any, end: Any | None) -> bool:
    return (span.end is None or span.end > start) and (end is None or span.start < end)


def _says_already(span: Span[V], new: Span[V], end: Any | None) -> bool:
    return (
        span.value == new.value
        and span.start <= new.start
        and (span.end is None or (end is not None and span.end >= end))
    )


def _make_room(result: Splice[V], span: Span[V], start: Any, end: Any | None) -> None:
    assert span.id is not None
    if span.start < start:
        result.closed[span.id] = start
    else:
        result.dropped.append(span.id)
    if end is not None and (span.end is None or span.end > end):
        result.added.append(Span(end, span.end, span.value))
