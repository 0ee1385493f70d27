"""Changes of orders over the API: previewed in words and figures, confirmed once, refused with what moved."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from factories.catalog import make_variant
from factories.changes import lines_of, sound
from factories.fulfillment import confirmed
from factories.intake import Company, make_company, put_stock
from kontor.auth.permissions import Permission as P
from kontor.core.db import Database
from kontor.core.principal import Principal
from support import Client, Principals

SUM = "{ amount currency }"
PREVIEW = f"""token totalAfter {SUM} money {{ refund {SUM} toPay {SUM} method {{ kind }} }} stateAfter
  lines {{ sku quantityAfter after {{ gross {SUM} }} sendings {{ quantity arrivesOn }} }}
  messages {{ template subject }}"""
ASK = f"""query($id: UUID!, $input: OrderChangeInput!) {{
  result: previewOrderChange(orderId: $id, input: $input) {{ {PREVIEW} }} }}"""
CONFIRM = f"""mutation($id: UUID!, $input: OrderChangeInput!, $token: String!) {{
  result: confirmOrderChange(orderId: $id, input: $input, token: $token, reason: "wish") {{ __typename
    ... on OrderChangeConfirmed {{ change {{ id state amount {SUM} }} order {{ total {SUM} }} }}
    ... on OrderChangeStale {{ code message moved preview {{ {PREVIEW} }} }}
    ... on Error {{ code path }} }} }}"""
LIST = "query($id: UUID!) { result: orderChanges(orderId: $id) { state openedBy } order(id: $id) { lines { id sku } } }"


async def order_of(database: Database) -> UUID:
    """Three lamps and two ropes."""
    company: Company = await make_company(database)
    async with database.unit_of_work() as db:
        variants = [await make_variant(db, sku=sku) for sku in ("LAMP", "ROPE")]
    for variant in variants:
        await put_stock(database, company.warehouse.id, variant.id, 20)
    return await confirmed(database, company, ("LAMP", 3), ("ROPE", 2))


async def result_of(client: Client, who: Principal, text: str, **given: Any) -> Any:
    headers = given.pop("headers", None)
    answer = await client.graphql(text, given, principal=who, headers=headers)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["result"]


async def test_two_agents_confirm_at_once_and_each_gets_a_truthful_answer(
    client: Client, database: Database, principals: Principals
) -> None:
    """One wins; the other is told what moved, with a preview that can be confirmed, and changes nothing."""
    order_id = await order_of(database)
    who = principals.holding(P.ORDERS_READ, P.ORDERS_CHANGE)
    rows = await lines_of(database, order_id)
    wishes = [{"lines": [{"lineId": str(row.id), "quantity": 1}]} for row in rows]
    given: list[dict[str, Any]] = [{"id": str(order_id), "input": each} for each in wishes]
    for each in given:
        each["token"] = (await result_of(client, who, ASK, id=each["id"], input=each["input"]))["token"]
    answers = await asyncio.gather(*(result_of(client, who, CONFIRM, **each) for each in given))
    assert sorted(each["__typename"] for each in answers) == ["OrderChangeConfirmed", "OrderChangeStale"]
    lost = next(index for index, each in enumerate(answers) if each["__typename"] == "OrderChangeStale")
    assert (answers[lost]["code"], set(answers[lost]["moved"])) == ("CHANGE_STALE", {"LINES", "PRICES", "MONEY"})
    kept = [line.ordered - line.canceled for line in await lines_of(database, order_id)]
    assert kept == ([1, 2] if lost == 1 else [3, 1])
    given[lost]["token"] = answers[lost]["preview"]["token"]
    assert (await result_of(client, who, CONFIRM, **given[lost]))["__typename"] == "OrderChangeConfirmed"
    assert [line.ordered - line.canceled for line in await lines_of(database, order_id)] == [1, 1]
    await sound(database)


async def test_change_is_previewed_done_once_and_listed(
    client: Client, database: Database, principals: Principals
) -> None:
    order_id = await order_of(database)
    who = principals.holding(P.ORDERS_READ, P.ORDERS_CHANGE)
    line, _ = await lines_of(database, order_id)
    given: dict[str, Any] = {"id": str(order_id), "input": {"lines": [{"lineId": str(line.id), "quantity": 2}]}}
    preview = await result_of(client, who, ASK, **given)
    assert (preview["totalAfter"]["amount"], preview["messages"][0]["template"]) == (4000, "canceled")
    assert preview["messages"][0]["subject"]
    given["token"] = preview["token"]
    first, again = [
        await result_of(client, who, CONFIRM, **given, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert first == again
    assert (first["change"]["state"], first["change"]["amount"]["amount"]) == ("CONFIRMED", 1000)
    assert [row["state"] for row in await result_of(client, who, LIST, id=str(order_id))] == ["CONFIRMED"]
    given["input"] = {"lines": [{"lineId": str(line.id), "quantity": -1}]}
    refused = await result_of(client, who, CONFIRM, **given)
    assert (refused["code"], refused["path"]) == ("INVALID_QUANTITY", ["input", "lines", "0", "quantity"])
