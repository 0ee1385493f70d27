"""The bench of promotions prices the same baskets each time, with figures for every size."""

from random import Random

from kontor.bench.pricing import basket, measure, promotions
from kontor.promotions.book import Book


def test_worlds_repeat_and_each_size_has_its_figures() -> None:
    first, second = promotions(30, Random(1)), promotions(30, Random(1))
    assert first == second
    assert basket(Random(2), Book(first)) == basket(Random(2), Book(second))
    section = measure(orders=5, sizes=(10, 40))
    assert [figure.name.split(",")[0] for figure in section.figures] == [
        "10-line basket", "… every promotion looked at and explained",
    ] * 2  # fmt: skip
    assert "times the time for 4 times as many" in section.figures[2].note
