"""Places that know their stock themselves are asked before an order is placed, and never keep it from being placed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.intake import ADDRESS, Company, make_company, order_input, put_stock
from kontor.bootstrap import bind_adapters
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports
from kontor.inventory.models import StockLevel
from kontor.locations.models import StockLocation
from kontor.orders.live import ask_live_stock
from kontor.settings import Settings
from support import Client, StandingClock


@dataclass
class Till:
    """A stock system on this machine: says `quantity` of every article, after `delay` seconds, with `status`."""

    quantity: int = 0
    delay: float = 0.0
    status: int = 200
    port: int = 0
    asked: list[Any] = field(default_factory=list)
    calls: set[asyncio.Task[Any] | None] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls.add(asyncio.current_task())
        with contextlib.suppress(asyncio.CancelledError):
            await self._answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        question = orjson.loads(await reader.readexactly(length))
        self.asked.append(question)
        await asyncio.sleep(self.delay)
        figures = [{"sku": sku, "quantity": self.quantity} for sku in question["skus"]]
        body = orjson.dumps({"figures": figures})
        writer.write(b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (self.status, len(body)))
        writer.write(body)
        await writer.drain()


@contextlib.asynccontextmanager
async def listening(till: Till) -> AsyncIterator[Till]:
    server = await asyncio.start_server(till.answer, "127.0.0.1", 0)
    till.port = server.sockets[0].getsockname()[1]
    try:
        yield till
    finally:
        server.close()
        for call in till.calls:
            if call is not None:
                call.cancel()
        await asyncio.gather(*[call for call in till.calls if call], return_exceptions=True)
        await server.wait_closed()


async def connect(runtime: Runtime, clock: StandingClock, till: Till, on_hand: int) -> Company:
    """A company whose warehouse has a system of its own, bound as the settings say; our figure is an hour old."""
    bind_adapters(runtime.ports, replace(runtime.settings, live_stock=f"till=http://127.0.0.1:{till.port}/api"))
    company = await make_company(runtime.database)
    async with runtime.database.unit_of_work() as db:
        (await db.get_one(StockLocation, company.warehouse.id)).live_stock = "till"
        lamp = await make_variant(db, sku="LAMP")
        await make_bundle(db, {lamp: 2}, sku="SET")
    await put_stock(runtime.database, company.warehouse.id, lamp.id, on_hand)
    clock.advance(hours=1)
    return company


PLACE = """mutation Buy($inputs: [PlaceOrderInput!]!) { placeOrders(inputs: $inputs) {
  ... on PlacedOrders { results { __typename ... on RefusedOrder { code } } } } }"""
PLACE_ONE = """mutation Buy($input: PlaceOrderInput!) {
  placeOrder(input: $input) { __typename ... on Error { code } } }"""


def wanted(company: Company, number: str, sku: str = "LAMP", quantity: int = 1) -> dict[str, Any]:
    address = {"name": "Greta", "street": "Deichstraße 7", "postalCode": "20459", "city": "Hamburg", "country": "DE"}
    return {
        "channel": company.channel.code, "externalId": number, "billingAddress": address, "customer": {"name": "Greta"},
        "lines": [{"sku": sku, "quantity": quantity, "unitPrice": 1000}],
    }  # fmt: skip


async def buy(client: Client, order: dict[str, Any]) -> str:
    answer = (await client.graphql(PLACE_ONE, {"input": order}))["data"]["placeOrder"]
    return str(answer.get("code", answer["__typename"]))


async def test_order_is_placed_on_what_the_place_says_now(
    runtime: Runtime, client: Client, clock: StandingClock
) -> None:
    async with listening(Till(quantity=3)) as till:
        company = await connect(runtime, clock, till, on_hand=0)
        assert await buy(client, wanted(company, "1", quantity=2)) == "PlacedOrder"
        assert await buy(client, wanted(company, "2", quantity=2)) == "OUT_OF_STOCK"
        assert await buy(client, wanted(company, "3", "SET")) == "OUT_OF_STOCK"
    assert till.asked == [{"location": company.warehouse.code, "skus": ["LAMP"]}]  # a young figure is not asked again


async def test_orders_that_come_together_are_one_question(
    runtime: Runtime, client: Client, clock: StandingClock
) -> None:
    async with listening(Till(quantity=5, delay=0.05)) as till:
        company = await connect(runtime, clock, till, on_hand=0)
        inputs = [wanted(company, f"B-{n}") for n in range(3)]
        several = client.graphql(PLACE, {"inputs": inputs})
        batch, *single = await asyncio.gather(several, *[buy(client, wanted(company, f"S-{n}")) for n in range(4)])
    results = [each["__typename"] for each in batch["data"]["placeOrders"]["results"]]
    assert [*results, *single].count("PlacedOrder") == 5
    assert len(till.asked) == 1


@pytest.mark.parametrize("trouble", [{"delay": 30.0}, {"status": 500}, {"port": 1}])
async def test_system_that_is_slow_or_fails_keeps_nobody_waiting(
    runtime: Runtime, client: Client, clock: StandingClock, trouble: dict[str, Any]
) -> None:
    async with listening(Till(quantity=0)) as till:
        for name, value in trouble.items():
            setattr(till, name, value)
        company = await connect(runtime, clock, till, on_hand=2)
        began = monotonic()
        assert await buy(client, wanted(company, "1")) == "PlacedOrder"
        assert await buy(client, wanted(company, "2")) == "PlacedOrder"
        assert monotonic() - began < 5
    async with runtime.database.read_only() as db:
        (level,) = await db.scalars(sa.select(StockLevel))
    assert (level.on_hand, level.allocated) == (2, 2)
    assert len(till.asked) <= 1  # left alone after it failed


async def test_trouble_with_asking_is_nobodys_refusal(
    runtime: Runtime, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("a driver is broken")

    monkeypatch.setattr("kontor.orders.live.refresh_live", breaks)
    async with listening(Till()) as till:
        company = await connect(runtime, clock, till, on_hand=1)
        await ask_live_stock(runtime.database, runtime.ports, [order_input(company.channel, ("LAMP", 1))])


async def test_only_places_that_may_serve_are_asked(runtime: Runtime, clock: StandingClock) -> None:
    async with listening(Till(quantity=1)) as till:
        company = await connect(runtime, clock, till, on_hand=1)
        async with runtime.database.unit_of_work() as db:
            (await db.get_one(StockLocation, company.warehouse.id)).channel_codes = ["elsewhere"]
        order = order_input(company.channel, ("LAMP", 1), shipping_address=ADDRESS)
        await ask_live_stock(runtime.database, runtime.ports, [order])
    assert till.asked == []


def test_setting_that_cannot_be_read_ends_the_start(settings: Settings) -> None:
    with pytest.raises(ValueError, match="till"):
        bind_adapters(Ports(), replace(settings, live_stock="till"))
