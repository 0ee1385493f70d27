"""Shadow prices of the product: from sales and forecasts, stored by place, loaded where a policy goes by them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, sourced
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.locations import make_location, make_tariff
from kontor import bootstrap
from kontor.catalog.models import ProductVariant
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.imports.kinds import kind_named
from kontor.imports.saving import Outcome, touch_masters
from kontor.inventory.models import Allocation
from kontor.locations.models import StockLocation
from kontor.orders.intake import Address
from kontor.orders.models import Order, OrderLine
from kontor.routing import masters, pricing
from kontor.routing.explanation import describe
from kontor.routing.models import RoutingDecision, RoutingPolicy, SalesForecast, ShadowPrice, ShadowPriceRun
from kontor.routing.sales import expected
from support import StandingClock

HAMBURG = Address("Greta Fock", "Deichstraße 7", "20459", "Hamburg", "DE", latitude=53.5475, longitude=9.9885)
JUNE = date(2026, 6, 1)
MUNICH = Address("Alois Huber", "Tal 1", "80331", "München", "DE", latitude=48.1371, longitude=11.5754)


async def two_places(database: Database) -> tuple[Company, StockLocation, StockLocation, ProductVariant]:
    """A place in Hamburg and one in Munich; parcels over half the country cost much more."""
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    async with database.unit_of_work() as db:
        north = await make_location(db, name="North")
        south = await make_location(db, name="South", latitude=48.14, longitude=11.58)
        for row in (north, south):
            await make_tariff(db, location_id=row.id, parcel_cents=300, to_km=300)
            await make_tariff(db, location_id=row.id, parcel_cents=340, from_km=300)
        lamp = await make_variant(db, sku="LAMP")
        await touch_masters(db)
    return company, north, south, lamp


async def sold(database: Database, company: Company, address: Address, count: int) -> None:
    """Orders of one lamp each that were taken in the last days, and are over."""
    orders = [order_input(company.channel, ("LAMP", 1), billing_address=address) for _ in range(count)]
    await place(database, company, *orders)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).values(placed_at=db.now - timedelta(days=7), state="COMPLETED"))
        await db.execute(sa.delete(Allocation))


async def solved(database: Database) -> ShadowPriceRun:
    async with database.unit_of_work() as db:
        run = pricing.request_prices(db)
    await pricing.solve(database, run.id, seconds=60)
    async with database.read_only() as db:
        return await db.get_one(ShadowPriceRun, run.id)


async def prices_of(database: Database) -> dict[UUID, int]:
    async with database.read_only() as db:
        return {row.location_id: row.cents for row in await db.scalars(sa.select(ShadowPrice))}


async def use_prices(database: Database, weights: Mapping[str, Any]) -> None:
    async with database.unit_of_work() as db:
        db.add(
            RoutingPolicy(
                id=new_id(), code="season", version=1, weights=dict(weights), valid_from=db.now, created_at=db.now,
                created_by="test",
            )
        )  # fmt: skip
        await touch_masters(db)


async def test_own_sales_make_the_forecast(database: Database) -> None:
    company, _, _, lamp = await two_places(database)
    await sold(database, company, HAMBURG, 6)
    await sold(database, company, MUNICH, 2)
    async with database.read_only() as db:
        forecast, sales = await expected(db, "EUR")
    assert forecast is not None
    assert (sales.days, sales.orders, sales.variants, sales.paid) == (7, 8, {lamp.id: 8}, {lamp.id: 1000})
    assert sales.regions == {"DE|540|100": 6, "DE|480|120": 2}
    assert forecast.units_per_day == pytest.approx(8 / 7)
    assert forecast.regions == pytest.approx({"DE|540|100": 0.75, "DE|480|120": 0.25}, abs=0.01)


async def test_a_price_is_that_of_orders_in_the_currency_of_the_company(database: Database) -> None:
    company, _, _, lamp = await two_places(database)
    await sold(database, company, HAMBURG, 3)
    async with database.unit_of_work() as db:
        first = await db.scalar(sa.select(Order.id).order_by(Order.id).limit(1))
        await db.execute(sa.update(Order).where(Order.id == first).values(currency="HUF"))
        await db.execute(
            sa.update(OrderLine)
            .where(OrderLine.order_id == first)
            .values(gross_total=400_000, net_total=400_000, tax_total=0)
        )
    async with database.read_only() as db:
        assert (await masters.load(db)).currency == "EUR"
        _, sales = await expected(db, "EUR")
        _, forints = await expected(db, "HUF")
        _, francs = await expected(db, "CHF")
    assert (sales.variants, sales.orders, sales.paid) == ({lamp.id: 3}, 3, {lamp.id: 1000})
    assert (forints.variants, forints.paid) == ({lamp.id: 3}, {lamp.id: 400_000})
    assert (francs.variants, francs.paid) == ({lamp.id: 3}, {})


async def test_the_last_pieces_near_those_who_will_order_are_worth_keeping(database: Database) -> None:
    company, north, south, lamp = await two_places(database)
    await sold(database, company, MUNICH, 40)
    await put_stock(database, south.id, lamp.id, 10)
    await put_stock(database, north.id, lamp.id, 400)
    run = await solved(database)
    assert (run.variants, run.prices, run.left_out, run.error) == (1, 2, 0, None)
    prices = await prices_of(database)
    assert prices[north.id] <= 1
    assert 30 <= prices[south.id] <= 60  # a lamp from the north costs 40 more to send, in 1.2 parcels a unit


async def test_prices_are_replaced_and_forgotten(database: Database) -> None:
    company, north, south, lamp = await two_places(database)
    await sold(database, company, MUNICH, 40)
    await put_stock(database, south.id, lamp.id, 10)
    await put_stock(database, north.id, lamp.id, 400)
    first, second = await solved(database), await solved(database)
    async with database.read_only() as db:
        rows = list(await db.scalars(sa.select(ShadowPrice)))
    assert len(rows) == 2
    assert {row.run_id for row in rows} == {second.id} != {first.id}
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).values(placed_at=db.now - timedelta(days=90)))
    await solved(database)
    assert await prices_of(database) == {}


async def test_a_policy_that_goes_by_prices_keeps_the_last_pieces_and_says_so(database: Database) -> None:
    company, north, south, lamp = await two_places(database)
    await sold(database, company, MUNICH, 40)
    await put_stock(database, south.id, lamp.id, 10)
    await put_stock(database, north.id, lamp.id, 400)
    await solved(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(ShadowPrice).where(ShadowPrice.location_id == south.id).values(cents=120))
        await db.execute(sa.update(ShadowPrice).where(ShadowPrice.location_id == north.id).values(cents=5))
    near = await confirmed(database, company, ("LAMP", 1), billing_address=MUNICH)
    await use_prices(database, {"shortage_cents": 5000, "shadow_prices": True})
    far = await confirmed(database, company, ("LAMP", 1), billing_address=MUNICH)
    async with database.read_only() as db:
        held = {row.order_id: row.location_id for row in await db.scalars(sa.select(Allocation))}
    assert held == {near: south.id, far: north.id}
    await sourced(database, far)
    async with database.read_only() as db:
        (decision,) = await db.scalars(sa.select(RoutingDecision).where(RoutingDecision.order_id == far))
    assert decision.record["terms"] == {"shipping": 340, "stock_price": 5}
    assert decision.record["true_cost"] == 340
    assert any("value of the stock for later 0.05 EUR" in line for line in describe(decision.record, "en", names={}))
    assert decision.record["runner_up"]["terms"] == {"shipping": -40, "stock_price": 115}


async def test_a_dear_piece_is_sent_all_the_same_when_it_is_the_last(database: Database) -> None:
    company, _, south, lamp = await two_places(database)
    await put_stock(database, south.id, lamp.id, 1)
    run = await solved(database)
    async with database.unit_of_work() as db:
        db.add(
            ShadowPrice(
                id=new_id(), variant_id=lamp.id, location_id=south.id, cents=9000, computed_at=db.now, run_id=run.id
            )
        )
    await use_prices(database, {"shortage_cents": 1000, "shadow_prices": True})
    order_id = await confirmed(database, company, ("LAMP", 1), billing_address=MUNICH)
    async with database.read_only() as db:
        (row,) = await db.scalars(sa.select(Allocation))
    assert (row.order_id, row.location_id) == (order_id, south.id)


async def test_what_somebody_expects_counts_where_nothing_was_sold(database: Database) -> None:
    _, north, south, lamp = await two_places(database)
    bootstrap.load()
    rows = [
        {"sku": "LAMP", "units_per_day": Decimal("2.5"), "valid_from": JUNE, "country": "DE"},
        {"sku": "LAMP", "units_per_day": Decimal(9), "valid_from": date(2026, 7, 1)},
        {"sku": "NONE", "units_per_day": Decimal(1), "valid_from": JUNE},
        {"sku": "LAMP", "units_per_day": Decimal(-1), "valid_from": JUNE},
    ]
    kind = kind_named("sales_forecasts")
    async with database.unit_of_work() as db:
        results = await kind.save(db, rows)
    assert [row.outcome for row in results] == [Outcome.CREATED, Outcome.CREATED, Outcome.REFUSED, Outcome.REFUSED]
    assert [row.problem.path for row in results if row.problem] == [("sku",), ("unitsPerDay",)]
    async with database.unit_of_work() as db:
        again = await kind.save(db, [rows[0] | {"units_per_day": Decimal(3)}, rows[1]])
    assert [row.outcome for row in again] == [Outcome.UPDATED, Outcome.UNCHANGED]
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(SalesForecast)) == 2
        forecast, _ = await expected(db, "EUR")
    assert forecast is not None
    assert (forecast.units_per_day, forecast.regions, forecast.variants) == (3.0, {"DE": 1.0}, {lamp.id: 1.0})
    for row in (north, south):
        await put_stock(database, row.id, lamp.id, 5)
    assert (await solved(database)).prices == 2


async def test_without_the_optimizer_a_run_says_so_and_prices_stay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, north, south, lamp = await two_places(database)
    await sold(database, company, MUNICH, 40)
    await put_stock(database, south.id, lamp.id, 10)
    await put_stock(database, north.id, lamp.id, 400)
    await solved(database)
    before = await prices_of(database)
    monkeypatch.setitem(sys.modules, "highspy", None)
    run = await solved(database)
    assert (run.error, run.prices, run.ended_at is not None) == ("OPTIMIZER_MISSING", 0, True)
    assert await prices_of(database) == before


async def test_prices_are_solved_anew_only_where_a_policy_goes_by_them(
    database: Database, clock: StandingClock
) -> None:
    day = timedelta(hours=24)
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=day) is None
    await use_prices(database, {"shadow_prices": True})
    async with database.unit_of_work() as db:
        run = await pricing.request_due(db, every=day)
    assert run is not None
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=day) is None
    await pricing.solve(database, run.id, seconds=5)
    clock.advance(hours=23)
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=day) is None
    clock.advance(hours=2)
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=day) is not None


async def test_a_run_that_never_ended_does_not_keep_prices_old_for_ever(
    database: Database, clock: StandingClock
) -> None:
    await use_prices(database, {"shadow_prices": True})
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=timedelta(hours=1)) is not None
    clock.advance(hours=2)
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=timedelta(hours=1)) is None
    clock.advance(hours=5)
    async with database.unit_of_work() as db:
        assert await pricing.request_due(db, every=timedelta(hours=1)) is not None


async def test_prices_of_some_are_given_up_however_many_articles_are_wanted(database: Database) -> None:
    company, north, south, lamp = await two_places(database)
    await sold(database, company, MUNICH, 40)
    await put_stock(database, south.id, lamp.id, 10)
    await put_stock(database, north.id, lamp.id, 400)
    await solved(database)
    many = [UUID(int=number) for number in range(40_000)]
    async with database.unit_of_work() as db:
        await pricing._forget(db, [*many, lamp.id])
    assert len(await prices_of(database)) == 2
    async with database.unit_of_work() as db:
        await pricing._forget(db, many)
    assert await prices_of(database) == {}
