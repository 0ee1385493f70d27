"""Many issue invoices at once, some of them killed at random: no number is missing, none is there twice.

Fifty workers of one process whose connections are ended, and processes of their own that get SIGKILL: three in the
suite, `KONTOR_PROVE_WORKERS` in the proof.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa

from factories.invoicing import invoices, ship
from factories.payments import another_shop, card, make_shop, only_money, paid_by
from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.invoicing import service
from kontor.invoicing.models import Invoice
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
    assert killed > 0
    assert deaths > 0
    await gapless(database, shipments)


async def gapless(database: Database, shipments: Sequence[UUID]) -> None:
    """Every shipment has one invoice, numbers of both sellers begin with 1 and have no gap, each was told once."""
    issued = await invoices(database)
    assert sorted(invoice.shipment_id for invoice in issued) == sorted(shipments)
    numbers: dict[UUID, list[int]] = {}
    for invoice in issued:
        numbers.setdefault(invoice.legal_entity_id, []).append(invoice.sequence)
    assert [sorted(each) for each in numbers.values()] == [list(range(1, len(shipments) // 2 + 1))] * 2
    async with database.read_only() as db:
        told = await db.scalar(sa.select(sa.func.count()).where(EventRecord.name == "InvoiceIssued"))
    assert told == len(shipments)


async def start(url: str, seed: int, shipments: Sequence[UUID]) -> asyncio.subprocess.Process:
    """A process that issues for all of them."""
    script = Path(__file__).with_name("issuing.py")
    folders = os.pathsep.join(path for path in sys.path if path)
    return await asyncio.create_subprocess_exec(
        sys.executable, str(script), url, str(seed), *(str(each) for each in shipments),
        env=os.environ | {"PYTHONPATH": folders},
    )  # fmt: skip


async def issued(database: Database, number: int) -> None:
    """Wait until so many invoices are there."""
    for _ in range(6000):
        async with database.read_only() as db:
            there = await db.scalar(sa.select(sa.func.count()).select_from(Invoice)) or 0
        if there >= number:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody issues any more")


@pytest.mark.engine("postgresql")
async def test_numbers_are_gapless_when_processes_are_killed(database: Database, database_url: str) -> None:
    workers = int(os.environ.get("KONTOR_PROVE_WORKERS", "3"))
    with only_money():
        first = await make_shop(database)
        second = await another_shop(database, first)
        shipments = [
            await ship(database, await paid_by(database, company, card(1000)))
            for company in [first, second] * (10 * workers)
        ]
    running = [await start(database_url, seed, shipments) for seed in range(workers)]
    killed = 0
    for number, victim in enumerate(running[:-1], 1):
        await issued(database, min(len(shipments), 3 * number))  # in the midst of the next ones
        if victim.returncode is None:
            victim.kill()
            killed += 1
        await victim.wait()
    assert await running[-1].wait() == 0
    assert killed > 0
    await gapless(database, shipments)
