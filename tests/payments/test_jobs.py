"""Whatever a gateway does, each effect happens once: measured by the gateway's own books."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from factories.payments import (
    ask,
    ask_capture,
    card,
    make_shop,
    paid_by,
    persist,
    read_payments,
    taken_in_parts_and_refunded,
    told,
    transactions,
)
from kontor import relay
from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import Audit, EmbeddedTransport, Faults, Simulator, Terms, audit_file
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.inbox import InboxMessage
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports
from kontor.payments.differences import differences
from kontor.payments.models import PaymentTransaction
from kontor.payments.ports import PaymentGateway
from kontor.payments.states import PaymentState
from support import Client, Drain


class Bank:
    """A simulator that the ports of a test lead to."""

    def __init__(self, ledger: Path, ports: Ports, **options: Any) -> None:
        self.ledger = ledger
        self.simulator = Simulator(ledger, **{"terms": Terms(slow_delay=0.01, pending_delay=0.0), **options})
        self.connection = connect("http://gateway", transport=EmbeddedTransport(self.simulator))
        self.secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
        ports.register(PaymentGateway, HttpGateway(self.connection, webhook_secrets=(self.secret,)))

    def audit(self) -> Audit:
        return audit_file(self.ledger)

    def close(self) -> None:
        self.simulator.ledger.close()


@pytest.fixture
def faulty(tmp_path: Path, runtime: Runtime) -> Iterator[Bank]:
    bank = Bank(tmp_path / "faulty.db", runtime.ports, seed=3, faults=Faults.everywhere(0.2))
    yield bank
    bank.close()


@pytest.fixture
def honest(tmp_path: Path, runtime: Runtime) -> Iterator[Bank]:
    bank = Bank(tmp_path / "honest.db", runtime.ports)
    yield bank
    bank.close()


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def test_every_fault_at_once_does_nothing_twice(
    runtime: Runtime, database: Database, drain: Drain, faulty: Bank
) -> None:
    company = await make_shop(database)
    orders = [await paid_by(database, company, card(6000), card(4000, "tok_lost_answer_once")) for _ in range(4)]
    await taken_in_parts_and_refunded(runtime, drain, orders)
    audit = faulty.audit()
    assert audit.repeated == []
    for order_id in orders:
        first, second = await read_payments(database, order_id)
        assert audit.totals[str(first.id)] == {"authorize": 6000, "capture": 6000, "refund": 500}
        assert audit.totals[str(second.id)] == {"authorize": 4000, "capture": 3000, "void": 1000, "refund": 3000} or (
            audit.totals[str(second.id)] == {"authorize": 4000, "capture": 3000, "refund": 3000}
        )
        assert (first.captured, first.refunded) == (6000, 500)
        assert (second.authorized, second.captured, second.refunded) == (3000, 3000, 3000)
        events = await told(database, order_id)
        assert (events.count("PaymentAuthorized"), events.count("CaptureFinished")) == (1, 3)
        assert (events.count("PaymentCaptured"), events.count("RefundSucceeded")) == (4, 1)
    await no_differences(database)


async def test_unknown_outcome_is_kept_as_unknown_and_asked_again(
    runtime: Runtime, database: Database, drain: Drain, honest: Bank
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(2000, "tok_lost_answer_once"))
    await ask(database, "authorize", order_id)
    assert await drain() == []
    assert await transactions(database, order_id) == [("AUTHORIZE", "UNKNOWN", 2000)]
    assert await told(database, order_id) == []
    await relay.hurry(runtime)
    await drain()
    assert await transactions(database, order_id) == [("AUTHORIZE", "SUCCEEDED", 2000)]
    assert honest.audit().totals == {str((await read_payments(database, order_id))[0].id): {"authorize": 2000}}


async def test_pain_18_worker_that_died_between_call_and_outcome_repeats_nothing(
    runtime: Runtime, database: Database, drain: Drain, honest: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(2000))
    await ask(database, "authorize", order_id)
    from kontor.payments import authorizing

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(authorizing, "finish_authorizations", dies)
        assert len(await drain()) == 1
    assert await transactions(database, order_id) == [("AUTHORIZE", "PENDING", 2000)]
    await persist(runtime, drain)
    assert await transactions(database, order_id) == [("AUTHORIZE", "SUCCEEDED", 2000)]
    audit = honest.audit()
    assert (list(audit.totals.values()), audit.repeated) == ([{"authorize": 2000}], [])


async def test_gateway_that_is_away_delays_and_fails_nothing(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    runtime.ports.register(PaymentGateway, HttpGateway(connect("http://127.0.0.1:9")))
    order_id = await paid_by(database, await make_shop(database), card(2000))
    await ask(database, "authorize", order_id)
    [failure] = await drain()
    assert (failure.attempts, failure.dead) == (1, False)
    assert (await read_payments(database, order_id))[0].state is PaymentState.CREATED
    gateway: HttpGateway = runtime.ports.get(PaymentGateway)  # type: ignore[type-abstract,assignment]
    await gateway._client.aclose()


async def test_declined_capture_is_told_and_the_retry_takes_only_what_is_missing(
    database: Database, drain: Drain, honest: Bank
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(3000), card(2000, "tok_capture_declined"))
    await ask(database, "authorize", order_id)
    shipment = await ask_capture(database, order_id, 5000)
    await drain()
    assert (await told(database, order_id))[-2:] == ["PaymentCaptured", "CaptureFailed"]
    await ask_capture(database, order_id, 5000, shipment_id=shipment)
    await drain()
    assert honest.audit().repeated == []
    assert [payment.captured for payment in await read_payments(database, order_id)] == [3000, 0]
    await no_differences(database)


async def test_single_capture_gateway_is_captured_once_at_the_end(
    tmp_path: Path, runtime: Runtime, database: Database, drain: Drain
) -> None:
    from kontor.payments.ports import Abilities

    bank = Bank(tmp_path / "single.db", runtime.ports, terms=Terms(multi_capture=False))
    abilities = Abilities(multi_capture=False, partial_refund=True, authorization_lifetime=None, idempotent_keys=True)
    runtime.ports.register(PaymentGateway, HttpGateway(bank.connection, abilities=abilities))
    order_id = await paid_by(database, await make_shop(database), card(5000))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 2000)
    await ask_capture(database, order_id, 4000, final=True)
    await drain()
    assert [row for row in await transactions(database, order_id) if row[0] == "CAPTURE"] == [
        ("CAPTURE", "SUCCEEDED", 4000)
    ]
    assert (await told(database, order_id)).count("CaptureFinished") == 2
    bank.close()
    await no_differences(database)


def signed(bank: Bank, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    content, at = orjson.dumps(body), wall()
    signature = Webhook(bank.secret).sign(body["id"], at, content.decode())
    headers = {
        "webhook-id": body["id"],
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return content, headers


async def notify(client: Client, bank: Bank, body: dict[str, Any]) -> int:
    content, headers = signed(bank, body)
    answer = await client.http.post("/webhooks/payments", content=content, headers=headers)
    return answer.status_code


def settled(notice_id: str, kind: str, reference: UUID, key: str, amount: int) -> dict[str, Any]:
    data = {
        "kind": kind, "id": "op_1", "status": "succeeded", "amount": amount, "currency": "EUR",
        "reference": str(reference), "idempotency_key": key, "error": None, "payment_intent": {"id": "pi_1"},
    }  # fmt: skip
    return {"type": "operation.settled", "id": notice_id, "data": data}


async def test_notice_makes_a_pending_payment_be_asked_at_once(
    tmp_path: Path, runtime: Runtime, database: Database, drain: Drain, client: Client
) -> None:
    bank = Bank(tmp_path / "pending.db", runtime.ports, terms=Terms(pending_delay=0.05))
    order_id = await paid_by(database, await make_shop(database), card(2000, "tok_pending"))
    await ask(database, "authorize", order_id)
    await drain()
    assert await transactions(database, order_id) == [("AUTHORIZE", "UNKNOWN", 2000)]
    await asyncio.sleep(0.1)
    await drain()
    assert await told(database, order_id) == []
    async with database.read_only() as db:
        intent = (await db.scalars(sa.select(PaymentTransaction))).one()
    body = settled("evt_1", "authorize", intent.payment_id, intent.idempotency_key, 2000)
    assert [await notify(client, bank, body) for _ in range(2)] == [204, 204]
    await drain()
    assert await told(database, order_id) == ["PaymentAuthorized"]
    bank.close()


async def test_chargeback_is_booked_once_however_often_it_is_told(
    database: Database, drain: Drain, client: Client, honest: Bank
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(2000))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 2000, final=True)
    await drain()
    [payment] = await read_payments(database, order_id)
    for notice_id in ("evt_9", "evt_9"):
        assert await notify(client, honest, settled(notice_id, "chargeback", payment.id, "", 2000)) == 204
        await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.refunded) == (PaymentState.CHARGED_BACK, 2000)
    assert (await told(database, order_id)).count("PaymentChargedBack") == 1
    await no_differences(database)


async def test_notice_that_is_not_genuine_is_refused(database: Database, client: Client, honest: Bank) -> None:
    content, headers = signed(honest, settled("evt_2", "chargeback", new_id(), "", 1))
    answer = await client.http.post("/webhooks/payments", content=content + b" ", headers=headers)
    assert answer.status_code == 403
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(InboxMessage))).all() == []
