"""What can be promised, when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from factories.catalog import make_bundle, make_variant
from factories.channels import make_channel
from factories.inventory import make_inbound, make_reservation, make_stock
from factories.locations import make_location, make_tariff
from kontor.catalog.models import ProductKind, ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.locations.models import LocationKind, StockLocation
from kontor.routing.excluding import ExclusionWish, exclude_place
from kontor.routing.promise import Availability, Destination, Details, Wanted, availability
from support import Principals

TODAY = date(2026, 6, 15)


@dataclass
class Shop:
    """A web shop, a warehouse and a store that ships and hands over."""

    database: Database
    channel: SalesChannel
    warehouse: StockLocation
    store: StockLocation
    lamp: ProductVariant

    async def ask(self, sku: str = "LAMP", quantity: int = 1, **given: Any) -> Availability:
        async with self.database.read_only() as db:
            [answer] = await availability(db, [Wanted(sku, quantity)], channel=self.channel.code, **given)
        return answer


async def make_shop(database: Database) -> Shop:
    async with database.unit_of_work() as db:
        channel = await make_channel(db)
        warehouse = await make_location(db, code="WH", priority=1, lead_days=1)
        store = await make_location(db, code="ST", kind=LocationKind.STORE, priority=2)
        await make_tariff(db, transit_days=1)
        lamp = await make_variant(db, sku="LAMP")
    return Shop(database, channel, warehouse, store, lamp)


def day(after: int) -> date:
    return date.fromordinal(TODAY.toordinal() + after)


async def test_pieces_of_all_places_add_up(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.warehouse, shop.lamp, 5, safety=1)
        await make_stock(db, shop.store, shop.lamp, 2)

    answer = await shop.ask(quantity=5, details=Details(pickups=True))

    assert (answer.quantity, answer.expected, answer.missing) == (6, 0, 0)
    assert [(each.location_id, each.quantity, each.earliest_on) for each in answer.sources] == [
        (shop.store.id, 2, day(1)),
        (shop.warehouse.id, 4, day(2)),
    ]
    assert [(each.location_id, each.quantity, each.earliest_on) for each in answer.pickups] == [
        (shop.store.id, 2, day(0))
    ]
    assert answer.earliest_on == day(2)


@pytest.mark.parametrize("what", ["place", "article"])
async def test_a_place_that_somebody_took_out_promises_nothing(database: Database, what: str) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.warehouse, shop.lamp, 5)
        await make_stock(db, shop.store, shop.lamp, 2)
        variant_id = shop.lamp.id if what == "article" else None
        await exclude_place(db, ExclusionWish(shop.store.id, "cannot find it", variant_id=variant_id))

    answer = await shop.ask(quantity=6, details=Details(pickups=True))
    bare = await shop.ask(details=Details(plan=False, sources=False, day=False))

    assert (answer.quantity, answer.missing, answer.earliest_on, bare.quantity) == (5, 1, None, 5)
    assert [each.location_id for each in answer.sources] == [shop.warehouse.id]
    assert answer.pickups == ()


async def test_pain_03_promise_and_source_never_disagree(database: Database) -> None:
    """What is spread over places is promised exactly as far as the planner can serve it."""
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.warehouse, shop.lamp, 2)
        await make_stock(db, shop.store, shop.lamp, 2)

    for quantity in range(1, 7):
        answer = await shop.ask(quantity=quantity)
        assert sum(parcel.quantity for parcel in answer.parcels) == min(quantity, 4)
        assert answer.missing == max(0, quantity - 4)
        assert (answer.earliest_on is None) == (quantity > 4)
        assert answer.quantity == 4


async def test_expected_goods_are_promised_for_their_day(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.store, shop.lamp, 1)
        await make_inbound(db, shop.store, shop.lamp, 5, expected_on=day(10))
        await make_inbound(db, shop.store, shop.lamp, 5, expected_on=day(5), sellable=False)

    one, three = await shop.ask(), await shop.ask(quantity=3)

    assert (one.quantity, one.expected, one.earliest_on) == (1, 5, day(1))
    assert (three.earliest_on, three.missing) == (day(11), 0)


async def test_what_is_reserved_for_others_is_not_promised(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        market = await make_channel(db)
        level = await make_stock(db, shop.warehouse, shop.lamp, 5)
        await make_reservation(db, market, level, 3)
        await make_reservation(db, shop.channel, level, 1)

    assert (await shop.ask()).quantity == 2
    shop.channel = market
    assert (await shop.ask()).quantity == 4


async def test_places_that_do_not_serve_the_country_count_for_nothing(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        austria = await make_location(db, countries=["AT"])
        await make_stock(db, austria, shop.lamp, 5)

    at_home, there = await shop.ask(), await shop.ask(destination=Destination("AT"))

    assert (at_home.quantity, at_home.sources, at_home.missing) == (0, (), 1)
    assert (there.quantity, there.earliest_on) == (5, day(1))


async def test_pain_02_bundle_is_as_many_as_its_scarcest_part(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        bulb = await make_variant(db, sku="BULB")
        await make_bundle(db, {shop.lamp: 1, bulb: 2}, sku="SET")
        await make_stock(db, shop.warehouse, shop.lamp, 9)
        await make_stock(db, shop.warehouse, bulb, 4)
        await make_stock(db, shop.store, bulb, 1)

    answer = await shop.ask("SET", 3)

    assert (answer.quantity, answer.missing, answer.earliest_on) == (2, 1, None)
    assert [(each.location_id, each.quantity) for each in answer.sources] == [(shop.warehouse.id, 2)]
    assert (await shop.ask("SET", 2)).earliest_on == day(2)


async def test_what_is_no_thing_is_there_at_once(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_variant(db, sku="CARD", product={"kind": ProductKind.GIFT_CARD})

    answer = await shop.ask("CARD", 1000)

    assert (answer.quantity, answer.expected, answer.missing, answer.earliest_on) == (None, None, 0, TODAY)


async def test_unknown_article_does_not_hide_the_others(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.store, shop.lamp, 1)

    async with database.read_only() as db:
        answers = await availability(db, [Wanted("NOTHING"), Wanted("A\0B"), Wanted("LAMP")], channel=shop.channel.code)

    assert [(each.known, each.quantity) for each in answers] == [(False, 0), (False, 0), (True, 1)]


async def test_unanswered_places_are_marked(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await make_stock(db, shop.store, shop.lamp, 1)

    answer = await shop.ask(uncertain={shop.store.id})

    assert [each.uncertain for each in answer.sources] == [True]


@pytest.mark.parametrize(
    ("sku", "quantity", "channel", "code"),
    [("LAMP", 0, None, "INVALID_QUANTITY"), ("LAMP", 1, "moon", "UNKNOWN_CHANNEL")],
)
async def test_impossible_question_is_refused(
    database: Database, sku: str, quantity: int, channel: str | None, code: str
) -> None:
    shop = await make_shop(database)
    with pytest.raises(InvalidInput) as caught:
        async with database.read_only() as db:
            await availability(db, [Wanted(sku, quantity)], channel=channel or shop.channel.code)
    assert caught.value.code == code


async def test_foreign_channel_is_unknown(database: Database, principals: Principals) -> None:
    shop = await make_shop(database)
    foreign = principals.holding("availability:read", channel_ids=frozenset())
    with pytest.raises(InvalidInput) as caught:
        async with database.read_only(foreign) as db:
            await availability(db, [Wanted("LAMP")], channel=shop.channel.code)
    assert caught.value.code == "UNKNOWN_CHANNEL"
