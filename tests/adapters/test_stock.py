"""Live stock over HTTP, spoken with a server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
import pytest

from kontor.adapters.stock import HttpLiveStock, connect, systems_from_settings
from kontor.inventory.errors import StockSystemAway
from kontor.inventory.ports import LiveFigure


@asynccontextmanager
async def system(status: int, body: bytes) -> AsyncIterator[tuple[HttpLiveStock, list[bytes]]]:
    """A stock system that gives one answer, and what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        asked.append(head.split(b"\r\n")[0] + b"\n" + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stock = HttpLiveStock(connect(f"http://127.0.0.1:{port}/api"))
    try:
        yield stock, asked
    finally:
        await stock.aclose()
        server.close()
        await server.wait_closed()


async def test_figures_are_read() -> None:
    figures = [{"sku": "LAMP", "quantity": 3, "asOf": "2026-06-15T10:00:00Z"}, {"sku": "BULB", "quantity": 0}]
    async with system(200, orjson.dumps({"figures": figures})) as (stock, asked):
        found = await stock.read("HAM", ["LAMP", "BULB", "CORD"])

    assert found == [LiveFigure("LAMP", 3, datetime(2026, 6, 15, 10, tzinfo=UTC)), LiveFigure("BULB", 0)]
    assert asked == [b'POST /api/stock HTTP/1.1\n{"location":"HAM","skus":["LAMP","BULB","CORD"]}']


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"figures": [{"sku": "LAMP"}]}'),
        (200, b'{"figures": [{"sku": "LAMP", "quantity": 1.5}]}'),
        (200, b'{"figures": [{"sku": "LAMP", "quantity": true}]}'),
        (200, b'{"figures": [{"sku": "LAMP", "quantity": 1, "asOf": "2026-06-15T10:00:00"}]}'),
        (200, b'{"figures": [{"sku": "LAMP", "quantity": 1, "asOf": 5}]}'),
    ],
)
async def test_senseless_answer_means_away(status: int, body: bytes) -> None:
    async with system(status, body) as (stock, _):
        with pytest.raises(StockSystemAway):
            await stock.read("HAM", ["LAMP"])


async def test_nobody_there_means_away() -> None:
    stock = HttpLiveStock(connect("http://127.0.0.1:1"))
    with pytest.raises(StockSystemAway):
        await stock.read("HAM", ["LAMP"])
    await stock.aclose()


async def test_systems_are_named_in_the_settings() -> None:
    systems = systems_from_settings("till=http://127.0.0.1:1, erp=http://127.0.0.1:2")
    assert sorted(systems) == ["erp", "till"]
    for each in systems.values():
        await each.aclose()
    with pytest.raises(ValueError, match="nonsense"):
        systems_from_settings("nonsense")
