"""The whole life of orders on PostgreSQL and Redis: placed, authorized, routed, accepted, shipped, captured, invoiced,
told and delivered; the product's CPU per order, and how a burst is worked off."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from kontor.bench.intake import PLACE_MANY, load, prepare
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World, order
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.outbox import OutboxRow
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.orders.models import Order
from kontor.orders.states import OrderState

ACCEPT = (
    "mutation Accept($inputs: [AcceptFulfillmentOrderInput!]!) { acceptFulfillmentOrders(inputs: $inputs) "
    "{ __typename ... on Error { code message path } } }"
)
SHIP = (
    "mutation Ship($inputs: [ShipFulfillmentOrderInput!]!) { shipFulfillmentOrders(inputs: $inputs, recallable: false) "
    "{ __typename ... on Error { code message path } } }"
)
DELIVER = (
    "mutation Deliver($inputs: [RecordDeliveryInput!]!) { recordDeliveries(inputs: $inputs) "
    "{ __typename ... on Error { code message path } } }"
)
BATCH = 100
PATIENCE = 600.0


def measure(*, orders: int = 2000, burst: int = 10_000) -> Section:
    """CPU per order with and without PDF, orders per second, and the burst."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server, RedisServer() as redis:
        url = server.create_database("kontor")
        world = prepare(url)
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url, workers=2)
        with stack:
            asyncio.run(_warm(url, stack, world))
            spent, documents = stack.cpu(), _documents_cpu(stack)
            seconds = asyncio.run(_live(url, stack, world, orders, "life"))
            spent, documents = stack.cpu() - spent, _documents_cpu(stack) - documents
            figures += [
                Figure("whole life, orders per second", f"{orders / seconds:.1f}"),
                Figure("Python CPU per order, with PDF", f"{spent / orders * 1000:.1f} ms", goal="≤ 28 ms"),
                Figure("… without PDF", f"{(spent - documents) / orders * 1000:.1f} ms", goal="≤ 15 ms"),
            ]
            if burst:
                figures += asyncio.run(_burst(url, stack, world, burst))
    return Section("life", figures)


def _documents_cpu(stack: Stack) -> float:
    """CPU seconds the workers have spent on drawing documents, as they report it."""
    total = 0.0
    for line in httpx.get(f"{stack.base_url}/metrics").text.splitlines():
        if line.startswith("kontor_document_cpu_seconds_total"):
            total += float(line.rpartition(" ")[2])
    return total


async def _warm(url: str, stack: Stack, world: World) -> None:
    await _live(url, stack, world, 50, "warm")


async def _live(url: str, stack: Stack, world: World, count: int, name: str) -> float:
    """Place `count` orders and play the places until all are completed; seconds."""
    chance = random.Random(name)
    database = Database(url)
    begun = time.perf_counter()
    try:
        inputs = [order(world, f"{name}-{number}", chance) for number in range(count)]
        for start in range(0, count, BATCH):
            variables = [{"inputs": inputs[start : start + BATCH]}]
            await asyncio.to_thread(load, world, stack.port, PLACE_MANY, variables, clients=1, mark="PlacedOrders")
        await _play(database, stack, world)
    finally:
        await database.close()
    return time.perf_counter() - begun


async def _play(database: Database, stack: Stack, world: World) -> None:
    """Places accept and ship at once, parcels arrive at once, until every order is completed."""
    end = time.monotonic() + PATIENCE
    headers = {"Authorization": f"Bearer {world.token}"}
    async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=60) as client:
        while time.monotonic() < end:
            moved = 0
            for state, query in (
                (FulfillmentState.OPEN, ACCEPT),
                (FulfillmentState.ACCEPTED, SHIP),
                (FulfillmentState.SHIPPED, DELIVER),
            ):
                ids = await _in_state(database, state)
                moved += len(ids)
                for start in range(0, len(ids), BATCH):
                    rows = [{"fulfillmentOrderId": str(each)} for each in ids[start : start + BATCH]]
                    await _call(client, query, rows)
            if not moved and not await _unfinished(database):
                return
            await asyncio.sleep(0.05 if moved else 0.2)
    raise TimeoutError(f"orders are not completed: {await _states(database)}")


async def _in_state(database: Database, state: FulfillmentState) -> list[Any]:
    async with database.read_only() as db:
        found = sa.select(FulfillmentOrder.id).where(FulfillmentOrder.state == state).limit(1000)
        return list(await db.scalars(found))


async def _unfinished(database: Database) -> int:
    async with database.read_only() as db:
        found = sa.select(sa.func.count()).select_from(Order).where(Order.state != OrderState.COMPLETED)
        return await db.scalar(found) or 0


async def _states(database: Database) -> dict[str, int]:
    async with database.read_only() as db:
        rows = await db.execute(sa.select(Order.state, sa.func.count()).group_by(Order.state))
        return {str(state): count for state, count in rows}


async def _call(client: httpx.AsyncClient, query: str, rows: list[dict[str, str]]) -> None:
    answer = await client.post("/graphql", json={"query": query, "variables": {"inputs": rows}})
    body = answer.json()
    if body.get("errors") or "Error" in str(body["data"]):
        raise RuntimeError(str(body)[:1000])


async def _burst(url: str, stack: Stack, world: World, count: int) -> list[Figure]:
    """Place everything at once and watch the queue until it is empty."""
    chance = random.Random("burst")
    inputs = [order(world, f"burst-{number}", chance) for number in range(count)]
    batches = [{"inputs": inputs[start : start + BATCH]} for start in range(0, count, BATCH)]
    database = Database(url)
    begun, oldest = time.perf_counter(), 0.0
    try:
        placing = asyncio.create_task(
            asyncio.to_thread(load, world, stack.port, PLACE_MANY, batches, clients=4, mark="PlacedOrders")
        )
        while True:
            waiting, age = await _queue(database)
            oldest = max(oldest, age)
            if placing.done() and not waiting:
                break
            await asyncio.sleep(0.5)
        await placing
        placed = (await placing)["seconds"]
    finally:
        await database.close()
    return [
        Figure(f"burst of {count:,} orders placed in", f"{placed:.1f} s"),
        Figure("oldest row of the queue during the burst", f"{oldest:.1f} s"),
        Figure(
            "queue empty again after", f"{time.perf_counter() - begun:.1f} s", note="orders wait at their places then"
        ),
    ]


async def _queue(database: Database) -> tuple[int, float]:
    """Rows that are due, and the age of the oldest in seconds."""
    async with database.read_only() as db:
        found = sa.select(sa.func.count(), sa.func.min(OutboxRow.due_at)).where(
            sa.not_(OutboxRow.dead), OutboxRow.due_at <= wall()
        )
        count, first = (await db.execute(found)).one()
    return count, (wall() - first).total_seconds() if first else 0.0
