"""When orders that wait are planned jointly: on schedule, after news, and never unasked where that is off."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from factories.fulfillment import confirmed
from factories.intake import make_company
from fulfillment.test_reoptimizing import articles, far_then_near, place_at, places_of
from kontor import bootstrap, relay
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow, schedule
from kontor.core.ports import Ports
from kontor.core.principal import SYSTEM
from kontor.fulfillment import reoptimizing
from kontor.inventory.counting import StockFigure, set_stock_levels
from kontor.routing.models import RoutingRun
from kontor.settings import Settings
from support import Drain, StandingClock

LOOK = "fulfillment.reoptimize_regularly"


@pytest.fixture
def awake(database: Database, ports: Ports, settings: Settings) -> Runtime:
    """An installation that plans orders again by itself every half hour."""
    bootstrap.load()
    return Runtime(database, ports, replace(settings, reoptimize_minutes=30, reoptimize_seconds=2))


async def runs_of(database: Database) -> list[tuple[str, int, bool]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(RoutingRun).order_by(RoutingRun.requested_at, RoutingRun.id))
        return [(row.occasion, row.moved, row.ended_at is not None) for row in rows]


async def test_orders_that_wait_are_planned_when_the_last_run_is_long_ago(
    database: Database, awake: Runtime, clock: StandingClock
) -> None:
    _, order_id, _, near = await far_then_near(database)
    start = clock.moment
    async with database.unit_of_work() as db:
        for minutes in (0, 5, 25, 30):
            schedule(db, LOOK, {}, due_at=start + timedelta(minutes=minutes))
    assert await relay.drain(awake, until=start + timedelta(minutes=29)) == []
    assert await runs_of(database) == [("SCHEDULE", 1, True)]
    assert await places_of(database, order_id) == {near.id: 1}
    assert await relay.drain(awake, until=start + timedelta(minutes=31)) == []
    assert await runs_of(database) == [("SCHEDULE", 1, True), ("SCHEDULE", 0, True)]


async def test_a_run_that_never_ended_does_not_keep_others_away_for_ever(
    database: Database, clock: StandingClock
) -> None:
    every = timedelta(minutes=30)
    for hours, asked in ((0, True), (5, False), (2, True)):
        clock.advance(hours=hours)
        async with database.unit_of_work() as db:
            assert (await reoptimizing.request_due(db, every=every) is not None) is asked


async def test_news_of_many_goods_lead_to_one_run(database: Database, awake: Runtime, clock: StandingClock) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    await articles(database, "LAMP", "BULB")
    place = await place_at(database, 300)
    for sku in ("LAMP", "BULB"):
        await confirmed(database, company, (sku, 2))
    await relay.drain(awake, until=clock.moment + timedelta(minutes=3))
    before = await runs_of(database)
    for sku in ("LAMP", "BULB"):
        figure = StockFigure(place.code, sku, 1, None, clock.moment)
        await database.in_unit(SYSTEM, lambda db, row=figure: set_stock_levels(db, [row], reason="count"))  # type: ignore[misc]
        await relay.drain(awake)
    assert await runs_of(database) == before
    async with database.read_only() as db:
        waiting = list(await db.scalars(sa.select(OutboxRow).where(OutboxRow.unique_key == "fulfillment/reoptimize")))
    assert [row.due_at for row in waiting] == [clock.moment + timedelta(minutes=2)]
    await relay.drain(awake, until=clock.moment + timedelta(minutes=3))
    assert [each[0] for each in await runs_of(database)] == [*[each[0] for each in before], "STOCK"]


@pytest.mark.engine("sqlite")
async def test_nothing_is_planned_unasked_where_that_is_off(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    await far_then_near(database)
    async with database.unit_of_work() as db:
        schedule(db, LOOK, {})
        schedule(db, "fulfillment.note_change", {})
    assert await drain(until=clock.moment + timedelta(hours=1)) == []
    assert await runs_of(database) == []
