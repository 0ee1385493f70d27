"""Fifty workers issue invoices at once, some of them killed at random: no number is missing, none is there twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa

from factories.invoicing import invoices, ship
from factories.payments import another_shop, card, make_shop, only_money, paid_by
from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.invoicing import service
from support import StandingClock

WORKERS = 50
SHIPMENTS = 60
# Ends some of the connections that hold a transaction: to the database that is what a killed process is.
KILL = """SELECT count(pg_terminate_backend(pid)) FROM (
  SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND state <> 'idle' ORDER BY random() LIMIT 3) AS victim"""


async def worker(database: Database, shipments: Sequence[UUID], chance: random.Random) -> int:
    """Issue for a few shipments at a time, in any order, until all are done; how often it was killed."""
    deaths, todo = 0, list(shipments)
    chance.shuffle(todo)
    while todo:
        await asyncio.sleep(chance.random() / 20)
        try:
            async with database.unit_of_work() as db:
                await service.issue_invoices(db, todo[:4], now=db.now)
        except (sa.exc.DBAPIError, asyncpg.PostgresError, ConnectionError, OSError):
            deaths += 1
        else:
            todo = todo[4:]
    return deaths


async def killer(url: str, working: Sequence[asyncio.Task[int]]) -> int:
    """Kill at random, for a while; how many were killed."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    killed = 0
    try:
        for _ in range(40):
            if all(task.done() for task in working):
                break
            killed += int(await connection.fetchval(KILL))
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    return killed


@pytest.mark.engine("postgresql")
async def test_pain_24_numbers_are_gapless_whoever_dies_while_issuing(
    database: Database, database_url: str, clock: StandingClock
) -> None:
    with only_money():
        first = await make_shop(database)
        second = await another_shop(database, first)
        shipments = [
            await ship(database, await paid_by(database, company, card(1000)))
            for company in [first, second] * (SHIPMENTS // 2)
        ]
        # Several pools: workers of one pool would wait for its connections rather than for each other.
        pools = [Database(database_url, clock=clock) for _ in range(5)]
        chance = random.Random(7)
        working = [
            asyncio.create_task(worker(pools[number % len(pools)], shipments, random.Random(chance.random())))
            for number in range(WORKERS)
        ]
        killed = await killer(database_url, working)
        deaths = sum(await asyncio.gather(*working))
        for pool in pools:
            await pool.close()
    issued = await invoices(database)
    assert killed > 0
    assert deaths > 0
    assert sorted(invoice.shipment_id for invoice in issued) == sorted(shipments)
    numbers: dict[UUID, list[int]] = {}
    for invoice in issued:
        numbers.setdefault(invoice.legal_entity_id, []).append(invoice.sequence)
    assert [sorted(each) for each in numbers.values()] == [list(range(1, SHIPMENTS // 2 + 1))] * 2
    async with database.read_only() as db:
        told = await db.scalar(sa.select(sa.func.count()).where(EventRecord.name == "InvoiceIssued"))
    assert told == SHIPMENTS
