"""Every list: it can be sorted, its pages leave nothing out whatever the order, and a cursor is good for its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type

from api.graphql.test_rights import Asker, codes
from kontor import bootstrap
from kontor.core.db import Database, Model
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from proofs.filling import fill_rest
from proofs.schema_walk import Root, roots
from proofs.sides import build
from support import Drain, StandingClock

SIZE = 5
# Lists of things that do not change once they are there, or tell by other moments what happened to them.
UNCHANGING = {
    "apiClients", "auditEntries", "bankStatements", "contacts", "creditNotes", "deadJobs", "documents",
    "dunningNotices",
    "eventDeliveries", "events", "gatewayPayoutLines", "journalEntries", "ledgerExports", "notifications",
    "payoutFiles", "prices", "processDefinitions", "reservations", "riskListEntries", "riskRules",
    "routingExclusions", "routingMoves", "routingRuns", "routingSimulationOrders", "shadowPriceRuns",
    "shadowPrices", "shippingTariffs", "stockMovements", "taxRates", "taxRegions", "users", "vatIdChecks",
    "webhookEndpoints",
}  # fmt: skip


def connections() -> Iterator[Root]:
    return (root for root in roots() if root.is_connection)


def orders_of(root: Root) -> list[str]:
    kind = get_named_type(root.field.args["sort"].type)
    assert isinstance(kind, GraphQLEnumType)
    return list(kind.values)


def test_every_list_can_be_sorted_both_ways() -> None:
    for root in connections():
        names = orders_of(root)
        plain = {name.removesuffix("_DESC").removesuffix("_ASC") for name in names}
        one_way = {"LOCATION"} if root.name == "stockLevels" else set()
        assert len(names) == 2 * len(plain) - len(one_way), (root.name, names)


def test_every_list_of_what_changes_catches_up() -> None:
    found = set()
    for root in connections():
        kind = get_named_type(root.field.args["filter"].type) if "filter" in root.field.args else None
        if not isinstance(kind, GraphQLInputObjectType) or "changedSince" not in kind.fields:
            found.add(root.name)
    assert found == UNCHANGING


async def page(asker: Asker, root: Root, **given: Any) -> tuple[list[Any], list[str], bool]:
    """The rows, what to go on with, and whether more follow."""
    names = ["first", *(name for name in ("after", "sort", "filter") if name in given)]
    head = ", ".join(f"${name}: {root.field.args[name].type}" for name in names)
    call = ", ".join(f"{name}: ${name}" for name in names)
    key = "location sku" if root.name == "stockLevels" else "id"
    shown = f"edges {{ cursor node {{ {key} }} }} pageInfo {{ hasNextPage }}"
    answer = await asker.execute(f"query ({head}) {{ answer: {root.name}({call}) {{ {shown} }} }}", given)
    assert answer["errors"] == [], (root.name, given, answer["errors"])
    edges = answer["data"]["answer"]["edges"]
    return (
        [str(edge["node"]) for edge in edges], [edge["cursor"] for edge in edges],
        answer["data"]["answer"]["pageInfo"]["hasNextPage"],
    )  # fmt: skip


async def test_pages_of_every_order_leave_nothing_out(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    """The clock stands: most rows have the same moments, and the ids alone keep the pages apart."""
    await build(runtime, drain, ("ANTON",), size=SIZE)
    await fill_rest(database, SIZE)
    asker = Asker("system", SYSTEM, runtime)
    for root in connections():
        names = orders_of(root)
        for name in names:
            whole, _, more = await page(asker, root, first=200, sort=name)
            assert len(whole) == len(set(whole)), (root.name, name)
            if more or len(whole) < 2:
                continue
            walked: list[Any] = []
            after, more = None, True
            while more:
                rows, cursors, more = await page(asker, root, first=max(2, len(whole) // 3), sort=name, after=after)
                walked, after = walked + rows, cursors[-1]
            assert walked == whole, (root.name, name)
            for other in names:
                answer = await asker.execute(
                    f'{{ answer: {root.name}(sort: {other}, after: "{after}") {{ nodes {{ __typename }} }} }}', {}
                )
                assert codes(answer) == (set() if other == name else {"CURSOR_OF_ANOTHER_SORT"}), (root.name, other)


async def test_rows_without_a_value_come_last_both_ways(database: Database, runtime: Runtime, drain: Drain) -> None:
    [side] = await build(runtime, drain, ("ANTON",), size=3)
    asker = Asker("system", SYSTEM, runtime)
    root = next(each for each in connections() if each.name == "fulfillmentOrders")
    async with database.unit_of_work() as db:
        table = Model.metadata.tables["fulfillment_order"]
        ids: list[UUID] = list(await db.scalars(sa.select(table.c.id).order_by(table.c.id)))
        await db.execute(sa.update(table).values(due_at=None))
        for index, row_id in enumerate(ids[:2]):
            moment = db.now.replace(minute=index)
            await db.execute(sa.update(table).where(table.c.id == row_id).values(due_at=moment))
    rest = ids[2:]
    assert rest, side
    for sort, expected in (("DUE_AT", [*ids[:2], *rest]), ("DUE_AT_DESC", [ids[1], ids[0], *reversed(rest)])):
        walked: list[str] = []
        after, more = None, True
        while more:
            rows, cursors, more = await page(asker, root, first=1, sort=sort, after=after)
            walked, after = walked + rows, cursors[-1]
        assert walked == [str({"id": str(each)}) for each in expected], sort


async def test_what_changed_since_is_the_list_from_then_on(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    await build(runtime, drain, ("ANTON",), size=2)
    await fill_rest(database, 2)
    asker = Asker("system", SYSTEM, runtime)
    later = clock.advance(days=400)
    for root in connections():
        if root.name in UNCHANGING:
            continue
        past = await page(asker, root, first=200, filter={"changedSince": "2020-01-01T00:00:00Z"})
        assert past[0], root.name
        assert await page(asker, root, first=200, filter={"changedSince": later.isoformat()}) == ([], [], False)


SMALL = {
    "api_client", "inbound_stock", "partner", "process_definition", "reservation", "risk_list_entry", "risk_rule",
    "routing_policy", "sales_channel", "shipping_tariff", "stock_level", "stock_location", "tax_rate", "user_account",
    "webhook_endpoint",
}  # fmt: skip
"""Tables that grow with the assortment or the company, not with its orders."""


def test_every_order_of_a_growing_list_has_its_index() -> None:
    bootstrap.load_models()
    missing = [f"{column.table.name}.{column.name}" for column in sort_columns() if not indexed(column)]
    assert missing == []


def sort_columns() -> Iterator[Any]:
    """The columns by which lists of growing tables are sorted."""
    import importlib

    from architecture.source import modules

    for module in modules():
        if module.path.endswith(("queries.py", "lists.py", "order_inputs.py")):
            loaded = importlib.import_module("kontor." + module.path.removesuffix(".py").replace("/", "."))
            for name, sorts in vars(loaded).items():
                if name.endswith("SORTS"):
                    yield from (each.expression for each in sorts.values() if each.expression.table.name not in SMALL)


def indexed(column: Any) -> bool:
    """Whether the table can be read in the order of the column."""
    table = column.table
    firsts = [
        next(iter(index.columns)).name
        for index in table.indexes
        if index.dialect_options["postgresql"]["where"] is None
    ]
    keys = [next(iter(each.columns)).name for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    return column.primary_key or column.unique or column.name in {*firsts, *keys}


def test_a_column_without_an_index_is_found() -> None:
    bootstrap.load_models()
    assert not indexed(Model.metadata.tables["orders"].c.total)
    assert indexed(Model.metadata.tables["orders"].c.number)


@pytest.mark.parametrize("after", ["x", "WyJhIl0", "bnVsbA"])
async def test_what_is_no_cursor_is_refused_by_every_list(runtime: Runtime, after: str) -> None:
    asker = Asker("system", SYSTEM, runtime)
    for root in connections():
        answer = await asker.execute(f'{{ answer: {root.name}(after: "{after}") {{ nodes {{ __typename }} }} }}', {})
        assert codes(answer) == {"INVALID_CURSOR"}, root.name
