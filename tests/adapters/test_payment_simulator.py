"""The simulator misbehaves as real gateways do: reproducibly, and without ever doing something twice."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from standardwebhooks import Webhook

from adapters.payment_banks import SECRET, EmbeddedBank, authorized, instruction
from kontor.adapters.payments.http_gateway import HttpGateway
from kontor.adapters.payments.simulator import (
    EmbeddedTransport,
    Faults,
    Notifier,
    Terms,
)
from kontor.core.errors import Forbidden
from kontor.core.money import Money
from kontor.payments.ports import (
    Declined,
    GatewayUnavailable,
    Instruction,
    Operation,
    Outcome,
    OutcomeUnknown,
    Succeeded,
)


def test_rate_limit_is_unavailable_with_a_waiting_time(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite", faults=Faults(rate_limited=1.0))

    with pytest.raises(GatewayUnavailable) as refused:
        bank.run(lambda gateway: gateway.authorize(instruction(1), method="tok_visa"))

    assert refused.value.params["retry_after"] == 1.0
    bank.close()


def test_wrong_api_key_is_named(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite", api_key="right")

    with pytest.raises(GatewayUnavailable) as refused:
        bank.run(lambda gateway: gateway.authorize(instruction(1), method="tok_visa"))

    assert refused.value.code == "PAYMENT_GATEWAY_CREDENTIALS"
    bank.close()


def test_single_capture_gateway_releases_after_the_first(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite", terms=Terms(multi_capture=False))

    async def story(gateway: HttpGateway) -> Outcome:
        held = await authorized(gateway, 1000, "once")
        await gateway.capture(instruction(400, reference="once"), authorization=held)
        return await gateway.capture(instruction(600, reference="once"), authorization=held)

    assert bank.run(story) == Declined("not_capturable", "The payment intent is succeeded.")
    bank.close()


def test_same_seed_meets_the_same_faults(tmp_path: Path) -> None:
    async def story(gateway: HttpGateway) -> list[str]:
        seen = []
        for number in range(60):
            asked = Instruction(f"fixed-{number}", f"fixed-{number}", Money(100, "EUR"))
            try:
                seen.append(type(await gateway.authorize(asked, method="tok_visa")).__name__)
            except (GatewayUnavailable, OutcomeUnknown) as exception:
                seen.append(type(exception).__name__)
        return seen

    runs = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        bank = EmbeddedBank(tmp_path / f"{name}.sqlite", seed=seed, faults=Faults(closed_before=0.2, declined=0.2))
        runs.append(bank.run(story))
        bank.close()

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert set(runs[0]) == {"Succeeded", "Declined", "OutcomeUnknown"}


class Shop:
    """The receiving end of notices, refusing the first of them."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.refusals = 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.refusals:
            self.refusals -= 1
            return httpx.Response(503)
        self.received.append((dict(request.headers), request.content))
        return httpx.Response(204)


def deliver(bank: EmbeddedBank, shop: Shop, clock: Callable[[], float]) -> int:
    async def told() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(shop)) as client:
            notifier = Notifier(bank.simulator.ledger, url="http://shop/", secret=SECRET, client=client, clock=clock)
            return await notifier.deliver_due()

    return asyncio.run(told())


def test_settled_payment_is_told_by_signed_notice_until_taken(tmp_path: Path) -> None:
    now = [time.time()]
    terms = Terms(pending_delay=5.0)
    bank = EmbeddedBank(tmp_path / "bank.sqlite", terms=terms, clock=lambda: now[0])
    shop = Shop()
    asked = instruction(500)
    bank.run(lambda gateway: gateway.authorize(asked, method="tok_pending"))
    assert bank.simulator.bank.settle_due() == 0
    now[0] += 5.0
    assert bank.simulator.bank.settle_due() == 1

    assert deliver(bank, shop, lambda: now[0]) == 0
    now[0] += 0.6
    assert deliver(bank, shop, lambda: now[0]) == 1
    assert deliver(bank, shop, lambda: now[0]) == 0

    async def read(gateway: HttpGateway) -> None:
        notice = gateway.read_notice(*shop.received[0])
        assert notice is not None
        assert notice.operation is Operation.AUTHORIZE
        assert notice.idempotency_key == asked.idempotency_key
        assert notice.payment_reference == asked.payment_reference
        assert notice.outcome == await gateway.find(asked.idempotency_key)

    bank.run(read)
    bank.close()


def test_notices_come_twice_and_out_of_order(tmp_path: Path) -> None:
    now = [time.time()]
    faults = Faults(late_notice=0.5, duplicate_notice=0.5)
    bank = EmbeddedBank(
        tmp_path / "bank.sqlite", faults=faults, terms=Terms(notify_everything=True), clock=lambda: now[0]
    )
    shop = Shop()
    shop.refusals = 0

    async def story(gateway: HttpGateway) -> None:
        for number in range(20):
            await authorized(gateway, 100, f"told-{number}")

    bank.run(story)
    deliver(bank, shop, lambda: now[0])
    now[0] += 2.1
    deliver(bank, shop, lambda: now[0])
    bank.close()

    references = [orjson.loads(body)["data"]["reference"] for _, body in shop.received]
    expected = [f"told-{number}" for number in range(20)]
    assert set(references) == set(expected)
    assert len(references) > 20
    assert list(dict.fromkeys(references)) != expected


def test_forged_notice_is_refused(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite")
    body = b'{"type": "operation.settled"}'
    signature = Webhook(SECRET).sign("evt_1", datetime.now(UTC), body.decode())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": signature,
    }

    async def forged(gateway: HttpGateway) -> None:
        gateway.read_notice(headers, body + b" ")

    async def garbled(gateway: HttpGateway) -> None:
        gateway.read_notice(headers | {"webhook-signature": "nonsense"}, body)

    for story in (forged, garbled):
        with pytest.raises(Forbidden):
            bank.run(story)
    bank.close()


def test_chargeback_comes_as_notice_without_our_key(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite")
    shop = Shop()
    shop.refusals = 0

    async def story(gateway: HttpGateway) -> None:
        held = await authorized(gateway, 900, "disputed")
        await gateway.capture(instruction(900, reference="disputed"), authorization=held)
        async with httpx.AsyncClient(base_url="http://gateway", transport=EmbeddedTransport(bank.simulator)) as issuer:
            dispute = {"payment_intent": held, "amount": 900, "currency": "EUR", "reference": "disputed"}
            await issuer.post("/v1/test/chargebacks", json=dispute, headers={"idempotency-key": "dispute-1"})

    bank.run(story)
    deliver(bank, shop, time.time)

    async def read(gateway: HttpGateway) -> None:
        notice = gateway.read_notice(*shop.received[0])
        assert notice is not None
        assert notice.operation is Operation.CHARGEBACK
        assert notice.idempotency_key is None
        assert isinstance(notice.outcome, Succeeded)
        assert notice.outcome.amount == Money(900, "EUR")

    bank.run(read)
    bank.close()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"amount": 1.5}', b'{"amount": 0}', b'{"amount": true}', b'{"amount": -5}'],
)
def test_malformed_call_is_refused_and_leaves_no_trace(tmp_path: Path, body: bytes) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite")

    async def story() -> httpx.Response:
        async with httpx.AsyncClient(base_url="http://gateway", transport=EmbeddedTransport(bank.simulator)) as client:
            return await client.post("/v1/payment_intents", content=body, headers={"idempotency-key": "k"})

    response = asyncio.run(story())

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    assert bank.simulator.ledger.operation("k") is None
    bank.close()
