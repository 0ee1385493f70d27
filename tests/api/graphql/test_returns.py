from typing import Any

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import counters, stock_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from factories.returns import approved, delivered, requested, return_lines
from kontor.core.db import Database
from kontor.orders import queries as orders
from support import Client, Principals

LIST = """query($first: Int!) { returns(first: $first) { nodes {
  number state orderNumber fee { amount } lines { quantity received inspections { disposition } }
} } }"""


async def company_with(database: Database) -> tuple[Company, Any]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 100)
    return company, variant


async def test_return_is_announced_once_per_key(database: Database, client: Client) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 2))
    async with database.read_only() as db:
        (line,) = (await orders.lines_of(db, [order_id]))[order_id]
    text = """mutation($order: UUID!, $lines: [ReturnLineInput!]!) { requestReturn(orderId: $order, lines: $lines) {
      ... on ReturnChanged { return { number state } } ... on Error { code path details } } }"""
    values = {
        "order": str(order_id),
        "lines": [{"orderLineId": str(line.id), "quantity": 2, "reason": "TOO_SMALL"}],
    }
    headers = {"Idempotency-Key": "r-1"}
    answers = [await client.graphql(text, values, headers=headers) for _ in range(2)]
    assert [each["data"]["requestReturn"] for each in answers] == [
        {"return": {"number": "R100000-1", "state": "REQUESTED"}}
    ] * 2
    again = (await client.graphql(text, values))["data"]["requestReturn"]
    assert (again["code"], again["path"]) == ("NOT_RETURNABLE", ["lines", "0", "quantity"])
    assert again["details"]["possible"] == 0


async def test_store_takes_in_a_return_by_its_number(
    database: Database, client: Client, principals: Principals
) -> None:
    company, variant = await company_with(database)
    async with database.unit_of_work() as db:
        store = await make_location(db, kind="STORE")
    order_id = await delivered(database, company, ("LAMP", 2))
    found = await approved(database, order_id, 2, location_id=company.warehouse.id)
    (line,) = await return_lines(database, found.id)
    clerk = principals.holding("returns:read", "returns:write", location_ids=frozenset({store.id}))
    text = """mutation($place: UUID!, $number: String, $id: UUID, $lines: [LineQuantityInput!]!,
        $findings: [FindingInput!]) {
      receiveReturn(locationId: $place, number: $number, id: $id, lines: $lines, findings: $findings) {
      ... on ReturnChanged { return { state lines { accepted } } } ... on Error { code path } } }"""
    values = {
        "place": str(store.id),
        "lines": [{"lineId": str(line.id), "quantity": 2}],
        "findings": [{"lineId": str(line.id), "quantity": 2, "disposition": "RESTOCK"}],
    }
    by_id = await client.graphql(text, {**values, "id": str(found.id)}, principal=clerk)
    assert by_id["data"]["receiveReturn"]["code"] == "RETURN_NOT_FOUND"
    taken = await client.graphql(text, {**values, "number": found.number}, principal=clerk)
    assert taken["data"]["receiveReturn"]["return"] == {"state": "INSPECTED", "lines": [{"accepted": 2}]}
    assert await stock_of(database, store.id, variant.id) == (2, 0, 0)
    assert (await counters(database, order_id))[0]["returned"] == 2
    due = """query($id: UUID!) { returnRefundDue(returnId: $id) { amount { amount } withheld { amount }
      explanations { rule amount { amount } text } lines { quantity tax { amount } } } }"""
    answer = await client.graphql(due, {"id": str(found.id)}, principal=clerk)
    assert answer["data"]["returnRefundDue"] == {
        "amount": {"amount": 0},
        "withheld": {"amount": 2000},
        "explanations": [
            {
                "rule": "NOT_COLLECTED",
                "amount": {"amount": -2000},
                "text": "Nobody has paid this yet; it is not collected any more.",
            }
        ],
        "lines": [{"quantity": 2, "tax": {"amount": 319}}],
    }


async def test_stranger_sees_and_changes_no_return(database: Database, client: Client, principals: Principals) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 2))
    found = await requested(database, order_id, 2)
    stranger = principals.holding("returns:read", "returns:write", channel_ids=frozenset({order_id}))
    assert (await client.graphql(LIST, {"first": 5}, principal=stranger))["data"]["returns"]["nodes"] == []
    for text, name in (
        ("query($id: UUID!) { return(id: $id) { id } }", "return"),
        ('mutation($id: UUID!) { cancelReturn(id: $id, reason: "x") { ... on Error { code } } }', "cancelReturn"),
        ("mutation($id: UUID!) { approveReturn(id: $id) { ... on Error { code } } }", "approveReturn"),
    ):
        answer = (await client.graphql(text, {"id": str(found.id)}, principal=stranger))["data"][name]
        assert answer in (None, {"code": "RETURN_NOT_FOUND"})


async def test_lists_need_as_many_statements_for_many_rows_as_for_one(database: Database, client: Client) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 50))
    for _ in range(50):
        await requested(database, order_id, 1)
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    counts = []
    for first in (1, 50):
        statements.clear()
        answer = await client.graphql(LIST, {"first": first})
        assert len(answer["data"]["returns"]["nodes"]) == first
        counts.append(len([text for text in statements if text.lstrip().startswith("SELECT")]))
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]
