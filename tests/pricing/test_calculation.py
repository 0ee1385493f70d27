"""Amounts of lines and discounts of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontor.core.errors import InvalidInput
from kontor.pricing.calculation import (
    Buyer,
    LowestPrice,
    Terms,
    line_amount,
    lowest_price,
    price_for,
    ranking,
    shown_prices,
    spread_discount,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """A price; `price_list_id` is None for the channel's own."""

    amount: int
    price_list_id: UUID | None = None
    min_quantity: int = 1
    valid_from: datetime = START
    valid_to: datetime | None = None


def price_list(number: int, **given: Any) -> Terms:
    values: dict[str, Any] = {
        "id": UUID(int=number), "code": f"L{number}", "currency": "EUR", "country": None, "customer_group": None,
        "priority": 0, "valid_from": START, "valid_to": None,
    }  # fmt: skip
    return Terms(**{**values, **given})


def amount_for(rows: Sequence[Row], lists: Sequence[Terms], quantity: int = 1, **given: Any) -> int | None:
    buyer = Buyer(given.get("country", "DE"), given.get("currency", "EUR"), frozenset(given.get("groups", ())))
    at = given.get("at", START)
    price = price_for(rows, ranking(lists, buyer, at, own="EUR"), quantity, at)
    return None if price is None else price.amount


@pytest.mark.parametrize(("quantity", "amount"), [(1, 100), (9, 100), (10, 90), (500, 80)])
def test_largest_step_that_is_reached_counts(quantity: int, amount: int) -> None:
    assert amount_for([Row(90, min_quantity=10), Row(100), Row(80, min_quantity=100)], [], quantity) == amount


def test_quantity_below_every_step_has_no_price() -> None:
    assert amount_for([Row(90, min_quantity=5)], [], 4) is None


def test_most_specific_list_counts_and_the_channels_own_price_last() -> None:
    lists = [
        price_list(1),
        price_list(2, country="AT"),
        price_list(3, customer_group="trade"),
        price_list(4, country="AT", customer_group="trade"),
    ]
    rows = [Row(10 * number, UUID(int=number)) for number in range(1, 5)] + [Row(999)]
    assert amount_for(rows, lists) == 10
    assert amount_for(rows, lists, country="AT") == 20
    assert amount_for(rows, lists, groups=("trade", "other")) == 30
    assert amount_for(rows, lists, country="AT", groups=("trade",)) == 40
    assert amount_for(rows[-1:], lists, country="AT", groups=("trade",)) == 999


def test_dearer_price_of_a_more_specific_list_counts() -> None:
    assert amount_for([Row(100), Row(120, UUID(int=1))], [price_list(1, country="AT")], country="AT") == 120


def test_priority_comes_before_what_is_more_specific() -> None:
    lists = [price_list(1, priority=1), price_list(2, country="DE", customer_group="trade")]
    rows = [Row(10, UUID(int=1)), Row(20, UUID(int=2))]
    assert amount_for(rows, lists, groups=("trade",)) == 10


def test_list_without_a_price_for_the_quantity_leaves_it_to_the_next() -> None:
    lists = [price_list(1, customer_group="trade"), price_list(2)]
    rows = [Row(50, UUID(int=1), min_quantity=10), Row(80, UUID(int=2)), Row(100)]
    assert [amount_for(rows, lists, count, groups=("trade",)) for count in (1, 10)] == [80, 50]


def test_list_counts_from_its_start_until_before_its_end() -> None:
    lists = [price_list(1, valid_from=START + DAY, valid_to=START + 2 * DAY)]
    rows = [Row(100), Row(80, UUID(int=1))]
    assert [amount_for(rows, lists, at=START + days * DAY) for days in (0, 1, 2)] == [100, 80, 100]


def test_other_currency_never_falls_back_to_the_channels_own() -> None:
    lists = [price_list(1, currency="CHF")]
    rows = [Row(100), Row(120, UUID(int=1))]
    assert amount_for(rows, lists, currency="CHF") == 120
    assert amount_for(rows[:1], lists, currency="CHF") is None


