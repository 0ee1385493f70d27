"""Dated values beside each other."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontor.core.ids import new_id
from kontor.imports.errors import PastChanged
from kontor.imports.spans import Span, splice

NOW = 50
Row = tuple[int, int | None, str]


def put(rows: list[Row], new: Row) -> list[Row]:
    """The rows after `new` was put in."""
    spans = [Span(start, end, value, new_id()) for start, end, value in rows]
    found = splice(spans, Span(*new), NOW)
    kept: list[Span[str]] = []
    for span in spans:
        assert isinstance(span.id, UUID)
        if span.id not in found.dropped:
            kept.append(Span(span.start, found.closed.get(span.id, span.end), span.value))
    return sorted((span.start, span.end, span.value) for span in [*kept, *found.added])


@pytest.mark.parametrize(
    ("rows", "new", "after"),
    [
        ([], (50, None, "a"), [(50, None, "a")]),
        ([(0, None, "a")], (50, None, "b"), [(0, 50, "a"), (50, None, "b")]),
        ([(0, None, "a")], (50, None, "a"), [(0, None, "a")]),
        ([(0, 80, "a"), (80, None, "b")], (60, None, "c"), [(0, 60, "a"), (60, 80, "c"), (80, None, "b")]),
        ([(0, None, "a")], (60, 70, "b"), [(0, 60, "a"), (60, 70, "b"), (70, None, "a")]),
        ([(0, None, "a"), ], (20, 40, "a"), [(0, None, "a")]),
        ([(0, 60, "a"), (60, None, "b")], (60, None, "c"), [(0, 60, "a"), (60, None, "c")]),
        ([(60, 70, "a"), (70, 90, "b")], (55, 80, "c"), [(55, 80, "c"), (80, 90, "b")]),
        ([(10, None, "a")], (0, None, "b"), [(0, 10, "b"), (10, None, "a")]),
        ([(0, 60, "a")], (20, 80, "a"), [(0, 60, "a"), (60, 80, "a")]),
    ],
)  # fmt: skip
def test_new_span_finds_its_place(rows: list[Row], new: Row, after: list[Row]) -> None:
    assert put(rows, new) == after


@pytest.mark.parametrize("new", [(40, None, "b"), (0, 45, "b"), (-5, 10, "b")])
def test_past_does_not_change(new: Row) -> None:
    with pytest.raises(PastChanged):
        put([(0, None, "a")], new)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.none() | st.integers(1, 40), st.sampled_from("abc")), min_size=1, max_size=12
    )
)
def test_spans_never_overlap_and_the_past_stays(steps: list[tuple[int, int | None, str]]) -> None:
    rows: list[Row] = []
    for start, length, value in steps:
        past = {moment: _value_at(rows, moment) for moment in range(NOW)}
        try:
            rows = put(rows, (start, None if length is None else start + length, value))
        except PastChanged:
            continue
        assert all(was is None or _value_at(rows, moment) == was for moment, was in past.items())
        for (_, end, _), (following, _, _) in pairwise(rows):
            assert end is not None
            assert end <= following


def _value_at(rows: list[Row], moment: int) -> str | None:
    return next((value for start, end, value in rows if start <= moment and (end is None or moment < end)), None)
