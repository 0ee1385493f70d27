"""`placeOrder` and `placeOrders` through GraphQL over HTTP, against the baseline of the same run."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kontor import bootstrap
from kontor.bench import baseline
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World, build, order
from kontor.core.db import Database

PLACE = (
    "mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) "
    "{ __typename ... on PlacedOrder { id number } ... on Error { code message path } } }"
)
PLACE_MANY = (
    "mutation PlaceMany($inputs: [PlaceOrderInput!]!) { placeOrders(inputs: $inputs) { __typename "
    "... on PlacedOrders { results { __typename ... on PlacedOrder { id number } ... on RefusedOrder { code } } } "
    "... on Error { code message path } } }"
)


def load(
    world: World, port: int, query: str, variables: list[Any], *, clients: int, mark: str, rate: float = 0.0
) -> Any:
    """Run the load generator in a process of its own."""
    call = {
        "host": "127.0.0.1", "port": port, "path": "/graphql", "query": query, "variables": variables,
        "clients": clients, "mark": mark, "rate": rate,
        "headers": {"Content-Type": "application/json", "Authorization": f"Bearer {world.token}"},
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "kontor.bench.load"], input=json.dumps(call), capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    if result["good"] != result["sent"]:
        raise RuntimeError(f"{result['sent'] - result['good']} of {result['sent']} calls failed: {result['sample']}")
    return result


def prepare(url: str, **size: int) -> World:
    """Migrate and fill a database."""
    bootstrap.migrate(url)

    async def fill() -> World:
        database = Database(url)
        try:
            return await build(database, **size)
        finally:
            await database.close()

    bootstrap.load()
    return asyncio.run(fill())


def measure(*, orders: int = 6000, web_processes: int = 2) -> Section:
    """Both ways of placing on PostgreSQL with Redis, and their ratio to the baseline; latencies at half the rate."""
    chance = random.Random(11)
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server, RedisServer() as redis:
        first = baseline.postgres(server)
        url = server.create_database("kontor")
        world = prepare(url)
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url, web_processes=web_processes)
        for name in ("relay", "worker-0", "gateway"):
            stack.commands.pop(name)
        with stack:
            port = stack.port
            warm = [{"input": order(world, f"warm-{n}", chance)} for n in range(500)]
            load(world, port, PLACE, warm, clients=64, mark="PlacedOrder")
            spent = stack.cpu()
            singles = [{"input": order(world, f"one-{n}", chance)} for n in range(orders)]
            one = load(world, port, PLACE, singles, clients=64, mark="PlacedOrder")
            spent = stack.cpu() - spent
            half = [{"input": order(world, f"half-{n}", chance)} for n in range(orders // 2)]
            rate = orders / one["seconds"]
            calm = load(world, port, PLACE, half, clients=64, mark="PlacedOrder", rate=rate / 2)
            batches = [
                {"inputs": [order(world, f"many-{n}-{k}", chance) for k in range(100)]} for n in range(orders // 50)
            ]
            many = load(world, port, PLACE_MANY, batches, clients=8, mark="PlacedOrders")
        second = baseline.postgres(server)
    base = (first + second) / 2
    return Section(
        "intake",
        [
            Figure("baseline, transactions per second", f"{base:.0f}", note=f"{first:.0f} before, {second:.0f} after"),
            Figure("`placeOrder`, orders per second", f"{rate:.0f}", ratio=rate / base, goal="≥ 0.5"),
            Figure("`placeOrder`, Python CPU per order", f"{spent / orders * 1000:.2f} ms"),
            Figure("latency at half that rate, p50 / p99", f"{calm['p50'] * 1000:.0f} / {calm['p99'] * 1000:.0f} ms"),
            Figure(
                "`placeOrders` with 100 a call, orders per second",
                f"{len(batches) * 100 / many['seconds']:.0f}",
                ratio=len(batches) * 100 / many["seconds"] / base,
                goal="≥ 1.5",
            ),
        ],
    )
