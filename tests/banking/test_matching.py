"""Numbers are found however a bank tears them; what speaks more for a debt comes first."""

from __future__ import annotations

import pytest

from kontor.banking.matching import Debt, numbers_in, suggestions
from kontor.core.ids import new_id


def debt(number: str, open_: int, name: str = "Greta Fock", order: str = "100001") -> Debt:
    return Debt(new_id(), new_id(), new_id(), number, order, name, open_)


@pytest.mark.parametrize(
    "purpose",
    ["HH-2026-000123", "Rechnung hh-2026-000123.", "RG HH-2026- 000123 DANKE", "HH 2026-000123", "(HH-2026-000123)"],
)
def test_numbers_are_found_however_they_are_written(purpose: str) -> None:
    assert "HH-2026-000123" in numbers_in(purpose)


def test_number_goes_before_amount_and_name() -> None:
    named, same, other = debt("HH-1", 7000), debt("HH-2", 5000), debt("HH-3", 5000, "Otto Muster")
    found = suggestions(5000, "FOCK, GRETA", ["HH-1"], [other, same, named])
    assert [(each.debt.number, each.amount, each.reasons) for each in found] == [
        ("HH-1", 5000, ("NUMBER", "NAME")),
        ("HH-2", 5000, ("AMOUNT", "NAME")),
        ("HH-3", 5000, ("AMOUNT",)),
    ]


def test_a_name_alone_is_no_reason_and_more_than_is_owed_is_not_taken() -> None:
    assert suggestions(100, "Greta Fock", [], [debt("HH-1", 5000)]) == []
    [found] = suggestions(9000, "", ["100001"], [debt("HH-1", 5000)])
    assert (found.amount, found.reasons) == (5000, ("ORDER",))
