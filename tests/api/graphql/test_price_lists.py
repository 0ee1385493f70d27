"""Price lists over the API: kept by the retailer, told with each price, frozen on orders."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.intake import make_company, put_stock
from kontor import bootstrap
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from kontor.customers.models import Customer
from kontor.orders.models import OrderLine
from support import Client, Principals, StandingClock

SAVE = """mutation($inputs: [PriceListInput!]!) { savePriceLists(inputs: $inputs) {
  ... on SavedRows { rows { outcome code path id } } ... on Error { code } } }"""
SET = """mutation($inputs: [PriceInput!]!) { setPrices(inputs: $inputs) {
  ... on SavedRows { rows { outcome code path id } } ... on Error { code } } }"""
ASK = """query($channel: UUID!, $variant: UUID!, $buyer: PriceBuyerInput, $quantity: Int! = 1) {
  price(channelId: $channel, variantId: $variant, buyer: $buyer, quantity: $quantity) {
    amount priceList { code nameDe } } }"""
PLACE = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {
  ... on PlacedOrder { order { lines { unitPrice { amount } priceList } } } ... on Error { code path } } }"""
LISTS = """query($filter: PriceListsFilter) { priceLists(filter: $filter) {
  nodes { code channel { code } currency country customerGroup priority validTo } } }"""
ADDRESS = {"name": "Ada", "street": "Weg 1", "postalCode": "20459", "city": "Hamburg", "country": "DE"}


def outcomes(answer: dict[str, Any], field: str) -> list[tuple[str, Any]]:
    return [(row["outcome"], row["code"] and (row["code"], row["path"])) for row in answer["data"][field]["rows"]]


async def stocked(database: Database) -> dict[str, Any]:
    """A channel `shop` that sells lamps; the ids of both."""
    company = await make_company(database, code="shop")
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 100)
    return {"channel": str(company.channel.id), "variant": str(variant.id)}


async def listed(client: Client, principal: Principal) -> None:
    """The lamp at 10.00, 8.00 for the trade and 7.00 for it from 5 pieces on."""
    trade = {"code": "TRADE", "channel": "shop", "nameEn": "Trade", "nameDe": "Handel", "customerGroup": "trade"}
    saved = await client.graphql(SAVE, {"inputs": [trade]}, principal=principal)
    assert outcomes(saved, "savePriceLists") == [("CREATED", None)]
    row = {"channel": "shop", "sku": "LAMP"}
    rows = [{**row, "amount": 1000}, {**row, "amount": 800, "priceList": "TRADE"}]
    rows.append({**row, "amount": 700, "priceList": "TRADE", "minQuantity": 5})
    rows.append({**row, "amount": 1, "priceList": "NONE"})
    answer = await client.graphql(SET, {"inputs": rows}, principal=principal)
    refused = ("REFUSED", ("UNKNOWN_REFERENCE", ["inputs", "3", "priceList"]))
    assert outcomes(answer, "setPrices") == [("CREATED", None)] * 3 + [refused]


async def test_price_is_told_for_a_buyer_with_its_list(
    client: Client, principals: Principals, database: Database
) -> None:
    keys = await stocked(database)
    await listed(client, principals.admin)

    async def told(**given: Any) -> Any:
        answer = await client.graphql(ASK, {**keys, **given}, principal=principals.admin)
        return answer["data"]["price"]

    trade = {"customerGroups": ["staff", "trade"]}
    assert await told() == {"amount": 1000, "priceList": None}
    assert await told(buyer=trade) == {"amount": 800, "priceList": {"code": "TRADE", "nameDe": "Handel"}}
    assert (await told(buyer=trade, quantity=5))["amount"] == 700
    assert await told(buyer={"currency": "CHF"}) is None
    assert await told(buyer={"country": "AT"}) == {"amount": 1000, "priceList": None}


async def test_order_of_a_customer_in_a_group_freezes_the_groups_price(
    client: Client, principals: Principals, database: Database
) -> None:
    await stocked(database)
    await listed(client, principals.admin)

    async def placed(number: str, email: str | None, quantity: int = 1) -> Any:
        wanted = {
            "channel": "shop", "externalId": number, "lines": [{"sku": "LAMP", "quantity": quantity}],
            "billingAddress": ADDRESS, "customer": {"name": "Ada", "email": email},
        }  # fmt: skip
        total = {"2": 800, "3": 3500}.get(number, 1000)
        wanted["payments"] = [{"kind": "ON_ACCOUNT", "amount": total}]
        answer = await client.graphql(PLACE, {"input": wanted}, principal=principals.admin)
        [line] = answer["data"]["placeOrder"]["order"]["lines"]
        return line["unitPrice"]["amount"], line["priceList"]

    told = [await placed("1", "ada@handel.example")]
    async with database.unit_of_work() as db:
        (await db.scalars(sa.select(Customer))).one().tags = ["trade"]
    told += [
        await placed("2", "ada@handel.example"),
        await placed("3", "ada@handel.example", 5),
        await placed("4", None),
    ]
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Customer).values(tags=[]))
    told.append(await placed("5", "ada@handel.example"))
    assert told == [(1000, "STANDARD"), (800, "TRADE"), (700, "TRADE"), (1000, "STANDARD"), (1000, "STANDARD")]
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(OrderLine.price_list).order_by(OrderLine.id))
        assert rows.all() == [name for _, name in told]


