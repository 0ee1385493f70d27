from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, counters, pieces_of, released, rows_of, sourced
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.orders.states import DeliveryType
from support import Client, Principals

SHIP = """mutation($id: UUID!, $lines: [LineQuantityInput!], $parcels: [ParcelInput!]) {
  shipFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines, parcels: $parcels) {
    ... on ShipmentChanged { shipment { id number amount { amount currency } lines { quantity gross { amount } }
      parcels { trackingNumber state } } }
    ... on Error { code path details }
  }
}"""
LIST = """query($first: Int!) { fulfillmentOrders(first: $first) { nodes {
  number state orderNumber customerName shippingAddress { street city }
  lines { sku quantity } parcels { trackingNumber } shipments { amount { amount } lines { gross { amount } } }
} pageInfo { hasNextPage } } }"""


async def company_with(database: Database, quantity: int = 100) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, quantity)
    return company


async def test_person_accepts_packs_ships_and_recalls(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    who = principals.holding("fulfillment:read", "fulfillment:write")
    one = {"id": str(row_id)}

    async def call(name: str) -> Any:
        text = f"""mutation($id: UUID!) {{ {name}(fulfillmentOrderId: $id) {{
          ... on FulfillmentOrderChanged {{ fulfillmentOrder {{ state }} }} ... on Error {{ code }} }} }}"""
        return (await client.graphql(text, one, principal=who))["data"][name]

    early = (await client.graphql(SHIP, one, principal=who))["data"]["shipFulfillmentOrder"]
    assert early["code"] == "FULFILLMENT_ORDER_STATE"
    states = [await call(name) for name in ("acceptFulfillmentOrder", "pickFulfillmentOrder", "packFulfillmentOrder")]
    assert [each["fulfillmentOrder"]["state"] for each in states] == ["ACCEPTED", "PICKED", "PACKED"]
    shipped = (await client.graphql(SHIP, {**one, "parcels": [{"carrier": "DHL", "trackingNumber": "0034"}]},
                                    principal=who))["data"]["shipFulfillmentOrder"]["shipment"]  # fmt: skip
    assert shipped["amount"] == {"amount": 2000, "currency": "EUR"}
    assert shipped["parcels"] == [{"trackingNumber": "0034", "state": "IN_TRANSIT"}]
    recalled = await client.graphql(
        "mutation($id: UUID!) { recallShipment(shipmentId: $id) { ... on ShipmentChanged { shipment { recalledAt }}}}",
        {"id": shipped["id"]},
        principal=who,
    )
    assert recalled["data"]["recallShipment"]["shipment"]["recalledAt"] is not None
    assert await counters(database, order_id) == [{"ordered": 2, "allocated": 2}]


async def test_refusal_names_the_field_and_changes_nothing(database: Database, client: Client) -> None:
    company = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    (line,) = await pieces_of(database, row_id)
    lines = [{"lineId": str(line.id), "quantity": 3}]
    answer = await client.graphql(SHIP, {"id": str(row_id), "lines": lines})
    refusal = answer["data"]["shipFulfillmentOrder"]
    assert (refusal["code"], refusal["path"]) == ("INVALID_QUANTITY", ["lines", "0", "quantity"])
    assert await counters(database, order_id) == [{"ordered": 2, "allocated": 2}]


async def test_repeated_call_ships_once(database: Database, client: Client) -> None:
    company = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    headers = {"Idempotency-Key": "ship-1"}
    answers = [await client.graphql(SHIP, {"id": str(row_id)}, headers=headers) for _ in range(2)]
    first, second = (each["data"]["shipFulfillmentOrder"]["shipment"] for each in answers)
    assert first["id"] == second["id"]
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2}]


async def test_batches_answer_row_by_row(database: Database, client: Client) -> None:
    company = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    rows = [{"fulfillmentOrderId": str(row_id)}, {"fulfillmentOrderId": str(order_id)}]
    text = """mutation($rows: [ShipFulfillmentOrderInput!]!) { shipFulfillmentOrders(inputs: $rows) {
      ... on ShipmentsChanged { results { __typename ... on RefusedRow { code path } } } } }"""
    answer = await client.graphql(text, {"rows": rows})
    good, bad = answer["data"]["shipFulfillmentOrders"]["results"]
    assert good == {"__typename": "ShipmentChanged"}
    assert (bad["code"], bad["path"]) == ("FULFILLMENT_ORDER_NOT_FOUND", ["inputs", "1", "fulfillmentOrderId"])


