"""The contract of the payment gateway port, held by the HTTP adapter in-process and over a real socket."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import orjson
import pytest
from standardwebhooks import Webhook

from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import (
    Audit,
    EmbeddedTransport,
    Faults,
    Notifier,
    Simulator,
    Terms,
    audit_file,
)
from kontor.core.errors import Conflict, Forbidden
from kontor.core.money import Money
from kontor.payments.ports import (
    Declined,
    GatewayUnavailable,
    Instruction,
    Operation,
    Outcome,
    OutcomeUnknown,
    PaymentGateway,
    Pending,
    Succeeded,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
T = TypeVar("T")
_numbers = count(1)


class Bank(Protocol):
    """A running gateway to hold the contract against."""

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T: ...

    def audit(self) -> Audit: ...


class EmbeddedBank:
    def __init__(self, ledger: Path, **options: Any) -> None:
        self.ledger = ledger
        self.simulator = Simulator(ledger, **options)

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T:
        async def told() -> T:
            async with connect("http://gateway", transport=EmbeddedTransport(self.simulator)) as client:
                return await story(HttpGateway(client, webhook_secrets=(SECRET,)))

        return asyncio.run(told())

    def audit(self) -> Audit:
        return audit_file(self.ledger)

    def close(self) -> None:
        self.simulator.ledger.close()


class ProcessBank:
    def __init__(self, ledger: Path, *options: str) -> None:
        self.ledger = ledger
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "kontor.adapters.payments.simulator", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, "--ledger", str(self.ledger), *self.options])
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError("the simulator did not start")

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T:
        async def told() -> T:
            async with connect(self.url, timeout=timeout) as client:
                return await story(HttpGateway(client, webhook_secrets=(SECRET,)))

        return asyncio.run(told())

    def audit(self) -> Audit:
        return audit_file(self.ledger)


@pytest.fixture(scope="module")
def process_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessBank]:
    bank = ProcessBank(tmp_path_factory.mktemp("bank") / "bank.sqlite", "--pending-delay", "0.2", "--slow-delay", "0.6")
    yield bank
    bank.kill()


@pytest.fixture(params=["embedded", "process"])
def bank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bank]:
    if request.param == "process":
        yield request.getfixturevalue("process_bank")
        return
    embedded = EmbeddedBank(tmp_path / "bank.sqlite", terms=Terms(pending_delay=0.2, slow_delay=0.6))
    yield embedded
    embedded.close()


def instruction(amount: int, *, reference: str = "", key: str = "", currency: str = "EUR") -> Instruction:
    number = next(_numbers)
    return Instruction(key or f"key-{number}", reference or f"payment-{number}", Money(amount, currency))


async def authorized(gateway: PaymentGateway, amount: int, reference: str, method: str = "tok_visa") -> str:
    outcome = await gateway.authorize(instruction(amount, reference=reference), method=method)
    assert isinstance(outcome, Succeeded)
    return outcome.reference


async def persistently(gateway: PaymentGateway, key: str, call: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Carry a call through whatever happens: ask when unknown, send again under the same key when not done."""
    while True:
        try:
            return await call()
        except GatewayUnavailable:
            await asyncio.sleep(0.1)
        except OutcomeUnknown:
            try:
                found = await gateway.find(key)
            except (GatewayUnavailable, OutcomeUnknown):
                await asyncio.sleep(0.1)
                continue
            if found is not None:
                return found


def test_authorization_succeeds_with_amount_and_expiry(bank: Bank) -> None:
    outcome = bank.run(lambda gateway: gateway.authorize(instruction(4999), method="tok_visa"))

    assert isinstance(outcome, Succeeded)
    assert outcome.amount == Money(4999, "EUR")
    assert outcome.expires_at is not None
    assert timedelta(days=6, hours=23) < outcome.expires_at - datetime.now(UTC) <= timedelta(days=7)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_expired", "expired_card"),
        ("tok_nobody_knows", "unknown_payment_method"),
    ],
)
def test_declined_method_moves_no_money(bank: Bank, method: str, code: str) -> None:
    asked = instruction(100)
    outcome = bank.run(lambda gateway: gateway.authorize(asked, method=method))

    assert isinstance(outcome, Declined)
    assert outcome.code == code
    assert asked.payment_reference not in bank.audit().totals


def test_captures_per_shipment_and_voids_the_rest(bank: Bank) -> None:
    reference = f"shop-{next(_numbers)}"

    async def story(gateway: HttpGateway) -> list[Outcome]:
        held = await authorized(gateway, 10000, reference)
        return [
            await gateway.capture(instruction(3000, reference=reference), authorization=held),
            await gateway.capture(instruction(2500, reference=reference), authorization=held),
            await gateway.capture(instruction(4501, reference=reference), authorization=held),
            await gateway.void(instruction(4500, reference=reference), authorization=held),
            await gateway.void(instruction(0, reference=reference), authorization=held),
        ]

    first, second, too_much, voided, again = bank.run(story)

    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert too_much == Declined("amount_too_large", "At most 4500 can be captured.")
    assert isinstance(voided, Succeeded)
    assert voided.amount == Money(4500, "EUR")
    assert isinstance(again, Succeeded)
    assert again.amount == Money(0, "EUR")
    assert bank.audit().totals[reference] == {"authorize": 10000, "capture": 5500, "void": 4500}


