"""Interest by days and base rates of the law; what money pays first; what is given up and comes back, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontor.invoicing.bad_debts import Appropriation, Part, appropriate, brought_back, order_of, parts_of
from kontor.invoicing.interest import BaseRate, charged, default_since, interest, known_until, with_settings
from kontor.invoicing.queries import base_rates

RATES = (BaseRate(date(2025, 1, 1), Decimal("2.27")), BaseRate(date(2025, 7, 1), Decimal("1.27")))
A = Appropriation


@pytest.mark.parametrize(
    ("since", "until", "business", "expected"),
    [
        (date(2025, 1, 31), date(2025, 1, 31), False, 0),
        (date(2025, 1, 31), date(2025, 3, 2), False, 598),  # 30 days of 7.27 % on 1,000.00
        (date(2025, 1, 31), date(2025, 3, 2), True, 926),  # 30 days of 11.27 %
        (date(2025, 6, 20), date(2025, 7, 10), False, 371),  # 10 days of 7.27 %, 10 of 6.27 %
        (date(2024, 6, 1), date(2024, 6, 30), False, 0),  # before the first rate that is known
        (date(2025, 12, 21), date(2026, 1, 10), False, 172),  # 10 days of 6.27 %, none of a half-year without a rate
        (date(2026, 1, 31), date(2026, 3, 2), False, 0),
    ],
)
def test_interest_follows_days_and_base_rate(since: date, until: date, business: bool, expected: int) -> None:
    assert interest(100_000, since, until, RATES, business=business) == expected


def test_leap_year_has_366_days() -> None:
    rates = (BaseRate(date(2020, 1, 1), Decimal(0)),)
    assert interest(366_000, date(2020, 2, 1), date(2020, 2, 11), rates, business=False) == 500


def test_shipped_base_rates_begin_on_the_days_of_the_law() -> None:
    rates = base_rates()
    assert [row.valid_from for row in rates] == sorted({row.valid_from for row in rates})
    assert {(row.valid_from.month, row.valid_from.day) for row in rates} == {(1, 1), (7, 1)}
    known = {row.valid_from: row.percent for row in rates}
    assert (known[date(2016, 7, 1)], known[date(2024, 1, 1)]) == (Decimal("-0.88"), Decimal("3.62"))


def test_channel_adds_the_rates_published_since_and_corrects_one() -> None:
    said = {"2026-01-01": "1.27", "2025-07-01": 1.5, "soon": "2", "2026-07-01": "high", "2027-01-01": "NaN"}
    assert with_settings(RATES, {"baseRates": said}) == (
        BaseRate(date(2025, 1, 1), Decimal("2.27")), BaseRate(date(2025, 7, 1), Decimal("1.5")),
        BaseRate(date(2026, 1, 1), Decimal("1.27")),
    )  # fmt: skip
    assert with_settings(RATES, {"baseRates": "1.27"}) == RATES
    assert (known_until(RATES), known_until(RATES[:1])) == (date(2025, 12, 31), date(2025, 6, 30))


def test_consumer_is_in_default_by_a_reminder_and_company_after_thirty_days() -> None:
    due, reminded = date(2026, 6, 1), date(2026, 6, 20)
    assert default_since(due, None, business=False) is None
    assert default_since(due, None, business=True) == date(2026, 7, 1)
    assert default_since(due, reminded, business=False) == reminded
    assert charged({"dunningInterest": True}, "DE")
    assert not charged({"dunningInterest": True}, "AT")
    assert not charged({}, "DE")


def test_money_pays_costs_then_interest_then_principal_unless_set_otherwise() -> None:
    open_ = {A.COSTS: 500, A.INTEREST: 200, A.PRINCIPAL: 5000}
    assert appropriate(1000, open_, order_of({})) == {"COSTS": 500, "INTEREST": 200, "PRINCIPAL": 300}
    first = order_of({"appropriation": ["PRINCIPAL", "nonsense"]})
    assert first == (A.PRINCIPAL, A.COSTS, A.INTEREST)
    assert appropriate(5100, open_, first) == {"PRINCIPAL": 5000, "COSTS": 100}


def test_tax_in_what_is_given_up_is_that_of_each_rate() -> None:
    claimed = [("DOMESTIC/19", 1900, 11900), ("DOMESTIC/7", 70, 1070)]
    assert parts_of(12970, claimed) == (Part("DOMESTIC/19", 10000, 1900), Part("DOMESTIC/7", 1000, 70))
    assert sum(part.net + part.tax for part in parts_of(777, claimed)) == 777


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 900)), min_size=1, max_size=4), st.data())
def test_what_comes_back_in_parts_is_what_was_given_up(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    parts = [Part(f"DOMESTIC/{place}", net, tax) for place, (net, tax) in enumerate(rows)]
    total = sum(part.net + part.tax for part in parts)
    stop = data.draw(st.integers(0, total))
    back: dict[str, list[int]] = {part.detail: [0, 0] for part in parts}
    for before, after in ((0, stop), (stop, total)):
        moved = brought_back(parts, before, after)
        assert sum(part.net + part.tax for part in moved) == after - before
        for part in moved:
            back[part.detail][0] += part.net
            back[part.detail][1] += part.tax
    assert back == {part.detail: [part.net, part.tax] for part in parts}
