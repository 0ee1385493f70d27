"""Figures of a seeded week are those computed by hand; objections that were upheld count no more."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.graphql.test_statements import counted
from factories.catalog import make_variant
from factories.fulfillment import pieces_of, released
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.statemachine import TransitionRefused
from kontor.dropship import deadlines, objections
from kontor.dropship.errors import InvalidWeeks, NotCounted, ObjectionExists
from kontor.dropship.performance import Performance, as_csv, counted_orders, figure, partner_performance
from kontor.dropship.states import Measure, ObjectionState
from kontor.dropship.weeks import last_weeks
from kontor.fulfillment.answering import Acceptance, accept, reject
from kontor.fulfillment.models import ShipmentLine
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import RejectReason
from kontor.locations.models import LocationKind
from kontor.partners import queries
from kontor.partners.agreements import agree
from support import StandingClock

M = Measure


def test_weeks_begin_on_monday_on_the_wall_of_the_place() -> None:
    monday = date(2026, 3, 30)  # the day after the clock was changed
    before, present = last_weeks(monday, "Europe/Berlin", 2)
    assert (before.monday, before.since) == (date(2026, 3, 23), datetime(2026, 3, 22, 23, tzinfo=UTC))
    assert (present.monday, present.since) == (date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert before.until == present.since


@pytest.mark.parametrize(
    ("counted_", "base", "value"), [(0, 0, None), (2, 3, 667), (1, 2000, 1), (1, 2001, 0), (0, 5, 0)]
)
def test_share_is_rounded_to_permille(counted_: int, base: int, value: int | None) -> None:
    assert figure(M.ACCEPTED, counted_, base, None).value == value


async def world(database: Database) -> tuple[Company, UUID, UUID]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id)
        locked = await queries.lock_partner(db, id=partner.id)
        await agree(
            db, locked, {"answer_hours": 8, "ship_hours": 24, "on_time_permille": 950}, valid_from=db.now.date()
        )
    await put_stock(database, place.id, variant.id, 100)
    return company, partner.id, place.id


async def send(database: Database, row_id: UUID, *parcels: tuple[str | None, str | None]) -> None:
    given = tuple(ParcelInput(carrier, number) for carrier, number in parcels)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id, parcels=given), now=db.now, how=How(accepts_open=True))


async def seeded_week(database: Database, clock: StandingClock) -> tuple[UUID, dict[str, UUID]]:
    """Six orders given on Monday: one in time, one late, one never sent, one given up, one refused, one open."""
    company, partner_id, _ = await world(database)
    names = ("timely", "late", "unsent", "given up", "refused", "open")
    rows = {name: (await released(database, company, ("LAMP", 2)))[1] for name in names}
    clock.advance(hours=1)
    for name in ("timely", "late", "unsent", "given up"):
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(rows[name]), now=db.now)
    for name in ("given up", "refused"):
        async with database.unit_of_work() as db:
            await reject(db, rows[name], None, now=db.now, reason=RejectReason.DAMAGED)
    await send(database, rows["timely"], ("DHL", "111"), ("DHL", "112"))
    clock.advance(hours=30)
    await send(database, rows["late"], ("DHL", "113"), (None, "114"))
    async with database.unit_of_work() as db:
        (line,) = await pieces_of(database, rows["timely"])
        back = sa.update(ShipmentLine).where(ShipmentLine.order_line_id == line.order_line_id).values(returned=1)
        await db.execute(back)
        await deadlines.note_stock_age(db, now=db.now)
    return partner_id, rows


def last(found: Performance) -> dict[Measure, tuple[int, int, int | None]]:
    return {each.measure: (each.weeks[-1].counted, each.weeks[-1].base, each.weeks[-1].value) for each in found.series}


BY_HAND = {
    M.ACCEPTED: (4, 5, 800),  # the open one is not answered yet
    M.ON_TIME: (1, 3, 333),  # timely; late and unsent are not; the one given up is no parcel
    M.CANCELED: (1, 4, 250),
    M.TRACKING: (1, 2, 500),  # a parcel of the late one names no carrier
    M.RETURNED: (1, 4, 250),
    M.STOCK_AGE: (31, 1, 31),
}


async def test_seeded_week_equals_values_computed_by_hand(
    database: Database, runtime: Runtime, clock: StandingClock
) -> None:
    partner_id, rows = await seeded_week(database, clock)
    with counted(runtime) as few:
        async with database.read_only() as db:
            found = await partner_performance(db, partner_id)
    assert last(found) == BY_HAND
    assert len(found.weeks) == 13
    assert found.orders == 5
    assert all(each.weeks[0].value is None for each in found.series)
    assert found.series[1].weeks[-1].target == 950
    with counted(runtime) as many:
        async with database.read_only() as db:
            await partner_performance(db, partner_id, weeks=53)
    assert len(many) == len(few)

    file = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert len(file) == 13 * len(M)
    shown = {(row["measure"], row["week"]): (row["counted"], row["of"], row["value"]) for row in file}
    for each in found.series:
        for week, number in zip(found.weeks, each.weeks, strict=True):
            unit = 1 if each.measure is M.STOCK_AGE else 10
            value = "" if number.value is None else str(number.value if unit == 1 else number.value / 10)
            assert shown[each.measure, str(week.monday)] == (str(number.counted), str(number.base), value)

    async with database.read_only() as db:
        behind = await counted_orders(db, partner_id, M.ON_TIME, monday=found.weeks[-1].monday, missed=False)
        missed = await counted_orders(db, partner_id, M.ON_TIME, monday=None, missed=True)
        with pytest.raises(InvalidWeeks):
            await counted_orders(db, partner_id, M.ON_TIME, monday=date(2026, 6, 16), missed=True)
    assert {row.id for row in behind} == {rows["timely"], rows["late"], rows["unsent"]}
    assert {row.id for row in missed} == {rows["late"], rows["unsent"]}


async def test_order_with_an_upheld_objection_counts_no_more(
    database: Database, clock: StandingClock, principals: Any
) -> None:
    partner_id, rows = await seeded_week(database, clock)
    partner = principals.holding("fulfillment:write", partner_id=partner_id)
    async with database.unit_of_work(partner) as db:
        made = await objections.object_to(db, rows["late"], M.ON_TIME, reason="The carrier was on strike.")
        with pytest.raises(ObjectionExists):
            await objections.object_to(db, rows["late"], M.ON_TIME, reason="Again.")
        with pytest.raises(NotCounted):
            await objections.object_to(db, rows["open"], M.ON_TIME, reason="Not yet.")
    async with database.read_only() as db:
        assert last(await partner_performance(db, partner_id)) == BY_HAND  # it counts until it is decided
    async with database.unit_of_work() as db:
        row = await objections.lock_objection(db, made.id)
        await objections.decide(db, row, upheld=True, answer="We saw the strike.")
        assert row.state is ObjectionState.UPHELD
        with pytest.raises(TransitionRefused):
            await objections.decide(db, row, upheld=False, answer="No.")
    async with database.read_only() as db:
        assert last(await partner_performance(db, partner_id)) == BY_HAND | {M.ON_TIME: (1, 2, 500)}
    clock.set_to(datetime(2028, 2, 29, 12, tzinfo=UTC))  # a day that most years do not have
    async with database.unit_of_work(partner) as db:
        await objections.object_to(db, rows["unsent"], M.ON_TIME, reason="Nobody asked for it.")


async def test_age_of_stock_is_remembered_by_day(database: Database, clock: StandingClock) -> None:
    _, partner_id, _ = await world(database)
    for hours in (5, 24):
        clock.advance(hours=hours)
        for _ in range(2):
            async with database.unit_of_work() as db:
                await deadlines.note_stock_age(db, now=db.now)
    async with database.read_only() as db:
        found = await partner_performance(db, partner_id, weeks=1)
    assert last(found)[M.STOCK_AGE] == (5 + 29, 2, 17)
    assert clock.moment - timedelta(hours=29) == datetime(2026, 6, 15, 10, tzinfo=UTC)
