"""The contract of the payment gateway port, held by the HTTP adapter in-process and over a real socket."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.payment_banks import Bank, EmbeddedBank, ProcessBank, authorized, instruction, next_number
from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import (
    Audit,
    Faults,
    Terms,
)
from kontor.core.errors import Conflict
from kontor.core.money import Money
from kontor.payments.ports import (
    Declined,
    GatewayUnavailable,
    Instruction,
    Outcome,
    OutcomeUnknown,
    PaymentGateway,
    Pending,
    Succeeded,
)


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
    reference = f"shop-{next_number()}"

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
    reference = f"shop-{next_number()}"

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
    reference = f"shop-{next_number()}"

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
            await asyncio.sleep(0.1)
            assert not all(order.done() for order in orders)
            bank.kill()
            await asyncio.sleep(0.05)
            await asyncio.to_thread(bank.start)
        await asyncio.gather(*orders)

    try:
        bank.run(story)
        assert bank.audit() == Audit({f"order-{number}": ONCE for number in range(50)}, [])
    finally:
        bank.kill()
