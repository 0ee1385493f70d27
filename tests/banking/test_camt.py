"""A statement is read whatever its version; one that contradicts itself is refused."""

from __future__ import annotations

import pytest

from factories.banking import IBAN, Booked, camt
from kontor.banking import camt as reading
from kontor.banking.errors import InvalidStatement


@pytest.mark.parametrize("version", [2, 8, 12])
def test_entries_are_read_in_every_version(version: int) -> None:
    text = camt(
        "S1", Booked("A", 5000, "RE 1 & more", end_to_end="E1"), Booked("B", -1234, "rent", "Landlord"),
        Booked("P", 999, status="PDNG"), version=version,
    )  # fmt: skip
    [statement] = reading.read(text.encode())
    assert (statement.iban, statement.reference, statement.opening, statement.closing) == (IBAN, "S1", 10_000, 13_766)
    assert [(each.reference, each.amount, each.name, each.purpose, each.end_to_end) for each in statement.entries] == [
        ("A", 5000, "Greta Fock", "RE 1 & more", "E1"),
        ("B", -1234, "Landlord", "rent", ""),
    ]
    assert statement.entries[0].counter_iban == "DE02120300000000202051"


def test_a_batch_is_its_transactions() -> None:
    text = camt("S1", batch=(Booked("", 1999, "one"), Booked("", 2001, "two")))
    [statement] = reading.read(text.encode())
    assert [(each.reference, each.amount, each.purpose) for each in statement.entries] == [
        ("BATCH/1", 1999, "one"),
        ("BATCH/2", 2001, "two"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "no xml",
        "<Document/>",
        '<!DOCTYPE a [<!ENTITY x "y">]><Document><BkToCstmrStmt/></Document>',
        camt("S1", Booked("A", 5000), closing=1),
        camt("S1", Booked("A", 5000), Booked("A", 100)),
        camt("", Booked("A", 5000)),
        camt("S1", Booked("", 5000)),
        camt("S1", Booked("A", 5000)).replace("50.00", "50.005"),
        camt("S1", Booked("A", 5000)).replace("50.00", "NaN"),
        camt("S1", Booked("A", 5000)).replace("<BookgDt><Dt>2026-06-15", "<BookgDt><Dt>soon"),
    ],
)
def test_what_is_no_statement_is_refused(text: str) -> None:
    with pytest.raises(InvalidStatement):
        reading.read(text.encode())
