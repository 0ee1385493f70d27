"""Daily work at a place through the API: answers and taking them back, looking for work, picks, talk, views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment.answering import hold, reject
from kontor.fulfillment.states import RejectReason
from support import Client, Principals

RIGHTS = ("fulfillment:read", "fulfillment:write", "stock:read", "stock:write")
LIST = """query($filter: FulfillmentOrdersFilter) { fulfillmentOrders(filter: $filter, sort: NUMBER) { nodes {
  id number state withdrawableUntil expectedOn customerName shippingAddress { city } lines { id gtin quantity picked }
  history { state by reason } messages { text fromPlace by } takenOver { quantity place } } } }"""

TOLD = """query($filter: FulfillmentOrdersFilter) { fulfillmentOrders(filter: $filter) { nodes {
  history { by reason } messages { text } } } }"""


class Place:
    """A partner's place with two orders, and how it speaks to the API."""

    def __init__(self, client: Client, who: Principal) -> None:
        self.client, self.who = client, who
        self.variant_id: UUID
        self.place_id: UUID

    async def ask(self, document: str, **variables: Any) -> Any:
        answer = await self.client.graphql(document, variables, principal=self.who)
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    async def found(self, **wanted: Any) -> list[Any]:
        rows = await self.ask(LIST, filter=wanted)
        return list(rows["nodes"])


@pytest.fixture
def place(run: Any, database: Database, client: Client, principals: Principals) -> Place:
    async def made() -> Place:
        company = await make_company(database)
        async with database.unit_of_work() as db:
            variant = await make_variant(db, sku="LAMP", gtin="4006381333931")
            partner = await make_partner(db)
            own = await make_location(db, code="ds", partner_id=partner.id)
            await make_tariff(db, location_id=own.id)
            other = await make_location(db, code="other", priority=900)
            await make_tariff(db, location_id=other.id)
        await put_stock(database, own.id, variant.id, 10)
        await put_stock(database, other.id, variant.id, 10)
        for _ in range(2):
            await released(database, company, ("LAMP", 2))
        place = Place(client, principals.holding(*RIGHTS, partner_id=partner.id))
        place.variant_id, place.place_id = variant.id, own.id
        return place

    made_place: Place = run(made())
    return made_place


async def test_answers_of_a_selection_and_their_way_back(place: Place) -> None:
    first, second = [row["id"] for row in await place.found()]
    rejected = """mutation($inputs: [RejectFulfillmentOrderInput!]!) { rejectFulfillmentOrders(inputs: $inputs) {
      ... on FulfillmentOrdersChanged { results { __typename
        ... on FulfillmentOrderChanged { fulfillmentOrder { state withdrawableUntil } }
        ... on RefusedRow { code } } } } }"""
    inputs = [{"fulfillmentOrderId": row, "reason": "CAPACITY"} for row in (first, str(UUID(int=7)), second, second)]
    done = await place.ask(rejected, inputs=inputs)
    assert [each.get("code", each["__typename"]) for each in done["results"]] == [
        "FulfillmentOrderChanged", "FULFILLMENT_ORDER_NOT_FOUND", "FulfillmentOrderChanged", "FULFILLMENT_ORDER_STATE",
    ]  # fmt: skip
    back = """mutation($ids: [UUID!]!) { withdrawAnswers(fulfillmentOrderIds: $ids) { ... on FulfillmentOrdersChanged {
      results { ... on FulfillmentOrderChanged { fulfillmentOrder { state } } ... on RefusedRow { code } } } } }"""
    done = await place.ask(back, ids=[first, second])
    assert [each["fulfillmentOrder"]["state"] for each in done["results"]] == ["OPEN", "OPEN"]
    done = await place.ask(back, ids=[first])
    assert [each["code"] for each in done["results"]] == ["ANSWER_FINAL"]


