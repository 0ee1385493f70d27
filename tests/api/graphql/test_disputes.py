"""People answer disputes, pay returned refunds by transfer and explain payouts through the API."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by, read_payments
from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import EmbeddedTransport, Notifier, Simulator, Terms
from kontor.adapters.payments.simulator.bank import Order
from kontor.auth.models import AuditEntry
from kontor.auth.permissions import ROLES, Role
from kontor.auth.permissions import Permission as P
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.orders.queries import lock_order
from kontor.payments import returning, service
from kontor.payments.models import PaymentTransaction, TransactionKind
from kontor.payments.ports import Declined, PaymentGateway
from support import Client, Drain, Principals


@pytest.fixture(autouse=True)
def _only_money() -> Iterator[None]:
    with only_money():
        yield


@pytest.fixture
def simulator(tmp_path: Path, runtime: Runtime) -> Iterator[Simulator]:
    made = Simulator(tmp_path / "gateway.db", terms=Terms(slow_delay=0.0), clock=lambda: 4_000_000_000.0)
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    connection = connect("http://gateway", transport=EmbeddedTransport(made))
    runtime.ports.register(PaymentGateway, HttpGateway(connection, webhook_secrets=(secret,)))
    yield made
    made.ledger.close()


async def deliver(simulator: Simulator, client: Client) -> None:
    """Notices are signed with the real time, as their age is checked; their content has the bank's."""
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    notifier = Notifier(simulator.ledger, url="/webhooks/payments", secret=secret, client=client.http, clock=time.time)
    rows = simulator.ledger.due_notices(5_000_000_000.0)
    for seq, notice_id, body, _ in rows:
        assert await notifier._send(notice_id, body)
        simulator.ledger.close_notice(seq, "sent")


async def sold(database: Database, drain: Drain) -> UUID:
    order_id = await paid_by(database, await make_shop(database), card(3000))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 3000, final=True)
    assert await drain() == []
    return order_id


LIST = """query ($due: DateTime!, $state: [DisputeState!]) { disputes(filter: {dueBefore: $due, state: $state}) {
  nodes { id state reason reasonText(language: DE) amount { amount } fee { amount } held
    answers { kind outcome texts { name text } } } } }"""
EVIDENCE = "query ($id: UUID!) { disputeEvidence(id: $id) { texts { name text } documents { purpose } } }"
CONTEST = """mutation ($input: ContestDisputeInput!) { contestDispute(input: $input) {
  ... on DisputeAnswered { dispute { id } } ... on Error { code path } } }"""
COLLECT = """mutation ($id: UUID!) { collectEvidence(id: $id) {
  ... on EvidenceCollected { document { id url } } ... on Error { code path } } }"""
ACCEPT = """mutation ($id: UUID!) { acceptDispute(id: $id) {
  ... on DisputeAnswered { dispute { id } } ... on Error { code } } }"""
TRANSFER = """mutation ($id: UUID!, $iban: String!) { payRefundByTransfer(id: $id, name: "Greta", iban: $iban) {
  ... on RefundTransferred { refund { state } } ... on Error { code } } }"""


async def listed(client: Client, finance: Any, *states: str) -> list[dict[str, Any]]:
    given = {"due": "2200-01-01T00:00:00Z", "state": list(states) or None}
    answer = await client.graphql(LIST, given, principal=finance)
    return list(answer["data"]["disputes"]["nodes"])


