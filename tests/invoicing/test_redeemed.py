"""What vouchers that were taxed when they were sold take off documents."""

from __future__ import annotations

import random
from typing import Any

from kontor.invoicing.build import tax_rows, totals
from kontor.invoicing.redeemed import Part, add_off, redeemed_lines, still_off, supplied


def said(gross: int, tax: int, rate: str = "19") -> dict[str, Any]:
    return {"net": gross - tax, "tax": tax, "gross": gross, "tax_rate": rate}


def test_line_below_zero_takes_off_at_the_rate_of_the_goods() -> None:
    lines = [said(11900, 1900)]
    [off] = redeemed_lines(lines, 5000, "de", by_gross=True)
    assert (off["gross"], off["tax"], off["net"], off["total"]) == (-5000, -798, -4202, -5000)
    assert supplied([*lines, off]) == (10000, 1900, 11900)
    assert totals(tax_rows([*lines, off])) == (5798, 1102, 6900)
    [by_net] = redeemed_lines(lines, 11900, "en", by_gross=False)
    assert (by_net["total"], by_net["tax"], by_net["unit_price"]) == (-10000, -1900, -10000)


def test_no_more_is_taken_off_than_was_said_and_nothing_for_nothing() -> None:
    assert redeemed_lines([said(1000, 160)], 0, "de", by_gross=True) == []
    assert [row["gross"] for row in redeemed_lines([said(1000, 160)], 3000, "de", by_gross=True)] == [-1000]
    rates = redeemed_lines([said(1000, 160), said(500, 33, "7"), said(-200, -32)], 1300, "de", by_gross=True)
    assert {row["tax_rate"]: row["gross"] for row in rates} == {"19": -800, "7": -500}


def test_what_went_back_in_parts_ends_at_the_tax_that_was_taken_off() -> None:
    chance = random.Random(7)
    for _ in range(500):
        gross = chance.randrange(2, 20000)
        lines = [said(gross, round(gross * 19 / 119))]
        paid = chance.randrange(1, gross + 1)
        issued = {"lines": redeemed_lines(lines, paid, "de", by_gross=True)}
        rests = still_off([issued], [])
        while (rest := rests["19"]).gross:
            part = chance.randrange(1, rest.gross + 1)
            note = [said(part, round(part * 19 / 119))]
            add_off(rests, redeemed_lines(note, part, "de", by_gross=True, rest=rests), 1)
        assert rests["19"] == Part(0, 0)
