"""A reminder goes out when its level's days are over, never while an agreement holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kontor.core.errors import InvalidInput
from kontor.invoicing.reminding import Claim, Level, check_instalments, due_level, levels_of

LEVELS = (Level(7, 0, 7), Level(7, 500, 7), Level(14, 1000, 7))
DUE = date(2026, 6, 10)
OWED = Claim(open=5000, paid=0, due_on=DUE)


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
        ({"instalments": [(date(2026, 6, 20), 2000), (date(2026, 6, 25), 3000)]}, 26, None),
        ({"instalments": [(date(2026, 6, 20), 2000), (date(2026, 6, 25), 3000)]}, 27, 1),
        ({"instalments": [(date(2026, 6, 20), 2000), (date(2026, 6, 25), 3000)], "paid": 2000, "open": 3000}, 27, None),
        ({"paid": 1000, "paid_before": 1000, "instalments": [(date(2026, 6, 15), 5000)]}, 22, 1),
    ],
)
def test_level_of_a_day(given: dict[str, Any], day: int, level: int | None) -> None:
    assert due_level(replace(OWED, **given), LEVELS, date(2026, 6, day)) == level


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
