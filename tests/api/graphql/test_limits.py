"""A document that asks for too much is refused with the limit it passed."""

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from api.graphql.probe import ask, code_of
from kontor.api.graphql import limits
from kontor.api.graphql.context import Context
from kontor.core.jobs import Runtime

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def context(runtime: Runtime) -> Context:
    return Context(runtime)


def nested(levels: int, field: str = "inner") -> str:
    return "{ thing " + f"{{ {field} " * levels + "{ number }" + " }" * levels + " }"


async def test_usual_query_passes(context: Context) -> None:
    answer = await ask(context, nested(3))
    assert answer == {"data": {"thing": {"inner": {"inner": {"inner": {"number": 1}}}}}, "errors": []}


async def test_deep_query_is_refused(context: Context) -> None:
    answer = await ask(context, nested(limits.MAX_DEPTH))
    assert answer["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_DEEP",
        "path": [],
        "details": {"depth": limits.MAX_DEPTH + 2, "max": limits.MAX_DEPTH},
    }


async def test_depth_counts_through_fragments(context: Context) -> None:
    parts = " ".join(f"fragment F{i} on Thing {{ inner {{ ...F{i + 1} }} }}" for i in range(limits.MAX_DEPTH))
    query = f"{{ thing {{ ...F0 }} }} {parts} fragment F{limits.MAX_DEPTH} on Thing {{ number }}"
    assert code_of(await ask(context, query)) == "QUERY_TOO_DEEP"


async def test_many_aliases_are_refused(context: Context) -> None:
    query = "{" + " ".join(f"a{i}: thing {{ number }}" for i in range(limits.MAX_ALIASES + 1)) + "}"
    assert code_of(await ask(context, query)) == "TOO_MANY_ALIASES"


async def test_long_document_is_refused(context: Context) -> None:
    assert code_of(await ask(context, "{ thing {" + " number" * limits.MAX_TOKENS + "} }")) == "TOO_MANY_TOKENS"


async def test_lists_in_lists_are_refused(context: Context) -> None:
    assert code_of(await ask(context, nested(6, "others"))) == "QUERY_TOO_COSTLY"


async def test_page_size_multiplies_the_cost(context: Context) -> None:
    query = "query ($n: Int! = 5) { things(first: $n) { nodes { others { others { others { number } } } } } }"
    assert (await ask(context, query))["errors"] == []
    answer = await ask(context, query, {"n": 200})
    assert answer["errors"][0]["extensions"]["details"] == {
        "cost": 1 + 200 * (1 + 1 + 10 + 100 + 1000),
        "max": limits.MAX_COST,
    }


async def test_doubling_fragments_are_counted_quickly(context: Context) -> None:
    parts = " ".join(f"fragment F{i} on Thing {{ ...F{i + 1} number inner {{ ...F{i + 1} }} }}" for i in range(12))
    query = f"{{ thing {{ ...F0 }} }} {parts} fragment F12 on Thing {{ number }}"
    assert (await ask(context, query))["data"] is not None


async def test_page_size_out_of_range_is_refused(context: Context) -> None:
    answer = await ask(context, "{ things(first: 201) { nodes { number } } }")
    assert answer["errors"][0]["extensions"] == {
        "code": "INVALID_PAGE_SIZE",
        "path": ["first"],
        "details": {"max": 200},
    }


async def test_introspection_is_not_too_deep(context: Context) -> None:
    from graphql import get_introspection_query

    assert (await ask(context, get_introspection_query()))["errors"] == []


async def test_error_is_rewritten_for_each_caller(context: Context) -> None:
    first = await ask(context, "{ nothing }")
    assert first == await ask(context, "{ nothing }")


def test_documents_are_forgotten_by_their_number_and_by_the_length_of_their_texts() -> None:
    made = build_schema("type Query { name: String }")
    documents = limits.Documents(most=3, most_text=100)
    kept = documents.get(made, "{ name }")
    assert documents.get(made, "{ name }") is kept
    for number in range(5):
        documents.get(made, f"{{ a{number}: name }}")
    assert len(documents) == 3
    assert documents.get(made, "{ name }") is not kept
    documents.get(made, "{ name }" + " " * 85)
    assert len(documents) == 1
    assert documents.get(made, "{ name }" + " " * 200).errors == []
    assert len(documents) == 0


def test_plans_end_with_their_document() -> None:
    operation = parse("{ name }").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    plans = limits.plans_of(operation)
    plans["a"] = 1
    assert limits.plans_of(operation) is plans
    same = parse("{ name }").definitions[0]
    assert isinstance(same, OperationDefinitionNode)
    assert limits.plans_of(same) == {}
