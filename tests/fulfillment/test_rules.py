from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontor.fulfillment.amounts import of_pieces
from kontor.fulfillment.code_format import ALPHABET, BODY_LENGTH, formatted, is_valid
from kontor.fulfillment.errors import FulfillmentLineNotFound, InvalidQuantity
from kontor.fulfillment.splitting import counts_of, is_all, rest_of
from kontor.fulfillment.values import Pieces


@dataclass
class Line:
    ordered: int
    net_total: int
    tax_total: int
    gross_total: int
    tax_rate: Decimal = Decimal(19)


@dataclass(frozen=True)
class Part:
    id: UUID
    quantity: int


@given(
    net=st.integers(0, 10**9), tax=st.integers(0, 10**8), steps=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    gross=st.booleans(),
)  # fmt: skip
def test_any_partition_of_a_line_sums_to_the_cent(net: int, tax: int, steps: list[int], gross: bool) -> None:
    line, done = Line(sum(steps), net, tax, net + tax), 0
    amounts = []
    for step in steps:
        amounts.append(of_pieces(line, done, step, gross=gross))
        done += step
    assert sum(each.net for each in amounts) == net
    assert sum(each.tax for each in amounts) == tax
    assert sum(each.gross for each in amounts) == net + tax


def test_gross_price_stays_when_the_rate_changes() -> None:
    amounts = of_pieces(Line(1, 840, 160, 1000), 0, 1, gross=True, rate=Decimal(16))
    assert (amounts.net, amounts.tax, amounts.gross) == (862, 138, 1000)


def test_net_price_stays_when_the_rate_changes() -> None:
    amounts = of_pieces(Line(1, 840, 160, 1000), 0, 1, gross=False, rate=Decimal(16))
    assert (amounts.net, amounts.tax, amounts.gross) == (840, 134, 974)


def test_pieces_are_checked_against_the_line() -> None:
    a, b = Part(UUID(int=1), 2), Part(UUID(int=2), 3)
    assert counts_of([a, b], None) == {a.id: 2, b.id: 3}
    assert counts_of([a, b], [Pieces(b.id, 1), Pieces(b.id, 1)]) == {b.id: 2}
    assert rest_of([a, b], {b.id: 2}) == {a.id: 2, b.id: 1}
    assert is_all([a, b], {a.id: 2, b.id: 3})
    for pieces, error, path in (
        ([Pieces(b.id, 4)], InvalidQuantity, ("lines", 0, "quantity")),
        ([Pieces(b.id, 2), Pieces(b.id, 2)], InvalidQuantity, ("lines", 1, "quantity")),
        ([Pieces(UUID(int=3), 1)], FulfillmentLineNotFound, ("lines", 0, "lineId")),
        ([], InvalidQuantity, ("lines",)),
    ):
        with pytest.raises(error) as refused:
            counts_of([a, b], pieces)
        assert refused.value.path == path


@given(
    st.text(ALPHABET, min_size=BODY_LENGTH, max_size=BODY_LENGTH),
    st.integers(0, BODY_LENGTH),
    st.sampled_from(ALPHABET),
)
def test_one_wrong_character_of_a_code_is_found(body: str, position: int, other: str) -> None:
    code = formatted(body).replace("-", "")
    assert is_valid(formatted(body).lower())
    wrong = code[:position] + other + code[position + 1 :]
    assert is_valid(wrong) == (wrong == code)