async def test_answer_piece_by_piece(place: Place) -> None:
    row = (await place.found())[0]
    line = row["lines"][0]["id"]
    answer = """mutation($id: UUID!, $one: [LineQuantityInput!], $no: [RejectedLineInput!]) {
      answerFulfillmentOrder(fulfillmentOrderId: $id, later: $one, expectedOn: "2026-06-20", reject: $no) {
        ... on FulfillmentOrderAnswered { answered { state expectedOn } } ... on Error { code path } } }"""
    one = {"lineId": line, "quantity": 1}
    no = {**one, "reason": "OUT_OF_STOCK", "sellsOut": True}
    done = await place.ask(answer, id=row["id"], one=[one], no=[no])
    assert done["answered"] == [
        {"state": "REJECTED", "expectedOn": None}, {"state": "ACCEPTED", "expectedOn": "2026-06-20"},
    ]  # fmt: skip
    levels = await place.ask("{ stockLevels { nodes { onHand allocated available } } }")
    assert levels["nodes"] == [{"onHand": 3, "allocated": 3, "available": 0}]


async def test_work_is_found_by_what_people_know_of_it(place: Place) -> None:
    first, _ = await place.found()
    wanted: list[tuple[dict[str, Any], int]] = [
        ({"search": first["number"]}, 1),
        ({"shipTo": "hamb"}, 2),
        ({"shipTo": "DE"}, 2),
        ({"shipTo": "Wien"}, 0),
        ({"article": "4006381333931"}, 2),
        ({"article": "amp"}, 2),
        ({"article": "other"}, 0),
        ({"ids": [first["id"]]}, 1),
        ({"problemsAt": "2026-06-15T10:00:00Z"}, 0),
        ({"problemsAt": "2026-09-15T10:00:00Z"}, 2),
        ({"search": "%"}, 0),
    ]
    counts = await place.ask(
        "query($f: [FulfillmentOrdersFilter!]!) { fulfillmentOrderCounts(filters: $f) }", f=[each for each, _ in wanted]
    )
    assert counts == [count for _, count in wanted]
    assert [len(await place.found(**each)) for each, _ in wanted[:6]] == counts[:6]


async def test_lost_work_says_who_has_it_and_hides_the_customer(
    place: Place, database: Database, client: Client, principals: Principals
) -> None:
    from kontor.fulfillment.sourcing import source_orders

    row = (await place.found())[0]
    async with database.unit_of_work() as db:
        lost = await reject(db, UUID(row["id"]), None, now=db.now, reason=RejectReason.NO_ANSWER)
    async with database.unit_of_work() as db:
        await source_orders(db, [lost.order_id], now=db.now)
    (seen,) = await place.found(ids=[row["id"]])
    assert seen["takenOver"] == [{"quantity": 2, "place": None}]
    assert (seen["customerName"], seen["shippingAddress"]) == ("", None)
    assert await place.found(shipTo="Hamburg", states=["REJECTED"]) == []
    all_seen = await client.graphql(LIST, {"filter": {"ids": [row["id"]]}}, principal=principals.admin)
    (inside,) = all_seen["data"]["fulfillmentOrders"]["nodes"]
    assert inside["takenOver"][0]["place"] is not None
    assert inside["shippingAddress"] == {"city": "Hamburg"}


async def test_picks_shelves_and_parcel_numbers(place: Place) -> None:
    row = (await place.found())[0]
    accept = """mutation($id: UUID!) { acceptFulfillmentOrder(fulfillmentOrderId: $id) {
      ... on FulfillmentOrderChanged { fulfillmentOrder { state } } } }"""
    await place.ask(accept, id=row["id"])
    pick = """mutation($inputs: [PicksInput!]!) { recordPicks(inputs: $inputs) { ... on FulfillmentOrdersChanged {
      results { ... on FulfillmentOrderChanged { fulfillmentOrder { state } } ... on RefusedRow { code path } } } } }"""
    picks = {"fulfillmentOrderId": row["id"], "lines": [{"lineId": row["lines"][0]["id"], "quantity": 2}]}
    done = await place.ask(pick, inputs=[picks])
    assert done["results"] == [{"fulfillmentOrder": {"state": "PICKED"}}]
    shelf = """mutation { setShelf(location: "ds", sku: "LAMP", shelf: " A-03-2 ") {
      ... on StockLevelPayload { stockLevel { shelf onHand } } } }"""
    assert (await place.ask(shelf))["stockLevel"] == {"shelf": "A-03-2", "onHand": 10}
    shelves = "query($ids: [UUID!]!) { shelves(fulfillmentOrderIds: $ids) { locationId variantId shelf } }"
    assert await place.ask(shelves, ids=[row["id"]]) == [
        {"locationId": str(place.place_id), "variantId": str(place.variant_id), "shelf": "A-03-2"}
    ]
    ship = """mutation($id: UUID!) { shipFulfillmentOrder(fulfillmentOrderId: $id, parcels: [
      {carrier: "Post", trackingNumber: "RR473124829GB"}]) { ... on ShipmentChanged { shipment { number } } } }"""
    await place.ask(ship, id=row["id"])
    check = 'query { trackingCheck(number: "RR 473124829 GB") { number kind valid usedBy { number } } }'
    assert await place.ask(check) == {
        "number": "RR473124829GB", "kind": "S10", "valid": True, "usedBy": [{"number": row["number"]}],
    }  # fmt: skip


