"""What vouchers that were taxed when they were sold take off documents."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

from kontor.invoicing.build import tax_rows, totals
from kontor.invoicing.redeemed import Part, Vouchers, add_off, redeemed_lines, supplied


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
        rests: dict[str, Part] = {}
        add_off(rests, redeemed_lines(lines, paid, "de", by_gross=True), -1)
        while (rest := rests["19"]).gross:
            part = chance.randrange(1, rest.gross + 1)
            note = [said(part, round(part * 19 / 119))]
            add_off(rests, redeemed_lines(note, part, "de", by_gross=True, rest=rests), 1)
        assert rests["19"] == Part(0, 0)


FIRST, SECOND = UUID(int=1), UUID(int=2)


def goods(gross: int) -> list[dict[str, Any]]:
    return [said(gross, round(gross * 19 / 119))]


def invoiced(vouchers: Vouchers, gross: int) -> int:
    """What an invoice of goods takes off."""
    return -sum(int(line["gross"]) for line in vouchers.invoice(goods(gross), "de", by_gross=True))


def credited(vouchers: Vouchers, refund_id: UUID, gross: int, back: int = 0) -> int:
    """What the credit note of a refund takes off that gives `back` so much to vouchers."""
    vouchers.back[refund_id] = back
    return -sum(int(line["gross"]) for line in vouchers.credit(refund_id, goods(gross), "de", by_gross=True))


def test_vouchers_pay_once_for_goods_given_for_goods() -> None:
    after = Vouchers(10000)  # the goods come back first: what paid for them pays for the new ones
    assert [invoiced(after, 10000), credited(after, FIRST, 10000), invoiced(after, 10000)] == [10000] * 3
    cheaper = Vouchers(10000)
    assert [invoiced(cheaper, 10000), credited(cheaper, FIRST, 10000, 3000)] == [10000, 10000]
    assert [invoiced(cheaper, 7000), credited(cheaper, SECOND, 7000, 7000)] == [7000, 7000]
    before = Vouchers(10000)  # the new goods come first: they are taxed, and the credit note takes that tax back
    assert [invoiced(before, 10000), invoiced(before, 10000), credited(before, FIRST, 10000)] == [10000, 0, 0]
    assert credited(before, SECOND, 10000, 10000) == 10000
    part = Vouchers(4000)  # other money paid for the rest
    assert [invoiced(part, 10000), credited(part, FIRST, 5000), invoiced(part, 5000)] == [4000, 0, 0]


def test_vouchers_pay_once_whatever_other_money_comes() -> None:
    halves = Vouchers(4000)  # the till has got the rest by the second invoice
    assert [invoiced(halves, 5000), invoiced(halves, 5000)] == [4000, 0]
    more = Vouchers(1000)  # 30.00 had come in advance; the second shipment is drawn on the voucher alone
    assert invoiced(more, 4000) == 1000
    more.taken = 5000
    assert invoiced(more, 4000) == 4000
    gone = Vouchers(0)  # it was given back for pieces that never shipped
    assert invoiced(gone, 5000) == 0


def test_what_goes_back_onto_a_voucher_pays_for_nothing_more() -> None:
    vouchers = Vouchers(10000)
    assert [invoiced(vouchers, 10000), credited(vouchers, FIRST, 5000, 5000), invoiced(vouchers, 3000)] == [
        10000, 5000, 0,
    ]  # fmt: skip
    mixed = Vouchers(4000)  # 60.00 by card, of which the first refund gives back its part
    assert [invoiced(mixed, 10000), credited(mixed, FIRST, 6000), credited(mixed, SECOND, 4000, 4000)] == [
        4000,
        0,
        4000,
    ]
    late = Vouchers(4000, {FIRST: 4000})  # paid back before the invoice was there: credited after it
    assert [invoiced(late, 4000), credited(late, FIRST, 4000, 4000)] == [4000, 4000]


def test_random_lives_take_off_what_vouchers_pay() -> None:
    chance = random.Random(11)
    for _ in range(300):
        vouchers, plain, left = Vouchers(chance.randrange(1, 20000)), 0, 0
        for number in range(chance.randrange(2, 9)):
            if left and chance.random() < 0.5:
                gross = chance.randrange(1, left + 1)
                there = vouchers.taken - sum(vouchers.back.values())
                plain -= gross - credited(vouchers, UUID(int=number), gross, chance.randrange(0, min(gross, there) + 1))
                left -= gross
            else:
                gross = chance.randrange(1, 9000)
                plain += gross - invoiced(vouchers, gross)
                left += gross
            there = vouchers.taken - sum(vouchers.back.values())
            assert left - plain == min(left, there) or plain >= 0
            assert sum(part.gross for part in vouchers.off.values()) == left - plain
