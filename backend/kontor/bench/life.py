"""The whole life of orders on PostgreSQL and Redis: placed, authorized, routed, accepted, shipped, captured, invoiced,
told and delivered; the product's CPU per order, and how a burst is worked off."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, multiprocess

from kontor.bench import order_page
from kontor.bench.intake import PLACE_MANY, load, prepare
from kontor.bench.plans import OURS
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World, order
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.outbox import OutboxRow
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.orders.models import Order, OrderHold
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
STALLED = 120.0  # seconds without any step forward after which a run is given up


def measure(*, orders: int = 2000, burst: int = 10_000, warm: int = 50) -> Section:
    """CPU per order with and without PDF, orders per second, and the burst."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server, RedisServer() as redis:
        url = server.create_database("kontor")
        world = prepare(url)
        metrics = Path(folder) / "metrics"
        metrics.mkdir()
        # Each process writes its figures there, so that those of the workers can be read as well.
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url, workers=2, environment=environment)
        with stack:
            asyncio.run(live(url, stack, world, warm, "warm"))
            asyncio.run(worked_off(url))
            begun, spent, drawing, drawn = time.perf_counter(), stack.cpu(), *drawing_of(metrics)
            asyncio.run(live(url, stack, world, orders, "life"))
            # Pages may be drawn after an order is completed; they are part of its life.
            asyncio.run(worked_off(url))
            seconds, spent = time.perf_counter() - begun, stack.cpu() - spent
            drawing, drawn = (now - before for now, before in zip(drawing_of(metrics), (drawing, drawn), strict=True))
            figures.append(asyncio.run(_pages(url, stack, world)))
            figures += _of_life(orders, seconds=seconds, spent=spent, drawing=drawing, drawn=round(drawn))
            if burst:
                figures += asyncio.run(_burst(url, stack, world, burst))
    return Section("life", figures)


async def _pages(url: str, stack: Stack, world: World) -> Figure:
    async with client_of(stack, world) as client:
        return await order_page.pages(url, client)


def _of_life(orders: int, *, seconds: float, spent: float, drawing: float, drawn: int) -> list[Figure]:
    if not drawn:
        raise RuntimeError("no page was drawn: the CPU without PDF cannot be told")
    return [
        Figure("whole life, orders per second", f"{orders / seconds:.1f}"),
        Figure("Python CPU per order, with PDF", f"{spent / orders * 1000:.1f} ms", goal="≤ 28 ms"),
        Figure(
            "… without PDF",
            f"{(spent - drawing) / orders * 1000:.1f} ms",
            goal="≤ 15 ms",
            note=f"{drawn} pages drawn, {drawing / drawn * 1000:.1f} ms each",
        ),
    ]


def drawing_of(folder: Path) -> tuple[float, float]:
    """CPU seconds spent on drawing documents by all processes that write their figures there, and the pages drawn."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    seconds = sum(one.value for one in samples if one.name == "kontor_document_cpu_seconds_total")
    return seconds, sum(one.value for one in samples if one.name == "kontor_documents_drawn_total")


async def live(url: str, stack: Stack, world: World, count: int, name: str) -> float:
    """Place `count` orders and play the places until all are completed; seconds."""
    chance = random.Random(name)
    database = Database(url)
    begun, since = time.perf_counter(), wall()
    try:
        inputs = [order(world, f"{name}-{number}", chance) for number in range(count)]
        batches = [{"inputs": inputs[start : start + BATCH]} for start in range(0, count, BATCH)]
        placing = asyncio.create_task(
            asyncio.to_thread(load, world, stack.port, PLACE_MANY, batches, clients=1, mark="PlacedOrders")
        )
        await _play(database, stack, world, Run(since, count))
        await placing
    finally:
        await database.close()
    return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Run:
    """The orders of one run: those placed since a moment."""

    since: datetime
    count: int


def client_of(stack: Stack, world: World) -> httpx.AsyncClient:
    """Calls the product as the bench's integration."""
    return httpx.AsyncClient(
        base_url=stack.base_url, headers={"Authorization": f"Bearer {world.token}"}, timeout=httpx.Timeout(60)
    )


async def _play(database: Database, stack: Stack, world: World, run: Run) -> None:
    """Places accept and ship at once, parcels arrive at once, until every order is completed."""
    completed, moment = 0, time.monotonic()
    async with client_of(stack, world) as client:
        while completed < run.count:
            moved = 0
            for state, query in (
                (FulfillmentState.OPEN, ACCEPT),
                (FulfillmentState.ACCEPTED, SHIP),
                (FulfillmentState.SHIPPED, DELIVER),
            ):
                ids = await _in_state(database, state, run)
                moved += len(ids)
                for start in range(0, len(ids), BATCH):
                    rows = [{"fulfillmentOrderId": str(each)} for each in ids[start : start + BATCH]]
                    await _call(client, query, rows)
            before, states = completed, await _states(database, run)
            completed = states.get(OrderState.COMPLETED, 0)
            if moved or completed > before:
                moment = time.monotonic()
            elif time.monotonic() > moment + STALLED:
                raise TimeoutError(f"nothing moves any more: {dict(states)}, {await _trouble(database, run)}")
            await asyncio.sleep(0.05 if moved else 0.2)


