"""Messages, webhooks and the log through GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from factories.channels import make_channel
from factories.stories import Story, make_story, only
from kontor import relay
from kontor.core import jobs
from kontor.core.db import Database
from kontor.core.jobs import JobContext, Runtime
from kontor.core.outbox import record, schedule
from kontor.orders.events import OrderConfirmed, OrderPlaced
from kontor.webhooks.ports import Answer, WebhookSender
from support import Client, Drain, Principals


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only("notifications.tell"):
        yield


async def story_of(database: Database, **given: Any) -> Story:
    async with database.unit_of_work() as db:
        story = await make_story(db, **given)
        record(db, placed(story))
        record(db, OrderConfirmed(stream_id=story.order.id))
    return story


def placed(story: Story) -> OrderPlaced:
    return OrderPlaced(
        stream_id=story.order.id, number=story.order.number, channel_id=story.channel.id, total=4000, currency="EUR"
    )


class Accepting:
    """Takes every call."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.ids.append(headers["webhook-id"])
        return Answer(204)


NOTIFICATIONS = "query($id: UUID) { notifications(orderId: $id) { nodes { id template recipient sentAt subject } } }"


async def test_messages_of_an_order_and_one_sent_again(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    story = await story_of(database, number="K-1", language="en")
    await drain()
    answer = await client.graphql(NOTIFICATIONS, {"id": str(story.order.id)}, principal=principals.admin)
    [row] = answer["data"]["notifications"]["nodes"]
    assert (row["template"], row["subject"]) == ("order_confirmed", "Your order K-1")
    again = await client.graphql(
        "mutation($id: UUID!) { resendNotification(id: $id) { __typename ... on Notification { id sentAt } } }",
        {"id": row["id"]},
        principal=principals.admin,
    )
    assert again["data"]["resendNotification"]["__typename"] == "Notification"
    await drain()
    answer = await client.graphql(NOTIFICATIONS, {"id": str(story.order.id)}, principal=principals.admin)
    assert len([each for each in answer["data"]["notifications"]["nodes"] if each["sentAt"]]) == 2
    foreign = principals.holding("notifications:read", channel_ids=frozenset())
    answer = await client.graphql(NOTIFICATIONS, {}, principal=foreign)
    assert answer["data"]["notifications"]["nodes"] == []


SAVE = """mutation($input: WebhookEndpointInput!) { saveWebhookEndpoint(input: $input) { __typename
  ... on SavedWebhookEndpoint { secret endpoint { id active } } ... on InvalidInputError { code path } } }"""
LOG = """{ eventDeliveries { nodes { id type state attempts body log { statusCode } } } }"""


async def test_webhook_is_saved_tested_rotated_and_replayed(
    database: Database, client: Client, drain: Drain, principals: Principals, runtime: Runtime
) -> None:
    accepting = Accepting()
    runtime.ports.register(WebhookSender, accepting)
    wanted = {"name": "ERP", "url": "https://erp.example/hooks", "events": ["order.confirmed"]}
    saved = (await client.graphql(SAVE, {"input": wanted}, principal=principals.admin))["data"]["saveWebhookEndpoint"]
    assert saved["secret"].startswith("whsec_")
    await story_of(database)
    await relay.hurry(runtime)
    await drain()
    endpoint = {"id": saved["endpoint"]["id"]}
    rotate = "mutation($id: UUID!) { rotateWebhookSecret(id: $id) { ... on SavedWebhookEndpoint { secret } } }"
    fresh = (await client.graphql(rotate, endpoint, principal=principals.admin))["data"]["rotateWebhookSecret"]
    assert fresh["secret"] != saved["secret"]
    test = "mutation($id: UUID!) { testWebhookEndpoint(id: $id) { ... on EventDelivery { type state } } }"
    tested = (await client.graphql(test, endpoint, principal=principals.admin))["data"]["testWebhookEndpoint"]
    assert tested == {"type": "webhook.test", "state": "PENDING"}
    await drain()
    nodes = (await client.graphql(LOG, principal=principals.admin))["data"]["eventDeliveries"]["nodes"]
    assert sorted((node["type"], node["state"], node["log"][0]["statusCode"]) for node in nodes) == [
        ("order.confirmed", "DELIVERED", 204), ("webhook.test", "DELIVERED", 204),
    ]  # fmt: skip
    replay = (
        "mutation($ids: [UUID!]!) { replayDeliveries(ids: $ids) { ... on ReplayedDeliveries { deliveries { id } } } }"
    )
    ids = [node["id"] for node in nodes if node["type"] == "order.confirmed"]
    await client.graphql(replay, {"ids": ids}, principal=principals.admin)
    await drain()
    assert accepting.ids.count(ids[0]) == 2


async def test_saved_again_without_secret_and_bad_input_by_path(client: Client, principals: Principals) -> None:
    wanted = {"name": "ERP", "url": "https://erp.example/hooks"}
    key = {"idempotency-key": "once-1"}
    first = await client.graphql(SAVE, {"input": wanted}, principal=principals.admin, headers=key)
    second = await client.graphql(SAVE, {"input": wanted}, principal=principals.admin, headers=key)
    one, two = first["data"]["saveWebhookEndpoint"], second["data"]["saveWebhookEndpoint"]
    assert (two["endpoint"]["id"], two["secret"]) == (one["endpoint"]["id"], None)
    bad = await client.graphql(SAVE, {"input": {**wanted, "filter": "data. >"}}, principal=principals.admin)
    assert bad["data"]["saveWebhookEndpoint"] == {
        "__typename": "InvalidInputError", "code": "INVALID_EXPRESSION", "path": ["input", "filter"],
    }  # fmt: skip


EVENTS = """query($order: UUID, $names: [String!], $after: String, $first: Int! = 50) {
  events(orderId: $order, names: $names, after: $after, first: $first)
  { nodes { name seq } pageInfo { hasNextPage endCursor } } }"""


async def test_log_is_read_on_from_the_last_cursor(database: Database, client: Client, principals: Principals) -> None:
    story = await story_of(database)
    await story_of(database)

    async def read(**variables: Any) -> dict[str, Any]:
        answer = await client.graphql(EVENTS, variables, principal=principals.admin)
        found: dict[str, Any] = answer["data"]["events"]
        return found

    first = await read(order=str(story.order.id), first=1)
    assert [node["name"] for node in first["nodes"]] == ["OrderPlaced"]
    assert first["pageInfo"]["hasNextPage"]
    second = await read(order=str(story.order.id), first=1, after=first["pageInfo"]["endCursor"])
    assert [(node["name"], node["seq"]) for node in second["nodes"]] == [("OrderConfirmed", 2)]
    last = (await read())["pageInfo"]["endCursor"]
    assert (await read(after=last))["nodes"] == []
    async with database.unit_of_work() as db:
        record(db, OrderConfirmed(stream_id=story.order.id))
    assert [node["seq"] for node in (await read(after=last))["nodes"]] == [3]
    assert [node["name"] for node in (await read(names=["OrderPlaced"]))["nodes"]] == ["OrderPlaced"] * 2


async def test_narrow_scope_reads_its_own_orders_only(
    database: Database, client: Client, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        shop = await make_channel(db)
    mine, theirs = await story_of(database, channel=shop), await story_of(database)
    seller = principals.holding("events:read", channel_ids=frozenset({shop.id}))

    async def outcome(**variables: Any) -> Any:
        answer = await client.graphql(EVENTS, variables, principal=seller)
        if answer.get("errors"):
            return answer["errors"][0]["extensions"]["code"]
        return len(answer["data"]["events"]["nodes"])

    assert await outcome(order=str(mine.order.id)) == 2
    assert await outcome(order=str(theirs.order.id)) == "ORDER_NOT_FOUND"
    assert await outcome() == "SCOPE_TOO_NARROW"


async def test_dead_job_is_shown_and_repeated(
    database: Database, client: Client, drain: Drain, principals: Principals, runtime: Runtime
) -> None:
    runs: list[int] = []

    @jobs.job("test.stubborn", max_attempts=1)
    async def stubborn(ctx: JobContext, items: Any) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("not today")

    try:
        async with database.unit_of_work() as db:
            schedule(db, "test.stubborn", {"a": 1})
        await drain()
        dead = await client.graphql("{ deadJobs { nodes { id job error args } } }", principal=principals.admin)
        [row] = dead["data"]["deadJobs"]["nodes"]
        assert (row["job"], row["error"], row["args"]) == ("test.stubborn", "RuntimeError('not today')", {"a": 1})
        replay = "mutation($ids: [Long!]) { replayDeadJobs(ids: $ids) { ... on DeadJobsReplayed { count } } }"
        done = await client.graphql(replay, {"ids": [row["id"]]}, principal=principals.admin)
        assert done["data"]["replayDeadJobs"]["count"] == 1
        await drain()
        assert len(runs) == 2
        refused = await client.graphql("{ deadJobs { nodes { id } } }", principal=principals.holding("orders:read"))
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    finally:
        del jobs.JOBS["test.stubborn"]


@pytest.mark.parametrize("after", ["x", "1", "1.y"])
@pytest.mark.engine("sqlite")
async def test_foreign_cursor_is_refused(client: Client, principals: Principals, after: str) -> None:
    answer = await client.graphql(EVENTS, {"after": after}, principal=principals.admin)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
