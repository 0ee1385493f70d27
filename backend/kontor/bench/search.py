"""Finding callers: each kind of term, as it is and with a slip, by eight agents who never pause."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kontor.bench.intake import load, prepare
from kontor.bench.report import Figure, Section
from kontor.bench.search_world import COMMON, FIRST, GIVEN, SURNAMES, fill, surname
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.bench.world import World
from kontor.core.db import Database

AGENTS, GOAL = 8, 300
SEARCH = (
    "query Search($term: String!) { search(term: $term) { tooMany hits { kind closeness value order { number state "
    "placedAt total { amount currency } } person { id name email city } orders { number placedAt } } } }"
)


def measure(orders: int = 100_000, sqlite_orders: int = 100_000, repeats: int = 160) -> Section:
    """p95 per kind of term over so many orders and half as many customers, on PostgreSQL and on SQLite.

    The CPU is that of the web process: on SQLite with the database in it, on PostgreSQL without.
    """
    figures = []
    for name, size in (("PostgreSQL", orders), ("SQLite", min(orders, sqlite_orders))):
        found = played(name, size, repeats)
        for kind, result in found.items():
            figures.append(
                Figure(
                    f"{name}, {size:,} orders: {kind}, p95",
                    f"{result['p95'] * 1000:.0f} ms",
                    goal=f"< {GOAL} ms",
                    note=f"p50 {result['p50'] * 1000:.0f} ms, {result['cpu'] * 1000:.0f} ms of CPU each",
                )
            )
    return Section("search", figures)


def played(name: str, orders: int, repeats: int) -> Mapping[str, Any]:
    """Latencies in seconds by kind of term; every answer has a hit.

    On PostgreSQL two web processes answer and jobs are done elsewhere, as in production; embedded, one does everything.
    """
    with tempfile.TemporaryDirectory(prefix="kontor-search-") as folder, contextlib.ExitStack() as services:
        if name == "PostgreSQL":
            url = services.enter_context(PostgresServer()).create_database("search")
            redis, processes = services.enter_context(RedisServer()).url, 2
        else:
            url, redis, processes = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", "", 1
        world = prepare(url, articles=10, places=2, stocked=1)
        asyncio.run(_filled(url, orders))
        stack = Stack(Path(folder) / "stack", database_url=url, redis_url=redis, web_processes=processes)
        for other in ("gateway", "relay", "worker-0"):
            stack.commands.pop(other, None)
        with stack:
            _ask(world, stack, ["1000000"] * 40)
            return {kind: _ask(world, stack, terms) for kind, terms in terms_of(orders, repeats).items()}


def _ask(world: World, stack: Stack, terms: list[str]) -> Any:
    spent = stack.cpu()
    result = load(world, stack.port, SEARCH, [{"term": term} for term in terms], clients=AGENTS, mark='"value"')
    return {**result, "cpu": (stack.cpu() - spent) / len(terms)}


async def _filled(url: str, orders: int) -> None:
    database = Database(url)
    try:
        await fill(database, orders)
    finally:
        await database.close()


def terms_of(orders: int, repeats: int, seed: int = 5) -> dict[str, list[str]]:
    """Terms of each kind that lead to somebody, and the same with one slip."""
    chance = random.Random(seed)
    people = max(1, orders // 2)
    digits = 6 if orders < 1_000_000 else 7

    def some(made: Callable[[int], str], size: int = orders) -> list[str]:
        return [made(chance.randrange(size)) for _ in range(repeats)]

    def called(number: int) -> tuple[str, str]:
        given, family = GIVEN[number % len(GIVEN)], number * 7919 % SURNAMES
        return given, COMMON if number % 50 == 0 or family == 0 else surname(family)

    def postal(number: int) -> str:
        return f"{1000 + number * 13 % 8000:04}"

    def mail(number: int) -> str:
        return f"{'.'.join(called(number)).lower()}{number}@mail{number % 20}.example"

    return {
        "order number": some(lambda n: str(FIRST + n)),
        "order number, a digit missing": some(lambda n: f"{FIRST + n}"[:3] + f"{FIRST + n}"[4:]),
        "number of the shop": some(lambda n: f"web-{n * 37}"),
        "number of the shop, letters swapped": some(lambda n: f"wbe-{n * 37}"),
        "invoice": some(lambda n: f"MAIN-2026-{n:0{digits}}"),
        "invoice, a letter wrong": some(lambda n: f"MAIM-2026-{n:0{digits}}"),
        "parcel": some(lambda n: f"00340434{n * 97:012}"),
        "parcel, a digit missing": some(lambda n: f"0340434{n * 97:012}"),
        "payment": some(lambda n: f"pi_{n * 89:012}"),
        "payment, a letter wrong": some(lambda n: f"po_{n * 89:012}"),
        "return": some(lambda n: f"R-{FIRST + n}-1", max(1, orders // 10)),
        "mail": some(mail, people),
        "mail, letters swapped": some(lambda n: _swapped(mail(n)), people),
        "phone": some(lambda n: f"+43 660 {n * 31 % 10_000_000:07}", people),
        "phone, a digit missing": some(lambda n: f"+43 660 {n * 31 % 10_000_000:07}"[:-1], people),
        "name and postal code": some(lambda n: " ".join((*called(n), postal(n))), people),
        "name with a slip and postal code": some(lambda n: f"{_swapped(called(n)[1])} {postal(n)}", people),
        "surname": some(lambda n: called(n)[1], people),
        "surname with a slip": some(lambda n: _swapped(called(n)[1]), people),
        "the most frequent surname": [COMMON] * repeats,
        "part of a surname and postal code": some(lambda n: f"{called(n)[1][1:6]} {postal(n)}", people),
        "postal code": some(postal, people),
    }


def _swapped(text: str) -> str:
    """The third and fourth character change places; another takes the place of the third where they are the same."""
    if text[2] == text[3]:
        return text[:2] + "x" + text[3:]
    return text[:2] + text[3] + text[2] + text[4:]