def test_final_capture_releases_the_rest(bank: Bank) -> None:
    reference = f"shop-{next(_numbers)}"

    async def story(gateway: HttpGateway) -> Outcome:
        held = await authorized(gateway, 1000, reference)
        await gateway.capture(instruction(600, reference=reference), authorization=held, final=True)
        return await gateway.capture(instruction(400, reference=reference), authorization=held)

    assert bank.run(story) == Declined("not_capturable", "The payment intent is succeeded.")


def test_capture_at_once_takes_the_money_with_the_authorization(bank: Bank) -> None:
    asked = instruction(700)
    bank.run(lambda gateway: gateway.authorize(asked, method="tok_wallet", capture_now=True))

    assert bank.audit().totals[asked.payment_reference] == {"authorize": 700, "capture": 700}


def test_refunds_end_at_what_was_captured(bank: Bank) -> None:
    reference = f"shop-{next(_numbers)}"

    async def story(gateway: HttpGateway) -> list[Outcome]:
        held = await authorized(gateway, 1000, reference)
        await gateway.capture(instruction(900, reference=reference), authorization=held)
        return [
            await gateway.refund(instruction(amount, reference=reference), authorization=held)
            for amount in (300, 601, 600, 1)
        ]

    first, too_much, second, nothing_left = bank.run(story)

    assert isinstance(first, Succeeded)
    assert too_much == Declined("amount_too_large", "At most 600 can be refunded.")
    assert isinstance(second, Succeeded)
    assert nothing_left == Declined("amount_too_large", "At most 0 can be refunded.")
    assert bank.audit().totals[reference]["refund"] == 900


def test_lapsed_authorization_cannot_be_captured(bank: Bank) -> None:
    async def story(gateway: HttpGateway) -> Outcome:
        held = await authorized(gateway, 1000, "lapsed", "tok_authorization_expires")
        return await gateway.capture(instruction(1000, reference="lapsed"), authorization=held)

    assert bank.run(story) == Declined("authorization_expired", "The authorization has lapsed.")


def test_unknown_authorization_is_declined_not_retried(bank: Bank) -> None:
    outcome = bank.run(lambda gateway: gateway.capture(instruction(1), authorization="pi_nowhere"))

    assert outcome == Declined("payment_intent_not_found", "There is no such payment intent.")


def test_same_key_and_instruction_is_done_once(bank: Bank) -> None:
    asked = instruction(1234)

    async def story(gateway: HttpGateway) -> list[Outcome]:
        return [await gateway.authorize(asked, method="tok_visa") for _ in range(3)]

    outcomes = bank.run(story)

    assert len(set(outcomes)) == 1
    assert bank.audit().totals[asked.payment_reference] == {"authorize": 1234}


def test_same_key_with_another_amount_is_a_conflict(bank: Bank) -> None:
    asked = instruction(1000)
    other = instruction(1001, reference=asked.payment_reference, key=asked.idempotency_key)

    async def story(gateway: HttpGateway) -> Outcome:
        await gateway.authorize(asked, method="tok_visa")
        return await gateway.authorize(other, method="tok_visa")

    with pytest.raises(Conflict) as refused:
        bank.run(story)

    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert bank.audit().totals[asked.payment_reference] == {"authorize": 1000}


@pytest.mark.parametrize("method", ["tok_lost_answer_once", "tok_closed_after_once"])
def test_lost_answer_is_unknown_and_found_done(bank: Bank, method: str) -> None:
    asked = instruction(2000)

    async def story(gateway: HttpGateway) -> Outcome | None:
        with pytest.raises(OutcomeUnknown):
            await gateway.authorize(asked, method=method)
        return await gateway.find(asked.idempotency_key)

    found = bank.run(story)

    assert isinstance(found, Succeeded)
    assert found.amount == Money(2000, "EUR")
    assert bank.audit().totals[asked.payment_reference] == {"authorize": 2000}


@pytest.mark.parametrize("method", ["tok_error_once", "tok_closed_once"])
def test_failure_before_doing_is_unknown_and_not_found(bank: Bank, method: str) -> None:
    asked = instruction(2000)

    async def story(gateway: HttpGateway) -> tuple[Outcome | None, Outcome]:
        with pytest.raises(OutcomeUnknown):
            await gateway.authorize(asked, method=method)
        return await gateway.find(asked.idempotency_key), await gateway.authorize(asked, method=method)

    found, repeated = bank.run(story)

    assert found is None
    assert isinstance(repeated, Succeeded)
    assert bank.audit().totals[asked.payment_reference] == {"authorize": 2000}


