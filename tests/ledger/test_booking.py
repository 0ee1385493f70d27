"""Entries as rows of two accounts: each row bears the tax of the account that is taxed, whichever side it is on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from kontor.invoicing.posting import posting_of
from kontor.invoicing.redeemed import redeemed_lines
from kontor.ledger.booking import Booked, Row, Side, rows_of
from kontor.ledger.chart import Chart, Numbered
from kontor.ledger.queries import shipped_chart

DAY = date(2026, 6, 15)


def document(event: str, goods: Mapping[str, int], off: int, **given: Any) -> Booked:
    """An invoice or credit note of goods (gross) with their tax (rates by how much), of which vouchers pay `off`."""
    gross, tax = goods["gross"], goods["tax"]
    line = {"net": gross - tax, "tax": tax, "gross": gross, "tax_rate": "19", "shipment_line_id": "x"}
    lines = [line, *redeemed_lines([line], off, "de", by_gross=True)]
    content = {"treatment": "DOMESTIC", "tax_country": "DE", **given, "lines": lines}
    facts = {"number": "N-1", "net": gross - tax, "tax": tax, "gross": gross}
    posting = posting_of(event, facts, content=content)
    assert posting is not None
    sides = tuple(Side(line.account.value, line.detail, line.amount) for line in posting.lines)
    return Booked("e", posting.kind, DAY, "N-1", "N-1", "100000", "EUR", sides)


def rows(booked: Booked, *more: Numbered) -> list[Row]:
    chart = Chart([*shipped_chart("SKR03"), *more])
    return rows_of(booked, lambda account, detail: chart.find(account, detail, DAY))


def told(found: list[Row]) -> set[tuple[str, str, int, bool, str, int]]:
    return {(row.account, row.counter, row.amount, row.debit, row.tax_key, row.rounding) for row in found}


def test_goods_that_a_voucher_pays_in_part_keep_their_tax_key() -> None:
    """What a program takes out of 60.00 is 9.58, the documents say 9.57."""
    keyed = Numbered("REVENUE", "DOMESTIC/19", "8500", "Goods", tax_key="3")
    invoice, note = (
        told(rows(document(event, {"gross": 10000, "tax": 1595}, 4000), keyed))
        for event in ("InvoiceIssued", "CreditNoteIssued")
    )
    assert invoice == {("10000", "8500", 6000, True, "3", 1), ("10000", "1590", 4000, True, "", 0)}
    assert note == {("10000", "8500", 6000, False, "3", -1), ("1590", "10000", 4000, True, "", 0)}


@pytest.mark.parametrize("event", ["InvoiceIssued", "CreditNoteIssued"])
def test_goods_for_another_member_state_keep_its_tax(event: str) -> None:
    booked = document(event, {"gross": 10000, "tax": 1597}, 4000, treatment="OSS", tax_country="FR")
    taxed = [row for row in rows(booked) if row.counter in ("8320", "1767")]
    assert {(row.eu_country, row.eu_rate) for row in taxed} == {("FR", "19")}
    assert sum(row.amount for row in taxed) == 6000
    assert not [row for row in rows(booked) if row.account in ("8320", "1767")]


def test_rounding_stands_once_where_goods_go_against_two_accounts() -> None:
    sides = [("RECEIVABLES", "", 5000), ("STORED_VALUE", "VOUCHER/giftcards", 5000), ("REVENUE", "DOMESTIC/19", -8405),
             ("TAX", "DOMESTIC/19", -1595)]  # fmt: skip
    booked = Booked(
        "e",
        "INVOICE",
        DAY,
        "N",
        "N",
        "1",
        "EUR",
        tuple(Side(account, detail, amount) for account, detail, amount in sides),
    )
    assert sorted(row.rounding for row in rows(booked)) == [0, 2]