async def _in_state(database: Database, state: FulfillmentState, run: Run) -> list[Any]:
    async with database.read_only() as db:
        found = sa.select(FulfillmentOrder.id).prefix_with(OURS)
        found = found.where(FulfillmentOrder.state == state, FulfillmentOrder.created_at >= run.since)
        return list(await db.scalars(found.limit(1000)))


async def _states(database: Database, run: Run) -> dict[OrderState, int]:
    async with database.read_only() as db:
        counted = sa.select(Order.state, sa.func.count()).prefix_with(OURS).where(Order.placed_at >= run.since)
        rows = await db.execute(counted.group_by(Order.state))
        return {OrderState(state): count for state, count in rows}


async def _trouble(database: Database, run: Run) -> str:
    """What keeps orders from going on: holds, and jobs that failed."""
    async with database.read_only() as db:
        holds = sa.select(OrderHold.kind, sa.func.count()).where(OrderHold.placed_at >= run.since)
        held = await db.execute(holds.where(OrderHold.released_at.is_(None)).group_by(OrderHold.kind))
        failed = sa.select(OutboxRow.job, OutboxRow.last_error).where(OutboxRow.last_error.is_not(None)).limit(3)
        errors = await db.execute(failed)
        return f"holds {[tuple(row) for row in held]}, failures {[tuple(row) for row in errors]}"


async def _call(client: httpx.AsyncClient, query: str, rows: list[dict[str, str]]) -> None:
    answer = await client.post("/graphql", json={"query": query, "variables": {"inputs": rows}})
    body = answer.json()
    if body.get("errors") or "Error" in str(body["data"]):
        raise RuntimeError(str(body)[:1000])


async def worked_off(url: str) -> None:
    """Wait until nothing is due any more."""
    database = Database(url)
    try:
        least, moment = (await _queue(database))[0], time.monotonic()
        while least:
            await asyncio.sleep(0.2)
            waiting, _ = await _queue(database)
            if waiting < least:
                least, moment = waiting, time.monotonic()
            elif time.monotonic() > moment + STALLED:
                raise TimeoutError(f"{waiting} jobs stay due: {await _trouble(database, Run(wall(), 0))}")
    finally:
        await database.close()


async def _burst(url: str, stack: Stack, world: World, count: int) -> list[Figure]:
    """Place everything at once and watch the queue until it is empty."""
    chance = random.Random("burst")
    inputs = [order(world, f"burst-{number}", chance) for number in range(count)]
    batches = [{"inputs": inputs[start : start + BATCH]} for start in range(0, count, BATCH)]
    database, since = Database(url), wall()
    begun, oldest, least, moment = time.perf_counter(), 0.0, count * BATCH, time.monotonic()
    try:
        placing = asyncio.create_task(
            asyncio.to_thread(load, world, stack.port, PLACE_MANY, batches, clients=4, mark="PlacedOrders")
        )
        while True:
            ended = placing.done()
            waiting, age = await _queue(database)
            oldest = max(oldest, age)
            if ended and not waiting:
                break
            if not ended or waiting < least:
                least, moment = waiting, time.monotonic()
            elif time.monotonic() > moment + STALLED:
                raise TimeoutError(f"{waiting} jobs stay due: {await _trouble(database, Run(since, count))}")
            await asyncio.sleep(0.25)
        seconds = time.perf_counter() - begun
        placed = (await placing)["seconds"]
    finally:
        await database.close()
    return [
        Figure(f"burst of {count:,} orders placed in", f"{placed:.1f} s"),
        Figure("oldest row of the queue during the burst", f"{oldest:.1f} s"),
        Figure("queue empty again after", f"{seconds:.1f} s", note="orders wait at their places then"),
    ]


async def _queue(database: Database) -> tuple[int, float]:
    """Rows that are due, and the age of the oldest in seconds."""
    async with database.read_only() as db:
        found = (
            sa.select(sa.func.count(), sa.func.min(OutboxRow.due_at))
            .prefix_with(OURS)
            .where(sa.not_(OutboxRow.dead), OutboxRow.due_at <= wall())
        )
        count, first = (await db.execute(found)).one()
    return count, (wall() - first).total_seconds() if first else 0.0
