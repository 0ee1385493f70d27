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
    """What is reminded of: an invoice, or one instalment of it. `open` is what is left of it, minor units.

    `level` is the last reminder's, `due_on` its due day or that of the invoice or instalment.
    """

    open: int
    due_on: date
    level: int = 0
    paused_until: date | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of an invoice that was agreed: its number among all that were ever agreed for it, from 1."""

    number: int
    due_on: date
    amount: int


Reminded = Mapping[int, tuple[int, date]]
"""Level and due day of the last reminder by instalment; 0 stands for an invoice as a whole."""


def claims_of(
    whole: Claim, instalments: Sequence[Instalment], paid: int, reminded: Reminded
) -> list[tuple[int, Claim]]:
    """What of an invoice is reminded of by itself: each instalment that is open, or without any the whole (0).

    What came in since they were agreed (`paid`) pays the first ones first. Each instalment has levels of its own.
    """
    if not instalments:
        return [(0, whole)]
    found = []
    for part in instalments:
        covered = min(part.amount, max(0, paid))
        paid -= covered
        level, due_on = reminded.get(part.number, (0, part.due_on))
        found.append((part.number, Claim(part.amount - covered, due_on, level, whole.paused_until)))
    return found


def left_of(parts: Sequence[tuple[int, int]], paid: int) -> list[tuple[int, int]]:
    """Instalments by number with what is open of each, after `paid` more came in: the first ones are paid first.

    >>> left_of([(1, 500), (2, 500)], 700)
    [(1, 0), (2, 300)]
    """
    found = []
    for number, amount in parts:
        covered = min(amount, max(0, paid))
        paid -= covered
        found.append((number, amount - covered))
    return found


def asked_on_open(asked: Sequence[tuple[int, int, int]], left: Mapping[int, int]) -> int:
    """Interest that reminders of instalments have asked for on what is still open, minor units.

    `asked` is number, interest and what was claimed by each; `left` what is open of instalments whose plan has ended.
    What is not told of counts as open. Interest on what was paid meanwhile is owed beside what is asked for from now
    on: the open amount bears none for that part.

    >>> asked_on_open([(1, 10, 500), (2, 8, 400)], {1: 0, 2: 200})
    4
    """
    return sum(
        interest
        if claimed <= 0
        else (2 * interest * min(left.get(number, claimed), claimed) + claimed) // (2 * claimed)
        for number, interest, claimed in asked
    )


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
    level = levels[claim.level]
    return claim.level + 1 if today >= claim.due_on + timedelta(days=max(1, level.after_days)) else None


def next_reminder(claim: Claim, levels: Sequence[Level]) -> tuple[int, date] | None:
    """The level that follows and its first day if nothing is paid; None when none follows.

    >>> next_reminder(Claim(1000, date(2026, 11, 20), 1), [Level(7, 0, 7), Level(8, 500, 7)])
    (2, datetime.date(2026, 11, 28))
    """
    if claim.open <= 0 or claim.level >= len(levels):
        return None
    day = claim.due_on + timedelta(days=max(1, levels[claim.level].after_days))
    if claim.paused_until is not None:
        day = max(day, claim.paused_until + timedelta(days=1))
    return claim.level + 1, day


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
