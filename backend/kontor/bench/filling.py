"""Fill a PostgreSQL database with finished orders, by copies of orders that really went all the way.

`Seed` keeps aside every row that a few played orders left behind, whatever the table. `copy_to` writes these rows
again and again with other ids, numbers and moments, a whole batch of orders per statement. Ids are UUIDv7, so a row of
the played orders is known by an id from after the moment they began, and a copy's id is the original's with another
moment in front. What a nightly job would have cleared away by now is copied too: the tables are larger than real ones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import sqlalchemy as sa

from kontor.core.db import Model

SCHEMA = "growth"
YEARS_BACK = timedelta(days=730)
ORDERS_PER_STATEMENT = 2_000
MOST_ORDERS = 2_000_000
WRITERS = 2
# Work that is still to be done belongs to no finished order.
NOT_COPIED = frozenset({"outbox"})
# Texts that differ from order to order though nothing forces them to.
VARIED = {
    "customer": ("email", "email_key", "search_key"),
    "orders": ("email", "email_key"),
    "document": ("number",),
    "journal_entry": ("reference",),
    "parcel": ("tracking_number",),
    "payment": ("gateway_reference",),
    "risk_sighting": ("key",),
}
WRITTEN_BY_DATABASE = {("event", "position"), ("event", "transaction"), ("search_term", "id")}


@dataclass(frozen=True, slots=True)
class Seed:
    """What the played orders left: the columns and expressions of each table's copies, and how many orders it was."""

    tables: dict[str, tuple[Sequence[str], Sequence[str]]]
    orders: int
    step: timedelta

    @property
    def growing(self) -> frozenset[str]:
        """The tables that have rows of orders."""
        return frozenset(self.tables)


