"""What a fee of the whole order is taxed with."""

from decimal import Decimal

from kontor.core.ids import new_id
from kontor.orders.totals import PricedLine, shares_of_goods


def priced(tax_class: str, rate: int, shown: int, *, discount: int = 0, quantity: int = 1) -> PricedLine:
    return PricedLine(
        0, new_id(), "A", "A", "PHYSICAL", tax_class, Decimal(rate), quantity, shown, shown, line_discount=discount
    )  # fmt: skip


def test_fee_shares_the_rates_of_the_goods_in_proportion_to_what_they_cost() -> None:
    goods = [priced("standard", 19, 2000, discount=500), priced("reduced", 7, 500), priced("standard", 19, 0)]
    assert shares_of_goods(599, goods) == [("standard", Decimal(19), 449), ("reduced", Decimal(7), 150)]


def test_fee_of_free_goods_shares_by_pieces_and_no_fee_is_one_row() -> None:
    goods = [priced("standard", 19, 100, discount=100, quantity=3), priced("reduced", 7, 0, quantity=1)]
    assert shares_of_goods(400, goods) == [("standard", Decimal(19), 300), ("reduced", Decimal(7), 100)]
    assert shares_of_goods(0, goods) == [("standard", Decimal(19), 0)]
