"""Reading: a page of orders with everything care looks at, and what can be promised of many articles."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kontor.bench.intake import PLACE_MANY, load, prepare
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World, order

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
            promised = {"channel": world.channel, "items": items}
            lists = milliseconds_of(stack, world, ORDERS, {}, '"lines"', repeats).cpu
            promise = milliseconds_of(stack, world, AVAILABILITY, promised, '"quantity"', repeats).cpu
    return Section(
        "lists",
        [
            Figure("100 orders, 5 lines each, fulfillment orders, payments: CPU", f"{lists:.1f} ms", goal="≤ 25 ms"),
            Figure("`availability` of 50 variants: CPU", f"{promise:.1f} ms", goal="≤ 5 ms"),
        ],
    )


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """What one request costs: CPU of the web process, and the time until its answer is there."""

    cpu: float
    waited: float


def milliseconds_of(
    stack: Stack, world: World, query: str, variables: dict[str, Any], mark: str, repeats: int
) -> Milliseconds:
    """CPU and waiting per request, the first ones not counted; one request after the other."""
    only_web = frozenset(name for name in stack.commands if name != "web")
    load(world, stack.port, query, [variables] * 5, clients=1, mark=mark)
    spent = stack.cpu(without=only_web)
    done = load(world, stack.port, query, [variables] * repeats, clients=1, mark=mark)
    spent = stack.cpu(without=only_web) - spent
    return Milliseconds(spent / repeats * 1000, done["p50"] * 1000)
