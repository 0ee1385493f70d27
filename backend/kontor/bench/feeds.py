"""Stock figures and articles in bulk: `setStockLevels` against the baseline, an import with its memory."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle, islice
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


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took: seconds with the start of the command, and the most memory its process held, in MiB."""

    seconds: float
    memory: float


def import_products(url: str, folder: Path, rows: int) -> Imported:
    """Import a file of as many new products with the command; raises `RuntimeError` when it does not succeed."""
    path = folder / f"products-{rows}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("code,name,sku,gtin,weight_g,tax_class,brand\n")
        file.writelines(
            f"F{rows}-{number},Article {number},F{rows}-{number}-1,,{100 + number % 900},standard,Brand {number % 50}\n"
            for number in range(rows)
        )
    command = [sys.executable, "-m", "kontor", "import", "products", str(path)]
    with (folder / "import.log").open("w+b") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, "KONTOR_DATABASE_URL": url}, stdout=log, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"The import ended with {process.returncode}: {log.read().decode()[-2000:]}")
    return Imported(seconds, usage.ru_maxrss / 1024)


def measure(*, calls: int = 40, rows: int = 1000, products: int = 100_000) -> Section:
    """Rows per second of `setStockLevels` in calls of 1,000 rows, and their ratio to the baseline's transactions.

    And the import of `products` articles from a file, with the memory it takes beside that of a thousand.
    """
    chance = random.Random(13)
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server, RedisServer() as redis:
        base = baseline.postgres(server)
        url = server.create_database("kontor")
        world = prepare(url)
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url)
        for name in ("relay", "worker-0", "gateway"):
            stack.commands.pop(name)
        bodies = [
            {
                "figures": [
                    {"location": place, "sku": sku, "quantity": chance.randrange(9_000_000)}
                    for sku in chance.sample(world.skus, rows)
                ]
            }
            for place in islice(cycle(world.locations), calls)
        ]
        with stack:
            load(world, stack.port, SET_LEVELS, bodies[:2], clients=1, mark="SetStockLevelsPayload")
            spent = stack.cpu()
            done = load(world, stack.port, SET_LEVELS, bodies[2:], clients=2, mark="SetStockLevelsPayload")
            spent = stack.cpu() - spent
        few, many = (import_products(url, Path(folder), count) for count in (1000, products))
    count = (calls - 2) * rows
    rate = count / done["seconds"]
    return Section(
        "feeds",
        [
            Figure("baseline, transactions per second", f"{base:.0f}"),
            Figure("`setStockLevels`, rows per second", f"{rate:.0f}", ratio=rate / base, goal="≥ 5"),
            Figure("`setStockLevels`, Python CPU per row", f"{spent / count * 1e6:.0f} µs"),
            Figure(
                f"import of {products:,} new products",
                f"{many.seconds:.0f} s",
                note=f"{products / many.seconds:.0f} a second, the start of the command included",
            ),
            Figure("… its memory", f"{many.memory:.0f} MiB", note=f"with 1,000 products {few.memory:.0f} MiB"),
        ],
    )
