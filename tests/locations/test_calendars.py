from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from kontor.core.clock import local_day, validate_time_zone
from kontor.core.errors import InvalidInput
from kontor.locations.calendars import (
    LocationCalendar,
    cut_off_at,
    is_open_at,
    is_open_on,
    next_release,
    opening_intervals,
    release_days,
    validate_opening_hours,
)

BERLIN = ZoneInfo("Europe/Berlin")
STORE = LocationCalendar("Europe/Berlin", "Mo-Sa 09:00-18:00; PH off", time(14), "DE")
FRIDAY, SATURDAY, MONDAY = date(2026, 6, 12), date(2026, 6, 13), date(2026, 6, 15)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "released"),
    [(0, 0, 0, FRIDAY), (13, 59, 59, FRIDAY), (14, 0, 0, FRIDAY), (14, 0, 1, SATURDAY), (23, 59, 59, SATURDAY)],
)
def test_cut_off_decides_between_today_and_tomorrow(hour: int, minute: int, second: int, released: date) -> None:
    assert next_release(STORE, at(FRIDAY, hour, minute, second)) == released


def test_cut_off_is_read_on_the_wall_of_the_place() -> None:
    now = datetime(2026, 6, 12, 12, 30, tzinfo=UTC)  # 14:30 in Berlin, 08:30 in New York
    assert next_release(STORE, now) == SATURDAY
    assert next_release(replace(STORE, time_zone="America/New_York", country=None), now) == FRIDAY


def test_without_cut_off_the_last_closing_counts() -> None:
    calendar = replace(STORE, cut_off=None)
    assert next_release(calendar, at(FRIDAY, 18)) == FRIDAY
    assert next_release(calendar, at(FRIDAY, 18, 1)) == SATURDAY


def test_closing_before_the_cut_off_ends_the_day() -> None:
    calendar = replace(STORE, opening_hours="Mo-Fr 09:00-18:00; Sa 09:00-12:00")
    assert cut_off_at(calendar, SATURDAY) == at(SATURDAY, 12)
    assert next_release(calendar, at(SATURDAY, 13)) == MONDAY


def test_sunday_and_closures_are_skipped() -> None:
    assert next_release(STORE, at(SATURDAY, 15)) == MONDAY
    assert next_release(replace(STORE, closures=frozenset({MONDAY})), at(SATURDAY, 15)) == date(2026, 6, 16)


def test_public_holiday_of_the_country_is_closed() -> None:
    christmas = date(2026, 12, 25)
    assert not is_open_on(STORE, christmas)
    assert is_open_on(replace(STORE, country=None), christmas)


def test_preparation_counts_open_days_only() -> None:
    assert next_release(replace(STORE, preparation_days=1), at(SATURDAY, 10)) == MONDAY
    assert next_release(replace(STORE, preparation_days=2), at(FRIDAY, 15)) == date(2026, 6, 16)


def test_release_days_fill_the_horizon() -> None:
    assert release_days(STORE, at(FRIDAY, 15), 5) == (SATURDAY, MONDAY, date(2026, 6, 16))
    assert release_days(STORE, at(FRIDAY, 10), 1) == (FRIDAY,)
    assert release_days(STORE, at(FRIDAY, 15), 1) == ()


def test_place_that_never_opens_releases_nothing() -> None:
    assert next_release(replace(STORE, opening_hours="off"), at(FRIDAY, 10)) is None


def test_open_state_respects_the_lunch_break() -> None:
    calendar = replace(STORE, opening_hours="Mo-Fr 09:00-12:00,13:00-18:00")
    assert opening_intervals(calendar, FRIDAY) == (
        (at(FRIDAY, 9), at(FRIDAY, 12)),
        (at(FRIDAY, 13), at(FRIDAY, 18)),
    )
    assert [is_open_at(calendar, at(FRIDAY, *clock)) for clock in ((8, 59), (9, 0), (12, 0), (13, 0), (18, 0))] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_same_wall_clock_cut_off_moves_in_utc_with_summer_time() -> None:
    calendar = LocationCalendar("Europe/Berlin", cut_off=time(14))
    assert cut_off_at(calendar, date(2026, 3, 28)) == datetime(2026, 3, 28, 13, tzinfo=UTC)
    assert cut_off_at(calendar, date(2026, 3, 29)) == datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert cut_off_at(calendar, date(2026, 10, 25)) == datetime(2026, 10, 25, 13, tzinfo=UTC)


def test_cut_off_in_the_skipped_hour_still_exists_once() -> None:
    calendar = LocationCalendar("Europe/Berlin", cut_off=time(2, 30))
    assert cut_off_at(calendar, date(2026, 3, 29)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_cut_off_in_the_doubled_hour_counts_the_first_time() -> None:
    calendar = LocationCalendar("Europe/Berlin", cut_off=time(2, 30))
    assert cut_off_at(calendar, date(2026, 10, 25)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_days_of_the_clock_change_are_23_and_25_hours_long() -> None:
    calendar = LocationCalendar("Europe/Berlin")
    lengths = [
        (end - start).total_seconds() / 3600
        for day in (date(2026, 3, 29), date(2026, 10, 25))
        for start, end in opening_intervals(calendar, day)
    ]
    assert lengths == [23.0, 25.0]


def test_local_day_differs_from_the_utc_day_near_midnight() -> None:
    assert local_day(datetime(2026, 6, 12, 22, 30, tzinfo=UTC), STORE.time_zone) == SATURDAY


def test_valid_opening_hours_come_back_trimmed() -> None:
    assert validate_opening_hours("  Mo-Fr 08:00-20:00; PH off ") == "Mo-Fr 08:00-20:00; PH off"


@pytest.mark.parametrize("text", ["", "whenever", "Mo-Fr 25:99"])
def test_invalid_opening_hours_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        validate_opening_hours(text)
    assert refusal.value.code == "INVALID_OPENING_HOURS"
    assert refusal.value.path == ("openingHours",)


def test_unknown_country_and_time_zone_are_refused() -> None:
    with pytest.raises(InvalidInput) as country:
        validate_opening_hours("24/7", country="XX")
    with pytest.raises(InvalidInput) as zone:
        validate_time_zone("Europe/Atlantis")
    assert (country.value.code, zone.value.code) == ("UNKNOWN_COUNTRY", "UNKNOWN_TIME_ZONE")
    assert validate_time_zone("Europe/Lisbon") == "Europe/Lisbon"