async def test_place_and_company_write_to_each_other(
    place: Place, database: Database, client: Client, principals: Principals
) -> None:
    row = (await place.found())[0]
    write = """mutation($id: UUID!, $text: String!) { writeFulfillmentMessage(fulfillmentOrderId: $id, text: $text) {
      ... on FulfillmentOrderChanged { fulfillmentOrder { messages { text fromPlace } } }
      ... on Error { code path } } }"""
    assert (await place.ask(write, id=row["id"], text=" "))["path"] == ["text"]
    await place.ask(write, id=row["id"], text="Which color?")
    told = {"id": row["id"], "text": "Green."}
    answer = await client.graphql(write, told, principal=principals.admin)
    assert answer["data"]["writeFulfillmentMessage"]["fulfillmentOrder"]["messages"] == [
        {"text": "Which color?", "fromPlace": True}, {"text": "Green.", "fromPlace": False},
    ]  # fmt: skip
    async with database.unit_of_work(principals.admin) as db:
        held = await hold(db, UUID(row["id"]), reason="no label", now=db.now)
    shop = replace(place.who, partner_id=None, channel_ids=frozenset({held.channel_id}))
    seen = {}
    for name, who in (("company", principals.admin), ("partner", place.who), ("shop", shop)):
        answer = await client.graphql(TOLD, {"filter": {"ids": [row["id"]]}}, principal=who)
        (seen[name],) = answer["data"]["fulfillmentOrders"]["nodes"]
    steps = {name: [(each["by"], each["reason"]) for each in found["history"]] for name, found in seen.items()}
    assert steps["company"][-1] == ("Test User", "no label")
    assert steps["partner"][-1] == steps["shop"][-1] == (None, None)
    assert [len(seen[name]["messages"]) for name in ("company", "partner", "shop")] == [2, 2, 0]


async def test_views_are_kept_for_people_and_shared_with_their_team(
    database: Database, client: Client, place: Place
) -> None:
    async with database.unit_of_work() as db:
        partner_id = place.who.partner_id
        kim, lee = [
            await make_user(db, role=Role.DROPSHIPPER, partner_id=partner_id, email=f"{name}@ds.example", name=name)
            for name in ("Kim", "Lee")
        ]
        stranger = await make_user(db, role=Role.OPERATIONS, email="o@company.example", name="O")
    people = [
        Place(client, Principal(PrincipalKind.USER, user.id, user.name, partner_id=user.partner_id))
        for user in (kim, lee, stranger)
    ]
    save = """mutation($input: SaveViewInput!) { saveView(input: $input) {
      ... on SavedViewChanged { view { id } } ... on Error { code path } } }"""
    rush = {"page": "portal/orders", "name": "Rush", "query": "tab=new&due=today", "shared": True}
    view = (await people[0].ask(save, input=rush))["view"]
    await people[0].ask(save, input={**rush, "name": "Mine", "shared": False})
    assert (await people[0].ask(save, input={**rush, "name": ""}))["path"] == ["input", "name"]
    asked = '{ savedViews(page: "portal/orders") { name query shared mine } }'
    assert [each["name"] for each in await people[0].ask(asked)] == ["Mine", "Rush"]
    assert await people[1].ask(asked) == [{"name": "Rush", "query": "tab=new&due=today", "shared": True, "mine": False}]
    assert await people[2].ask(asked) == []
    delete = """mutation($id: UUID!) { deleteView(id: $id) {
      ... on SavedViewChanged { view { name } } ... on Error { code } } }"""
    assert (await people[1].ask(delete, id=view["id"]))["code"] == "VIEW_NOT_FOUND"
    assert (await people[0].ask(delete, id=view["id"]))["view"] == {"name": "Rush"}
