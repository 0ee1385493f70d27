"""Calls of webhooks: nothing inward, no redirects, no waiting for ever, no large answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kontor.adapters.webhooks import HttpSender
from kontor.webhooks.ports import Answer
from webhooks.receiver import HANG_UP, SILENT, Receiver


async def post(url: str, *, allow_private: bool = True, timeout: float = 5) -> Answer:
    sender = HttpSender(allow_private=allow_private, timeout=timeout)
    try:
        return await sender.post(url, {"webhook-id": "1"}, b"{}")
    finally:
        await sender.aclose()


async def test_host_is_the_name_though_the_address_is_called() -> None:
    async with Receiver() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]

        async def resolver(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        sender = HttpSender(allow_private=True, resolver=resolver)
        answer = await sender.post(f"http://hooks.example:{port}/x", {"webhook-id": "1"}, b"{}")
        await sender.aclose()
        assert answer.accepted
        assert receiver.calls[0].headers["host"] == f"hooks.example:{port}"


async def test_private_address_is_not_called() -> None:
    async with Receiver() as receiver:
        answer = await post(receiver.url, allow_private=False)
        assert (answer.status, receiver.calls) == (None, [])
        assert answer.error is not None
        assert answer.error.startswith("WEBHOOK_ADDRESS_REFUSED")


async def test_name_that_points_elsewhere_at_a_second_look_leads_nowhere_else() -> None:
    """DNS rebinding: the address that was checked is the one that is called; the next attempt checks again."""
    async with Receiver() as receiver, Receiver() as inside:
        port = receiver.url.split(":")[2].split("/")[0]
        inner = inside.url.split(":")[2].split("/")[0]
        found = [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"]]

        async def resolver(host: str, port: int) -> Sequence[str]:
            return found.pop(0)

        sender = HttpSender(allow_private=True, resolver=resolver)
        assert (await sender.post(f"http://rebind.example:{port}/x", {"webhook-id": "1"}, b"{}")).accepted
        assert len(found) == 2  # looked up once, called there
        outward = HttpSender(resolver=resolver)
        for _ in range(2):
            answer = await outward.post(f"http://rebind.example:{inner}/x", {"webhook-id": "1"}, b"{}")
            assert (answer.error or "").startswith("WEBHOOK_ADDRESS_REFUSED")
        await sender.aclose()
        await outward.aclose()
        assert (len(receiver.calls), inside.calls) == (1, [])


@pytest.mark.parametrize("host", ["[::1]", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_other_spellings_of_this_machine_are_not_called_either(host: str) -> None:
    async with Receiver() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        answer = await post(f"http://{host}:{port}/", allow_private=False)
        assert (answer.status, receiver.calls) == (None, [])


async def test_redirect_is_a_failure_and_not_followed() -> None:
    async with Receiver() as target, Receiver(answers=[302]) as receiver:
        receiver.headers = f"location: {target.url}\r\n"
        answer = await post(receiver.url)
        assert (answer.status, answer.accepted, target.calls) == (302, False, [])


async def test_receiver_may_name_its_wait() -> None:
    async with Receiver(answers=[503], headers="retry-after: 120\r\n") as receiver:
        assert (await post(receiver.url)).retry_after == 120


async def test_large_answer_is_not_read_to_its_end() -> None:
    async with Receiver(answers=[200], answer_body=b"x" * 50_000) as receiver:
        assert (await post(receiver.url)).accepted


@pytest.mark.parametrize("answer", [HANG_UP, SILENT])
async def test_who_does_not_answer_fails(answer: int) -> None:
    async with Receiver(answers=[answer]) as receiver:
        outcome = await post(receiver.url, timeout=0.3)
    assert outcome.status is None
    assert outcome.error
