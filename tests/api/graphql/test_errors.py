"""Refusals reach the client typed, localized and with the field at fault; surprises are masked."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from api.graphql.probe import ask, code_of
from kontor.api.graphql.context import Context, language_of
from kontor.core.jobs import Runtime
from support import Principals

pytestmark = pytest.mark.engine("sqlite")
MAKE = """mutation ($input: ThingInput!, $how: String) { makeThing(input: $input, how: $how) {
  __typename ... on Error { code message path details } ... on MakeThingPayload { id } } }"""


@pytest.fixture
def context(runtime: Runtime, principals: Principals) -> Context:
    return Context(runtime, principals.holding("things:write"), request_id="r1")


def good(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "parts": [{"quantity": 1}], **changes}


@pytest.mark.parametrize(
    ("how", "kind", "code", "path"),
    [
        ("missing", "NotFoundError", "NOT_FOUND", ["id"]),
        ("wrong", "InvalidInputError", "TOO_MANY", ["parts", "0", "quantity"]),
        ("busy", "ConflictError", "IDEMPOTENCY_CONFLICT", []),
        ("away", "UnavailableError", "UNAVAILABLE", []),
    ],
)
async def test_refusal_is_member_of_the_result(
    context: Context, how: str, kind: str, code: str, path: list[str]
) -> None:
    answer = await ask(context, MAKE, {"input": good(), "how": how})
    made = answer["data"]["makeThing"]
    assert (made["__typename"], made["code"], made["path"]) == (kind, code, path)
    assert answer["errors"] == []


async def test_facts_are_details(context: Context) -> None:
    made = (await ask(context, MAKE, {"input": good(), "how": "wrong"}))["data"]["makeThing"]
    assert made["details"] == {"max": 3}


async def test_message_is_in_the_language_asked_for(context: Context) -> None:
    context.language = "de"
    made = (await ask(context, MAKE, {"input": good(), "how": "missing"}))["data"]["makeThing"]
    assert made["message"] == "Das gibt es nicht."


async def test_missing_permission_is_a_refusal(context: Context, principals: Principals) -> None:
    answer = await ask(replace(context, principal=principals.holding()), MAKE, {"input": good()})
    assert answer["data"]["makeThing"]["__typename"] == "ForbiddenError"
    assert answer["data"]["makeThing"]["details"] == {"permission": "things:write"}


async def test_nobody_is_asked_to_sign_in(context: Context, principals: Principals) -> None:
    answer = await ask(replace(context, principal=principals.anonymous), "{ guarded }")
    assert code_of(answer) == "UNAUTHENTICATED"


async def test_query_shows_a_refusal_as_error(context: Context) -> None:
    answer = await ask(context, '{ fail(how: "wrong") }')
    assert answer["errors"][0]["extensions"] == {
        "code": "TOO_MANY",
        "path": ["parts", "0", "quantity"],
        "details": {"max": 3},
    }
    assert answer["errors"][0]["path"] == ["fail"]


async def test_surprise_is_masked_with_a_reference(context: Context) -> None:
    answer = await ask(context, MAKE, {"input": good(), "how": "bug"})
    error = answer["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["details"]["reference"] in error["message"]
    assert "secret" not in str(answer)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"id": "no-uuid"}, ["id"]),
        ({"id": 7}, ["id"]),
        ({"parts": [{"quantity": "3"}]}, ["parts", "0", "quantity"]),
        ({"parts": [{"quantity": 3_000_000_000}]}, ["parts", "0", "quantity"]),
        ({"parts": [{"quantity": 1, "due": "2026-02-30"}]}, ["parts", "0", "due"]),
        ({"at": "2026-06-15T10:00:00"}, ["at"]),
        ({"size": 2**63}, ["size"]),
        ({"size": True}, ["size"]),
    ],
)
async def test_wrong_variable_names_its_field(context: Context, wrong: dict[str, Any], path: list[str]) -> None:
    answer = await ask(context, MAKE, {"input": good(**wrong)})
    assert code_of(answer) == "INVALID_INPUT"
    assert answer["errors"][0]["extensions"]["path"] == ["input", *path]


async def test_missing_field_is_named(context: Context) -> None:
    answer = await ask(context, MAKE, {"input": {"id": str(uuid4())}})
    assert code_of(answer) == "INVALID_INPUT"
    assert "parts" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("{ echo }", ["text"]),
        ("{ echo(text: 5) }", ["text"]),
        ('{ echo(text: "a", when: "yesterday") }', ["when"]),
        ('mutation { makeThing(input: {id: "x", parts: []}) { __typename } }', ["input", "id"]),
        (
            'mutation { makeThing(input: {id: "0198c0de-0000-7000-8000-000000000000", parts: [{quantity: "a"}]})'
            " { __typename } }",
            ["input", "parts", "0", "quantity"],
        ),
    ],
)
async def test_wrong_literal_names_its_argument(context: Context, query: str, path: list[str]) -> None:
    answer = await ask(context, query)
    assert code_of(answer) == "INVALID_INPUT"
    assert answer["errors"][0]["extensions"]["path"] == path


async def test_unknown_field_is_a_validation_error(context: Context) -> None:
    assert code_of(await ask(context, "{ nothing }")) == "GRAPHQL_VALIDATION_FAILED"


async def test_broken_document_is_a_parse_error(context: Context) -> None:
    assert code_of(await ask(context, "{ thing { ")) == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, en;q=0.5, de;q=0.7", "de"), ("", "en"), ("de;q=x", "en"), ("*", "en")],
)
def test_language_is_the_one_wanted_most(header: str, language: str) -> None:
    assert language_of(header) == language
