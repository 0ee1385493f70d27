"""A saved policy decides where orders are served from, what is promised, and what explanations say."""

from typing import Any

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, rows_of, sourced
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from kontor.core.db import Database
from kontor.locations.models import StockLocation
from kontor.routing.models import RoutingDecision
from kontor.routing.promise import Wanted, availability
from kontor.routing.saving import save_policy
from support import StandingClock


async def two_places(database: Database) -> tuple[Company, StockLocation]:
    """The store sends for 3.00 and has three lamps, the warehouse for 4.90."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        store = await make_location(db, kind="STORE", code="store", settings={"tags": ["outlet"]})
        await make_tariff(db, location_id=store.id, parcel_cents=300)
    await put_stock(database, company.warehouse.id, variant.id, 100)
    await put_stock(database, store.id, variant.id, 3)
    return company, store


async def in_force(database: Database, clock: StandingClock, **data: Any) -> None:
    async with database.unit_of_work() as db:
        await save_policy(db, {"code": "web", "valid_from": clock.moment, **data})  # type: ignore[typeddict-item]


async def decision(database: Database, order_id: Any) -> RoutingDecision:
    async with database.read_only() as db:
        found = await db.scalar(sa.select(RoutingDecision).where(RoutingDecision.order_id == order_id))
    assert found is not None
    return found


async def test_rule_in_force_keeps_a_place_out(database: Database, clock: StandingClock) -> None:
    company, store = await two_places(database)
    rule = {"name": "outlets do not ship", "kind": "KEEP_OUT", "when": '"outlet" in place.tags && order.kind == "SHIP"'}
    await in_force(database, clock, channel=company.channel.code, rules=[rule])
    order_id = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, order_id)
    (work,) = await rows_of(database, order_id)
    assert work.location_id == company.warehouse.id
    row = await decision(database, order_id)
    assert (row.policy, row.country, row.channel_id) == ("web/1", "DE", company.channel.id)
    assert row.record["eliminated"] == [
        {"location": str(store.id), "reason": "RULED_OUT", "rule": "outlets do not ship"}
    ]  # fmt: skip
    async with database.read_only() as db:
        (answer,) = await availability(db, [Wanted("LAMP")], channel=company.channel.code)
    assert (answer.quantity, [source.location_id for source in answer.sources]) == (99, [company.warehouse.id])


async def test_what_an_order_holds_stays_under_a_rule_about_stock(database: Database, clock: StandingClock) -> None:
    """The store keeps its last two lamps; the one that the order was promised is not among them."""
    company, store = await two_places(database)
    rule = {"name": "last two", "kind": "KEEP_OUT", "when": 'place.kind == "STORE" && place.stock <= 2'}
    await in_force(database, clock, rules=[rule])
    first = await confirmed(database, company, ("LAMP", 1))
    second = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, first, second)
    assert [(await rows_of(database, order_id))[0].location_id for order_id in (first, second)] == [
        store.id, company.warehouse.id,
    ]  # fmt: skip
    assert (await decision(database, second)).record["eliminated"][0]["rule"] == "last two"


async def test_surcharge_is_shown_and_is_no_money(database: Database, clock: StandingClock) -> None:
    company, store = await two_places(database)
    rule = {"name": "scarce hands", "kind": "WEIGH", "amount": 100, "per": "UNIT", "when": 'place.kind == "STORE"'}
    await in_force(database, clock, rules=[rule])
    order_id = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, order_id)
    record = (await decision(database, order_id)).record
    assert (record["cost"], record["true_cost"], record["terms"]) == (400, 300, {"shipping": 300, "rule": 100})
    assert record["parcels"][0]["rules"] == ["scarce hands"]
    assert record["parcels"][0]["location"] == str(store.id)
