"""An account has the number of the most detailed row that is valid on the day."""

from __future__ import annotations

from datetime import date

import pytest

from kontor.invoicing.posting import Account
from kontor.ledger.chart import Chart, Numbered
from kontor.ledger.errors import AccountMissing
from kontor.ledger.queries import shipped_chart

DAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("account", "detail", "skr03", "skr04"),
    [
        ("RECEIVABLES", "", "10000", "10000"),
        ("REVENUE", "DOMESTIC/19", "8400", "4400"),
        ("REVENUE", "DOMESTIC/7", "8300", "4300"),
        ("REVENUE", "OSS/FR/20", "8320", "4320"),
        ("REVENUE", "INTRA_COMMUNITY/FR", "8125", "4125"),
        ("REVENUE", "REVERSE_CHARGE/FR", "8337", "4337"),
        ("REVENUE", "EXPORT/CH", "8120", "4120"),
        ("REVENUE", "DOMESTIC/0", "8200", "4200"),
        ("CHARGES", "DOMESTIC/19", "8401", "4401"),
        ("CHARGES", "OSS/FR/20", "8320", "4320"),
        ("KEPT_FEES", "DOMESTIC/19", "8400", "4400"),
        ("TAX", "DOMESTIC/19", "1776", "3806"),
        ("TAX", "OSS/FR/20", "1767", "3817"),
        ("GATEWAY", "CARD/stripe", "1361", "1461"),
        ("BANK", "ON_ACCOUNT", "1200", "1800"),
        ("STORED_VALUE", "GIFT_CARD", "1701", "3501"),
        ("STORED_VALUE", "VOUCHER", "1701", "3501"),
        ("STORED_VALUE", "VOUCHER/giftcards", "1590", "1370"),
        ("EXCHANGE", "stripe", "1365", "1372"),
    ],
)
def test_shipped_charts_have_the_usual_numbers(account: str, detail: str, skr03: str, skr04: str) -> None:
    found = [Chart(shipped_chart(name)).find(account, detail, DAY).number for name in ("SKR03", "SKR04")]
    assert found == [skr03, skr04]


@pytest.mark.parametrize("name", ["SKR03", "SKR04"])
def test_shipped_charts_know_every_account(name: str) -> None:
    for account in Account:
        assert Chart(shipped_chart(name)).find(account.value, "", DAY).number.isdecimal()


def test_a_number_counts_from_its_day_until_the_next() -> None:
    rows = [Numbered("BANK", "", "1200", "Bank")]
    rows += [
        Numbered("BANK", "", number, "Bank", valid_from=date(2026, 1, day)) for day, number in ((10, "1"), (20, "2"))
    ]
    chart = Chart(rows)
    assert [chart.find("BANK", "X", date(2026, 1, day)).number for day in (9, 10, 19, 20)] == ["1200", "1", "1", "2"]


def test_a_detailed_row_counts_before_a_later_general_one() -> None:
    own = Numbered("REVENUE", "", "9999", "Revenue", valid_from=date(2026, 1, 1))
    chart = Chart([Numbered("REVENUE", "DOMESTIC/19", "8400", "Revenue"), own])
    assert chart.find("REVENUE", "DOMESTIC/19", DAY).number == "8400"
    assert chart.find("REVENUE", "DOMESTIC/7", DAY).number == "9999"


def test_an_account_without_number_is_named() -> None:
    with pytest.raises(AccountMissing) as refused:
        Chart([]).find("BANK", "", DAY)
    assert refused.value.params["account"] == "BANK"
