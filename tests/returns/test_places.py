"""Where goods come back: choices, their cost and why, and the place of a return that names none."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.intake import ADDRESS, Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.returns import delivered, requested
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.imports.saving import touch_masters
from kontor.locations.models import LocationKind, StockLocation
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound
from kontor.orders.models import Order
from kontor.returns.homing import ReturnPlaces, return_places
from kontor.returns.models import ReturnPlaceDecision
from kontor.returns.places import (
    Hurdle,
    ReturnPiece,
    ReturnPlace,
    ReturnWay,
    choices,
    describe_places,
    resale_cents,
)
from kontor.routing.values import Lane
from support import Client, Principals

A, B, LINE, LAMP = UUID(int=1), UUID(int=2), UUID(int=11), UUID(int=21)
PIECE = ReturnPiece(LINE, LAMP, 2, 1500, sent_from=frozenset({A}))
LANE = Lane(300, 100, 1, 50, ((2000, 50), (5000, 150)), 700)


def cost_of(place: ReturnPlace, piece: ReturnPiece = PIECE, **given: Any) -> list[tuple[ReturnWay, tuple[int, ...]]]:
    found, _ = choices([piece], [place], given.get("values", {}), channel="WEB", km_cents=20)
    return [(each.way, tuple(each.terms)) for each in found]


def hurdle_of(place: ReturnPlace, piece: ReturnPiece = PIECE) -> Hurdle | None:
    found, refused = choices([piece], [place], {}, channel="WEB", km_cents=20)
    assert (len(found) == 0) == (len(refused) == 1)
    return refused[0][1] if refused else None


def test_a_parcel_costs_postage_by_weight_and_a_counter_the_way_there() -> None:
    place = ReturnPlace(A, lane=LANE, distance_km=7, parcel_cents=40, line_cents=5, unit_cents=10)
    bulky = replace(PIECE, bulky=True)

    assert cost_of(place) == [(ReturnWay.COUNTER, (0, 25, 140, 0)), (ReturnWay.PARCEL, (300 + 150 + 2 * 150, 65, 0, 0))]
    assert cost_of(place, bulky)[1] == (ReturnWay.PARCEL, (750 + 2 * 700, 65, 0, 0))
    assert cost_of(place, values={(A, LAMP): 90})[0] == (ReturnWay.COUNTER, (0, 25, 140, -180))


def test_a_parcel_goes_by_the_carrier_that_is_cheapest_for_its_weight() -> None:
    heavy = LANE._replace(parcel_cents=400, cents_per_kg=0, weight_steps=(), carrier="HEAVY")
    place = ReturnPlace(A, lane=LANE._replace(others=(heavy,)))
    assert cost_of(place) == [(ReturnWay.PARCEL, (400, 0, 0, 0))]
    assert cost_of(place, replace(PIECE, weight_g=0)) == [(ReturnWay.PARCEL, (350, 0, 0, 0))]


@pytest.mark.parametrize(
    ("change", "piece", "hurdle"),
    [
        ({}, {}, None),
        ({"active": False}, {}, Hurdle.INACTIVE),
        ({"accepts": False}, {}, Hurdle.NO_RETURNS),
        ({"channels": frozenset({"OTHER"})}, {}, Hurdle.CHANNEL_NOT_ALLOWED),
        ({"channels": frozenset({"WEB"})}, {}, None),
        ({"hazmat": False}, {"hazmat": True}, Hurdle.HAZMAT_NOT_ALLOWED),
        ({"hazmat": False}, {}, None),
        ({"bulky": False}, {"bulky": True}, Hurdle.BULKY_NOT_ALLOWED),
        ({"own_goods": True}, {"sent_from": frozenset({A, B})}, Hurdle.NOT_ITS_GOODS),
        ({"own_goods": True}, {}, None),
        ({"lane": None}, {}, Hurdle.UNREACHABLE),
        ({"lane": None, "distance_km": 3}, {}, None),
    ],
)
def test_a_place_that_cannot_take_it_says_why(
    change: dict[str, Any], piece: dict[str, Any], hurdle: Hurdle | None
) -> None:
    assert hurdle_of(replace(ReturnPlace(A, lane=LANE), **change), replace(PIECE, **piece)) is hurdle


def test_what_a_piece_is_worth_falls_with_what_lies_there_already() -> None:
    assert resale_cents(1000, 200, sold=0, on_hand=0) == 0
    assert [resale_cents(1000, 200, sold=3, on_hand=there) for there in (0, 2, 3, 5, 29)] == [200, 200, 150, 100, 20]


def test_terms_sum_to_the_cost_and_the_order_of_places_changes_nothing() -> None:
    dice = random.Random(7)
    for _ in range(200):
        places = [
            ReturnPlace(
                UUID(int=number), number, accepts=dice.random() < 0.9,
                lane=replaced_lane(dice) if dice.random() < 0.7 else None,
                distance_km=dice.choice([None, 0, 3, 90]), unit_cents=dice.randint(0, 90),
            )
            for number in range(1, 6)
        ]  # fmt: skip
        values = {(place.location_id, LAMP): dice.randint(-50, 300) for place in places}
        found, refused = choices([PIECE], places, values, channel="WEB", km_cents=20)
        dice.shuffle(places)
        again, _ = choices([PIECE], places, values, channel="WEB", km_cents=20)

        assert found == again
        assert all(each.cost_cents == sum(each.terms) for each in found)
        assert [each.cost_cents for each in found] == sorted(each.cost_cents for each in found)
        assert {each.location_id for each in found} | {place for place, _ in refused} == {p.location_id for p in places}


def replaced_lane(dice: random.Random) -> Lane:
    return LANE._replace(parcel_cents=dice.randint(0, 900))


def test_a_decision_reads_in_both_languages() -> None:
    record = {
        "choices": [
            {"location": "a", "way": "PARCEL", "km": None, "cost": 540, "terms": {"postage": 590, "resale": -50}},
            {"location": "b", "way": "COUNTER", "km": 3, "cost": 60, "terms": {"distance": 60}},
        ],
        "refused": [{"location": "c", "reason": "BULKY_NOT_ALLOWED"}],
    }
    names = {"a": "Lager", "b": "Laden", "c": "Turm"}

    assert describe_places(record, "en", names, "EUR") == [
        "By parcel to Lager: 5.40 EUR (postage 5.90 EUR, value where it sells again -0.50 EUR).",
        "At the counter of Laden, 3 km away: 0.60 EUR (the way there 0.60 EUR).",
        "Turm takes no bulky goods.",
    ]
    assert describe_places(record, "de", names, "EUR")[1:] == [
        "Abgabe bei Laden, 3 km entfernt: 0,60 EUR (Weg dorthin 0,60 EUR).",
        "Turm nimmt kein Sperrgut an.",
    ]
    assert describe_places({"choices": [], "refused": []}, "en", names, "EUR") == ["No place can take all of it back."]


@dataclass
class Shop:
    """A warehouse that sends, a cheaper return center, a near and a far store; an order of two lamps that arrived."""

    database: Database
    company: Company
    lamp: ProductVariant
    center: StockLocation
    near: StockLocation
    far: StockLocation
    order_id: UUID

    async def ask(self, quantity: int = 1, **given: Any) -> ReturnPlaces:
        async with self.database.read_only() as db:
            order = await orders.get_order(db, self.order_id, db.principal)
            lines = (await orders.lines_of(db, [order.id]))[order.id]
            return await return_places(db, order, lines, {lines[0].id: quantity}, **given)


async def make_shop(database: Database, **channel: Any) -> Shop:
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        center = await make_location(db, code="CENTER", can_ship=False, handling_parcel_cents=10)
        await make_tariff(db, location_id=center.id, parcel_cents=200)
        near = await make_location(db, code="NEAR", kind=LocationKind.STORE, latitude=53.56, longitude=10.1)
        far = await make_location(db, code="FAR", kind=LocationKind.STORE, latitude=48.14, longitude=11.58)
        lamp = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, lamp.id, 20)
    order_id = await delivered(database, company, ("LAMP", 2), shipping_address=ADDRESS)
    return Shop(database, company, lamp, center, near, far, order_id)


async def test_choices_are_parcels_and_the_nearest_counters_cheapest_first(database: Database) -> None:
    shop = await make_shop(database)

    found = await shop.ask()
    one = await shop.ask(stores=1)

    # 2 pieces left the warehouse lately and 18 lie there: an eighteenth's share of a fifth of the net price.
    assert [(each.location_id, each.way, each.cost_cents) for each in found.choices] == [
        (shop.near.id, ReturnWay.COUNTER, 7 * 20),
        (shop.center.id, ReturnWay.PARCEL, 210),
        (shop.company.warehouse.id, ReturnWay.PARCEL, 490 - 840 * 200 * 2 // (1000 * 19)),
        (shop.far.id, ReturnWay.COUNTER, 612 * 20),
    ]
    assert found.usual == found.choices[1]
    assert [best for _, best in found.lines] == [found.choices[0]]
    assert shop.far.id not in [each.location_id for each in one.choices]


async def test_a_price_in_another_currency_is_no_worth_of_a_piece(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).values(currency="HUF"))

    found = await shop.ask()

    costs = {each.location_id: each.cost_cents for each in found.choices}
    assert costs[shop.company.warehouse.id] == 490
    assert all(each.terms.resale == 0 for each in found.choices)


async def test_a_counter_that_cannot_take_it_takes_no_other_counters_turn(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).where(StockLocation.id == shop.near.id).values(channel_codes=["APP"]))
        await touch_masters(db)

    found = await shop.ask(stores=1)

    assert [each.location_id for each in found.choices if each.way is ReturnWay.COUNTER] == [shop.far.id]
    assert (shop.near.id, Hurdle.CHANNEL_NOT_ALLOWED) in found.refused


async def test_a_return_that_names_no_place_gets_the_cheapest_by_parcel_and_why(
    database: Database, client: Client, principals: Principals
) -> None:
    shop = await make_shop(database)

    found = await requested(database, shop.order_id, 1)
    named = await requested(database, shop.order_id, 1, location_id=shop.far.id)

    assert (found.location_id, named.location_id) == (shop.center.id, shop.far.id)
    async with database.read_only() as db:
        [decision] = await db.scalars(sa.select(ReturnPlaceDecision))
    assert (decision.return_id, decision.record["chosen"]["location"]) == (found.id, str(shop.center.id))
    assert all(sum(row["terms"].values()) == row["cost"] for row in decision.record["choices"])
    body = await client.graphql(
        "query($id: UUID!) { return(id: $id) { placeExplanation } }", {"id": str(found.id)}, principal=principals.admin
    )
    assert body["data"]["return"]["placeExplanation"][1] == (
        "By parcel to Warehouse Hamburg: 2.10 EUR (postage 2.00 EUR, handling 0.10 EUR)."
    )


async def test_a_channel_may_leave_the_place_open(database: Database) -> None:
    shop = await make_shop(database, settings={"return_best_place": False})

    assert (await requested(database, shop.order_id, 1)).location_id is None


async def test_goods_that_no_place_takes_are_announced_without_a_place(database: Database) -> None:
    shop = await make_shop(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).values(accepts_returns=False))
        await touch_masters(db)

    found = await requested(database, shop.order_id, 1)

    assert found.location_id is None
    async with database.read_only() as db:
        [decision] = await db.scalars(sa.select(ReturnPlaceDecision))
    assert decision.record["chosen"] is None
    assert {row["reason"] for row in decision.record["refused"]} == {"NO_RETURNS"}


@pytest.mark.engine("sqlite")
async def test_bad_questions_about_places_are_refused(database: Database) -> None:
    shop = await make_shop(database)

    for quantity, given, code in ((3, {}, "INVALID_QUANTITY"), (1, {"stores": 51}, "INVALID_PAGE_SIZE")):
        with pytest.raises(InvalidInput) as refused:
            await shop.ask(quantity, **given)
        assert refused.value.code == code
    async with database.read_only() as db:
        order = await orders.get_order(db, shop.order_id, db.principal)
        with pytest.raises(LineNotFound):
            await return_places(db, order, [], {LINE: 1})


async def test_customers_get_choices_without_costs(database: Database, client: Client, principals: Principals) -> None:
    shop = await make_shop(database)
    async with database.read_only() as db:
        [line] = (await orders.lines_of(db, [shop.order_id]))[shop.order_id]
    ask = """query($order: UUID!, $line: UUID!) { returnPlaces(orderId: $order, lines: [{lineId: $line, quantity: 1}]) {
      choices { location way distanceKm costCents terms { postage } } usual { location }
      lines { best { location } } } }"""
    given = {"order": str(shop.order_id), "line": str(line.id)}

    shown = await client.graphql(ask, given, principal=principals.holding("returns:request"))
    inside = await client.graphql(ask, given, principal=principals.admin)

    answer = shown["data"]["returnPlaces"]
    assert answer["choices"][0] == {
        "location": "NEAR", "way": "COUNTER", "distanceKm": 7, "costCents": None, "terms": None,
    }  # fmt: skip
    assert (answer["usual"], answer["lines"]) == ({"location": "CENTER"}, [{"best": {"location": "NEAR"}}])
    assert [each["costCents"] for each in inside["data"]["returnPlaces"]["choices"]][:2] == [140, 210]
    assert inside["data"]["returnPlaces"]["choices"][1]["terms"] == {"postage": 200}


async def test_places_of_many_lines_are_found_with_as_many_statements(database: Database) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variants = [await make_variant(db, sku=f"S{number}") for number in range(20)]
    for variant in variants:
        await put_stock(database, company.warehouse.id, variant.id, 20)
    order_id = await delivered(database, company, *((f"S{number}", 1) for number in range(20)))
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    counts = []
    for size in (1, 1, 20):
        async with database.read_only() as db:
            order = await orders.get_order(db, order_id, db.principal)
            lines = (await orders.lines_of(db, [order_id]))[order_id]
            statements.clear()
            await return_places(db, order, lines, {line.id: 1 for line in lines[:size]})
            counts.append(len(statements))
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert counts[1] == counts[2] <= 8
