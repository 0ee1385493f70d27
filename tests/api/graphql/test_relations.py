"""Lists with what belongs to their rows: read a level at a time, answered as the library answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.test_rights import Asker
from api.graphql.test_statements import WHOLE, counted
from kontor.api.graphql import limits, relations
from kontor.api.graphql.context import Context
from kontor.api.graphql.schema import schema
from kontor.auth.permissions import Permission
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM, Principal, PrincipalKind
from proofs.filling import fill_rest
from proofs.schema_walk import document, roots
from proofs.sides import build
from support import Drain

SIZE = 3
PAGE = (
    "{ orders(first: 5) { nodes { number total { amount } lines { sku gross { amount currency } unallocated } "
    "fulfillmentOrders { number state lines { sku quantity } } payments { kind amount { amount } } } } }"
)
PLACES = "{ fulfillmentOrders(first: 5) { nodes { number orderNumber customerName pickupCode lines { sku } } } }"


async def answer(asker: Asker, query: str, variables: dict[str, Any] | None = None) -> tuple[Any, Any]:
    found = await asker.execute(query, variables or {})
    return found["data"], found["errors"]


async def long_way(asker: Asker, query: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """What the library answers."""
    with monkeypatch.context() as patch:
        patch.setattr(schema(), "execution_context_class", StrawberryGraphQLCoreExecutionContext)
        return await answer(asker, query)


async def test_every_list_is_answered_as_by_the_library(
    runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All fields and relations of every list, for one who may see all and for one who may see little of it."""
    monkeypatch.setattr(limits, "MAX_COST", 10_000_000)
    await build(runtime, drain, ("ANTON",), size=SIZE)
    await fill_rest(runtime.database, SIZE)
    lists = [root for root in roots() if root.kind == "query" and root.is_list and root.name not in WHOLE]
    little = Principal(PrincipalKind.USER, name="little", permissions=frozenset({Permission.ORDERS_READ}))
    refused = 0
    for asker in (Asker("system", SYSTEM, runtime), Asker("little", little, runtime)):
        for root in lists:
            for depth in (1, 3):
                query = document(root, depth, {})
                short, long = await answer(asker, query), await long_way(asker, query, monkeypatch)
                assert short == long, (asker.name, root.name)
                refused += len(long[1])
    assert len(lists) > 20
    assert refused > len(lists)


async def test_a_page_of_orders_takes_one_statement_for_each_relation(runtime: Runtime, drain: Drain) -> None:
    """The page, its lines, fulfillment orders and payments, and the lines of those; of each only what is shown."""
    await build(runtime, drain, ("ANTON",), size=SIZE)
    asker = Asker("system", SYSTEM, runtime)
    with counted(runtime) as sent:
        data, errors = await answer(asker, PAGE)
    assert errors == []
    assert any(order["fulfillmentOrders"] for order in data["orders"]["nodes"])
    reads = [text for text in sent if text.startswith("SELECT")]
    assert len(reads) == 5
    lines = next(text for text in reads if "FROM order_line" in text)
    assert "gross_total" in lines
    assert "unit_price" not in lines


async def test_what_a_field_computes_does_not_keep_the_others_from_being_read_together(
    runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await build(runtime, drain, ("ANTON",), size=SIZE)
    asker = Asker("system", SYSTEM, runtime)
    with counted(runtime) as sent:
        short = await answer(asker, PLACES)
    assert short == await long_way(asker, PLACES, monkeypatch)
    assert [node["pickupCode"] for node in short[0]["fulfillmentOrders"]["nodes"]]
    assert [text.split("FROM ")[1].split()[0] for text in sent if text.startswith("SELECT")] == [
        "fulfillment_order", "orders", "fulfillment_line",
    ]  # fmt: skip


async def test_a_refused_relation_leaves_the_error_to_each_record(runtime: Runtime, drain: Drain) -> None:
    await build(runtime, drain, ("ANTON",), size=SIZE)
    asker = Asker("system", replace(SYSTEM, kind=PrincipalKind.USER, permissions=frozenset({"orders:read"})), runtime)
    data, errors = await answer(asker, "{ orders(first: 2) { edges { node { number holds { kind } } } } }")
    assert data is not None
    assert errors == []
    data, errors = await answer(asker, "{ orders(first: 2) { nodes { number payments { kind } } } }")
    assert data is None
    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert errors[0]["path"][:2] == ["orders", "nodes"]
    assert errors[0]["path"][3:] == ["payments"]


async def test_a_variable_chooses_the_fields_of_each_call(runtime: Runtime, drain: Drain) -> None:
    """Plans are kept between calls only for documents whose fields are always the same."""
    await build(runtime, drain, ("ANTON",))
    asker = Asker("system", SYSTEM, runtime)
    query = "query($all: Boolean!) { orders { nodes { number lines @include(if: $all) { sku } } } }"
    for wanted in (True, False, True):
        data, errors = await answer(asker, query, {"all": wanted})
        assert errors == []
        assert {"lines" in order for order in data["orders"]["nodes"]} == {wanted}


async def test_two_selections_of_one_relation_are_read_by_one_statement(runtime: Runtime, drain: Drain) -> None:
    await build(runtime, drain, ("ANTON",), size=SIZE)
    asker = Asker("system", SYSTEM, runtime)
    with counted(runtime) as sent:
        data, errors = await answer(asker, "{ orders { nodes { a: lines { sku } b: lines { ordered } } } }")
    assert errors == []
    for order in data["orders"]["nodes"]:
        assert (list(order["a"][0]), list(order["b"][0])) == (["sku"], ["ordered"])
    assert len([text for text in sent if "FROM order_line" in text]) == 1


async def test_reads_that_overlap_are_all_held(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop holds its tasks weakly: one that nobody else held might be gone before it answers."""
    going = asyncio.Event()

    async def slow(needs: Any, context: Context) -> dict[Any, Any]:
        await going.wait()
        raise LookupError

    monkeypatch.setattr(relations, "_find", slow)
    reads, need = relations.Reads(Context(runtime)), relations.Need(None, [])  # type: ignore[arg-type]
    answers = []
    for number in (1, 2):
        answers.append(reads.ask(need))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(reads._running) == number
    going.set()
    assert [type(each) for each in await asyncio.gather(*answers, return_exceptions=True)] == [LookupError] * 2
    await asyncio.sleep(0)
    assert reads._running == set()
