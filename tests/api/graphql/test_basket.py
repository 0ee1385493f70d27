"""The promise of a basket through the API, and what placing answers."""

from __future__ import annotations

from typing import Any

from factories.catalog import make_variant
from factories.intake import ADDRESS, make_company
from factories.inventory import make_stock
from factories.locations import make_location
from kontor.core.db import Database
from kontor.core.principal import Principal
from kontor.locations.models import LocationKind
from support import Client, Principals

ASK = """query($basket: BasketInput!) { basketPromise(basket: $basket) { unknown immediate
    shipped { deliveryType promisedOn orderWith arrivesOn missing orderable costCents
      parcels { location leavesOn arrivesOn items { index quantity } }
      lines { sku arrivals { on quantity } missing missingFrom } }
    pickups { deliveryType location distanceKm arrivesOn costCents } } }"""
PLACE = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {
  ... on PlacedOrder { replayed promisedOn missing costCents parcels { arrivesOn quantity } order { promisedOn } }
  ... on Error { code path } } }"""


async def ready(database: Database) -> str:
    company = await make_company(database, code="WEB")
    async with database.unit_of_work() as db:
        lamp = await make_variant(db, sku="LAMP")
        await make_stock(db, company.warehouse, lamp, 5)
        await make_stock(db, await make_location(db, code="NEAR", kind=LocationKind.STORE, can_ship=False), lamp, 1)
    return company.channel.code


async def asked(client: Client, who: Principal, code: str) -> dict[str, Any]:
    to = {"country": "DE", "latitude": ADDRESS.latitude, "longitude": ADDRESS.longitude}
    basket = {"channel": code, "items": [{"sku": "LAMP", "quantity": 1}], "destination": to}
    body = await client.graphql(ASK, {"basket": basket}, principal=who)
    found: dict[str, Any] = body["data"]["basketPromise"]
    return found


async def test_a_shop_sees_days_parcels_and_stores_but_no_cost(
    client: Client, database: Database, principals: Principals
) -> None:
    code = await ready(database)

    answer = await asked(client, principals.holding("availability:read"), code)

    [shipped] = answer["shipped"]
    parcels = shipped.pop("parcels")
    assert shipped == {
        "deliveryType": "SHIP",
        "promisedOn": "2026-06-16",
        "orderWith": None,
        "arrivesOn": "2026-06-16",
        "missing": 0,
        "orderable": True,
        "costCents": None,
        "lines": [
            {"sku": "LAMP", "arrivals": [{"on": "2026-06-16", "quantity": 1}], "missing": 0, "missingFrom": None}
        ],
    }
    assert [each["items"] for each in parcels] == [[{"index": 0, "quantity": 1}]]
    assert answer["pickups"] == [
        {"deliveryType": "PICKUP", "location": "NEAR", "distanceKm": 0, "arrivesOn": "2026-06-15", "costCents": None}
    ]


async def test_who_may_see_routing_sees_the_cost(client: Client, database: Database, principals: Principals) -> None:
    code = await ready(database)

    answer = await asked(client, principals.holding("availability:read", "routing:read"), code)

    assert [each["costCents"] for each in (*answer["shipped"], *answer["pickups"])] == [490, 0]


async def test_placing_answers_with_the_promise(client: Client, database: Database, principals: Principals) -> None:
    code = await ready(database)
    address = {"name": "Greta Fock", "street": "Deichstraße 7", "postalCode": "20459", "city": "Hamburg"}
    order = {
        "channel": code, "externalId": "1", "lines": [{"sku": "LAMP", "quantity": 2, "unitPrice": 1000}],
        "billingAddress": {**address, "country": "DE"}, "customer": {"name": "Greta Fock"},
    }  # fmt: skip
    shop = principals.holding("orders:place", "orders:read")

    first = await client.graphql(PLACE, {"input": order}, principal=shop)
    again = await client.graphql(PLACE, {"input": order}, principal=principals.admin)
    other = await client.graphql(PLACE, {"input": {**order, "externalId": "2"}}, principal=principals.admin)

    shown = {
        "replayed": False,
        "promisedOn": "2026-06-16",
        "missing": 0,
        "costCents": None,
        "parcels": [{"arrivesOn": "2026-06-16", "quantity": 2}],
        "order": {"promisedOn": "2026-06-16"},
    }
    assert first["data"]["placeOrder"] == shown
    assert again["data"]["placeOrder"] == shown | {"replayed": True, "missing": None}
    assert other["data"]["placeOrder"] == shown | {"costCents": 490}