async def test_finance_contests_a_dispute(
    client: Client, principals: Principals, database: Database, drain: Drain, simulator: Simulator
) -> None:
    finance = principals.holding(*ROLES[Role.FINANCE])
    order_id = await sold(database, drain)
    [payment] = await read_payments(database, order_id)
    simulator.bank.perform(
        Order("dispute", "d", 3000, "EUR", "", method="product_not_received", intent=payment.gateway_reference or "")
    )
    await deliver(simulator, client)
    assert await drain() == []
    [row] = await listed(client, finance, "NEEDS_RESPONSE")
    assert row["reasonText"] == "Der Kunde sagt, die Ware sei nicht angekommen."
    assert (row["amount"], row["fee"], row["held"], row["answers"]) == (
        {"amount": 3000},
        {"amount": 1500},
        True,
        [],
    )
    answer = await client.graphql(EVIDENCE, {"id": row["id"]}, principal=finance)
    texts = answer["data"]["disputeEvidence"]["texts"]
    assert {each["name"] for each in texts} >= {"customer_name", "billing_address", "product_description"}
    wrong = {"disputeId": row["id"], "evidence": [{"name": "mood", "text": "sad"}]}
    answer = await client.graphql(CONTEST, {"input": wrong}, principal=finance)
    assert answer["data"]["contestDispute"] == {"code": "UNKNOWN_EVIDENCE", "path": ["evidence", "mood"]}
    pack = (await client.graphql(COLLECT, {"id": row["id"]}, principal=finance))["data"]["collectEvidence"]["document"]
    file = await client.http.get(pack["url"], headers=client.acting(finance))
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file.content)).pages)
    assert [text for text in ("The customer says that nothing arrived.", "€30.00") if text not in said] == []
    sent = {**wrong, "evidence": texts, "documents": [{"purpose": "uncategorized_file", "documentId": pack["id"]}]}
    answer = await client.graphql(CONTEST, {"input": sent}, principal=finance)
    assert answer["data"]["contestDispute"] == {"dispute": {"id": row["id"]}}
    answer = await client.graphql(ACCEPT, {"id": row["id"]}, principal=finance)
    assert answer["data"]["acceptDispute"] == {"code": "DISPUTE_ANSWER_UNDER_WAY"}
    assert await drain() == []
    [row] = await listed(client, finance)
    assert row["state"] == "UNDER_REVIEW"
    assert row["answers"] == [{"kind": "CONTEST", "outcome": "SUCCEEDED", "texts": texts}]
    async with database.read_only() as db:
        assert "contestDispute" in list(await db.scalars(sa.select(AuditEntry.operation)))


async def test_accepted_dispute_is_over_and_shops_see_none(
    client: Client, principals: Principals, database: Database, drain: Drain, simulator: Simulator
) -> None:
    finance = principals.holding(*ROLES[Role.FINANCE])
    order_id = await sold(database, drain)
    [payment] = await read_payments(database, order_id)
    simulator.bank.perform(
        Order("dispute", "d", 3000, "EUR", "", method="fraudulent", intent=payment.gateway_reference or "")
    )
    await deliver(simulator, client)
    assert await drain() == []
    [row] = await listed(client, finance)
    answer = await client.graphql(ACCEPT, {"id": row["id"]}, principal=finance)
    assert answer["data"]["acceptDispute"] == {"dispute": {"id": row["id"]}}
    assert await drain() == []
    await deliver(simulator, client)
    assert await drain() == []
    [row] = await listed(client, finance)
    assert (row["state"], row["held"]) == ("ACCEPTED", True)
    answer = await client.graphql(ACCEPT, {"id": row["id"]}, principal=finance)
    assert answer["data"]["acceptDispute"] == {"code": "DISPUTE_NOT_OPEN"}


