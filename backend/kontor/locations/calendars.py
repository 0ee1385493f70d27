"""When a place can release goods: opening hours, cut-off, closures, preparation time, all in its own time zone.

Opening hours are OpenStreetMap's `opening_hours` syntax, public holidays (`PH`) those of the place's country.
Instants go in as aware times; days come out as local dates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# Its type stub forgets the errors.
from opening_hours import OpeningHours, ParserError, State, UnknownCountryError  # type: ignore[attr-defined]

from kontor.core.errors import InvalidInput

ALWAYS_OPEN = "24/7"
# A place without an open day for this long is treated as closed for good.
SEARCH_DAYS = 370


@dataclass(frozen=True, slots=True)
class LocationCalendar:
    """The working time of one place.

    Work that arrives until `cut_off` (local time, inclusive) is released that day, without one until the last closing.
    `preparation_days` are open days between taking the work and releasing it. `closures` are closed all day.
    """

    time_zone: str
    opening_hours: str = ALWAYS_OPEN
    cut_off: time | None = None
    country: str | None = None
    closures: frozenset[date] = field(default_factory=frozenset)
    preparation_days: int = 0


def validate_opening_hours(text: str, *, country: str | None = None) -> str:
    """The trimmed text; raises InvalidInput, code INVALID_OPENING_HOURS, if it is not OpenStreetMap syntax."""
    trimmed = text.strip()
    try:
        OpeningHours(trimmed, country=country)
    except ParserError as error:
        raise InvalidInput(
            f"Not valid opening hours: {trimmed!r}.", code="INVALID_OPENING_HOURS", path=("openingHours",)
        ) from error
    except UnknownCountryError as error:
        raise InvalidInput(f"Unknown country: {country!r}.", code="UNKNOWN_COUNTRY", path=("country",)) from error
    return trimmed


def _today(calendar: LocationCalendar, now: datetime) -> date:
    return now.astimezone(ZoneInfo(calendar.time_zone)).date()


def is_open_on(calendar: LocationCalendar, day: date) -> bool:
    return bool(opening_intervals(calendar, day))


def is_open_at(calendar: LocationCalendar, now: datetime) -> bool:
    """Whether the doors are open at this instant."""
    return any(start <= now < end for start, end in opening_intervals(calendar, _today(calendar, now)))


@lru_cache(maxsize=65_536)
def opening_intervals(calendar: LocationCalendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The open times of one local day, in UTC; hours past midnight belong to the day they fall on."""
    if day in calendar.closures:
        return ()
    zone = ZoneInfo(calendar.time_zone)
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    hours = _parsed(calendar.opening_hours, calendar.time_zone, calendar.country)
    return tuple(
        (opening.astimezone(UTC), closing.astimezone(UTC))
        for opening, closing, state, _ in hours.intervals(start, end)
        if state == State.OPEN
    )


@lru_cache(maxsize=4096)
def _parsed(text: str, time_zone: str, country: str | None) -> OpeningHours:
    return OpeningHours(text, timezone=ZoneInfo(time_zone), country=country, auto_country=False, auto_timezone=False)


def cut_off_at(calendar: LocationCalendar, day: date) -> datetime | None:
    """The last instant, in UTC, at which work is still released on `day`; None when closed.

    A cut-off the clock skips in spring counts an hour later on the wall; one it shows twice in autumn, the first time.
    """
    intervals = opening_intervals(calendar, day)
    if not intervals:
        return None
    closing = intervals[-1][1]
    if calendar.cut_off is None:
        return closing
    announced = datetime.combine(day, calendar.cut_off, ZoneInfo(calendar.time_zone)).astimezone(UTC)
    return min(announced, closing)


def after_working_hours(calendar: LocationCalendar, start: datetime, hours: int) -> datetime:
    """The moment at which the place has been open for so many hours since `start`.

    A place that does not open so long within `SEARCH_DAYS` has until their end: a due time is never left out.
    """
    if calendar.opening_hours == ALWAYS_OPEN and not calendar.closures:
        return start + timedelta(hours=hours)
    left, today = timedelta(hours=hours), _today(calendar, start)
    for offset in range(SEARCH_DAYS):
        for opening, closing in opening_intervals(calendar, today + timedelta(days=offset)):
            there = closing - max(opening, start)
            if there >= left > timedelta():
                return max(opening, start) + left
            left -= max(there, timedelta())
    return start + timedelta(days=SEARCH_DAYS)


def next_release(calendar: LocationCalendar, now: datetime) -> date | None:
    """The first local day on which work that arrives at `now` leaves the place; None if it does not open again."""
    return next(_release_days(calendar, now, SEARCH_DAYS), None)


def release_days(calendar: LocationCalendar, now: datetime, horizon_days: int) -> tuple[date, ...]:
    """Every local day on which work that arrives at `now` can leave, today and `horizon_days` - 1 days after it."""
    return tuple(_release_days(calendar, now, horizon_days))


def _release_days(calendar: LocationCalendar, now: datetime, horizon_days: int) -> Iterator[date]:
    today = _today(calendar, now)
    waiting = calendar.preparation_days
    for offset in range(horizon_days):
        day = today + timedelta(days=offset)
        last = cut_off_at(calendar, day)
        if last is None or now > last:
            continue
        if waiting:
            waiting -= 1
            continue
        yield day
