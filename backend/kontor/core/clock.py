"""The one source of the time. Edges ask it and pass `now` inward; nothing else reads a clock.

The simulated clock is a row that every process reads, so that a replay can move all of them through years at once.
Waiting before a retry is measured on the wall: a simulated clock that stands still must not stop a retry.
"""

from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kontor.core.errors import InvalidInput


class Clock(Protocol):
    """Tells the business time in UTC."""

    async def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    async def now(self) -> datetime:
        return wall()


def wall() -> datetime:
    """The machine's time in UTC: for leases, back-off and log lines, never for business dates."""
    return datetime.now(UTC)


def validate_time_zone(name: str) -> str:
    """The name; raises InvalidInput, code UNKNOWN_TIME_ZONE, if the time zone database does not know it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"Unknown time zone: {name!r}.", code="UNKNOWN_TIME_ZONE", path=("timeZone",)) from error
    return name


def local_day(moment: datetime, time_zone: str) -> date:
    """The date on the wall of a place in that time zone: what law and documents call the day of a moment."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def utc_day(moment: datetime) -> date:
    """The date of a moment in UTC: for plans over places of several time zones, never for a day that law counts."""
    return moment.astimezone(UTC).date()


def midnight(day: date, time_zone: str) -> datetime:
    """The moment in UTC at which a day begins at a place in that time zone."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
