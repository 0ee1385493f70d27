"""When orders that wait are planned jointly: on schedule, after news, and never unasked where that is off."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from factories.fulfillment import confirmed, rows_of
from factories.intake import make_company, put_stock
from factories.locations import make_location, make_tariff
from fulfillment.test_reoptimizing import articles, far_then_near, place_at, places_of, run_once
from kontor import bootstrap, relay
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow
from kontor.core.ports import Ports
from kontor.inventory.counting import StockFigure, set_stock_levels
from kontor.locations.models import StockLocation
from kontor.routing.models import RoutingRun
from kontor.settings import Settings
from support import Drain, StandingClock


@pytest.fixture
def awake(database: Database, ports: Ports, settings: Settings) -> Runtime:
    """An installation that plans orders again by itself every half hour."""
    bootstrap.load()
    return Runtime(database, ports, replace(settings, reoptimize_minutes=30, reoptimize_seconds=2))


async def runs_of(database: Database) -> list[tuple[str, int, bool]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(RoutingRun).order_by(RoutingRun.requested_at, RoutingRun.id))
        return [(row.occasion, row.moved, row.ended_at is not None) for row in rows]


async def test_orders_that_wait_are_planned_every_half_hour(
    database: Database, awake: Runtime, clock: StandingClock
) -> None:
    _, order_id, _, near = await far_then_near(database)
    assert await relay.drain(awake, until=clock.moment + timedelta(minutes=20)) == []
    first = await runs_of(database)
    assert first == [("SCHEDULE", 1, True)]
    assert await relay.drain(awake, until=clock.moment + timedelta(minutes=50)) == []
    assert [each[0] for each in await runs_of(database)] == ["SCHEDULE"] * len(await runs_of(database))
    assert 2 <= len(await runs_of(database)) <= 3
    assert await places_of(database, order_id) == {near.id: 1}


async def test_news_of_many_goods_lead_to_one_run(database: Database, awake: Runtime, clock: StandingClock) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    await articles(database, "LAMP", "BULB")
    place = await place_at(database, 300)
    for sku in ("LAMP", "BULB"):
        await confirmed(database, company, (sku, 2))
    awake.database.clock = clock
    await relay.drain(awake)
    before = len(await runs_of(database))
    figures = [StockFigure(place.code, sku, 1, None, clock.moment) for sku in ("LAMP", "BULB")]
    await database.in_unit(bootstrap_principal(), lambda db: set_stock_levels(db, figures, reason="count"))
    await relay.drain(awake)
    assert len(await runs_of(database)) == before
    async with database.read_only() as db:
        waiting = list(await db.scalars(sa.select(OutboxRow).where(OutboxRow.unique_key == "fulfillment/reoptimize")))
    assert [row.due_at for row in waiting] == [clock.moment + timedelta(minutes=2)]
    await relay.drain(awake, until=clock.moment + timedelta(minutes=3))
    assert [each[0] for each in await runs_of(database)][before:] == ["STOCK"]
