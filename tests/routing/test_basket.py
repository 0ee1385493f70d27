"""What a basket is promised is what the order placed next gets."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.channels import make_channel
from factories.intake import ADDRESS, Company, order_input, place
from factories.inventory import make_inbound, make_reservation, make_stock
from factories.locations import make_location, make_tariff
from factories.tax import make_tax_rate
from kontor.catalog.models import ProductKind, ProductVariant
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.locations.models import LocationKind, StockLocation
from kontor.orders.errors import OutOfStock
from kontor.orders.intake import Address, LineInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed, Placement
from kontor.orders.states import DeliveryType
from kontor.routing.basket import Basket, BasketItem, BasketPromise, Delivery, promise_basket
from kontor.routing.promise import Destination
from kontor.routing.promising import Arrival
from kontor.routing.service import SupplyBook
from kontor.routing.values import FulfillmentPlan
from support import Principals

TODAY = date(2026, 6, 15)
SKUS = ("LAMP", "ROPE", "BELL", "SET")
MUNICH = replace(ADDRESS, city="München", postal_code="80331", latitude=48.137, longitude=11.576)


def day(after: int) -> date:
    return date.fromordinal(TODAY.toordinal() + after)


def where(address: Address, promised_on: date | None = None) -> Destination:
    return Destination(address.country, address.latitude, address.longitude, promised_on)


@dataclass
class World:
    """A company whose stores and stock are drawn by chance."""

    database: Database
    company: Company
    dice: random.Random
    codes: dict[Any, str] = field(default_factory=dict)

    async def ask(self, basket: Basket) -> BasketPromise:
        async with self.database.read_only() as db:
            return await promise_basket(db, basket)


async def make_world(database: Database, seed: int) -> World:
    dice = random.Random(seed)
    async with database.unit_of_work() as db:
        shortage = dice.choice([ShortagePolicy.REFUSE, ShortagePolicy.BACKORDER])
        channel = await make_channel(db, payment_methods=["ON_ACCOUNT"], shortage=shortage, priority=dice.randint(0, 2))
        other = await make_channel(db)
        await make_tax_rate(db)
        await make_tariff(db, transit_days=dice.randint(0, 3), parcel_cents=dice.randint(200, 900))
        articles = [await make_variant(db, sku=sku, weight_g=dice.randint(100, 9000)) for sku in SKUS[:3]]
        bell = await make_variant(db, sku="DEAR", product={"bulky": True})
        await make_bundle(db, {articles[0]: 1, articles[1]: 2}, sku="SET")
        codes = {}
        for number in range(dice.randint(2, 5)):
            store = dice.random() < 0.6
            place_ = await make_location(
                db, code=f"P{number}", kind=LocationKind.STORE if store else LocationKind.WAREHOUSE,
                latitude=dice.uniform(48, 54), longitude=dice.uniform(8, 13), lead_days=dice.randint(0, 2),
                priority=dice.randint(1, 3), bulky=dice.random() < 0.7, can_ship=dice.random() < 0.9,
                opening_hours=dice.choice(["24/7", "Mo-Fr 09:00-18:00", "Tu-Sa 10:00-20:00"]),
                cut_off=dice.choice([None, "11:00", "16:00"]), handling_parcel_cents=dice.randint(0, 300),
                handling_line_cents=dice.randint(0, 50), unit_capacity=dice.choice([None, None, 3, 8]),
                parcel_capacity=dice.choice([None, None, 1, 4]),
            )  # fmt: skip
            codes[place_.id] = place_.code
            if dice.random() < 0.5:
                await make_tariff(db, location_id=place_.id, transit_days=dice.randint(0, 5), parcel_cents=100)
            for article in [*articles, bell]:
                if dice.random() < 0.75:
                    level = await make_stock(db, place_, article, dice.randint(0, 5), safety=dice.randint(0, 1))
                    if dice.random() < 0.2 and level.on_hand > 1:
                        await make_reservation(db, dice.choice([channel, other]), level, 1)
                if dice.random() < 0.25:
                    await make_inbound(db, place_, article, dice.randint(1, 6), expected_on=day(dice.randint(1, 9)))
        company = Company(channel, place_)
    return World(database, company, dice, codes)


def drawn_basket(world: World) -> Basket:
    dice = world.dice
    items = tuple(
        BasketItem(
            dice.choice([*SKUS, "DEAR"]), dice.randint(1, 3), dice.choice([None, None, None, "together"]),
            dice.random() < 0.15,
        )
        for _ in range(dice.randint(1, 4))
    )  # fmt: skip
    wish = day(dice.randint(0, 6)) if dice.random() < 0.3 else None
    return Basket(
        world.company.channel.code, items, where(dice.choice([ADDRESS, MUNICH]), wish),
        priority=dice.choice([None, 0, 2]), ship_complete=dice.random() < 0.2,
        max_parcels=dice.choice([None, None, 1, 2]), partly=dice.random() < 0.5,
    )  # fmt: skip


async def ordered(world: World, basket: Basket, offer: Delivery) -> Placement | None:
    """The order for what was offered; None when it is refused for lack of stock."""
    address = ADDRESS if basket.destination == where(ADDRESS, basket.destination.promised_on) else MUNICH  # type: ignore[union-attr]
    order = order_input(
        world.company.channel,
        *(LineInput(each.sku, each.quantity, 1000, group=each.group, no_split=each.no_split) for each in basket.items),
        billing_address=address, promised_on=offer.wish, priority=basket.priority, ship_complete=basket.ship_complete,
        max_parcels=basket.max_parcels,
        delivery_type=DeliveryType.PICKUP if offer.location_id else DeliveryType.SHIP,
        pickup_location=world.codes.get(offer.location_id),
    )  # fmt: skip
    [outcome] = await place(world.database, world.company, order)
    if isinstance(outcome, OutOfStock):
        return None
    assert isinstance(outcome, Placed), outcome
    assert outcome.placement is not None
    async with world.database.read_only() as db:
        stored = await db.get_one(Order, outcome.order_id)
    assert stored.promised_on == outcome.placement.promised_on
    return outcome.placement


@pytest.mark.parametrize("seed", range(8))
async def test_an_order_gets_exactly_the_promise_that_was_shown(database: Database, seed: int) -> None:
    world = await make_world(database, seed)
    for _ in range(5):
        basket = drawn_basket(world)
        promise = await world.ask(basket)
        offer = world.dice.choice([*promise.shipped, *promise.pickups])

        placed = await ordered(world, basket, offer)

        assert (placed is not None) == offer.orderable
        if placed is None or placed.plan is None:
            continue
        assert placed.promised_on == offer.promised_on
        assert placed.plan.cost_cents == offer.cost_cents
        assert sum(placed.unallocated.values()) == sum(count for _, count in placed.plan.unsent)
        shown = [(each.location_id, each.leaves_on, each.arrives_on) for each in offer.parcels]
        assert shown == [
            (each.location_id, date.fromordinal(each.day), date.fromordinal(each.arrival_day))
            for each in placed.plan.parcels
        ]
        assert offer.arrives_on == max((each.arrives_on for each in offer.parcels), default=None)
        if len(promise.shipped) == 2:
            cheapest, sooner = promise.shipped
            assert sooner.promised_on == sooner.wish
            assert sooner.arrives_on is not None
            assert cheapest.arrives_on is not None
            assert sooner.arrives_on <= (sooner.wish or day(0)) < cheapest.arrives_on


@dataclass
class Shop:
    """A warehouse that needs a day, and two stores that hand over: one near, one far."""

    database: Database
    code: str

    async def ask(self, *items: BasketItem, destination: Destination | None = None, **given: Any) -> BasketPromise:
        async with self.database.read_only() as db:
            return await promise_basket(db, Basket(self.code, items, destination, **given))


async def make_shop(database: Database, **channel: Any) -> Shop:
    async with database.unit_of_work() as db:
        made = await make_channel(db, code="WEB", **channel)
        warehouse = await make_location(db, code="WH", lead_days=1)
        near = await make_location(db, code="NEAR", kind=LocationKind.STORE, can_ship=False)
        far = await make_location(
            db, code="FAR", kind=LocationKind.STORE, can_ship=False, latitude=48.14, longitude=11.58, priority=1
        )
        await make_tariff(db)
        lamp, rope = await make_variant(db, sku="LAMP"), await make_variant(db, sku="ROPE")
        await make_variant(db, sku="CARD", product={"kind": ProductKind.GIFT_CARD})
        await make_stock(db, warehouse, lamp, 3)
        await make_stock(db, warehouse, rope, 1)
        await make_inbound(db, warehouse, rope, 5, expected_on=day(7))
        for store in (near, far):
            await make_stock(db, store, lamp, 2)
        await make_stock(db, far, rope, 2)
    return Shop(database, made.code)


async def test_what_comes_later_is_promised_per_piece(database: Database) -> None:
    shop = await make_shop(database)

    [patient] = (await shop.ask(BasketItem("LAMP"), BasketItem("ROPE", 2))).shipped
    early = where(ADDRESS, day(1))
    [hurried] = (await shop.ask(BasketItem("LAMP", 3), BasketItem("ROPE", 2), destination=early)).shipped

    assert (len(patient.parcels), patient.promised_on) == (1, day(9))
    assert [line.arrivals for line in patient.lines] == [(Arrival(day(9), 1),), (Arrival(day(9), 2),)]
    assert (len(hurried.parcels), hurried.promised_on, hurried.arrives_on) == (2, day(1), day(9))
    assert [line.arrivals for line in hurried.lines] == [
        (Arrival(day(2), 3),),
        (Arrival(day(2), 1), Arrival(day(9), 1)),
    ]


async def test_a_dearer_way_is_offered_where_it_is_sooner(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        slow = await make_location(db)
        await make_tariff(db, location_id=slow.id, parcel_cents=100, transit_days=6)
        lamp = await db.scalar(sa.select(ProductVariant).where(ProductVariant.sku == "LAMP"))
        assert lamp is not None
        await make_stock(db, slow, lamp, 5)

    cheapest, sooner = (await shop.ask(BasketItem("LAMP"))).shipped

    assert (cheapest.promised_on, cheapest.cost_cents, cheapest.wish) == (day(6), 100, None)
    assert (sooner.promised_on, sooner.cost_cents, sooner.wish) == (day(2), 490, day(2))


async def test_without_a_sooner_way_there_is_one_offer(database: Database) -> None:
    shop = await make_shop(database)

    promise = await shop.ask(BasketItem("LAMP", 2))

    assert [(each.promised_on, each.orderable, each.missing) for each in promise.shipped] == [(day(2), True, 0)]


async def test_what_is_missing_is_said_with_the_day_it_could_come_alone(database: Database) -> None:
    shop = await make_shop(database, shortage=ShortagePolicy.BACKORDER)

    [offer] = (await shop.ask(BasketItem("LAMP", 9), BasketItem("ROPE", 2), ship_complete=True)).shipped
    [partly] = (await shop.ask(BasketItem("LAMP", 9))).shipped

    assert (offer.parcels, offer.promised_on, offer.orderable) == ((), None, True)
    assert [(line.missing, line.missing_from) for line in offer.lines] == [(9, None), (2, day(9))]
    assert [(line.arrivals, line.missing) for line in partly.lines] == [((Arrival(day(2), 3),), 6)]


async def test_a_channel_that_refuses_shortage_says_so(database: Database) -> None:
    shop = await make_shop(database, shortage=ShortagePolicy.REFUSE)

    [offer] = (await shop.ask(BasketItem("LAMP", 9))).shipped

    assert (offer.orderable, offer.missing) == (False, 6)


async def test_stores_are_listed_nearest_first_with_their_days(database: Database) -> None:
    shop = await make_shop(database)
    async with database.read_only() as db:
        codes = {place.id: place.code for place in await db.scalars(sa.select(StockLocation))}

    async def stores(*items: BasketItem, **given: Any) -> list[tuple[str, int | None, date | None, int]]:
        return [
            (codes[each.location_id], each.distance_km, each.arrives_on, each.missing)
            for each in (await shop.ask(*items, **given)).pickups
            if each.location_id is not None
        ]

    at_home, away = where(ADDRESS), where(MUNICH)
    assert await stores(BasketItem("LAMP"), destination=at_home) == [("NEAR", 0, day(0), 0), ("FAR", 612, day(0), 0)]
    assert [row[0] for row in await stores(BasketItem("LAMP"), destination=away)] == ["FAR", "NEAR"]
    assert [row[0] for row in await stores(BasketItem("LAMP"))] == ["FAR", "NEAR"]
    assert [row[0] for row in await stores(BasketItem("LAMP"), BasketItem("ROPE"), destination=at_home)] == ["FAR"]
    both = await stores(BasketItem("LAMP"), BasketItem("ROPE"), destination=at_home, partly=True)
    assert [(row[0], row[3]) for row in both] == [("NEAR", 1), ("FAR", 0)]
    assert await stores(BasketItem("LAMP"), destination=at_home, stores=1) == [("NEAR", 0, day(0), 0)]
    assert await stores(BasketItem("LAMP"), stores=0) == []


async def test_a_basket_is_planned_beside_the_loop(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, plan, threads = await make_shop(database), SupplyBook.plan, set[int]()

    def noting(book: SupplyBook, *given: Any) -> FulfillmentPlan:
        threads.add(threading.get_ident())
        return plan(book, *given)

    monkeypatch.setattr(SupplyBook, "plan", noting)
    promise = await shop.ask(BasketItem("LAMP"))

    assert promise.shipped[0].missing == 0
    assert len(promise.pickups) == 2
    assert threads
    assert threading.get_ident() not in threads


async def test_nothing_of_stock_is_there_at_once(database: Database) -> None:
    shop = await make_shop(database)

    card = await shop.ask(BasketItem("CARD"))
    mixed = await shop.ask(BasketItem("CARD", 2), BasketItem("LAMP"))

    assert (card.immediate, card.shipped, card.pickups) == (True, (), ())
    assert [line.arrivals for line in mixed.shipped[0].lines] == [(Arrival(day(0), 2),), (Arrival(day(2), 1),)]


async def test_an_unknown_article_leaves_nothing_to_promise(database: Database) -> None:
    shop = await make_shop(database)

    answer = await shop.ask(BasketItem("LAMP"), BasketItem("NO"), BasketItem("NO", 2))

    assert (answer.unknown, answer.shipped, answer.pickups) == (("NO",), (), ())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"items": ()}, "TOO_MANY_ROWS"),
        ({"items": (BasketItem("LAMP", 0),)}, "INVALID_QUANTITY"),
        ({"stores": 101}, "INVALID_PAGE_SIZE"),
        ({"channel": "NO"}, "UNKNOWN_CHANNEL"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_bad_questions_are_refused(database: Database, given: dict[str, Any], code: str) -> None:
    shop = await make_shop(database)
    basket = Basket(**{"channel": shop.code, "items": (BasketItem("LAMP"),)} | given)

    with pytest.raises(InvalidInput) as refused:
        async with database.read_only() as db:
            await promise_basket(db, basket)

    assert refused.value.code == code


@pytest.mark.engine("sqlite")
async def test_a_shop_asks_for_its_own_channels_only(database: Database, principals: Principals) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        other = await make_channel(db)
    foreign = principals.holding("availability:read", channel_ids=frozenset({other.id}))

    with pytest.raises(InvalidInput) as refused:
        async with database.read_only(foreign) as db:
            await promise_basket(db, Basket(shop.code, (BasketItem("LAMP"),)))

    assert refused.value.code == "UNKNOWN_CHANNEL"


async def test_fifty_lines_need_as_many_statements_as_one(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        warehouse = await make_location(db, unit_capacity=500)
        for number in range(50):
            await make_stock(db, warehouse, await make_variant(db, sku=f"S{number}"), 5)
    items = tuple(BasketItem(f"S{number}", 2) for number in range(50))
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    await shop.ask(*items[:1])
    counts = []
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    for part in (items[:1], items):
        statements.clear()
        promise = await shop.ask(*part)
        counts.append(len(statements))
        assert not promise.shipped[0].missing
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 8
