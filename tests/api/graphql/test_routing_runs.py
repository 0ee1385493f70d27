"""Runs of the joint planning are asked for, done and shown; an order is locked and unlocked."""

from __future__ import annotations

from factories.processes import make_store, order_one
from fulfillment.test_reoptimizing import far_then_near
from kontor.core.db import Database
from support import Client, Drain, Principals

RUN = """mutation { reoptimizeRouting { ... on RoutingRunRequested { run { id occasion endedAt } }
  ... on Error { code } } }"""
RUNS = """{ routingRuns(filter: {moved: true}) { nodes {
  id occasion orders moved stale gained cost planned bound gap endedAt } pageInfo { hasNextPage } } }"""


async def test_a_run_is_asked_for_done_and_shown_with_what_it_moved(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    _, order_id, _, _ = await far_then_near(database)
    nobody = await client.graphql(RUN, principal=principals.holding("routing:read"))
    assert "FORBIDDEN" in str(nobody)
    asked = [
        (await client.graphql(RUN, headers={"Idempotency-Key": "k1"}))["data"]["reoptimizeRouting"]["run"]
        for _ in range(2)
    ]
    assert asked[0] == asked[1]
    assert (asked[0]["occasion"], asked[0]["endedAt"]) == ("MANUAL", None)
    await drain()
    (run,) = (await client.graphql(RUNS))["data"]["routingRuns"]["nodes"]
    assert run.pop("endedAt") is not None
    assert run == {
        "id": asked[0]["id"], "occasion": "MANUAL", "orders": 1, "moved": 1, "stale": 0, "gained": 600,
        "cost": 900, "planned": 300, "bound": 300, "gap": 0.0,
    }  # fmt: skip
    moves = """query($run: UUID!) { routingRun(id: $run) { moved } routingMoves(filter: {runIds: [$run]}) { nodes {
      orderId gain decisionId } } }"""
    found = (await client.graphql(moves, {"run": run["id"]}))["data"]
    (move,) = found["routingMoves"]["nodes"]
    assert (found["routingRun"], move["orderId"], move["gain"]) == ({"moved": 1}, str(order_id), 600)
    why = "query($id: UUID!) { routingDecision(id: $id) { occasion explanation } }"
    decision = (await client.graphql(why, {"id": move["decisionId"]}))["data"]["routingDecision"]
    assert decision["occasion"] == "REOPTIMIZE"
    assert "Moved from Warehouse Hamburg in a joint plan of 1 orders, which saves 6.00 EUR." in decision["explanation"]
    audit = '{ auditEntries(filter: {operation: "reoptimizeRouting"}) { nodes { targets } } }'
    entries = (await client.graphql(audit))["data"]["auditEntries"]["nodes"]
    assert entries == [{"targets": [f"routingRun:{run['id']}"]}]


async def test_who_has_a_scope_sees_no_runs_and_starts_none(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, _, _, _ = await far_then_near(database)
    await client.graphql(RUN)
    await drain()
    scoped = principals.holding("routing:read", "routing:write", channel_ids=frozenset({company.channel.id}))
    assert (await client.graphql(RUNS, principal=scoped))["data"]["routingRuns"]["nodes"] == []
    assert (await client.graphql(RUN, principal=scoped))["data"]["reoptimizeRouting"]["code"] == "FORBIDDEN"


async def test_an_order_is_locked_shown_so_and_unlocked(
    database: Database, client: Client, principals: Principals
) -> None:
    company, variant = await make_store(database)
    order_id = str(await order_one(database, company, variant))
    lock = """mutation($id: UUID!, $reason: String!) { lockRouting(orderId: $id, reason: $reason) {
      ... on RoutingLockChanged { order { routingLock { reason lockedBy } } } ... on Error { code path } } }"""
    unlock = """mutation($id: UUID!) { unlockRouting(orderId: $id) {
      ... on RoutingLockChanged { order { routingLock { reason } } } ... on Error { code message } } }"""
    nobody = await client.graphql(
        lock, {"id": order_id, "reason": "agreed"}, principal=principals.holding("orders:write")
    )
    assert "FORBIDDEN" in str(nobody)
    empty = await client.graphql(lock, {"id": order_id, "reason": " "})
    assert empty["data"]["lockRouting"] == {"code": "INVALID_REASON", "path": ["reason"]}
    done = await client.graphql(lock, {"id": order_id, "reason": "agreed"}, principal=principals.admin)
    assert done["data"]["lockRouting"] == {"order": {"routingLock": {"reason": "agreed", "lockedBy": "user:Test User"}}}
    free = await client.graphql(unlock, {"id": order_id})
    assert free["data"]["unlockRouting"] == {"order": {"routingLock": None}}
    twice = await client.graphql(unlock, {"id": order_id}, headers={"accept-language": "de"})
    assert twice["data"]["unlockRouting"] == {
        "code": "ROUTING_NOT_LOCKED", "message": "Diese Bestellung ist an keinem Ort festgehalten.",
    }  # fmt: skip
