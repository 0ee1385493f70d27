"""The European Commission's register, spoken with a server on this machine that follows its published contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from kontor.adapters.tax import ViesRegister, connect
from kontor.tax.errors import RegisterAway
from kontor.tax.ports import RegisterAnswer

VALID = {
    "countryCode": "AT", "vatNumber": "U13585627", "requestDate": "2026-06-15T10:00:00.000Z", "valid": True,
    "requestIdentifier": "WAPIAAAAZ1", "name": "ALPENHANDEL GMBH", "address": "RING 1\nAT-1010 WIEN",
    "traderName": "---", "traderNameMatch": "NOT_PROCESSED",
}  # fmt: skip


@asynccontextmanager
async def vies(
    body: bytes, status: int = 200, *, silent: bool = False, timeout: float = 5.0
) -> AsyncIterator[tuple[ViesRegister, list[tuple[str, Any]]]]:
    """A register that gives one answer, or none at all, and what it was asked."""
    asked: list[tuple[str, Any]] = []
    done = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        asked.append((head.split(b"\r\n")[0].decode(), orjson.loads(await reader.readexactly(length))))
        if silent:
            await done.wait()
        else:
            writer.write(b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (status, len(body)))
            writer.write(body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    register = ViesRegister(connect(f"http://127.0.0.1:{port}/rest-api", timeout=timeout))
    try:
        yield register, asked
    finally:
        done.set()
        await register.aclose()
        server.close()
        await server.wait_closed()


async def test_valid_number_comes_with_its_proof() -> None:
    async with vies(orjson.dumps(VALID)) as (register, asked):
        found = await register.check("ATU13585627", requester="DE136695976")

    assert found == RegisterAnswer(True, "WAPIAAAAZ1", "ALPENHANDEL GMBH", "RING 1\nAT-1010 WIEN")
    assert asked == [
        (
            "POST /rest-api/check-vat-number HTTP/1.1",
            {
                "countryCode": "AT", "vatNumber": "U13585627", "requesterMemberStateCode": "DE",
                "requesterNumber": "136695976",
            },
        )
    ]  # fmt: skip


async def test_without_a_requester_there_is_no_proof() -> None:
    body = VALID | {"requestIdentifier": "", "name": "---", "address": "---"}
    async with vies(orjson.dumps(body)) as (register, asked):
        found = await register.check("ATU13585627")

    assert found == RegisterAnswer(True)
    assert asked[0][1] == {"countryCode": "AT", "vatNumber": "U13585627"}


@pytest.mark.parametrize(
    "body",
    [
        VALID | {"valid": False, "name": "---", "address": "---"},
        VALID | {"valid": False, "userError": "INVALID", "name": "---", "address": "---"},
        {"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}], "requestIdentifier": "WAPIAAAAZ1"},
    ],
)
async def test_number_that_is_not_known_is_an_answer(body: dict[str, Any]) -> None:
    async with vies(orjson.dumps(body)) as (register, _):
        assert await register.check("ATU13585627") == RegisterAnswer(False, "WAPIAAAAZ1")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, b'{"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}', "MS_UNAVAILABLE"),
        (200, b'{"actionSucceed": false, "errorWrappers": [{"error": "VAT_BLOCKED"}]}', "VAT_BLOCKED"),
        (200, b'{"valid": false, "userError": "MS_MAX_CONCURRENT_REQ"}', "MS_MAX_CONCURRENT_REQ"),
        (200, b'{"valid": false, "userError": "INVALID_REQUESTER_INFO"}', "INVALID_REQUESTER_INFO"),
        (400, b'{"errorWrappers": [{"message": "odd"}]}', "UNKNOWN"),
        (500, b'{"valid": true}', "HTTP_500"),
        (503, b"<html>", "HTTP_503"),
        (200, b"[]", "HTTP_200"),
        (200, b'{"valid": "yes"}', "HTTP_200"),
        (200, b'"' + b" " * 300_000 + b'"', "HTTP_200"),
    ],
)
async def test_what_is_no_answer_says_nothing_of_the_number(status: int, body: bytes, reason: str) -> None:
    async with vies(body, status) as (register, _):
        with pytest.raises(RegisterAway) as caught:
            await register.check("ATU13585627")
    assert caught.value.params["reason"] == reason


async def test_register_that_takes_too_long_is_given_up() -> None:
    async with vies(b"", silent=True, timeout=0.05) as (register, _):
        with pytest.raises(RegisterAway) as caught:
            await register.check("ATU13585627")
    assert caught.value.params["reason"] == "TIMEOUT"


async def test_register_that_cannot_be_reached_is_away() -> None:
    register = ViesRegister(connect("http://127.0.0.1:9"))
    with pytest.raises(RegisterAway) as caught:
        await register.check("ATU13585627")
    await register.aclose()
    assert caught.value.params["reason"] == "UNREACHABLE"
