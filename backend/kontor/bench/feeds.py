"""Stock figures and articles in bulk: `setStockLevels` against the baseline, an import with its memory."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from kontor.bench import baseline
from kontor.bench.intake import load, prepare
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack

SET_LEVELS = (
    "mutation Feed($figures: [StockFigureInput!]!) { setStockLevels(figures: $figures) { __typename "
    "... on SetStockLevelsPayload { applied unchanged stale refused } ... on Error { code message path } } }"
)


def measure(*, calls: int = 40, rows: int = 1000) -> Section:
    """Rows per second of `setStockLevels` in calls of 1,000 rows, and their ratio to the baseline's transactions."""
    chance = random.Random(13)
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server, RedisServer() as redis:
        base = baseline.postgres(server)
        url = server.create_database("kontor")
        world = prepare(url)
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url)
        for name in ("relay", "worker-0", "gateway"):
            stack.commands.pop(name)
        bodies = []
        for _ in range(calls):
            keys = chance.sample([(place, sku) for place in world.locations for sku in world.skus], rows)
            figures = [{"location": place, "sku": sku, "quantity": chance.randrange(9_000_000)} for place, sku in keys]
            bodies.append({"figures": figures})
        with stack:
            load(world, stack.port, SET_LEVELS, bodies[:2], clients=1, mark="SetStockLevelsPayload")
            spent = stack.cpu()
            done = load(world, stack.port, SET_LEVELS, bodies[2:], clients=2, mark="SetStockLevelsPayload")
            spent = stack.cpu() - spent
    count = (calls - 2) * rows
    rate = count / done["seconds"]
    return Section(
        "feeds",
        [
            Figure("baseline, transactions per second", f"{base:.0f}"),
            Figure("`setStockLevels`, rows per second", f"{rate:.0f}", ratio=rate / base, goal="≥ 5"),
            Figure("`setStockLevels`, Python CPU per row", f"{spent / count * 1e6:.0f} µs"),
        ],
    )
