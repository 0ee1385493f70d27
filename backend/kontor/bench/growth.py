"""A database that grows: the same measurements at 10,000, 100,000 and 1,000,000 orders, and the plans behind them."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from kontor.bench import filling, life, plans
from kontor.bench.intake import PLACE, PLACE_MANY, load, prepare
from kontor.bench.lists import AVAILABILITY, ORDERS, milliseconds_of
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World, order

SIZES = (10_000, 100_000, 1_000_000)
SEEDED, WARM, LISTED, SHARE = 20, 300, 100, 1.2
# Filling writes gigabytes; a checkpoint in the middle of a measurement would be measured too.
SETTINGS = {"max_wal_size": "8GB", "checkpoint_timeout": "1h", "log_min_messages": "log"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured with so many orders in the database; times in milliseconds of CPU or of waiting."""

    size: int
    filled_in: float
    rate: float
    cpu: float
    waited: float
    listed: float
    promised: float


def measure(
    *, sizes: Sequence[int] = SIZES, orders: int = 3000, repeats: int = 40, seeded: int = SEEDED, lived: int = 40
) -> Section:
    """Intake and lists at each size, their ratio of the largest to the smallest, and the plans at the largest."""
    with tempfile.TemporaryDirectory() as folder, _server() as server, RedisServer() as redis:
        url = server.create_database("kontor")
        world = prepare(url)
        whole = Stack(Path(folder) / "whole", database_url=url, redis_url=redis.url)
        seed = asyncio.run(_seed(url, whole, world, seeded))
        intake = Stack(Path(folder) / "intake", database_url=url, redis_url=redis.url)
        for name in ("relay", "worker-0", "gateway"):
            intake.commands.pop(name)
        measured = []
        for size in sorted(sizes):
            seconds = asyncio.run(filling.copy_to(url, seed, size))
            asyncio.run(_settle(url))
            with intake:
                measured.append(_measured(intake, world, size, seconds, orders=orders, repeats=repeats))
            asyncio.run(_forget_work(url))
        ways = _explained(server, url, whole, world, seed, lived)
    found = [one for one in ways if one.findings]
    return Section("growth", _figures(measured, ways, found), appendix=_told(ways, found))


def _server() -> PostgresServer:
    return PostgresServer(durable=True, settings=SETTINGS)


async def _seed(url: str, stack: Stack, world: World, count: int) -> filling.Seed:
    """Play the orders that all others are copies of."""
    with stack:
        # Rows that come with the first order of all, such as diagrams, are not an order's own.
        await life.live(url, stack, world, 3, "first")
        await life.worked_off(url)
        begun = int(time.time() * 1000)
        await asyncio.sleep(0.01)
        await life.live(url, stack, world, count, "seed")
        await life.worked_off(url)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await filling.keep(connection, since_ms=begun)
    finally:
        await connection.close()


async def _settle(url: str) -> None:
    """Let the database end what filling has left: statistics, visibility, dirty pages."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=60)
    try:
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _forget_work(url: str) -> None:
    """Nobody works off what was placed to be measured, and it shall not pile up from size to size."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(
            f"DELETE FROM outbox WHERE unique_key IS NULL OR unique_key NOT LIKE '{filling.SCHEMA}-%'"
        )
    finally:
        await connection.close()


def _measured(stack: Stack, world: World, size: int, seconds: float, *, orders: int, repeats: int) -> Measured:
    chance = random.Random(size)
    warm = [{"input": order(world, f"{size}-warm-{n}", chance)} for n in range(WARM)]
    load(world, stack.port, PLACE, warm, clients=64, mark="PlacedOrder")
    spent = stack.cpu()
    inputs = [{"input": order(world, f"{size}-one-{n}", chance)} for n in range(orders)]
    placed = load(world, stack.port, PLACE, inputs, clients=64, mark="PlacedOrder")
    spent = stack.cpu() - spent
    listed = [order(world, f"{size}-list-{n}", chance, lines=5) for n in range(LISTED)]
    load(world, stack.port, PLACE_MANY, [{"inputs": listed}], clients=1, mark="PlacedOrders")
    items = [{"sku": sku} for sku in chance.sample(list(world.skus), 50)]
    promise = {"channel": world.channel, "items": items}
    return Measured(
        size=size,
        filled_in=seconds,
        rate=orders / placed["seconds"],
        cpu=spent / orders * 1000,
        waited=placed["p50"] * 1000,
        listed=milliseconds_of(stack, world, ORDERS, {}, '"lines"', repeats).waited,
        promised=milliseconds_of(stack, world, AVAILABILITY, promise, '"quantity"', repeats).waited,
    )


