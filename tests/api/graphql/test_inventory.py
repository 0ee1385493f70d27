"""Stock through the API."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from factories.inventory import make_allocation, make_inbound, make_order_line, make_order_row, make_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from inventory.shelves import Shelf, make_shelf
from kontor.auth.models import AuditEntry
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.inventory.models import StockLevel
from kontor.locations.models import StockLocation
from support import Client, Principals

SET = """mutation($figures: [StockFigureInput!]!) { setStockLevels(figures: $figures, reason: "feed") {
  ... on SetStockLevelsPayload {
    applied unchanged stale refused rows(only: [REFUSED, STALE]) { index result code path } }
  ... on Error { code path } } }"""
LEVELS = """query($filter: StockLevelsFilter, $sort: StockLevelSort! = LOCATION, $first: Int! = 50, $after: String) {
  stockLevels(filter: $filter, sort: $sort, first: $first, after: $after) {
    nodes { location sku onHand allocated available } pageInfo { hasNextPage endCursor } } }"""
ADJUST = """mutation($delta: Int!, $reason: String!) {
  adjustStock(location: "HAM", sku: "LAMP", delta: $delta, reason: $reason) {
    ... on StockLevelPayload { stockLevel { onHand allocated } } ... on Error { code path details } } }"""


def figure(sku: str = "LAMP", quantity: int = 1, **given: Any) -> dict[str, Any]:
    return {"location": "HAM", "sku": sku, "quantity": quantity} | given


async def test_figures_are_booked_and_reported(client: Client, database: Database, principals: Principals) -> None:
    shelf = await make_shelf(database, 10)
    rows = [figure(quantity=7), figure("NO"), figure(quantity=9, asOf="2026-06-15T09:00:00Z"), figure(quantity=7)]

    body = await client.graphql(SET, {"figures": rows}, principal=principals.admin)

    assert body["data"]["setStockLevels"] == {
        "applied": 1,
        "unchanged": 1,
        "stale": 1,
        "refused": 1,
        "rows": [
            {"index": 1, "result": "REFUSED", "code": "UNKNOWN_STOCK_KEY", "path": ["figures", "1", "sku"]},
            {"index": 2, "result": "STALE", "code": None, "path": []},
        ],
    }
    assert await shelf.counters() == (7, 0, 0)
    async with database.read_only() as db:
        entry = await db.scalar(sa.select(AuditEntry).where(AuditEntry.operation == "setStockLevels"))
    assert entry is not None
    assert entry.targets == [f"location:{shelf.place.id}"]


async def test_figures_of_one_key_are_booked_once(client: Client, database: Database, principals: Principals) -> None:
    shelf = await make_shelf(database, 10)
    key = {"idempotency-key": "feed-1"}
    first = await client.graphql(SET, {"figures": [figure(quantity=7)]}, principal=principals.admin, headers=key)
    await client.graphql(SET, {"figures": [figure(quantity=3)]}, principal=principals.admin)
    again = await client.graphql(SET, {"figures": [figure(quantity=7)]}, principal=principals.admin, headers=key)
    other = await client.graphql(SET, {"figures": [figure(quantity=8)]}, principal=principals.admin, headers=key)

    assert first["data"]["setStockLevels"]["applied"] == 1
    assert again["data"]["setStockLevels"]["unchanged"] == 1
    assert other["data"]["setStockLevels"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert await shelf.counters() == (3, 0, 0)


async def test_adjustment_answers_with_the_level(client: Client, database: Database, principals: Principals) -> None:
    await make_shelf(database, 10)

    good = await client.graphql(ADJUST, {"delta": -2, "reason": "broken"}, principal=principals.admin)
    bad = await client.graphql(ADJUST, {"delta": -9, "reason": "broken"}, principal=principals.admin)

    assert good["data"]["adjustStock"] == {"stockLevel": {"onHand": 8, "allocated": 0}}
    assert bad["data"]["adjustStock"] == {
        "code": "STOCK_SHORT",
        "path": ["delta"],
        "details": {"on_hand": 8, "delta": -9},
    }


async def many(shelf: Shelf, count: int) -> None:
    async with shelf.database.unit_of_work() as db:
        for number in range(count):
            place = await make_location(db, code=f"L{number}")
            await make_stock(db, place, shelf.variant, number)


async def test_levels_are_filtered_sorted_and_paged(client: Client, database: Database, principals: Principals) -> None:
    shelf = await make_shelf(database, 10)
    await many(shelf, 4)

    for sort, expected in (("ON_HAND", [0, 1, 2, 3, 10]), ("ON_HAND_DESC", [10, 3, 2, 1, 0])):
        found, after = [], None
        while True:
            body = await client.graphql(LEVELS, {"sort": sort, "first": 2, "after": after}, principal=principals.admin)
            page = body["data"]["stockLevels"]
            found += [node["onHand"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert found == expected
    for sort in ("LOCATION", "UPDATED_AT", "UPDATED_AT_DESC"):
        one = (await client.graphql(LEVELS, {"sort": sort, "first": 3}, principal=SYSTEM))["data"]["stockLevels"]
        after = {"sort": sort, "after": one["pageInfo"]["endCursor"]}
        two = (await client.graphql(LEVELS, after, principal=SYSTEM))["data"]["stockLevels"]
        assert len({node["location"] for node in one["nodes"] + two["nodes"]}) == 5
    low = await client.graphql(LEVELS, {"filter": {"below": 2, "skus": ["LAMP"]}}, principal=principals.admin)
    assert {node["location"] for node in low["data"]["stockLevels"]["nodes"]} == {"L0", "L1"}
    bad = await client.graphql(LEVELS, {"after": "bm9uc2Vuc2U"}, principal=principals.admin)
    assert bad["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_partner_and_store_see_their_own_stock(
    client: Client, database: Database, principals: Principals
) -> None:
    shelf = await make_shelf(database, 10)
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        own = await make_location(db, code="OWN", partner_id=partner.id)
        await make_stock(db, own, shelf.variant, 1)
    reading = ("stock:read",)
    scopes: list[tuple[dict[str, Any], list[str]]] = [
        ({"partner_id": partner.id}, ["OWN"]),
        ({"location_ids": frozenset({shelf.place.id})}, ["HAM"]),
        ({"location_ids": frozenset()}, []),
        ({"channel_ids": frozenset({shelf.channel.id})}, []),
        ({}, ["HAM", "OWN"]),
    ]
    for scope, seen in scopes:
        body = await client.graphql(LEVELS, principal=principals.holding(*reading, **scope))
        assert sorted(node["location"] for node in body["data"]["stockLevels"]["nodes"]) == seen
    refused = await client.graphql(LEVELS, principal=principals.holding("orders:read"))
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_reservations_are_set_made_and_released(
    client: Client, database: Database, principals: Principals
) -> None:
    shelf = await make_shelf(database, 10)
    shop = principals.holding("orders:place", channel_ids=frozenset({shelf.channel.id}))
    async with database.unit_of_work() as db:
        (await db.get_one(type(shelf.place), shelf.place.id)).can_pickup = True
    names = {"channel": shelf.channel.code}
    quota = await client.graphql(
        """mutation($channel: String!) {
          setChannelReservation(channel: $channel, location: "HAM", sku: "LAMP", quantity: 4) {
            ... on ReservationPayload { reservation { quantity reference location sku } } ... on Error { code } } }""",
        names,
        principal=principals.admin,
    )
    kept = await client.graphql(
        """mutation($channel: String!) { reserveStock(channel: $channel, location: "HAM", sku: "LAMP", quantity: 2,
          reference: "CR-1", expiresAt: "2026-06-16T10:00:00Z") {
            ... on ReservationPayload { reservation { id quantity expiresAt } } ... on Error { code message } } }""",
        names,
        principal=shop,
    )
    given = {"id": kept["data"]["reserveStock"]["reservation"]["id"]}
    released = await client.graphql(
        """mutation($id: UUID!) { releaseReservation(id: $id) {
          ... on ReservationPayload { reservation { quantity } } ... on Error { code } } }""",
        given,
        principal=shop,
    )
    listed = await client.graphql("{ reservations { nodes { reference quantity } } }", principal=shop)

    assert quota["data"]["setChannelReservation"]["reservation"] == {
        "quantity": 4,
        "reference": "",
        "location": "HAM",
        "sku": "LAMP",
    }
    assert kept["data"]["reserveStock"]["reservation"]["expiresAt"] == "2026-06-16T10:00:00Z"
    assert released["data"]["releaseReservation"]["reservation"] == {"quantity": 0}
    assert listed["data"]["reservations"]["nodes"] == [{"reference": "", "quantity": 4}]
    assert await shelf.counters() == (10, 0, 4)


async def test_expected_goods_are_announced_received_and_closed(
    client: Client, database: Database, principals: Principals
) -> None:
    shelf = await make_shelf(database, 1)
    announced = await client.graphql(
        """mutation { announceInbound(location: "HAM", sku: "LAMP", reference: "PO-1", quantity: 5,
          expectedOn: "2026-06-20") { ... on InboundStockPayload { inboundStock { id expectedOn closed } } } }""",
        principal=principals.admin,
    )
    goods = announced["data"]["announceInbound"]["inboundStock"]
    received = await client.graphql(
        """mutation($id: UUID!) { receiveInbound(id: $id, quantity: 2) {
          ... on InboundStockPayload { inboundStock { received closed } } } }""",
        {"id": goods["id"]},
        principal=principals.admin,
    )
    listed = await client.graphql("{ inboundStock { nodes { reference quantity } } }", principal=principals.admin)
    closed = await client.graphql(
        """mutation($id: UUID!) { closeInbound(id: $id) {
          ... on InboundStockPayload { inboundStock { received closed } } } }""",
        {"id": goods["id"]},
        principal=principals.admin,
    )
    movements = await client.graphql(
        "{ stockMovements(filter: {kinds: [RECEIVE]}) { nodes { sku onHand reason by } } }", principal=principals.admin
    )

    assert (goods["expectedOn"], goods["closed"]) == ("2026-06-20", False)
    assert received["data"]["receiveInbound"]["inboundStock"] == {"received": 2, "closed": False}
    assert listed["data"]["inboundStock"]["nodes"] == [{"reference": "PO-1", "quantity": 5}]
    assert closed["data"]["closeInbound"]["inboundStock"] == {"received": 2, "closed": True}
    assert movements["data"]["stockMovements"]["nodes"] == [
        {"sku": "LAMP", "onHand": 2, "reason": "PO-1", "by": "user:Test User"}
    ]
    assert await shelf.counters() == (3, 0, 0)
    async with database.unit_of_work() as db:
        owner = await make_partner(db)
        (await db.get_one(StockLocation, shelf.place.id)).partner_id = owner.id
    partner = principals.holding("stock:read", partner_id=owner.id)
    told = await client.graphql("{ stockMovements { nodes { onHand reason by } } }", principal=partner)
    assert {(each["reason"], each["by"]) for each in told["data"]["stockMovements"]["nodes"]} == {(None, "")}


async def test_availability_says_how_many_when_and_from_where(
    client: Client, database: Database, principals: Principals
) -> None:
    shelf = await make_shelf(database, 3)
    async with database.unit_of_work() as db:
        await make_tariff(db, transit_days=2)
        level = await db.get_one(StockLevel, (shelf.place.id, shelf.variant.id))
        await make_allocation(db, shelf.channel, shelf.variant, level, 1)
        await make_inbound(db, shelf.place, shelf.variant, 4)
        await make_order_line(db, await make_order_row(db, shelf.channel), shelf.variant, 1)
    shop = principals.holding("availability:read", channel_ids=frozenset({shelf.channel.id}))

    body = await client.graphql(
        """query($channel: String!) { availability(channel: $channel, items: [{sku: "LAMP", quantity: 2}, {sku: "X"}],
          destination: {country: "DE", latitude: 48.1, longitude: 11.6}) {
            sku known quantity expected earliestOn missing parcels { location quantity arrivesOn }
            sources { location quantity expected uncertain } } }""",
        {"channel": shelf.channel.code},
        principal=shop,
    )

    lamp, unknown = body["data"]["availability"]
    assert lamp == {
        "sku": "LAMP",
        "known": True,
        "quantity": 2,
        "expected": 4,
        "earliestOn": "2026-06-17",
        "missing": 0,
        "parcels": [{"location": "HAM", "quantity": 2, "arrivesOn": "2026-06-17"}],
        "sources": [{"location": "HAM", "quantity": 2, "expected": 4, "uncertain": False}],
    }
    assert (unknown["known"], unknown["quantity"], unknown["sources"]) == (False, 0, [])


async def test_lists_ask_the_database_as_often_for_many(client: Client, database: Database) -> None:
    shelf = await make_shelf(database, 1)
    asked: list[str] = []
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for extra in (0, 30):
        await many(shelf, extra)
        asked.clear()
        await client.graphql(LEVELS, principal=SYSTEM)
        await client.graphql("{ stockMovements { nodes { location sku } } }", principal=SYSTEM)
        counts.append(len(asked))
    assert counts[0] == counts[1]
