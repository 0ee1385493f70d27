"""What a reduced price is compared with (Directive 98/6/EC, article 6a)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kontor.pricing.calculation import LowestPrice, lowest_price

START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    amount: int
    valid_from: datetime
    valid_to: datetime | None


def rows(*steps: tuple[int, int | None, int]) -> list[Row]:
    """(first day, day it ends, amount), by days from the start."""
    return [Row(amount, day(first), None if end is None else day(end)) for first, end, amount in steps]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_lowest_of_the_thirty_days_before_the_price_began_counts() -> None:
    prices = rows((0, 10, 800), (10, 20, 1000), (20, 50, 900), (50, None, 700))
    assert lowest_price(prices, day(50)) == LowestPrice(700, day(50), 900)
    assert lowest_price(prices, day(25)) == LowestPrice(900, day(20), 800)
    assert lowest_price(prices, day(90)) == LowestPrice(700, day(50), 900)  # as long as the reduction goes on


def test_price_that_ended_when_the_thirty_days_began_does_not_count() -> None:
    assert lowest_price(rows((0, 20, 500), (20, 50, 900), (50, None, 800)), day(60)) == LowestPrice(800, day(50), 900)


def test_price_set_anew_at_the_same_amount_goes_on() -> None:
    prices = rows((0, 10, 1000), (10, 40, 800), (40, None, 800))
    assert lowest_price(prices, day(41)) == LowestPrice(800, day(10), 1000)


def test_same_amount_after_a_break_is_a_new_price() -> None:
    prices = rows((0, 10, 800), (12, None, 800))
    found = lowest_price(prices, day(13))
    assert found == LowestPrice(800, day(12), 800)
    assert not found.reduced


def test_first_price_is_compared_with_nothing() -> None:
    found = lowest_price(rows((0, None, 900)), day(5))
    assert found == LowestPrice(900, day(0), None)
    assert not found.reduced


def test_without_a_price_at_the_moment_there_is_nothing_to_compare() -> None:
    assert lowest_price(rows((0, 10, 900)), day(10)) is None
    assert lowest_price([], day(0)) is None


@given(st.lists(st.tuples(st.integers(1, 25), st.integers(1, 5)), min_size=2, max_size=12))
def test_lowest_price_is_that_of_the_days_before_one_by_one(steps: list[tuple[int, int]]) -> None:
    first, prices = 0, []
    for length, amount in steps:
        prices.append((first, first + length, amount))
        first += length
    found = lowest_price(rows(*prices), day(first - 1))
    by_day = [amount for start, end, amount in prices for _ in range(start, end)]
    since = first - 1
    while since and by_day[since - 1] == by_day[-1]:
        since -= 1
    assert found == LowestPrice(by_day[-1], day(since), min(by_day[max(0, since - 30) : since], default=None))
