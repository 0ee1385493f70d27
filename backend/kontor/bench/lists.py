"""Reading: a page of orders with everything care looks at, and what can be promised of many articles."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from kontor.bench.intake import PLACE_MANY, load, prepare
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import order

ORDERS = (
    "query Orders { orders(first: 100) { nodes { id number state total { amount currency } placedAt fulfillmentStatus "
    "lines { sku name ordered shipped gross { amount currency } } "
    "fulfillmentOrders { number state lines { sku quantity } } payments { kind state amount { amount currency } } } } }"
)
AVAILABILITY = (
    "query Promise($channel: String!, $items: [AvailabilityItemInput!]!) "
    "{ availability(channel: $channel, items: $items) { sku quantity } }"
)


def measure(*, repeats: int = 60) -> Section:
    """CPU of the web process per request: 100 orders with 5 lines each, and 50 variants."""
    chance = random.Random(17)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server, RedisServer() as redis:
        url = server.create_database("kontor")
        world = prepare(url)
        stack = Stack(Path(folder), database_url=url, redis_url=redis.url)
        with stack:
            inputs = [order(world, f"list-{n}", chance, lines=5) for n in range(300)]
            load(world, stack.port, PLACE_MANY, [{"inputs": inputs}], clients=1, mark="PlacedOrders")
            items = [{"sku": sku} for sku in chance.sample(list(world.skus), 50)]
            lists = _cpu(stack, world, ORDERS, {}, '"lines"', repeats)
            promise = _cpu(
                stack, world, AVAILABILITY, {"channel": world.channel, "items": items}, '"quantity"', repeats
            )
    return Section(
        "lists",
        [
            Figure("100 orders, 5 lines each, fulfillment orders, payments: CPU", f"{lists:.1f} ms", goal="≤ 25 ms"),
            Figure("`availability` of 50 variants: CPU", f"{promise:.1f} ms", goal="≤ 5 ms"),
        ],
    )


def _cpu(stack: Stack, world: object, query: str, variables: dict[str, object], mark: str, repeats: int) -> float:
    """Milliseconds of CPU of the web process per request, the first ones not counted."""
    only_web = frozenset(name for name in stack.commands if name != "web")
    load(world, stack.port, query, [variables] * 5, clients=1, mark=mark)  # type: ignore[arg-type]
    spent = stack.cpu(without=only_web)
    load(world, stack.port, query, [variables] * repeats, clients=1, mark=mark)  # type: ignore[arg-type]
    return (stack.cpu(without=only_web) - spent) / repeats * 1000
