"""The baseline every figure is a ratio to: durable transactions of one order, measured in the same run.

PostgreSQL: `pgbench` with `baseline.sql`, 32 clients. SQLite: the same statements in plain `sqlite3`, one writer.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import time
from pathlib import Path

from kontor.bench.services import SUPERUSER, PostgresServer

SKUS = 1000
CLIENTS = 32
_TABLES = (
    "CREATE TABLE IF NOT EXISTS baseline_order (id {serial}, total bigint NOT NULL, state text NOT NULL, "
    "placed_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    "CREATE TABLE IF NOT EXISTS baseline_line (id {serial}, order_id bigint NOT NULL REFERENCES baseline_order (id), "
    "sku integer NOT NULL, quantity integer NOT NULL, amount bigint NOT NULL)",
    "CREATE INDEX IF NOT EXISTS baseline_line_order ON baseline_line (order_id)",
    "CREATE TABLE IF NOT EXISTS baseline_event (id {serial}, order_id bigint NOT NULL, name text NOT NULL, "
    "payload text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS baseline_stock (sku integer PRIMARY KEY, on_hand integer NOT NULL, "
    "allocated integer NOT NULL DEFAULT 0, CHECK (allocated <= on_hand))",
)


def postgres(server: PostgresServer, *, seconds: int = 10) -> float:
    """Transactions per second of pgbench on the server, in a database of its own."""
    url = server.create_database("baseline")
    database = url.rpartition("/")[2].partition("?")[0]
    try:
        for statement in _TABLES:
            server.execute(statement.format(serial="bigserial PRIMARY KEY"), database=database)
        server.execute(
            f"INSERT INTO baseline_stock SELECT n, 1000000000 FROM generate_series(1, {SKUS}) n", database=database
        )
        command = [
            str(server.program("pgbench")), "-h", "127.0.0.1", "-p", str(server.port), "-U", SUPERUSER, "-n", "-M",
            "prepared", "-f", str(Path(__file__).with_name("baseline.sql")), "-D", f"skus={SKUS}", "-c", str(CLIENTS),
            "-j", "2", "-T", str(seconds), database,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PGPASSWORD": ""})
    finally:
        server.drop_database("baseline")
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate:\n{done.stdout}\n{done.stderr}")
    return float(found[1])


def sqlite(folder: Path, *, seconds: float = 5.0) -> float:
    """Transactions per second of the same statements in plain sqlite3 (WAL, synchronous=FULL)."""
    connection = sqlite3.connect(folder / "baseline.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for statement in _TABLES:
        connection.execute(statement.format(serial="integer PRIMARY KEY"))
    connection.executemany("INSERT INTO baseline_stock VALUES (?, 1000000000, 0)", [(n,) for n in range(1, SKUS + 1)])
    chance = random.Random(1)
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        _one(connection, sorted(chance.sample(range(1, SKUS + 1), 3)))
        done += 1
    connection.close()
    return done / seconds


def _one(connection: sqlite3.Connection, skus: list[int]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    order = connection.execute("INSERT INTO baseline_order (total, state) VALUES (3000, 'RECEIVED')").lastrowid
    connection.executemany(
        "INSERT INTO baseline_line (order_id, sku, quantity, amount) VALUES (?, ?, 1, 1000)",
        [(order, sku) for sku in skus],
    )
    connection.executemany(
        "INSERT INTO baseline_event (order_id, name, payload) VALUES (?, ?, ?)",
        [
            (order, "placed", '{"total": 3000}'),
            (order, "priced", '{"lines": 3}'),
            (order, "allocated", '{"places": 1}'),
        ],
    )
    for sku in skus:
        connection.execute(
            "UPDATE baseline_stock SET allocated = allocated + 1 WHERE sku = ? AND on_hand - allocated >= 1", (sku,)
        )
    connection.execute("COMMIT")
