"""The endpoint, the marks on every field, idempotency and the audit trail."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
from strawberry.types.base import StrawberryObjectDefinition

from api.graphql.probe import ask
from kontor.api.graphql.context import Context
from kontor.api.graphql.feeds import EventFeed
from kontor.api.graphql.permissions import access_of
from kontor.api.graphql.schema import schema
from kontor.auth.models import AuditEntry
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, OutboxRow
from support import Client, Principals

sqlite = pytest.mark.engine("sqlite")
MAKE = """mutation ($input: ThingInput!) { makeThing(input: $input) {
  __typename ... on Error { code } ... on MakeThingPayload { id } } }"""


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
def test_every_root_field_is_marked(root: str) -> None:
    definition = schema().get_type_by_name(root)
    if definition is None:
        pytest.skip("there is none yet")
    assert isinstance(definition, StrawberryObjectDefinition)
    assert [field.name for field in definition.fields if access_of(field) is None] == []


@sqlite
async def test_version_is_for_everybody(client: Client, principals: Principals) -> None:
    answer = await client.graphql("{ version }", principal=principals.anonymous)
    assert answer == {"data": {"version": "0.1.0"}}


@sqlite
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query": 5}', "BAD_REQUEST"),
        (b'{"query": "{version}", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "query A {version} query B {version}"}', "WRONG_OPERATION"),
        (b'{"query": "subscription { eventsChanged { id } }"}', "WRONG_OPERATION"),
        (b'{"query": "{version}", "variables": {"a": ["b\\u0000"]}}', "INVALID_INPUT"),
        (b'{"query": "{nothing}"}', "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_unreadable_call_is_refused(client: Client, body: bytes, code: str) -> None:
    answer = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@sqlite
async def test_form_is_no_call(client: Client) -> None:
    answer = await client.http.post("/graphql", data={"query": "{version}"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "WRONG_CONTENT_TYPE"


@sqlite
async def test_large_body_is_refused(client: Client) -> None:
    answer = await client.http.post("/graphql", content=orjson.dumps({"query": "x" * 2_000_001}))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "BODY_TOO_LARGE")


@sqlite
async def test_foreign_page_may_not_use_the_session(client: Client) -> None:
    headers = {"cookie": "kontor=x", "origin": "https://evil.example", "content-type": "application/json"}
    answer = await client.http.post("/graphql", content=b'{"query": "{version}"}', headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "FOREIGN_ORIGIN")


@sqlite
async def test_answer_carries_security_headers(client: Client) -> None:
    answer = await client.http.get("/", headers={"accept-language": "de", "x-request-id": "request-0001"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"] == "request-0001"
    assert "Verteilte Auftragsabwicklung" in answer.text


@sqlite
async def test_live_and_metrics_answer(client: Client) -> None:
    assert (await client.http.get("/health/live")).json() == {"status": "ok"}
    assert "kontor_outbox_due_rows 0.0" in (await client.http.get("/metrics")).text


def body(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "parts": [{"quantity": 1}], **changes}


async def test_key_makes_a_second_call_harmless(runtime: Runtime, principals: Principals) -> None:
    who, given = principals.holding("things:write"), body()
    first = await ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": given})
    second = await ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": given})
    assert first == second
    async with runtime.database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 1
        assert await db.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1


async def test_key_with_another_body_is_a_conflict(runtime: Runtime, principals: Principals) -> None:
    who = principals.holding("things:write")
    await ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": body()})
    answer = await ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": body()})
    assert answer["data"]["makeThing"] == {"__typename": "ConflictError", "code": "IDEMPOTENCY_CONFLICT"}


async def test_concurrent_calls_of_one_key_do_it_once(runtime: Runtime, principals: Principals) -> None:
    who, given = principals.holding("things:write"), body()
    calls = [ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": given}) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert len({answer["data"]["makeThing"]["id"] for answer in answers}) == 1


async def test_refused_call_leaves_key_free(runtime: Runtime, principals: Principals) -> None:
    who, given = principals.holding("things:write"), body()
    fails = MAKE.replace("(input: $input)", '(input: $input, how: "wrong")')
    await ask(Context(runtime, who, idempotency_key="k1"), fails, {"input": given})
    answer = await ask(Context(runtime, who, idempotency_key="k1"), MAKE, {"input": given})
    assert answer["data"]["makeThing"]["__typename"] == "MakeThingPayload"


async def test_feed_hands_out_what_is_recorded(runtime: Runtime) -> None:
    feed = EventFeed(runtime.database)
    heard: list[EventRecord] = []

    async def listen() -> None:
        async for event in feed.listen():
            heard.append(event)
            if len(heard) == 2:
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.3)
    for number in (1, 2):
        async with runtime.database.unit_of_work() as db:
            at = db.now
            db.add(_event(number, at))
    async with asyncio.timeout(5):
        await listening
    await feed.close()
    assert [event.seq for event in heard] == [1, 2]


def _event(number: int, at: Any) -> EventRecord:
    from uuid import UUID

    return EventRecord(
        id=uuid4(),
        stream_id=UUID(int=5),
        seq=number,
        name="Tested",
        payload={},
        occurred_at=at,
        principal_kind="SYSTEM",
        principal_name="x",
    )