LISTS = st.lists(
    st.tuples(
        st.sampled_from([None, "DE", "AT"]),
        st.sampled_from([None, "trade", "staff"]),
        st.sampled_from(["EUR", "CHF"]),
        st.integers(-1, 1),
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(1, 4)),
    ),
    max_size=6,
)
PRICES = st.lists(st.tuples(st.integers(-1, 5), st.integers(1, 3)), unique=True, max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LISTS, PRICES, st.randoms(use_true_random=False), st.data())
def test_price_is_that_of_the_best_list_one_by_one_in_any_order(
    lists: list[Any], prices: list[tuple[int, int]], chance: Random, data: st.DataObject
) -> None:
    """Compared with a search through every list that fits, written another way."""
    terms = [
        price_list(
            number, country=country, customer_group=group, currency=currency, priority=priority,
            valid_from=START + first * DAY, valid_to=None if length is None else START + (first + length) * DAY,
        )
        for number, (country, group, currency, priority, first, length) in enumerate(lists)
    ]  # fmt: skip
    rows = [Row(1000 * (number + 2) + step, None if number < 0 else UUID(int=number), step) for number, step in prices]
    country = data.draw(st.sampled_from(["DE", "AT", "FR"]))
    currency = data.draw(st.sampled_from(["EUR", "CHF", "GBP"]))
    groups = data.draw(st.frozensets(st.sampled_from(["trade", "staff"])))
    quantity, day = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 5))
    at = START + day * DAY
    best: tuple[Any, ...] | None = None
    for each in terms:
        counts = each.valid_from <= at and (each.valid_to is None or each.valid_to > at)
        whom = each.country in (None, country) and each.customer_group in (None, *groups)
        own = [row for row in rows if row.price_list_id == each.id and row.min_quantity <= quantity]
        if counts and whom and each.currency == currency and own:
            score = (each.priority, 2 * bool(each.customer_group) + bool(each.country), [-ord(c) for c in each.code])
            best = max(best or (score, 0), (score, max(own, key=lambda row: row.min_quantity).amount))
    plain = [row for row in rows if row.price_list_id is None and row.min_quantity <= quantity and currency == "EUR"]
    fallback = max(plain, key=lambda row: row.min_quantity).amount if plain else None
    expected = fallback if best is None else best[1]
    chance.shuffle(terms)
    chance.shuffle(rows)
    assert amount_for(rows, terms, quantity, country=country, currency=currency, groups=groups, at=at) == expected


def test_what_was_shown_follows_lists_that_begin_and_end() -> None:
    lists = [price_list(1, country="AT", valid_from=START + 2 * DAY, valid_to=START + 4 * DAY)]
    rows = [
        Row(100, valid_to=START + 3 * DAY),
        Row(90, valid_from=START + 3 * DAY),
        Row(70, UUID(int=1), valid_from=START + DAY),
        Row(50, min_quantity=5),
    ]
    shown = shown_prices(rows, lists, Buyer("AT", "EUR"), own="EUR")
    told = [(each.amount, each.valid_from - START, each.valid_to and each.valid_to - START) for each in shown]
    zero = timedelta()
    assert told == [(100, zero, DAY), (100, DAY, 2 * DAY), (70, 2 * DAY, 3 * DAY), (70, 3 * DAY, 4 * DAY),
                    (90, 4 * DAY, None)]  # fmt: skip
    assert lowest_price(shown, START + 2 * DAY) == LowestPrice(70, START + 2 * DAY, 100)
    elsewhere = shown_prices(rows, lists, Buyer("DE", "EUR"), own="EUR")
    assert lowest_price(elsewhere, START + 3 * DAY) == LowestPrice(90, START + 3 * DAY, 100)


@given(LISTS, PRICES, st.integers(0, 8), st.frozensets(st.sampled_from(["trade", "staff"])))
def test_what_was_shown_is_the_price_of_every_moment(
    lists: list[Any], prices: list[tuple[int, int]], day: int, groups: frozenset[str]
) -> None:
    terms = [
        price_list(
            number, country=country, customer_group=group, currency=currency, priority=priority,
            valid_from=START + first * DAY, valid_to=None if length is None else START + (first + length) * DAY,
        )
        for number, (country, group, currency, priority, first, length) in enumerate(lists)
    ]  # fmt: skip
    rows = [
        Row(
            10 * number + step, None if number < 0 else UUID(int=number), 1, START + step * DAY,
            START + (step + 1) * DAY,
        )
        for number, step in prices
    ]  # fmt: skip
    at = START + day * DAY
    buyer = Buyer("DE", "EUR", groups)
    shown = [
        each.amount
        for each in shown_prices(rows, terms, buyer, own="EUR")
        if each.valid_from <= at and (each.valid_to is None or at < each.valid_to)
    ]
    expected = amount_for(rows, terms, 1, groups=groups, at=at)
    assert shown == ([] if expected is None else [expected])


def test_discount_of_a_line_stays_within_its_value() -> None:
    assert line_amount(500, 3, 1500) == 0
    with pytest.raises(InvalidInput):
        line_amount(500, 3, 1501)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.data())
def test_spread_discount_is_whole_and_never_more_than_a_line(amounts: list[int], data: st.DataObject) -> None:
    discount = data.draw(st.integers(0, sum(amounts)))
    shares = spread_discount(discount, amounts)
    assert sum(shares) == discount
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