def _explained(
    server: PostgresServer, url: str, stack: Stack, world: World, seed: filling.Seed, count: int
) -> list[plans.Ways]:
    """Play more orders and read the lists while the server logs how it runs each statement."""
    log = server.folder / "server.log"
    begin = log.stat().st_size
    for name, value in plans.SETTINGS.items():
        server.execute(f"ALTER DATABASE kontor SET {name} = '{value}'")
    chance = random.Random(19)
    with stack:
        asyncio.run(life.live(url, stack, world, count, "explained"))
        items = [{"sku": sku} for sku in chance.sample(list(world.skus), 50)]
        promise = {"channel": world.channel, "items": items}
        load(world, stack.port, PLACE, [{"input": order(world, "explained-one", chance)}], clients=1, mark="Placed")
        load(world, stack.port, AVAILABILITY, [promise], clients=1, mark='"quantity"')
        asyncio.run(_page_through(stack, world))
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(begin)
        return plans.summary(plans.read(lines), seed.growing | {"outbox", "allocation"})


async def _page_through(stack: Stack, world: World) -> None:
    """Pages of the lists that grow with the orders."""
    async with life.client_of(stack, world) as client:
        for field in LISTS:
            query = (
                f"query ($after: String) {{ {field}(first: 50, after: $after) "
                "{ nodes { id } pageInfo { endCursor } } }"
            )
            after = None
            for _ in range(2):
                answer = (await client.post("/graphql", json={"query": query, "variables": {"after": after}})).json()
                if "errors" in answer:
                    raise RuntimeError(f"{field}: {str(answer)[:500]}")
                after = answer["data"][field]["pageInfo"]["endCursor"]


LISTS = (
    "orders", "fulfillmentOrders", "shipments", "parcels", "stockMovements", "payments", "refunds", "invoices",
    "creditNotes", "documents", "notifications", "customers", "processInstances", "riskAssessments", "returns",
    "events", "cases", "userTasks",
)  # fmt: skip


def _figures(measured: list[Measured], ways: list[plans.Ways], found: list[plans.Ways]) -> list[Figure]:
    figures = []
    for one in measured:
        at = f"{one.size:,} orders"
        figures += [
            Figure(
                f"{at}: `placeOrder`, orders per second", f"{one.rate:.0f}", note=f"filled in {one.filled_in:.0f} s"
            ),
            Figure(f"{at}: `placeOrder`, Python CPU per order", f"{one.cpu:.2f} ms"),
            Figure(f"{at}: page of 100 orders", f"{one.listed:.1f} ms"),
            Figure(f"{at}: `availability` of 50 variants", f"{one.promised:.1f} ms"),
        ]
    least, most = measured[0], measured[-1]
    span = f"{most.size:,} to {least.size:,} orders"
    for name, ratio in (
        ("seconds per `placeOrder`", least.rate / most.rate),
        ("page of 100 orders", most.listed / least.listed),
        ("`availability`", most.promised / least.promised),
    ):
        figures.append(Figure(f"{span}: {name}", "", ratio=ratio, goal=f"≤ {SHARE}"))
    runs = sum(one.count for one in ways)
    figures.append(Figure("statements whose plans were read", f"{len(ways)}", note=f"{runs:,} runs"))
    figures.append(Figure("… that read a growing table in full or in large part", f"{len(found)}", goal="0"))
    return figures


def _told(ways: Sequence[plans.Ways], found: Sequence[plans.Ways]) -> str:
    """The plans in words, what was found first."""
    lines = ["Statements that get slower with the number of orders:" if found else "No statement gets slower."]
    for one in found:
        lines += [f"  {'; '.join(sorted(one.findings))}", f"    {one.text[:600]}", f"    {one.parameters[:200]}"]
    lines += ["", "All statements, the slowest first (runs, ms, ways):"]
    for one in ways:
        lines.append(f"  {one.count:5} {one.slowest:8.2f}  {one.text[:110]}  [{', '.join(sorted(one.paths))}]")
    return "\n".join(lines)
