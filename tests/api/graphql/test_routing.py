"""Policies and what-if through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from factories.intake import make_company
from kontor.auth.models import AuditEntry
from kontor.core.db import Database
from routing.test_simulating import season
from support import Client, Drain, Principals, StandingClock

SAVE = """mutation($input: RoutingPolicyInput!) { saveRoutingPolicy(input: $input) {
  ... on RoutingPolicyChanged { policy { id code version state kinds countries weights { splitCents shortageCents }
    rules { name kind when amount per times } } }
  ... on Error { code path message } } }"""
RULE = {"name": "no stores", "kind": "KEEP_OUT", "when": 'place.kind == "STORE"'}


async def save(client: Client, headers: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
    answer = await client.graphql(SAVE, {"input": {"code": "web", **given}}, headers=headers)
    found: dict[str, Any] = answer["data"]["saveRoutingPolicy"]
    return found


async def test_policy_is_saved_shown_and_in_force(database: Database, client: Client, clock: StandingClock) -> None:
    company = await make_company(database)
    later = (clock.moment + timedelta(hours=1)).isoformat()
    saved = await save(
        client, channel=company.channel.code, kinds=["SHIP"], weights={"splitCents": 80}, rules=[RULE], validFrom=later
    )
    assert {**saved["policy"], "id": None} == {
        "id": None, "code": "web", "version": 1, "state": "SCHEDULED", "kinds": ["SHIP"], "countries": None,
        "weights": {"splitCents": 80, "shortageCents": 100_000},
        "rules": [{**RULE, "amount": 0, "per": "PARCEL", "times": "1"}],
    }  # fmt: skip
    query = """query($channel: String!, $kind: RoutingOrderKind!, $at: DateTime) {
      routingPolicyInForce(channel: $channel, country: "DE", kind: $kind, at: $at) { code version } }"""
    asked = {"channel": company.channel.code, "kind": "SHIP"}
    assert (await client.graphql(query, asked))["data"] == {"routingPolicyInForce": None}
    then = await client.graphql(query, {**asked, "at": later})
    assert then["data"]["routingPolicyInForce"] == {"code": "web", "version": 1}
    assert (await client.graphql(query, {**asked, "kind": "PICKUP", "at": later}))["data"][
        "routingPolicyInForce"
    ] is None
    withdraw = """mutation($id: UUID!) { withdrawRoutingPolicy(id: $id) {
      ... on RoutingPolicyChanged { policy { state withdrawnBy } } ... on Error { code } } }"""
    gone = await client.graphql(withdraw, {"id": saved["policy"]["id"]})
    assert gone["data"]["withdrawRoutingPolicy"]["policy"] == {"state": "WITHDRAWN", "withdrawnBy": "system:Kontor"}
    assert (await client.graphql(query, {**asked, "at": later}))["data"]["routingPolicyInForce"] is None
    listed = await client.graphql("{ routingPolicies(filter: {withdrawn: true}) { nodes { code state } } }")
    assert listed["data"]["routingPolicies"]["nodes"] == [{"code": "web", "state": "WITHDRAWN"}]
    async with database.read_only() as db:
        operations = list(await db.scalars(sa.select(AuditEntry.operation).order_by(AuditEntry.id)))
    assert operations == ["saveRoutingPolicy", "withdrawRoutingPolicy"]


async def test_bad_rule_is_named_in_the_language_asked_for(database: Database, client: Client) -> None:
    rules = [RULE, {"name": "x", "kind": "WEIGH", "amount": 5, "when": "place.shelf > 2"}]
    refused = await save(client, {"accept-language": "de"}, rules=rules)
    assert refused == {
        "code": "UNKNOWN_FACT", "path": ["input", "rules", "1", "when"],
        "message": "Nach place.shelf kann eine Regel nicht fragen.",
    }  # fmt: skip


async def test_saving_twice_under_one_key_makes_one_version(database: Database, client: Client) -> None:
    first = await save(client, {"idempotency-key": "k1"}, preset="PRIORITY")
    assert await save(client, {"idempotency-key": "k1"}, preset="PRIORITY") == first
    assert (await save(client))["policy"]["version"] == 2


async def test_presets_are_shown_with_their_rules(client: Client) -> None:
    answer = await client.graphql("{ routingPresets { preset description rules { name } } }")
    presets = {each["preset"]: each for each in answer["data"]["routingPresets"]}
    assert set(presets) == {"COST", "PRIORITY", "DISTANCE", "HIGH_STOCK", "FEWEST_SPLITS", "RULE_CHAIN"}
    assert presets["COST"]["rules"] == []
    assert presets["DISTANCE"]["rules"][1] == {"name": "nearest first"}


async def test_past_orders_are_simulated_and_compared(
    database: Database, drain: Drain, client: Client, clock: StandingClock, principals: Principals
) -> None:
    company, store = await season(database)
    start = """mutation($input: RoutingSimulationInput!) { startRoutingSimulation(input: $input) {
      ... on RoutingSimulationChanged { simulation { id state total done } } ... on Error { code path } } }"""
    period = {
        "since": (clock.moment - timedelta(days=1)).isoformat(),
        "until": (clock.moment + timedelta(days=1)).isoformat(),
    }
    asked = {**period, "channels": [company.channel.code], "rules": [RULE]}
    nobody = await client.graphql(start, {"input": asked}, principal=principals.holding("routing:read"))
    assert "FORBIDDEN" in str(nobody)
    begun = (await client.graphql(start, {"input": asked}))["data"]["startRoutingSimulation"]["simulation"]
    assert (begun["state"], begun["total"], begun["done"]) == ("RUNNING", 5, 0)
    await drain()
    side = "kept parcels units valued paid load { locationId name parcels units }"
    query = f"""query($id: UUID!) {{ routingSimulation(id: $id) {{ state policy done changed asDecided
        before {{ {side} }} after {{ {side} }} }}
      routingSimulationOrders(simulationId: $id, first: 2) {{ pageInfo {{ hasNextPage }}
        nodes {{ orderId saving beforeExplanation afterExplanation }} }} }}"""
    answer = (await client.graphql(query, {"id": begun["id"]}, headers={"accept-language": "de"}))["data"]
    found = answer["routingSimulation"]
    assert (found["state"], found["policy"], found["done"], found["changed"]) == ("DONE", "draft", 5, 3)
    assert found["before"]["load"][0] == {
        "locationId": str(store.id), "name": store.name, "parcels": 3, "units": 3,
    }  # fmt: skip
    assert (found["before"]["valued"], found["after"]["valued"]) == (1880, 2450)
    assert answer["routingSimulationOrders"]["pageInfo"]["hasNextPage"]
    first = answer["routingSimulationOrders"]["nodes"][0]
    assert first["saving"] == -190
    assert first["beforeExplanation"][0] == f"{store.name} am 15.06.2026: 1 Stück für 3,00 EUR, mit DHL"
    assert f"{store.name} ist durch die Regel „no stores“ ausgeschlossen." in first["afterExplanation"]
    cancel = """mutation($id: UUID!) { cancelRoutingSimulation(id: $id) { ... on Error { code message } } }"""
    late = await client.graphql(cancel, {"id": begun["id"]}, headers={"accept-language": "de"})
    assert late["data"]["cancelRoutingSimulation"] == {
        "code": "SIMULATION_DONE", "message": "Diese Simulation ist bereits beendet.",
    }  # fmt: skip