async def test_returned_refund_leaves_by_transfer(
    client: Client, principals: Principals, database: Database, drain: Drain
) -> None:
    lead = principals.holding(P.REFUNDS_APPROVE, P.JOURNAL_READ, P.PAYMENTS_READ)
    order_id = await sold(database, drain)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        refund = await service.request_refund(
            db, order, kind="GOODWILL", amount=1000, reason="late", source_key="late", now=db.now
        )
        refund_id = str(refund.id)
    assert await drain() == []
    given = {"id": refund_id, "iban": "DE02120300000000202051"}
    answer = await client.graphql(TRANSFER, given, principal=lead)
    assert answer["data"]["payRefundByTransfer"] == {"code": "REFUND_NOT_FAILED"}
    async with database.unit_of_work() as db:
        row = PaymentTransaction
        done = (await db.scalars(sa.select(row.id).where(row.kind == TransactionKind.REFUND))).one()
        await returning.take_back(db, done, Declined("account_closed", "Closed."), now=db.now)
    answer = await client.graphql(TRANSFER, {**given, "iban": "DE1"}, principal=lead)
    assert answer["data"]["payRefundByTransfer"] == {"code": "INVALID_IBAN"}
    answer = await client.graphql(TRANSFER, given, principal=lead)
    assert answer["data"]["payRefundByTransfer"] == {"refund": {"state": "SUCCEEDED"}}
    async with database.read_only() as db:
        entity = str((await db.scalars(sa.select(LegalEntity.id))).one())
    asked = "query ($e: UUID!) { waitingPayouts(legalEntityId: $e) { amount name iban } }"
    answer = await client.graphql(asked, {"e": entity}, principal=lead)
    assert answer["data"]["waitingPayouts"] == [
        {"amount": 1000, "name": "Greta", "iban": "DE02120300000000202051"},
    ]  # fmt: skip


IMPORT = """mutation ($input: ImportGatewayPayoutInput!) { importGatewayPayout(input: $input) {
  ... on GatewayPayout { id lines fees { amount } } ... on Error { code } } }"""
EXPLAIN = """mutation ($id: UUID!, $order: UUID) {
  explainGatewayDifference(id: $id, reason: "by phone", orderId: $order) {
  ... on GatewayDifference { explanation orderId closedBy } ... on Error { code } } }"""


async def test_settlement_file_is_taken_in_and_its_difference_explained(
    client: Client, principals: Principals, database: Database, drain: Drain
) -> None:
    finance = principals.holding(*ROLES[Role.FINANCE])
    order_id = await sold(database, drain)
    async with database.read_only() as db:
        entity = str((await db.scalars(sa.select(LegalEntity.id))).one())
    rows = "reference,category,amount,fee,currency,occurred_at\nl1,CHARGE,500,20,EUR,2026-06-15T10:00:00Z\n"
    given = {
        "gateway": "", "legalEntityId": entity, "reference": "P1", "amount": {"amount": "480", "currency": "EUR"},
        "arrivesOn": "2026-06-17", "content": rows,
    }  # fmt: skip
    answer = await client.graphql(IMPORT, {"input": given}, principal=finance)
    payout = answer["data"]["importGatewayPayout"]
    assert (payout["lines"], payout["fees"]) == (1, {"amount": 20})
    answer = await client.graphql(
        IMPORT, {"input": {**given, "content": "a,b\n", "reference": "P2"}}, principal=finance
    )
    assert answer["data"]["importGatewayPayout"] == {"code": "COLUMN_MISSING"}
    listed_ = "{ gatewayDifferences(filter: {open: true}) { nodes { id kind amount { amount } } } }"
    answer = await client.graphql(listed_, principal=finance)
    [row] = answer["data"]["gatewayDifferences"]["nodes"]
    assert (row["kind"], row["amount"]) == ("UNKNOWN_LINE", {"amount": 500})
    answer = await client.graphql(EXPLAIN, {"id": row["id"], "order": str(order_id)}, principal=finance)
    done = answer["data"]["explainGatewayDifference"]
    assert (done["explanation"], done["orderId"]) == ("ORDER", str(order_id))
    answer = await client.graphql(EXPLAIN, {"id": row["id"]}, principal=finance)
    assert answer["data"]["explainGatewayDifference"] == {"code": "GATEWAY_DIFFERENCE_CLOSED"}
    answer = await client.graphql(listed_, principal=finance)
    assert answer["data"]["gatewayDifferences"]["nodes"] == []
