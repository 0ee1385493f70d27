"""What is agreed from a day on gives due times; what was given before keeps its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories.catalog import make_variant
from factories.fulfillment import released, rows_of
from factories.intake import make_company, put_stock
from factories.locations import make_location
from factories.partners import make_partner
from kontor.core.db import Database
from kontor.imports.errors import InvalidField
from kontor.locations.calendars import LocationCalendar, after_working_hours
from kontor.locations.models import LocationKind
from kontor.partners import queries
from kontor.partners.agreements import agree, in_force, postage_payer
from kontor.partners.errors import AgreementInThePast
from kontor.partners.models import PartnerAgreement, ReturnPostage
from support import StandingClock

OFFICE = LocationCalendar("Europe/Berlin", "Mo-Fr 09:00-17:00", closures=frozenset({date(2026, 6, 17)}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-06-15T08:00", 3, "2026-06-15T11:00"),  # Monday 10:00 in Berlin
        ("2026-06-15T13:00", 4, "2026-06-16T09:00"),  # two hours are left of Monday
        ("2026-06-16T14:00", 2, "2026-06-18T08:00"),  # Wednesday is closed
        ("2026-06-19T20:00", 1, "2026-06-22T08:00"),  # Friday evening
        ("2026-06-15T07:00", 8, "2026-06-15T15:00"),  # the whole day, to the minute of closing
    ],
)
def test_working_hours_are_those_of_the_place(start: str, hours: int, end: str) -> None:
    assert after_working_hours(OFFICE, at(start), hours) == at(end)


def test_hours_of_a_place_that_never_closes_are_hours() -> None:
    start = at("2026-03-29T00:30")  # the night the clock skips an hour
    assert after_working_hours(LocationCalendar("Europe/Berlin"), start, 24) == start + timedelta(hours=24)


def test_place_that_does_not_open_again_still_has_a_due_time() -> None:
    closed = LocationCalendar("Europe/Berlin", "2025 Mo-Fr 09:00-17:00")
    assert after_working_hours(closed, at("2026-06-15T08:00"), 1) == at("2026-06-15T08:00") + timedelta(days=370)


def agreement(version: int, day: date, **given: Any) -> PartnerAgreement:
    return PartnerAgreement(version=version, valid_from=day, **given)


def test_latest_begun_agreement_counts_and_of_one_day_the_last_made() -> None:
    rows = [agreement(1, date(2026, 6, 1)), agreement(3, date(2026, 6, 10)), agreement(2, date(2026, 6, 10))]
    assert in_force(rows, date(2026, 5, 31)) is None
    assert [in_force(rows, date(2026, 6, day)).version for day in (1, 9, 10, 30)] == [1, 1, 3, 3]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("agreed", "fault", "payer"),
    [
        (None, True, "RETAILER"),
        (ReturnPostage.PARTNER, False, "PARTNER"),
        (ReturnPostage.RETAILER, True, "RETAILER"),
        (ReturnPostage.WHO_IS_AT_FAULT, True, "PARTNER"),
        (ReturnPostage.WHO_IS_AT_FAULT, False, "RETAILER"),
    ],
)
def test_who_pays_the_postage_of_a_return(agreed: ReturnPostage | None, fault: bool, payer: str) -> None:
    row = None if agreed is None else agreement(1, date(2026, 1, 1), return_postage=agreed)
    assert postage_payer(row, our_fault=fault) == payer


async def test_terms_are_versions_and_say_only_what_changes(database: Database, clock: StandingClock) -> None:
    today = clock.moment.date()
    async with database.unit_of_work() as db:
        partner = await queries.lock_partner(db, id=(await make_partner(db)).id)
        first = await agree(db, partner, {"answer_hours": 6, "note": "trial"}, valid_from=today)
        later = await agree(db, partner, {"ship_hours": 12}, valid_from=today + timedelta(days=7))
        assert (first.version, first.answer_hours, first.ship_hours, first.note) == (1, 6, 48, "trial")
        assert (later.version, later.answer_hours, later.ship_hours, later.note) == (2, 6, 12, None)
        with pytest.raises(AgreementInThePast):
            await agree(db, partner, {}, valid_from=today - timedelta(days=1))
        with pytest.raises(InvalidField) as refused:
            await agree(db, partner, {"accepted_permille": 1001}, valid_from=today)
        assert refused.value.path == ("acceptedPermille",)


async def test_due_times_follow_the_agreement_of_the_day_and_stay(database: Database, clock: StandingClock) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db, agreement={"answer_hours": 5})
        place = await make_location(
            db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id, opening_hours="Mo-Fr 09:00-17:00"
        )
    await put_stock(database, place.id, variant.id, 9)
    first, _ = await released(database, company, ("LAMP", 1))  # Monday 12:00 in Berlin
    async with database.unit_of_work() as db:
        locked = await queries.lock_partner(db, id=partner.id)
        await agree(db, locked, {"answer_hours": 2, "ship_hours": 8}, valid_from=clock.moment.date())
    second, _ = await released(database, company, ("LAMP", 1))
    (before,), (after,) = await rows_of(database, first), await rows_of(database, second)
    assert (before.due_at, before.ship_due_at) == (at("2026-06-15T15:00"), None)
    assert (after.due_at, after.ship_due_at) == (at("2026-06-15T12:00"), at("2026-06-16T10:00"))
