"""Amounts of currencies with none, two and three decimals, as the files of banks and accountants write them."""

from __future__ import annotations

import pytest

from factories.banking import Booked, camt
from kontor.banking.camt import read
from kontor.core.money import minor_digits
from kontor.ledger.datev import decimal


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("TND", 3)])
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (123456, "EUR", "1234,56"), (-5, "EUR", "-0,05"), (1234, "JPY", "1234,00"), (-1234, "JPY", "-1234,00"),
        (1234567, "KWD", "1234,57"), (1234564, "KWD", "1234,56"),
    ],
)  # fmt: skip
def test_datev_has_two_decimals_whatever_the_currency(amount: int, currency: str, expected: str) -> None:
    assert decimal(amount, currency) == expected


@pytest.mark.parametrize(("currency", "expected"), [("EUR", 5000), ("JPY", 50), ("KWD", 50000)])
def test_statement_is_read_in_the_minor_units_of_its_currency(currency: str, expected: int) -> None:
    told = camt("S1", Booked("A", 5000)).replace('Ccy="EUR"', f'Ccy="{currency}"')
    [statement] = read(told.encode())
    assert [(entry.amount, entry.currency) for entry in statement.entries] == [(expected, currency)]
