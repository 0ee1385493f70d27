"""Copies of played orders are whole: every row refers to rows that are there, and numbers are given once."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from kontor.bench import filling
from kontor.bench.intake import PLACE
from kontor.bench.life import ACCEPT, DELIVER, SHIP
from kontor.bench.world import World, build, order
from kontor.core.db import Database, Model
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.orders.models import Order
from support import Client, Drain, Principals

pytestmark = pytest.mark.engine("postgresql")
STEPS = ((FulfillmentState.OPEN, ACCEPT), (FulfillmentState.ACCEPTED, SHIP), (FulfillmentState.SHIPPED, DELIVER))


async def play(database: Database, drain: Drain, client: Client, world: World, names: list[str]) -> None:
    """Orders from being placed to being delivered."""
    for name in names:
        answer = await client.graphql(PLACE, {"input": order(world, name, random.Random(name), lines=2)})
        assert answer["data"]["placeOrder"]["__typename"] == "PlacedOrder", answer
    assert await drain() == []
    for state, query in STEPS:
        async with database.read_only() as db:
            ids = list(await db.scalars(sa.select(FulfillmentOrder.id).where(FulfillmentOrder.state == state)))
        answer = await client.graphql(query, {"inputs": [{"fulfillmentOrderId": str(each)} for each in ids]})
        assert "Error" not in str(answer), answer
        assert await drain() == []
    async with database.read_only() as db:
        assert set(await db.scalars(sa.select(Order.state))) == {"COMPLETED"}


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {filling.SCHEMA} CASCADE")
        await connection.close()


async def test_copies_are_whole_and_told_apart(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    world = await build(database, articles=10, places=2, stocked=2)
    await play(database, drain, client, world, ["first"])
    begun = int(time.time() * 1000)
    await play(database, drain, client, world, ["a", "b"])
    async with connected(database) as connection:
        seed = await filling.keep(connection, since_ms=begun)
        assert seed.orders == 2
        assert {"orders", "order_line", "event", "payment", "shipment", "stock_movement", "invoice"} <= seed.growing
        assert not seed.growing & {"sales_channel", "stock_level", "product_variant", "outbox", "process_definition"}
        for size in (51, 101):
            await filling.copy_to(database.url, seed, size)
            assert await connection.fetchval("SELECT count(*) FROM orders") == size
        assert await connection.fetchval("SELECT count(DISTINCT number) FROM orders") == 101
        assert await connection.fetchval("SELECT count(*) FROM orders WHERE placed_at > now() + interval '1 day'") == 0
        assert await orphans(connection) == {}
        gaps = "SELECT count(*) FROM (SELECT max(seq) - count(*) AS gap FROM event GROUP BY stream_id) e WHERE gap > 0"
        assert await connection.fetchval(gaps) == 0
        timers = await connection.fetchval("SELECT count(*) FROM outbox WHERE due_at > now() + interval '300 days'")
        assert timers == 49


async def orphans(connection: Any) -> dict[str, int]:
    """Rows that refer to rows which are not there, by column."""
    found = {}
    for table in Model.metadata.sorted_tables:
        for key in table.foreign_keys:
            count = await connection.fetchval(
                f'SELECT count(*) FROM "{table.name}" t WHERE t."{key.parent.name}" IS NOT NULL AND NOT EXISTS '
                f'(SELECT 1 FROM "{key.column.table.name}" p WHERE p."{key.column.name}" = t."{key.parent.name}")'
            )
            if count:
                found[f"{table.name}.{key.parent.name}"] = count
    return found