def test_pending_authorization_settles_later(bank: Bank) -> None:
    asked = instruction(500)

    async def story(gateway: HttpGateway) -> tuple[Outcome, Outcome | None, Outcome | None]:
        first = await gateway.authorize(asked, method="tok_pending")
        early = await gateway.find(asked.idempotency_key)
        await asyncio.sleep(0.4)
        return first, early, await gateway.find(asked.idempotency_key)

    first, early, late = bank.run(story)

    assert isinstance(first, Pending)
    assert early == first
    assert isinstance(late, Succeeded)
    assert late.reference == first.reference


def test_pending_authorization_may_end_declined(bank: Bank) -> None:
    asked = instruction(500)

    async def story(gateway: HttpGateway) -> Outcome | None:
        await gateway.authorize(asked, method="tok_pending_declined")
        await asyncio.sleep(0.4)
        return await gateway.find(asked.idempotency_key)

    assert bank.run(story) == Declined("insufficient_funds", "The account has too little money.")


def test_timeout_is_unknown_until_the_slow_call_ends(process_bank: ProcessBank) -> None:
    asked = instruction(800)

    async def story(gateway: HttpGateway) -> Outcome | None:
        with pytest.raises(OutcomeUnknown):
            await gateway.authorize(asked, method="tok_slow")
        with pytest.raises(OutcomeUnknown):  # still being worked on: neither done nor lost
            await gateway.find(asked.idempotency_key)
        await asyncio.sleep(0.8)
        return await gateway.find(asked.idempotency_key)

    assert isinstance(process_bank.run(story, timeout=0.15), Succeeded)
    assert process_bank.audit().totals[asked.payment_reference] == {"authorize": 800}


def test_gateway_that_is_down_is_surely_not_done(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def story() -> None:
        async with connect(f"http://127.0.0.1:{port}") as client:
            await HttpGateway(client).authorize(instruction(1), method="tok_visa")

    with pytest.raises(GatewayUnavailable):
        asyncio.run(story())


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


async def pay_and_ship(gateway: PaymentGateway, number: int) -> None:
    """One order: authorize 1000, capture 600 and 300, refund 100, release the rest."""
    reference = f"order-{number}"

    def step(name: str, amount: int) -> Instruction:
        return Instruction(f"{reference}:{name}", reference, Money(amount, "EUR"))

    hold = step("authorize", 1000)
    held = await persistently(gateway, hold.idempotency_key, lambda: gateway.authorize(hold, method="tok_visa"))
    assert isinstance(held, Succeeded)
    calls: list[tuple[Instruction, Callable[[Instruction], Awaitable[Outcome]]]] = [
        (step("capture-1", 600), lambda asked: gateway.capture(asked, authorization=held.reference)),
        (step("capture-2", 300), lambda asked: gateway.capture(asked, authorization=held.reference)),
        (step("refund", 100), lambda asked: gateway.refund(asked, authorization=held.reference)),
        (step("void", 100), lambda asked: gateway.void(asked, authorization=held.reference)),
    ]
    for asked, call in calls:
        outcome = await persistently(gateway, asked.idempotency_key, partial(call, asked))
        assert isinstance(outcome, Succeeded)


ONCE = {"authorize": 1000, "capture": 900, "refund": 100, "void": 100}


def test_every_fault_at_once_does_nothing_twice(tmp_path: Path) -> None:
    bank = EmbeddedBank(tmp_path / "bank.sqlite", seed=7, faults=Faults.everywhere(0.15), terms=Terms(slow_delay=0.01))

    async def story(gateway: HttpGateway) -> None:
        await asyncio.gather(*(pay_and_ship(gateway, number) for number in range(40)))

    bank.run(story)

    assert bank.audit() == Audit({f"order-{number}": ONCE for number in range(40)}, [])
    bank.close()


def test_killed_gateway_forgets_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    bank = ProcessBank(tmp_path / "bank.sqlite", "--fault-rate", "0.05", "--slow-delay", "0.02")

    async def story(gateway: HttpGateway) -> None:
        orders = [asyncio.create_task(pay_and_ship(gateway, number)) for number in range(50)]
        for _ in range(2):
            await asyncio.sleep(0.15)
            bank.kill()
            await asyncio.sleep(0.05)
            await asyncio.to_thread(bank.start)
        await asyncio.gather(*orders)

    try:
        bank.run(story)
        assert bank.audit() == Audit({f"order-{number}": ONCE for number in range(50)}, [])
    finally:
        bank.kill()


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
        async with connect("http://gateway", transport=EmbeddedTransport(bank.simulator)) as issuer:
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
        async with connect("http://gateway", transport=EmbeddedTransport(bank.simulator)) as client:
            return await client.post("/v1/payment_intents", content=body, headers={"idempotency-key": "k"})

    response = asyncio.run(story())

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    assert bank.simulator.ledger.operation("k") is None
    bank.close()
