"""Cash is paid in coins: what is rounded, and that parts add up to what the whole would have been."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontor.payments.cash import SMALLEST_COIN, in_coins, rounding

currencies = st.sampled_from([*SMALLEST_COIN, "EUR"])


@pytest.mark.parametrize(
    ("amount", "currency", "paid"),
    [
        (1997, "CHF", 1995), (1998, "CHF", 2000), (1949, "SEK", 1900), (1950, "SEK", 2000), (1925, "DKK", 1950),
        (19_999, "HUF", 20_000), (1997, "EUR", 1997), (0, "CHF", 0),
    ],
)  # fmt: skip
def test_amount_is_rounded_to_the_smallest_coin_and_a_payout_mirrors_it(amount: int, currency: str, paid: int) -> None:
    assert in_coins(amount, currency) == paid
    assert in_coins(-amount, currency) == -paid


@given(st.lists(st.integers(0, 100_000), max_size=8), currencies)
def test_parts_are_coins_and_come_to_what_the_whole_would(parts: list[int], currency: str) -> None:
    done = paid = 0
    for part in parts:
        moved = part + rounding(done, part, currency)
        assert moved % SMALLEST_COIN.get(currency, 1) == 0
        done, paid = done + part, paid + moved
    assert paid == in_coins(sum(parts), currency)