async def keep(connection: Any, *, since_ms: int) -> Seed:
    """Put aside what orders placed after `since_ms` (milliseconds of the epoch) have left in the database."""
    floor = f"{since_ms:012x}" + "0" * 20
    await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    tables = {}
    for table in Model.metadata.sorted_tables:
        ids = [column.name for column in table.columns if isinstance(column.type, sa.Uuid)]
        if not ids or table.name in NOT_COPIED:
            continue
        telling = [name for name in ids if name in ("order_id", "stream_id")] or ids
        ours = " OR ".join(f"\"{name}\" >= '{floor}'" for name in telling)
        await connection.execute(f'CREATE TABLE {SCHEMA}."{table.name}" AS SELECT * FROM "{table.name}" WHERE {ours}')
        if await connection.fetchval(f'SELECT count(*) FROM {SCHEMA}."{table.name}"'):
            moved = {name for name in ids if await _any_ours(connection, table.name, name, floor)}
            tables[table.name] = _copy_of(table, moved)
    orders = await connection.fetchval(f"SELECT count(*) FROM {SCHEMA}.orders")
    step = YEARS_BACK / (MOST_ORDERS // orders)
    await _moving_functions(connection, floor, step)
    return Seed(tables, orders, step)


async def _any_ours(connection: Any, table: str, column: str, floor: str) -> bool:
    found = await connection.fetchval(f'SELECT bool_or("{column}" >= \'{floor}\') FROM {SCHEMA}."{table}"')
    return bool(found)


async def _moving_functions(connection: Any, floor: str, step: timedelta) -> None:
    """Ids from after the floor move to the `n`-th copy, those of master data stay; moments go back in time."""
    begin = int((time.time() - YEARS_BACK.total_seconds()) * 1000)
    step_ms = step // timedelta(milliseconds=1)
    await connection.execute(
        f"CREATE FUNCTION {SCHEMA}.id(uuid, bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT CASE "
        f"WHEN $1 >= '{floor}' THEN (lpad(to_hex({begin} + $2 * {step_ms}), 12, '0') || "
        "substr(replace($1::text, '-', ''), 13))::uuid ELSE $1 END $$"
    )
    back = YEARS_BACK // timedelta(milliseconds=1)
    await connection.execute(
        f"CREATE FUNCTION {SCHEMA}.at(timestamptz, bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$ "
        f"SELECT $1 + ($2 * {step_ms} - {back}) * interval '1 millisecond' $$"
    )


def _copy_of(table: sa.Table, moved: set[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The columns a copy is given and how each comes from the original; `n` is the number of the copy."""
    unlike = {*VARIED.get(table.name, ()), *_unique_beside(table, moved)}
    columns, expressions = [], []
    for column in table.columns:
        if (table.name, column.name) in WRITTEN_BY_DATABASE:
            continue
        columns.append(f'"{column.name}"')
        expressions.append(_expression(column, moved=column.name in moved, unlike=column.name in unlike))
    return columns, expressions


def _expression(column: sa.Column[Any], *, moved: bool, unlike: bool) -> str:
    own = f's."{column.name}"'
    if moved:
        return f"{SCHEMA}.id({own}, n)"
    if isinstance(column.type, sa.Integer):
        return f"{own} + 100000 + n * 1000" if unlike else own
    if isinstance(column.type, sa.DateTime):
        return f"{SCHEMA}.at({own}, n)"
    if not unlike:
        return own
    if "email" in column.name or column.name == "search_key":
        return f"n || '.' || {own}"
    length = getattr(column.type, "length", None) or 200
    return f"left({own}, {length - 9}) || '-' || n"


def _unique_beside(table: sa.Table, moved: set[str]) -> set[str]:
    """Columns that must differ because a unique index has no moved id in it."""
    found = set()
    unique = [each.columns for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    unique += [index.columns for index in table.indexes if index.unique]
    for columns in unique:
        names = [column.name for column in columns]
        if moved.intersection(names) or any((table.name, name) in WRITTEN_BY_DATABASE for name in names):
            continue
        texts = [column.name for column in columns if isinstance(column.type, sa.String)]
        found.add("sequence" if "sequence" in names else texts[-1])
    return found


async def copy_to(url: str, seed: Seed, size: int) -> float:
    """Copy until the database holds `size` orders, at most `seed.orders` fewer; the seconds it took.

    Foreign keys are not looked up: a copy refers to copies of the same batch and to master data. Besides, there is a
    timer far ahead for every tenth order, as orders that are still under way have them.
    """
    begun = time.perf_counter()
    connections = [await asyncpg.connect(url.replace("+asyncpg", ""), timeout=60) for _ in range(WRITERS)]
    try:
        first = connections[0]
        present = await first.fetchval("SELECT count(*) FROM orders")
        await first.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.copies (made bigint)")
        done = await first.fetchval(f"SELECT coalesce(sum(made), 0)::bigint FROM {SCHEMA}.copies")
        wanted = max(0, (size - present) // seed.orders)
        batch = max(1, ORDERS_PER_STATEMENT // seed.orders)
        spans = iter([(at, min(at + batch, done + wanted) - 1) for at in range(done, done + wanted, batch)])
        await asyncio.gather(*(_write(connection, seed, spans) for connection in connections))
        await first.execute(f"INSERT INTO {SCHEMA}.copies VALUES ({wanted})")
    finally:
        for connection in connections:
            await connection.close()
    return time.perf_counter() - begun


async def _write(connection: Any, seed: Seed, spans: Iterator[tuple[int, int]]) -> None:
    """Write the copies of the spans nobody has taken yet."""
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET synchronous_commit = off")
    for start, last in spans:
        numbers = f"FROM generate_series({start}, {last}) n"
        for table, (columns, expressions) in seed.tables.items():
            await connection.execute(
                f'INSERT INTO "{table}" ({", ".join(columns)}) SELECT {", ".join(expressions)} '
                f'{numbers} CROSS JOIN {SCHEMA}."{table}" s'
            )
        await connection.execute(
            "INSERT INTO outbox (job, key, args, due_at, available_at, attempts, dead, unique_key) SELECT "
            f"'processes.timer', {SCHEMA}.id(s.id, n), '{{}}', now() + interval '1 year', now(), 0, false, "
            f"'{SCHEMA}-' || s.id || n {numbers} CROSS JOIN (SELECT id FROM {SCHEMA}.orders ORDER BY id "
            f"LIMIT {max(1, seed.orders // 10)}) s"
        )
