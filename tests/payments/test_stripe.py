"""Whole orders paid over Stripe: its books equal Kontor's, however many answers are lost."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from adapters.stripe_account import SECRET_KEY, StripeAccount, signed
from factories.payments import (
    ask,
    ask_capture,
    card,
    make_shop,
    paid_by,
    persist,
    read_payments,
    taken_in_parts_and_refunded,
    transactions,
)
from kontor import bootstrap
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.documents.service import NewDocument
from kontor.orders.queries import lock_order
from kontor.payments import disputing, service
from kontor.payments.differences import differences
from kontor.payments.models import Dispute, DisputeAction, Refund, TransactionState
from kontor.payments.ports import PaymentGateway
from kontor.payments.states import DisputeState, PaymentState, RefundState
from kontor.settings import Settings
from support import Client, Drain

SECRET = "whsec_" + "s" * 32


@pytest.fixture
def stripe(runtime: Runtime) -> Iterator[StripeAccount]:
    account = StripeAccount()
    with account.running() as url:
        chosen = Settings(
            stripe_secret_key=SECRET_KEY,
            stripe_webhook_secrets=f"whsec_old, {SECRET}",
            stripe_url=url,
            stripe_multi_capture=True,
            default_gateway="stripe",
            gateway_ledger=":memory:",
        )
        ports = Ports()
        bootstrap.bind_adapters(ports, chosen)
        bound: Any = ports.get(PaymentGateway)  # type: ignore[type-abstract]
        assert bound is ports.get(PaymentGateway, "stripe")  # type: ignore[type-abstract]
        for name in ("", "stripe"):
            runtime.ports.register(PaymentGateway, bound, name=name)
        yield account


async def test_books_agree_though_calls_fail_all_the_time(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount
) -> None:
    chance = random.Random(4)
    stripe.fault_of = lambda: chance.choice(["lost", "closed", "limited", None, None, None])
    company = await make_shop(database)
    plain = "pm_card_credit_disableEnterpriseCardFeatures"
    orders = [
        await paid_by(database, company, card(6000, "pm_card_visa"), card(4000, plain, gateway="stripe"))
        for _ in range(5)
    ]
    await taken_in_parts_and_refunded(runtime, drain, orders)
    for order_id in orders:
        first, second = await read_payments(database, order_id)
        assert (first.multi_capture, second.multi_capture) == (True, False)
        assert (first.captured, first.refunded) == stripe.totals(str(first.id)) == (6000, 500)
        assert (second.captured, second.refunded) == stripe.totals(str(second.id)) == (3000, 3000)
    assert len(stripe.intents) == 10
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def test_plain_card_is_taken_once_when_the_last_parcel_has_left(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount
) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(5000, "pm_card_credit_disableEnterpriseCardFeatures"))
    await ask(database, "authorize", order_id)
    await drain()
    await ask_capture(database, order_id, 2000)
    await drain()
    assert [kind for kind, _, _ in await transactions(database, order_id)] == ["AUTHORIZE"]
    await ask_capture(database, order_id, 4000, final=True)
    await drain()
    [payment] = await read_payments(database, order_id)

    assert (payment.state, payment.authorized, payment.captured) == (PaymentState.CAPTURED, 4000, 4000)
    assert stripe.totals(str(payment.id)) == (4000, 0)


async def test_event_that_is_signed_hastens_the_outcome(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount, client: Client
) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(5000, "pm_sepa_debit"))
    await ask(database, "authorize", order_id)
    await drain()
    [intent] = stripe.intents.values()
    intent |= {"status": "requires_capture", "amount_capturable": 5000}
    body = stripe.event("payment_intent.amount_capturable_updated", intent)
    for headers, status in ((signed(body, "whsec_wrong"), 403), (signed(body, SECRET), 204)):
        answer = await client.http.post("/webhooks/payments/stripe", content=body, headers=headers)
        assert answer.status_code == status
    await drain()
    [payment] = await read_payments(database, order_id)

    assert payment.state is PaymentState.AUTHORIZED


async def test_dispute_that_takes_the_money_is_booked_once_however_often_it_is_told(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount, client: Client
) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(5000, "pm_card_visa"))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 5000, final=True)
    await drain()
    [intent] = stripe.intents
    steps = [
        ("charge.dispute.created", "warning_needs_response", 0),
        ("charge.dispute.updated", "needs_response", 1200),
        ("charge.dispute.funds_withdrawn", "needs_response", 1200),
        ("charge.dispute.updated", "under_review", 1200),
        ("charge.dispute.closed", "lost", 1200),
    ]
    for kind, status, refunded in steps:
        body = stripe.event(kind, stripe.dispute(intent, status, amount=1200))
        for _ in range(2):
            await client.http.post("/webhooks/payments/stripe", content=body, headers=signed(body, SECRET))
        await drain()
        [payment] = await read_payments(database, order_id)
        assert payment.refunded == refunded

    assert payment.state is PaymentState.CHARGED_BACK
    assert await transactions(database, order_id) == [
        ("AUTHORIZE", "SUCCEEDED", 5000), ("CAPTURE", "SUCCEEDED", 5000), ("CHARGEBACK", "SUCCEEDED", 1200),
        ("DISPUTE_FEE", "SUCCEEDED", 1500),
    ]  # fmt: skip


async def paid(database: Database, drain: Drain) -> UUID:
    """An order of 50.00 that is captured."""
    order_id = await paid_by(database, await make_shop(database), card(5000, "pm_card_visa"))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 5000, final=True)
    await drain()
    return order_id


async def tell(client: Client, stripe: StripeAccount, kind: str, content: Any, *, at: int | None = None) -> None:
    body = stripe.event(kind, content, created=at)
    answer = await client.http.post("/webhooks/payments/stripe", content=body, headers=signed(body, SECRET))
    assert answer.status_code == 204


async def test_dispute_that_is_contested_with_a_document_and_won_gives_the_money_back(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount, client: Client
) -> None:
    order_id = await paid(database, drain)
    [intent] = stripe.intents
    due = int(time.time()) + 86400 * 365
    await tell(client, stripe, "charge.dispute.created", stripe.dispute(intent, "needs_response", due_by=due))
    await drain()
    document_id = await keep_document(runtime, order_id, b"%PDF receipt")
    async with database.unit_of_work() as db:
        dispute = (await db.scalars(sa.select(Dispute).with_for_update())).one()
        assert (dispute.state, dispute.reason, dispute.fee, dispute.held) == (
            DisputeState.NEEDS_RESPONSE, "fraudulent", 1500, True,
        )  # fmt: skip
        texts = {"product_description": "Two coats", "shipping_tracking_number": "JD0001"}
        shown = [disputing.DocumentRef(document_id, "receipt")]
        await disputing.contest(db, dispute, texts, shown, now=db.now)
    stripe.faults = ["lost", "closed", "lost"]
    await persist(runtime, drain)
    [told] = stripe.disputes.values()
    assert told["evidence"] | {"receipt": ""} == {**texts, "receipt": ""}
    assert stripe.files[told["evidence"]["receipt"]] == b"%PDF receipt"
    assert told["evidence_details"]["submission_count"] == 1
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(Dispute.state))).one() is DisputeState.UNDER_REVIEW
        assert (await db.scalars(sa.select(DisputeAction.outcome))).one() is TransactionState.SUCCEEDED
    later = int(time.time()) + 60
    await tell(client, stripe, "charge.dispute.closed", stripe.dispute(intent, "won"), at=later)
    await drain()
    [payment] = await read_payments(database, order_id)

    assert (payment.state, payment.captured, payment.refunded) == (PaymentState.CAPTURED, 5000, 0)
    assert (await transactions(database, order_id))[2:] == [
        ("CHARGEBACK", "SUCCEEDED", 5000), ("DISPUTE_FEE", "SUCCEEDED", 1500), ("REINSTATE", "SUCCEEDED", 5000),
    ]  # fmt: skip


async def test_refund_that_fails_days_later_is_owed_again(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount, client: Client
) -> None:
    order_id = await paid(database, drain)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        await service.request_refund(
            db, order, kind="GOODWILL", amount=2000, reason="late", source_key="late", now=db.now
        )
    await drain()
    [refund_id] = stripe.refunds
    for kind in ("refund.updated", "refund.failed", "refund.failed"):
        await tell(client, stripe, kind, stripe.fail_refund(refund_id))
        await drain()
    [payment] = await read_payments(database, order_id)

    assert (payment.state, payment.refunded) == (PaymentState.CAPTURED, 0)
    assert (await transactions(database, order_id))[2:] == [
        ("REFUND", "SUCCEEDED", 2000), ("REFUND_RETURN", "SUCCEEDED", 2000),
    ]  # fmt: skip
    async with database.read_only() as db:
        refund = (await db.scalars(sa.select(Refund))).one()
        assert (refund.state, refund.error) == (
            RefundState.FAILED, "expired_or_canceled_card: The refund did not come through.",
        )  # fmt: skip
        assert [text async for text in differences(db)] == []


async def keep_document(runtime: Runtime, order_id: UUID, data: bytes) -> UUID:
    """A document of an order."""
    new = NewDocument(kind="INVOICE", number="RE-1", key="invoices/RE-1.pdf", data=data, order_id=order_id)
    await documents.put(runtime.ports.get(DocumentStore), new)  # type: ignore[type-abstract]
    async with runtime.database.unit_of_work() as db:
        [document_id] = await documents.add_all(db, [new], now=db.now)
    return document_id
