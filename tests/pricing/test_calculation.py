"""Amounts of lines and discounts of orders."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontor.core.errors import InvalidInput
from kontor.pricing.calculation import line_amount, spread_discount, step_for


@dataclass(frozen=True)
class Step:
    min_quantity: int
    amount: int


@pytest.mark.parametrize(("quantity", "amount"), [(1, 100), (9, 100), (10, 90), (500, 80)])
def test_largest_step_that_is_reached_counts(quantity: int, amount: int) -> None:
    step = step_for([Step(10, 90), Step(1, 100), Step(100, 80)], quantity)
    assert step is not None
    assert step.amount == amount


def test_quantity_below_every_step_has_no_price() -> None:
    assert step_for([Step(5, 90)], 4) is None


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
