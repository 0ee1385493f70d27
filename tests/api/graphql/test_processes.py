"""Processes through the API: looked at, retried, decided on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from factories.processes import make_store, order_one, order_state, rewired
from kontor.core.db import Database
from kontor.core.errors import Conflict
from kontor.processes.library import SHIPPED
from kontor.processes.work import Answers, Subject, TaskRun
from support import Client, Drain, Principals

INSTANCES = """query($order: UUID!) { processInstances(filter: {orderId: $order}) { nodes {
  id key state error definition { key version } places { node kind dueAt error } history { state } } } }"""


async def look(client: Client, order_id: Any) -> list[dict[str, Any]]:
    answer = await client.graphql(INSTANCES, {"order": str(order_id)})
    assert "errors" not in answer, answer
    nodes: list[dict[str, Any]] = answer["data"]["processInstances"]["nodes"]
    return sorted(nodes, key=lambda node: str(node["key"]), reverse=True)


async def test_instance_shows_where_it_stands(database: Database, drain: Drain, client: Client) -> None:
    company, variant = await make_store(database, 0, shortage="TAKE")
    order_id = await order_one(database, company, variant)
    await drain()
    (order,) = await look(client, order_id)
    assert (order["key"], order["state"], order["definition"]) == ("order", "RUNNING", {"key": "order", "version": 1})
    places = {place["node"]: place for place in order["places"]}
    assert places["await_stock"]["kind"] == "event_gateway"
    assert places["release_retry_due"]["dueAt"] == "2026-06-15T16:00:00Z"


async def test_failed_instance_is_retried(
    database: Database, drain: Drain, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(run: TaskRun, subjects: Sequence[Subject]) -> Answers | None:
        raise Conflict("Not today.", code="NOT_TODAY")

    company, variant = await make_store(database)
    rewired(monkeypatch, "release_order", refuse)
    order_id = await order_one(database, company, variant)
    await drain()
    (order,) = await look(client, order_id)
    assert (order["state"], order["error"]) == ("FAILED", "release_order: NOT_TODAY. Not today")
    assert [place["error"] for place in order["places"] if place["error"]] == ["NOT_TODAY: Not today."]
    monkeypatch.undo()
    retry = "mutation($id: UUID!) { retryProcess(id: $id) { __typename ... on Error { code } } }"
    assert (await client.graphql(retry, {"id": order["id"]}))["data"]["retryProcess"]["__typename"] == "ProcessChanged"
    await drain()
    assert [step["state"] for step in (await look(client, order_id))[0]["history"]] == ["FAILED", "RUNNING"]
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    again = await client.graphql(retry, {"id": order["id"]})
    assert again["data"]["retryProcess"]["code"] == "NOTHING_TO_RETRY"


async def test_person_decides_a_review(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, variant = await make_store(database, settings={"risk.amount": 500})
    order_id = await order_one(database, company, variant)
    await drain()
    tasks = "{ userTasks { nodes { id name role outcomes orderId } } }"
    (task,) = (await client.graphql(tasks))["data"]["userTasks"]["nodes"]
    assert (task["name"], task["outcomes"], task["orderId"]) == ("review_risk", ["ACCEPT", "REJECT"], str(order_id))
    decide = """mutation($id: UUID!, $outcome: String!) { completeUserTask(id: $id, outcome: $outcome) {
      __typename ... on Error { code } ... on UserTaskChanged { userTask { state outcome } } } }"""
    wrong = await client.graphql(decide, {"id": task["id"], "outcome": "MAYBE"})
    assert wrong["data"]["completeUserTask"]["code"] == "UNKNOWN_OUTCOME"
    agent = principals.holding("care:write")
    refused = await client.graphql(decide, {"id": task["id"], "outcome": "ACCEPT"}, principal=agent)
    assert "FORBIDDEN" in str(refused)
    done = await client.graphql(decide, {"id": task["id"], "outcome": "ACCEPT"})
    assert done["data"]["completeUserTask"]["userTask"] == {"state": "DONE", "outcome": "ACCEPT"}
    await drain()
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    late = await client.graphql(decide, {"id": task["id"], "outcome": "REJECT"})
    assert late["data"]["completeUserTask"]["code"] == "USER_TASK_DONE"


async def test_definition_is_deployed_or_refused_by_name(client: Client) -> None:
    deploy = """mutation($xml: String!) { deployProcessDefinition(xml: $xml) {
      __typename ... on Error { code } ... on ProcessDeployed { definition { key version } } } }"""
    xml = (SHIPPED / "return.bpmn").read_text()
    found = await client.graphql(deploy, {"xml": xml})
    assert found["data"]["deployProcessDefinition"]["definition"] == {"key": "return", "version": 1}
    refused = await client.graphql(deploy, {"xml": xml.replace("bpmn:exclusiveGateway", "bpmn:complexGateway")})
    assert refused["data"]["deployProcessDefinition"]["__typename"] != "ProcessDeployed"
