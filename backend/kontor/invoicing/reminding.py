"""Which reminder an overdue invoice is due for. Pure; amounts in minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kontor.core.errors import InvalidInput

LEVELS = 3
MOST = 100_000
"""The highest fee, minor units, and the longest time, days, that a level can have."""


@dataclass(frozen=True, slots=True)
class Level:
    """A reminder: how many days after the last due day it goes out, what it costs, how long it gives to pay."""

    after_days: int
    fee: int
    pay_days: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice as reminders see it. `level` is the last reminder's, `due_on` its due day or the invoice's own.

    `paid` is what has come in or was credited of the invoice; `open` what is left.
    """

    open: int
    paid: int
    due_on: date
    level: int = 0
    paused_until: date | None = None
    paid_before: int = 0
    instalments: Sequence[tuple[date, int]] = ()


def levels_of(settings: Mapping[str, Any]) -> tuple[Level, ...]:
    """The levels a channel is set to: `dunning: [{afterDays, fee, payDays}, …]`, at most three; none: no reminders.

    What is no number counts as not said: one channel's mistake does not keep the others from reminding.
    """
    found = settings.get("dunning")
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    return tuple(
        Level(_number(row, "afterDays", 7), _number(row, "fee", 0), _number(row, "payDays", 7)) for row in rows[:LEVELS]
    )


def _number(row: Mapping[str, Any], name: str, usual: int) -> int:
    value = row.get(name)
    return max(0, min(value, MOST)) if type(value) is int else usual


def due_level(claim: Claim, levels: Sequence[Level], today: date) -> int | None:
    """The level to be sent today, from 1; None while there is nothing to remind of."""
    if claim.open <= 0 or claim.level >= len(levels) or (claim.paused_until and today <= claim.paused_until):
        return None
    missed = owed_since(claim, today)
    if missed is None:
        return None
    level = levels[claim.level]
    return claim.level + 1 if today >= missed + timedelta(days=max(1, level.after_days)) else None


def owed_since(claim: Claim, today: date) -> date | None:
    """The day on which something became overdue; None when nothing is.

    With instalments that is the first one which what came in since does not cover.
    """
    due = claim.due_on
    if claim.instalments:
        asked, paid = 0, claim.paid - claim.paid_before
        for day, amount in claim.instalments:
            asked += amount
            if paid < asked:
                due = max(day, claim.due_on) if claim.level else day
                break
    return due if due < today else None


def check_instalments(instalments: Sequence[tuple[date, int]], open_: int, today: date) -> None:
    """Raises `InvalidInput` unless they lie ahead, follow each other and sum to what is open."""
    days = [day for day, _ in instalments]
    if not 1 <= len(instalments) <= 60:
        raise InvalidInput("1 to 60 instalments.", code="INVALID_INSTALMENTS", path=("instalments",))
    if days != sorted(set(days)) or days[0] < today or any(amount <= 0 for _, amount in instalments):
        raise InvalidInput(
            "Instalments have amounts and follow each other from today on.",
            code="INVALID_INSTALMENTS",
            path=("instalments",),
        )
    if sum(amount for _, amount in instalments) != open_:
        raise InvalidInput(
            f"The instalments have to sum to {open_}.", code="INSTALMENTS_DIFFER", path=("instalments",), open=open_
        )