async def test_dropshipper_sees_what_is_needed_to_ship(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner, stranger = await make_partner(db), await make_partner(db)
        place = await make_location(db, kind="DROPSHIPPER", partner_id=partner.id)
    await put_stock(database, place.id, variant.id, 5)
    _, row_id = await released(database, company, ("LAMP", 2))
    await client.graphql(SHIP, {"id": str(row_id)}, principal=SYSTEM)
    rights = ("fulfillment:read", "fulfillment:write")
    own = principals.holding(*rights, partner_id=partner.id)
    (node,) = (await client.graphql(LIST, {"first": 10}, principal=own))["data"]["fulfillmentOrders"]["nodes"]
    assert (node["state"], node["customerName"], node["shippingAddress"]["city"]) == (
        "SHIPPED",
        "Greta Fock",
        "Hamburg",
    )
    assert node["shipments"] == [{"amount": None, "lines": [{"gross": None}]}]
    other = principals.holding(*rights, partner_id=stranger.id)
    assert (await client.graphql(LIST, {"first": 10}, principal=other))["data"]["fulfillmentOrders"]["nodes"] == []
    by_id = "query($id: UUID!) { fulfillmentOrder(id: $id) { id } shipments { nodes { id } } parcels { nodes { id } } }"
    assert (await client.graphql(by_id, {"id": str(row_id)}, principal=other))["data"] == {
        "fulfillmentOrder": None, "shipments": {"nodes": []}, "parcels": {"nodes": []},
    }  # fmt: skip
    refused = (await client.graphql(SHIP, {"id": str(row_id)}, principal=other))["data"]["shipFulfillmentOrder"]
    assert refused["code"] == "FULFILLMENT_ORDER_NOT_FOUND"


async def test_store_hands_over_against_the_code_only_the_customer_knows(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        store = await make_location(db, kind="STORE", code="store-1")
    await put_stock(database, store.id, variant.id, 5)
    order_id, row_id = await released(
        database, company, ("LAMP", 1), delivery_type=DeliveryType.PICKUP, pickup_location="store-1"
    )
    rights = ("fulfillment:read", "fulfillment:write", "orders:read")
    clerk = principals.holding(*rights, location_ids=frozenset({store.id}))
    ready = """mutation($id: UUID!) { markReadyForPickup(fulfillmentOrderId: $id) {
      ... on FulfillmentOrderChanged { fulfillmentOrder { state pickupCode shippingAddress { city } } } } }"""
    shown = await client.graphql(ready, {"id": str(row_id)}, principal=clerk)
    assert shown["data"]["markReadyForPickup"]["fulfillmentOrder"] == {
        "state": "READY_FOR_PICKUP", "pickupCode": None, "shippingAddress": None,
    }  # fmt: skip
    (row,) = await rows_of(database, order_id)
    hand = """mutation($id: UUID!, $code: String!) { handOverPickup(fulfillmentOrderId: $id, code: $code) {
      ... on ShipmentChanged { shipment { deliveryType } } ... on Error { code path } } }"""
    wrong = await client.graphql(hand, {"id": str(row_id), "code": "nope"}, principal=clerk)
    assert wrong["data"]["handOverPickup"] == {"code": "WRONG_PICKUP_CODE", "path": ["code"]}
    right = await client.graphql(hand, {"id": str(row_id), "code": row.pickup_code}, principal=clerk)
    assert right["data"]["handOverPickup"] == {"shipment": {"deliveryType": "PICKUP"}}


async def test_lists_need_as_many_statements_for_fifty_rows_as_for_one(database: Database, client: Client) -> None:
    company = await company_with(database, 500)
    ids: list[UUID] = [await confirmed(database, company, ("LAMP", 1)) for _ in range(50)]
    outcomes = await sourced(database, *ids)
    rows = [{"fulfillmentOrderId": str(outcomes[order_id].fulfillment_orders[0])} for order_id in ids]
    text = "mutation($rows: [ShipFulfillmentOrderInput!]!) { shipFulfillmentOrders(inputs: $rows) { __typename } }"
    assert (await client.graphql(text, {"rows": rows}))["data"]["shipFulfillmentOrders"]["__typename"]
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    counts = []
    for first in (1, 50):
        statements.clear()
        answer = await client.graphql(LIST, {"first": first})
        assert len(answer["data"]["fulfillmentOrders"]["nodes"]) == first
        counts.append(len([text for text in statements if text.lstrip().startswith("SELECT")]))
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]
