"""Weeks as a partner lives them: from Monday to Monday on the wall of its place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Week:
    """A week by its Monday; `since` inclusive and `until` exclusive are its moments, in UTC."""

    monday: date
    since: datetime
    until: datetime

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)


def last_weeks(today: date, time_zone: str, count: int) -> list[Week]:
    """The week of a day in a time zone and those before it, oldest first."""
    zone = ZoneInfo(time_zone)
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in range(count - 1, -2, -1)]
    begins = [datetime.combine(day, time(), zone).astimezone(UTC) for day in mondays]
    return [Week(day, begins[at], begins[at + 1]) for at, day in enumerate(mondays[:-1])]


def position(weeks: Sequence[Week], day: date) -> int | None:
    """Which of the weeks a day is in; None for none of them."""
    for at, week in enumerate(weeks):
        if week.monday <= day <= week.sunday:
            return at
    return None
