"""Risk and care through the API."""

from __future__ import annotations

from factories.auth import make_user
from factories.processes import make_store, order_one, order_state
from kontor.core.db import Database
from support import Client, Drain, Principals


async def test_reviewer_reads_the_reasons_and_decides(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, variant = await make_store(database, settings={"risk.amount": 500})
    order_id = await order_one(database, company, variant)
    await drain()
    query = """query($order: UUID!) { riskAssessment(orderId: $order) { state score reasons { code text } } }"""
    found = await client.graphql(query, {"order": str(order_id)}, headers={"accept-language": "de"})
    assert found["data"]["riskAssessment"] == {
        "state": "REVIEW",
        "score": 50,
        "reasons": [
            {"code": "HIGH_AMOUNT", "text": "Der Betrag 10,00 EUR liegt über der Grenze von 5,00 EUR."},
        ],
    }
    review = """mutation($order: UUID!) { reviewRisk(orderId: $order, accept: false, note: "no answer") {
      ... on RiskReviewed { assessment { state note } } ... on Error { code } } }"""
    nobody = await client.graphql(review, {"order": str(order_id)}, principal=principals.holding("orders:read"))
    assert "FORBIDDEN" in str(nobody)
    done = await client.graphql(review, {"order": str(order_id)})
    assert done["data"]["reviewRisk"] == {"assessment": {"state": "REJECTED", "note": "no answer"}}
    await drain()
    assert await order_state(database, order_id) == "REJECTED"
    twice = await client.graphql(review, {"order": str(order_id)})
    assert twice["data"]["reviewRisk"]["code"] == "RISK_NOT_IN_REVIEW"


async def test_rules_and_lists_are_saved_and_shown(database: Database, client: Client) -> None:
    save = """mutation { saveRiskRules(inputs: [
      {code: "BIG", condition: "total > 100000", score: 20, text: {en: "Big", de: "Groß"}},
      {code: "BAD", condition: "total >"}]) { ... on SavedRows { created rows { outcome path } } }
      saveRiskListEntries(inputs: [{kind: IP, value: "10.0.0.1", reason: "bots"}]) { ... on SavedRows { created } } }"""
    saved = (await client.graphql(save))["data"]
    assert saved["saveRiskRules"]["created"] == 1
    assert saved["saveRiskRules"]["rows"][1] == {"outcome": "REFUSED", "path": ["inputs", "1", "condition"]}
    assert saved["saveRiskListEntries"]["created"] == 1
    query = """{ riskRules { nodes { code score decision active } }
      riskListEntries(filter: {kinds: [IP]}) { nodes { value blocked reason } } }"""
    assert (await client.graphql(query))["data"] == {
        "riskRules": {"nodes": [{"code": "BIG", "score": 20, "decision": None, "active": True}]},
        "riskListEntries": {"nodes": [{"value": "10.0.0.1", "blocked": True, "reason": "bots"}]},
    }


async def test_case_is_opened_assigned_and_finished(database: Database, drain: Drain, client: Client) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant)
    opened = """mutation($order: UUID!) { openCase(orderId: $order, text: "call back") {
      ... on CaseChanged { case { id kind state facts } } } }"""
    case = (await client.graphql(opened, {"order": str(order_id)}))["data"]["openCase"]["case"]
    assert (case["kind"], case["state"], case["facts"]) == ("MANUAL", "OPEN", {"text": "call back"})
    steps = """mutation($id: UUID!, $owner: UUID!) {
      assignCase(id: $id, ownerId: $owner) { ... on CaseChanged { case { state ownerId } } }
      waitCase(id: $id, note: "until noon") { ... on CaseChanged { case { state } } }
      finishCase(id: $id) { ... on CaseChanged { case { state } } } }"""
    async with database.unit_of_work() as db:
        owner = str((await make_user(db, email="cem@care.example")).id)
    assert (await client.graphql(steps, {"id": case["id"], "owner": owner}))["data"] == {
        "assignCase": {"case": {"state": "ASSIGNED", "ownerId": owner}},
        "waitCase": {"case": {"state": "WAITING"}},
        "finishCase": {"case": {"state": "DONE"}},
    }
    listed = "{ cases(filter: {states: [DONE], kinds: [MANUAL]}) { nodes { id } } }"
    assert (await client.graphql(listed))["data"]["cases"]["nodes"] == [{"id": case["id"]}]


HOLDS = "query($order: UUID!) { order(id: $order) { holds { id kind reason placedBy } } }"
RELEASE = "mutation($hold: UUID!) { releaseHold(holdId: $hold) { __typename ... on Error { code } } }"


async def test_hold_of_risk_is_released_by_those_who_judge_risk(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, variant = await make_store(database, settings={"risk.amount": 500})
    order_id = await order_one(database, company, variant)
    await drain()
    [hold] = (await client.graphql(HOLDS, {"order": str(order_id)}))["data"]["order"]["holds"]
    agent = principals.holding("orders:read", "holds:write")
    refused = await client.graphql(RELEASE, {"hold": hold["id"]}, principal=agent)
    assert refused["data"]["releaseHold"]["__typename"] == "ForbiddenError"
    await drain()
    assert await order_state(database, order_id) == "RECEIVED"
    judge = principals.holding("orders:read", "holds:write", "risk:review")
    done = await client.graphql(RELEASE, {"hold": hold["id"]}, principal=judge)
    assert done["data"]["releaseHold"]["__typename"] == "HoldChanged"


async def test_shop_sees_that_an_order_is_held_but_neither_words_nor_names(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, variant = await make_store(database, settings={"risk.amount": 500})
    order_id = await order_one(database, company, variant)
    await drain()
    [seen] = (await client.graphql(HOLDS, {"order": str(order_id)}))["data"]["order"]["holds"]
    assert seen["kind"] == "RISK"
    assert seen["reason"]
    assert seen["placedBy"]
    shop = principals.holding("orders:read", "events:read", channel_ids=frozenset([company.channel.id]))
    [shown] = (await client.graphql(HOLDS, {"order": str(order_id)}, principal=shop))["data"]["order"]["holds"]
    assert shown == {"id": seen["id"], "kind": "RISK", "reason": "", "placedBy": ""}
    events = "query($order: UUID!) { events(orderId: $order) { nodes { name by payload } } }"
    told = await client.graphql(events, {"order": str(order_id)}, principal=shop)
    names = {node["name"] for node in told["data"]["events"]["nodes"]}
    assert "OrderPlaced" in names
    assert "RiskAssessed" not in names
    assert {node["by"] for node in told["data"]["events"]["nodes"]} == {""}
    [placed] = [node["payload"] for node in told["data"]["events"]["nodes"] if node["name"] == "HoldPlaced"]
    assert placed == {"hold_id": seen["id"], "kind": "RISK"}
    house = await client.graphql(events, {"order": str(order_id)})
    [placed] = [node for node in house["data"]["events"]["nodes"] if node["name"] == "HoldPlaced"]
    assert (placed["payload"]["reason"], bool(placed["by"])) == (seen["reason"], True)
