"""Exchanges over the API: previewed in words and figures, agreed to once, asked for alone where the shop allows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from factories.catalog import make_product, make_variant
from factories.changes import lines_of, sound
from factories.fulfillment import order_of
from factories.intake import make_company, put_stock
from factories.pricing import make_price
from factories.returns import delivered
from kontor.auth.permissions import CUSTOMER
from kontor.auth.permissions import Permission as P
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from kontor.notifications.notes import notes_about
from kontor.orders.intake import CustomerInput, LineInput
from kontor.selfservice.policy import Policy
from kontor.selfservice.service import save_policy
from support import Client, Principals

SUM = "{ amount currency }"
PREVIEW = f"""token credited {SUM} kept {SUM} refund {SUM} toPay {SUM} arrivesOn heldUntil
  lines {{ sku newSku samePrice cost {{ gross {SUM} }} }} messages {{ template subject text }}"""
ASK = f"query($input: ExchangeInput!) {{ result: previewExchange(input: $input) {{ {PREVIEW} }} }}"
AGREE = f"""mutation($input: ExchangeInput!, $token: String!) {{
  result: createExchange(input: $input, token: $token) {{ __typename
    ... on ExchangeChanged {{ exchange {{ id number state lines {{ sku quantity given }} }} order {{ number }} }}
    ... on ExchangeStale {{ code moved preview {{ {PREVIEW} }} }}
    ... on Error {{ code path }} }} }}"""
DECIDE = """mutation($id: UUID!) { result: %s { __typename
  ... on ExchangeChanged { exchange { state code } } ... on Error { code path } } }"""
APPROVE, CANCEL = DECIDE % "approveExchange(id: $id)", DECIDE % 'cancelExchange(id: $id, reason: "it fits")'
LIST = """query($id: UUID!) {
  exchanges(filter: { orderId: $id, state: [APPROVED] }, first: 5) { nodes { number asked { amount } } }
  result: order(id: $id) { exchanges { number state way returnId } } }"""


async def result_of(client: Client, who: Principal, text: str, **given: Any) -> Any:
    answer = await client.graphql(text, given, principal=who)
    if answer.get("errors"):
        return answer["errors"][0]["extensions"]["code"]
    return answer["data"]["result"]


async def test_exchange_is_previewed_agreed_to_once_and_asked_for_alone(
    client: Client, database: Database, principals: Principals
) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        product = await make_product(db)
        sizes = [await make_variant(db, sku=sku, product=product) for sku in ("M", "L")]
        await make_price(db, company.channel, await make_variant(db, sku="HAT"), 1000)
        for size in sizes:
            await make_price(db, company.channel, size, 1000)
    for size in sizes:
        await put_stock(database, company.warehouse.id, size.id, 5)
    greta = CustomerInput("Greta Fock", "greta@fock.example", "greta")
    order_id = await delivered(database, company, LineInput("M", 3), customer=greta)
    who = principals.holding(P.ORDERS_READ, P.RETURNS_READ, P.RETURNS_REQUEST, P.RETURNS_WRITE)
    order = await order_of(database, order_id)
    (line,) = await lines_of(database, order_id)
    wanted: dict[str, Any] = {
        "orderId": str(order_id), "lines": [{"orderLineId": str(line.id), "quantity": 1, "sku": "L"}],
    }  # fmt: skip
    preview = await result_of(client, who, ASK, input=wanted)
    assert (preview["kept"]["amount"], preview["toPay"]["amount"], preview["lines"][0]["samePrice"]) == (1000, 0, True)
    assert preview["messages"][0]["template"] == "exchange_agreed"
    assert await result_of(client, who, ASK, input={**wanted, "way": "ADVANCE"}) == "FORBIDDEN"
    assert await result_of(client, who, ASK, input={**wanted, "replacement": True}) == "FORBIDDEN"
    stale = await result_of(client, who, AGREE, input=wanted, token=preview["token"].replace("PRICES-", "PRICES-0"))
    assert (stale["__typename"], stale["code"], stale["moved"]) == ("ExchangeStale", "EXCHANGE_STALE", ["PRICES"])
    said = {**wanted, "noteToCustomer": "Have fun!"}
    assert await result_of(client, who, ASK, input=said) == "FORBIDDEN"
    who = principals.holding(P.ORDERS_READ, P.RETURNS_READ, P.RETURNS_REQUEST, P.RETURNS_WRITE, P.CARE_WRITE)
    assert "Have fun!" in (await result_of(client, who, ASK, input=said))["messages"][0]["text"]
    done = await result_of(client, who, AGREE, input=said, token=stale["preview"]["token"])
    assert (done["exchange"]["state"], done["exchange"]["lines"]) == (
        "APPROVED", [{"sku": "L", "quantity": 1, "given": 0}],
    )  # fmt: skip
    shown = await client.graphql(LIST, {"id": str(order_id)}, principal=who)
    assert "errors" not in shown, shown["errors"]
    assert [each["number"] for each in shown["data"]["exchanges"]["nodes"]] == [f"X{order.number}-1"]
    async with database.read_only() as db:
        kept = await notes_about(db, [UUID(shown["data"]["result"]["exchanges"][0]["returnId"])])
    assert [(template, note) for (_, template), note in kept.items()] == [("exchange_agreed", "Have fun!")]
    assert shown["data"]["result"]["exchanges"][0]["way"] == "AFTER_RETURN"
    called_off = await result_of(client, who, CANCEL, id=done["exchange"]["id"])
    assert called_off["exchange"] == {"state": "CANCELED", "code": "WITHDRAWN"}
    me = Principal(
        PrincipalKind.CUSTOMER, order.customer_id, "Greta", frozenset(map(str, CUSTOMER)),
        channel_ids=frozenset({company.channel.id}), customer_id=order.customer_id,
    )  # fmt: skip
    assert await result_of(client, me, ASK, input=wanted) == "SELF_SERVICE_NOT_OFFERED"
    async with database.unit_of_work() as db:
        await save_policy(db, company.channel.code, Policy(exchanges=True), now=db.now)
    hat = {**wanted, "lines": [{**wanted["lines"][0], "sku": "HAT"}]}
    assert await result_of(client, me, ASK, input=hat) == "OTHER_PRODUCT"
    token = (await result_of(client, me, ASK, input=wanted))["token"]
    asked = await result_of(client, me, AGREE, input=wanted, token=token)
    assert asked["__typename"] == "ExchangeChanged", asked
    assert asked["exchange"]["state"] == "REQUESTED"
    shop = principals.holding(P.ORDERS_READ, P.RETURNS_READ, P.RETURNS_REQUEST)
    token = (await result_of(client, shop, ASK, input=wanted))["token"]
    only_asked = await result_of(client, shop, AGREE, input=wanted, token=token)
    assert only_asked["exchange"]["state"] == "REQUESTED"
    assert (await result_of(client, who, APPROVE, id=asked["exchange"]["id"]))["exchange"]["state"] == "APPROVED"
    await sound(database)
