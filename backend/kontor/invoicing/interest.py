"""Interest on a debt that is overdue, as German law has it (§§ 286, 288 BGB). Pure; amounts in minor units.

The base rate changes on 1 January and 1 July (§ 247 BGB). Above it are five percentage points, nine where no consumer
takes part. Interest bears no interest (§ 289 BGB): it is counted on the principal alone, by the days of the year. The
last rate known counts until its half-year ends and not on: nobody is asked for what was not published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

POINTS, POINTS_BUSINESS = Decimal(5), Decimal(9)
DEFAULT_AFTER = timedelta(days=30)
"""A company is in default thirty days after an invoice is due, without a reminder (§ 286 (3) BGB)."""


@dataclass(frozen=True, slots=True)
class BaseRate:
    """Percent a year, from a day on."""

    valid_from: date
    percent: Decimal


def known_until(rates: Sequence[BaseRate]) -> date:
    """The last day of the half-year of the newest rate."""
    newest = max((row.valid_from for row in rates), default=date.min)
    return date(newest.year, 6, 30) if newest.month < 7 else date(newest.year, 12, 31)


def with_settings(rates: Sequence[BaseRate], settings: Mapping[str, Any]) -> tuple[BaseRate, ...]:
    """The rates with those of a channel's setting `baseRates`, percent by day, which go first; nonsense is left out."""
    said = settings.get("baseRates")
    own: dict[date, Decimal] = {}
    for day, percent in said.items() if isinstance(said, dict) else ():
        try:
            found = date.fromisoformat(day), Decimal(str(percent))
        except (ValueError, InvalidOperation):
            continue
        if found[1].is_finite():
            own[found[0]] = found[1]
    known = {row.valid_from: row.percent for row in rates} | own
    return tuple(BaseRate(day, known[day]) for day in sorted(known))


def charged(settings: Mapping[str, Any], country: str) -> bool:
    """Whether a channel's reminders ask for interest: its setting `dunningInterest`, for sellers in Germany."""
    return settings.get("dunningInterest") is True and country == "DE"


def default_since(due_on: date, last_reminder: date | None, *, business: bool) -> date | None:
    """From which day on interest is counted that no reminder has asked for yet; None: there is no default yet.

    A consumer's default begins with the first reminder (§ 286 (1) BGB).
    """
    if last_reminder is not None:
        return last_reminder
    return due_on + DEFAULT_AFTER if business else None


def interest(principal: int, since: date, until: date, rates: Sequence[BaseRate], *, business: bool) -> int:
    """Interest on `principal` for the days after `since` up to `until`, half up.

    Nothing before the first base rate, nor after the half-year of the last one.
    """
    points, until = POINTS_BUSINESS if business else POINTS, min(until, known_until(rates))
    total, day = Decimal(0), since
    while day < until:
        end = min(until, _next_change(day, rates))
        rate = max(Decimal(0), _rate_on(day + timedelta(days=1), rates, points))
        year = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
        total += principal * rate * (end - day).days / 100 / year
        day = end
    return max(0, int(total.quantize(Decimal(1), ROUND_HALF_UP)))


def _rate_on(day: date, rates: Sequence[BaseRate], points: Decimal) -> Decimal:
    known = [row for row in rates if row.valid_from <= day]
    return max(known, key=lambda row: row.valid_from).percent + points if known else Decimal(0)


def _next_change(day: date, rates: Sequence[BaseRate]) -> date:
    """The last day of the stretch that begins after `day`: that before a new rate, or of the year."""
    ends = [row.valid_from - timedelta(days=1) for row in rates if row.valid_from - timedelta(days=1) > day]
    last_of_year = date(day.year, 12, 31)
    return min([*ends, last_of_year if last_of_year > day else date(day.year + 1, 12, 31)])