async def test_shop_sees_lists_of_its_channels_and_partners_none(
    client: Client, principals: Principals, database: Database
) -> None:
    async with database.unit_of_work() as db:
        mine, other = await make_channel(db, code="mine"), await make_channel(db, code="other")
    rows = [{"code": code.upper(), "channel": code, "nameEn": code} for code in ("mine", "other")]
    await client.graphql(SAVE, {"inputs": rows}, principal=principals.admin)
    permissions = frozenset({"prices:read", "channels:read"})
    shop = Principal(PrincipalKind.CLIENT, permissions=permissions, channel_ids=frozenset({mine.id}))
    partner = Principal(PrincipalKind.USER, permissions=permissions, partner_id=other.id)
    seen = []
    for principal in (principals.admin, shop, partner):
        answer = await client.graphql(LISTS, principal=principal)
        seen.append([node["code"] for node in answer["data"]["priceLists"]["nodes"]])
    assert seen == [["MINE", "OTHER"], ["MINE"], []]


async def test_lists_are_filtered_and_ended(
    client: Client, principals: Principals, database: Database, clock: StandingClock
) -> None:
    await stocked(database)
    rows: list[dict[str, Any]] = [
        {"code": "AT", "channel": "shop", "nameEn": "Austria", "country": "AT"},
        {"code": "TRADE", "channel": "shop", "nameEn": "Trade", "customerGroup": "trade"},
        {"code": "LATER", "channel": "shop", "nameEn": "Later", "validFrom": "2030-01-01T00:00:00Z"},
    ]
    saved = await client.graphql(SAVE, {"inputs": rows}, principal=principals.admin)
    trade = saved["data"]["savePriceLists"]["rows"][1]["id"]

    async def codes(**wanted: Any) -> list[str]:
        answer = await client.graphql(LISTS, {"filter": wanted}, principal=principals.admin)
        return [node["code"] for node in answer["data"]["priceLists"]["nodes"]]

    assert await codes(countries=["AT"]) == ["AT"]
    assert await codes(customerGroups=["trade"]) == ["TRADE"]
    assert await codes(planned=True) == ["LATER"]
    assert await codes(at="2030-01-02T00:00:00Z") == ["AT", "LATER", "TRADE"]
    assert await codes(currencies=["CHF"]) == []
    clock.advance(hours=1)
    end = """mutation($id: UUID!) { endPriceList(id: $id) {
      ... on PriceListEnded { priceList { code validTo } } ... on Error { code path } } }"""
    ended = await client.graphql(end, {"id": trade}, principal=principals.admin)
    again = await client.graphql(end, {"id": trade}, principal=principals.admin)
    assert ended["data"]["endPriceList"]["priceList"]["code"] == "TRADE"
    assert again["data"]["endPriceList"] == {"code": "PRICE_LIST_ENDED", "path": ["id"]}
    assert await codes(at="2030-01-02T00:00:00Z") == ["AT", "LATER"]


async def test_planned_prices_are_listed_and_taken_back(
    client: Client, principals: Principals, database: Database
) -> None:
    keys = await stocked(database)
    row = {"channel": "shop", "sku": "LAMP"}
    rows = [{**row, "amount": 1000}, {**row, "amount": 900, "validFrom": "2030-01-01T00:00:00Z"}]
    await client.graphql(SET, {"inputs": rows}, principal=principals.admin)
    ask = "query($filter: PricesFilter) { prices(filter: $filter) { nodes { id amount } } }"

    async def told(**wanted: Any) -> list[Any]:
        answer = await client.graphql(ask, {"filter": wanted}, principal=principals.admin)
        return [(node["id"], node["amount"]) for node in answer["data"]["prices"]["nodes"]]

    [(planned, amount)] = await told(planned=True, channelIds=[keys["channel"]], own=True)
    assert amount == 900
    withdraw = """mutation($ids: [UUID!]!) { withdrawPlannedPrices(ids: $ids) {
      ... on WithdrawnPrices { count } ... on Error { code path } } }"""
    [(present, _)] = await told(planned=False)
    refused = await client.graphql(withdraw, {"ids": [planned, present]}, principal=principals.admin)
    assert refused["data"]["withdrawPlannedPrices"] == {"code": "PRICE_NOT_PLANNED", "path": ["ids", "1"]}
    done = await client.graphql(withdraw, {"ids": [planned]}, principal=principals.admin)
    assert done["data"]["withdrawPlannedPrices"] == {"count": 1}
    assert [amount for _, amount in await told()] == [1000]


async def test_lists_and_their_prices_are_imported(client: Client, principals: Principals, database: Database) -> None:
    bootstrap.load()
    keys = await stocked(database)
    query = """mutation($content: String!, $kind: String!) { importFile(kind: $kind, content: $content) {
      ... on ImportedFile { created refused } ... on Error { code path } } }"""
    files = [
        ("price_lists", "code,channel,name en,name de,group,country\nTRADE,shop,Trade,Handel,trade,\n"),
        ("prices", "channel,sku,price,price list,quantity\nshop,LAMP,9.99,,\nshop,LAMP,7.99,TRADE,\n"),
    ]
    answers = [
        await client.graphql(query, {"kind": kind, "content": content}, principal=principals.admin)
        for kind, content in files
    ]
    told = [(answer["data"]["importFile"]["created"], answer["data"]["importFile"]["refused"]) for answer in answers]
    assert told == [(1, 0), (2, 0)]
    trade = {"buyer": {"customerGroups": ["trade"]}}
    answer = await client.graphql(ASK, {**keys, **trade}, principal=principals.admin)
    assert answer["data"]["price"] == {"amount": 799, "priceList": {"code": "TRADE", "nameDe": "Handel"}}
