"""A reminder goes out when its level's days are over, never while an agreement holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kontor.core.errors import InvalidInput
from kontor.invoicing.reminding import (
    Claim,
    Instalment,
    Level,
    asked_on_open,
    check_instalments,
    claims_of,
    due_level,
    left_of,
    levels_of,
)

LEVELS = (Level(7, 0, 7), Level(7, 500, 7), Level(14, 1000, 7))
DUE = date(2026, 6, 10)
OWED = Claim(open=5000, due_on=DUE)
PARTS = (Instalment(1, date(2026, 6, 20), 2000), Instalment(2, date(2026, 6, 25), 3000))


@pytest.mark.parametrize(
    ("given", "day", "level"),
    [
        ({}, 16, None),
        ({}, 17, 1),
        ({"open": 0}, 17, None),
        ({"level": 1}, 17, 2),
        ({"level": 2}, 17, None),
        ({"level": 2}, 24, 3),
        ({"level": 3}, 30, None),
        ({"paused_until": date(2026, 6, 20)}, 20, None),
        ({"paused_until": date(2026, 6, 20)}, 21, 1),
    ],
)
def test_level_of_a_day(given: dict[str, Any], day: int, level: int | None) -> None:
    assert due_level(replace(OWED, **given), LEVELS, date(2026, 6, day)) == level


@pytest.mark.parametrize(
    ("paid", "reminded", "day", "due"),
    [
        (0, {}, 26, []),
        (0, {}, 27, [(1, 1, 2000)]),
        (500, {}, 27, [(1, 1, 1500)]),
        (2000, {}, 27, []),
        (2000, {}, 30, []),
        (2500, {1: (1, date(2026, 6, 28))}, 40, [(2, 1, 2500)]),
        (0, {1: (1, date(2026, 6, 28))}, 34, [(2, 1, 3000)]),
        (0, {1: (1, date(2026, 6, 28))}, 35, [(1, 2, 2000), (2, 1, 3000)]),
        (0, {1: (3, date(2026, 6, 28))}, 60, [(2, 1, 3000)]),
        (5000, {}, 60, []),
    ],
)
def test_each_instalment_has_levels_of_its_own(
    paid: int, reminded: dict[int, tuple[int, date]], day: int, due: list[tuple[int, int, int]]
) -> None:
    today = date(2026, 6, 1) + timedelta(days=day - 1)
    claims = claims_of(OWED, PARTS, paid, reminded)
    found = [(number, due_level(claim, LEVELS, today), claim.open) for number, claim in claims]
    assert [each for each in found if each[1] is not None] == due


def test_interest_of_instalments_counts_as_asked_for_as_far_as_they_are_open() -> None:
    asked = [(1, 100, 1000), (1, 60, 600), (2, 30, 400), (3, 7, 0)]
    assert asked_on_open(asked, {}) == 197
    assert asked_on_open(asked, {1: 1000, 2: 400}) == 197
    assert asked_on_open(asked, {1: 300, 2: 400}) == 30 + 30 + 30 + 7
    assert asked_on_open(asked, {1: 0, 2: 0}) == 7
    assert left_of([(1, 500), (2, 500), (3, 500)], 700) == [(1, 0), (2, 300), (3, 500)]
    assert left_of([(1, 500)], -100) == [(1, 500)]


def test_pause_holds_for_instalments_and_without_any_the_whole_is_reminded_of() -> None:
    paused = replace(OWED, paused_until=date(2026, 12, 31))
    assert {claim.paused_until for _, claim in claims_of(paused, PARTS, 0, {})} == {date(2026, 12, 31)}
    assert claims_of(OWED, (), 0, {1: (3, DUE)}) == [(0, OWED)]


def test_without_levels_nobody_is_reminded() -> None:
    assert due_level(OWED, levels_of({}), date(2026, 12, 1)) is None
    assert levels_of({"dunning": [{"afterDays": 3, "fee": 250, "payDays": 5}] * 4}) == (Level(3, 250, 5),) * 3
    wrong = [{"afterDays": "soon", "fee": 2.5, "payDays": None}, {"afterDays": -1, "fee": True, "payDays": 10**12}]
    assert levels_of({"dunning": wrong}) == (Level(7, 0, 7), Level(0, 0, 100_000))


@pytest.mark.parametrize(
    ("instalments", "code"),
    [
        ([], "INVALID_INSTALMENTS"),
        ([(DUE, 5000)], "INVALID_INSTALMENTS"),
        ([(date(2026, 6, 20), 2500), (date(2026, 6, 20), 2500)], "INVALID_INSTALMENTS"),
        ([(date(2026, 6, 20), 2500), (date(2026, 6, 21), 2000)], "INSTALMENTS_DIFFER"),
    ],
)
def test_instalments_lie_ahead_and_sum_to_what_is_open(instalments: list[tuple[date, int]], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_instalments(instalments, 5000, date(2026, 6, 15))
    assert refused.value.code == code
