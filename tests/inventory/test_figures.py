"""What a figure means, and who gives way."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kontor.inventory.availability import Counters, available_to_promise
from kontor.inventory.figures import Level, Promised, Since, Stage, give_way

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
small = st.integers(0, 50)
promises = st.lists(
    st.builds(
        Promised,
        st.integers(1, 9),
        st.sampled_from(Stage),
        st.integers(0, 3),
        st.none() | st.dates(date(2026, 6, 1), date(2026, 7, 1)),
        st.integers(0, 10_000).map(lambda minutes: NOON - timedelta(minutes=minutes)),
    ),
    max_size=12,
)


@given(on_hand=small, allocated=small, figure=small, free=st.booleans())
def test_figure_decides_on_hand_and_keeps_what_it_can(on_hand: int, allocated: int, figure: int, free: bool) -> None:
    level = Level.read(on_hand, min(allocated, on_hand), NOON)
    moved = level.set(figure, counts_free=free, as_of=NOON)

    assert level.on_hand == (figure + level.was_allocated if free else figure)
    assert moved == level.on_hand - on_hand
    assert 0 <= level.allocated <= level.on_hand
    assert level.missing == max(0, level.was_allocated - level.on_hand)


@given(on_hand=small, figure=small)
def test_figure_a_second_time_changes_nothing(on_hand: int, figure: int) -> None:
    level = Level.read(on_hand, 0, NOON)
    level.set(figure, counts_free=False, as_of=NOON)
    assert level.set(figure, counts_free=False, as_of=NOON) == 0


@given(on_hand=small, figure=small)
def test_older_figure_is_as_if_it_never_came(on_hand: int, figure: int) -> None:
    level = Level.read(on_hand, 0, NOON)
    assert level.set(figure, counts_free=False, as_of=NOON - timedelta(microseconds=1)) is None
    assert not level.changed


@given(promises, small)
def test_no_more_is_released_than_is_missing_or_promised(rows: list[Promised], missing: int) -> None:
    released = give_way(rows, missing)
    assert sum(count for _, count in released) == min(missing, sum(row.quantity for row in rows))
    assert len({index for index, _ in released}) == len(released)
    assert all(0 < count <= rows[index].quantity for index, count in released)


@given(promises, small, small)
def test_who_gives_way_for_few_gives_way_for_more(rows: list[Promised], few: int, more: int) -> None:
    first = [index for index, _ in give_way(rows, few)]
    assert [index for index, _ in give_way(rows, few + more)][: len(first)] == first


def test_begun_work_and_importance_hold_longest() -> None:
    day, early, late = date(2026, 6, 20), NOON - timedelta(days=2), NOON
    rows = [
        Promised(1, Stage.PACKED, 0, day, early),
        Promised(1, Stage.GIVEN, 0, day, early),
        Promised(1, Stage.PROMISED, 2, None, late),
        Promised(1, Stage.PROMISED, 0, day, early),
        Promised(1, Stage.PROMISED, 0, day, late),
        Promised(1, Stage.PROMISED, 0, day + timedelta(days=1), early),
        Promised(1, Stage.PROMISED, 0, None, early),
    ]
    assert [index for index, _ in give_way(rows, 7)] == [6, 5, 4, 3, 2, 1, 0]


@given(small, small, small, small, small, small)
def test_promise_is_never_negative_nor_beyond_the_stock(
    on_hand: int, allocated: int, reserved: int, safety: int, kept: int, inbound: int
) -> None:
    counters = Counters(on_hand, allocated, reserved, safety, min(kept, reserved), inbound)
    assert 0 <= available_to_promise(counters) <= on_hand + inbound


def test_own_reservation_comes_on_top_of_the_free_rest() -> None:
    assert available_to_promise(Counters(10, 1, 6, 2, kept=4)) == 5
    assert available_to_promise(Counters(10, 1, 6, 2)) == 1
    assert available_to_promise(Counters(3, 1, 6, 0, kept=4)) == 2


@given(shelf=small, promised=small, figure=small, free=st.booleans(), later=st.integers(0, 20), left=st.integers(0, 20))
def test_what_happened_since_is_not_in_the_figure(
    shelf: int, promised: int, figure: int, free: bool, later: int, left: int
) -> None:
    """At the moment of the figure `promised` were promised; since then `later` more, and `left` of all left."""
    left = min(left, promised + later)
    level = Level.read(shelf + promised + later, promised + later - left, NOON)
    level.set(figure, counts_free=free, as_of=NOON, since=Since(-left, later - left))

    assert level.on_hand == max(0, figure + (promised if free else 0) - left)
