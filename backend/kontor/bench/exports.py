"""Exports of a large journal: seconds and peak memory of a process that writes CSV, JSON and DATEV's batches."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor import bootstrap
from kontor.bench.report import Figure, Section
from kontor.core.db import Database, Model
from kontor.ledger.writing import File, write_files

LINES_PER_ORDER = 5
EXPORT, ENTITY = UUID(int=1), UUID(int=2)
_UNTIL = "2026-12-31"
_ID = "printf('%s%031x', {kind}, i)"
_MOMENT = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-01', '+' || (i * 31) || ' seconds')"
_DAY = "strftime('%Y-%m-%d', '2026-01-01', '+' || (i * 31) || ' seconds')"
_CONTENT = (
    f"json_object('issued_on', {_DAY}, 'supplied_on', {_DAY}, 'due_on', '{_UNTIL}', 'lines', json_array("
    "json_object('sku', 'P' || i, 'name', 'Lamp ' || i, 'quantity', 1 + i % 3, 'gross', 1190 * (1 + i % 90))))"
)


def measure(orders: int = 200_000) -> Section:
    """Export the journal of so many orders, five lines each, and of a tenth of them, each in a process of its own."""
    section = Section("exports")
    few, many = (_measured(count) for count in (max(1, orders // 10), orders))
    lines = orders * LINES_PER_ORDER
    sizes = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in many["sizes"].items())
    per_line = many["cpu"] / lines * 1e6
    section.figures.extend(
        [
            Figure(f"{lines:,} journal lines written", f"{many['seconds']:.0f} s", note=f"{sizes}"),
            Figure("… CPU per line", f"{per_line:.0f} µs", note=f"{many['cpu']:.0f} s of CPU"),
            Figure(
                "… peak memory of the process",
                f"{many['start'] + many['grown']:.0f} MiB",
                ratio=(many["start"] + many["grown"]) / (few["start"] + few["grown"]),
                goal="ratio ≤ 1.5",
                note=f"{many['grown']:.0f} MiB more than at its start, {few['grown']:.0f} with a tenth of the lines",
            ),
        ]
    )
    return section


def _measured(orders: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/kontor.db"
        asyncio.run(fill(url, orders))
        command = [sys.executable, "-m", "kontor.bench.exports", url, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(url: str, folder: Path) -> dict[str, Any]:
    """Write the files in this process; seconds, CPU, MiB at the start and the growth of their peak, bytes by format."""
    started, at, cpu = peak_mib(), time.perf_counter(), time.process_time()
    sizes: dict[str, int] = {}
    for file in asyncio.run(write(url, folder)):
        sizes[file.format] = sizes.get(file.format, 0) + file.content.size
    return {
        "seconds": time.perf_counter() - at, "cpu": time.process_time() - cpu, "start": started,
        "grown": peak_mib() - started, "sizes": sizes,
    }  # fmt: skip


def peak_mib() -> float:
    """MiB of this program alone: `ru_maxrss` would count the process it was started from."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


async def write(url: str, folder: Path) -> list[File]:
    """Write the files of the export that `fill` made."""
    database = Database(url)
    try:
        _, files = await write_files(database, EXPORT, folder)
    finally:
        await database.close()
    return files


async def fill(url: str, orders: int) -> None:
    """Make a SQLite database with one export of the journal of so many orders, each invoiced and captured.

    One statement per table; what an export does not read is left empty.
    """
    bootstrap.load_models()
    database = Database(url)
    try:
        async with database.unit_of_work() as db:
            await (await db.connection()).run_sync(Model.metadata.create_all)
        async with database.engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            await raw.execute("PRAGMA foreign_keys=OFF")
            for statement in _statements(orders):
                await raw.execute(statement)
            await raw.execute("ANALYZE")
    finally:
        await database.close()


def _statements(orders: int) -> list[str]:
    order, invoice, entry, money = (_ID.format(kind=kind) for kind in (3, 4, 5, 6))
    ours = {"id": order, "number": "'O' || i"}
    papers = {
        "id": invoice, "number": "'R' || i", "order_id": order, "shipment_id": invoice, "sequence": "i",
        "issued_at": _MOMENT, "content": _CONTENT,
    }  # fmt: skip
    posted = {"legal_entity_id": f"'{ENTITY.hex}'", "order_id": order, "currency": "'EUR'", "posted_at": _MOMENT}
    invoiced = {"id": entry, "source_key": "'invoice:' || i", "kind": "'INVOICE'", "reference": "'R' || i"}
    captured = {"id": money, "source_key": "'money:' || i", "kind": "'CAPTURE'", "reference": money}
    sides = (
        (entry, "RECEIVABLES", "", "1190"), (entry, "REVENUE", "DOMESTIC/19", "-1000"),
        (entry, "TAX", "DOMESTIC/19", "-190"), (money, "GATEWAY", "CARD", "1190"), (money, "RECEIVABLES", "", "-1190"),
    )  # fmt: skip
    return [
        _insert("legal_entity", {"id": f"'{ENTITY.hex}'", "code": "'DE'", "timezone": "'Europe/Berlin'"}, 1),
        _insert("ledger_export", _export(orders), 1),
        _insert("orders", {**ours, "external_id": "'O' || i", "placed_at": _MOMENT}, orders),
        _insert("invoice", papers, orders),
        _insert("journal_entry", {**posted, **invoiced}, orders),
        _insert("journal_entry", {**posted, **captured}, orders),
        *(_insert("ledger_export_entry", {"entry_id": each, "export_id": f"'{EXPORT.hex}'"}, orders)
          for each in (entry, money)),
        *(_insert("journal_line", {"entry_id": of, "position": str(place), "account": f"'{account}'",
                                   "detail": f"'{detail}'", "amount": f"{amount} * (1 + i % 90)"}, orders)
          for place, (of, account, detail, amount) in enumerate(sides)),
    ]  # fmt: skip


def _export(orders: int) -> dict[str, str]:
    return {
        "id": f"'{EXPORT.hex}'", "number": "'DE-L00001'", "legal_entity_id": f"'{ENTITY.hex}'", "sequence": "1",
        "until": f"'{_UNTIL}'", "entries": str(2 * orders),
    }  # fmt: skip


def _insert(table: str, given: dict[str, str], count: int) -> str:
    columns = Model.metadata.tables[table].columns
    values = {
        column.name: given.get(column.name) or ("NULL" if column.nullable else _empty(column)) for column in columns
    }
    names = ", ".join(f'"{name}"' for name in values)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    return f'INSERT INTO "{table}" ({names}) {numbers} SELECT {", ".join(values.values())} FROM n'


def _empty(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.JSON):
        return "'{}'"
    kind = column.type.python_type
    moment = "'2026-01-01 00:00:00.000000'"
    return {int: "0", bool: "0", date: f"'{_UNTIL}'", datetime: moment, UUID: f"'{ENTITY.hex}'"}.get(kind, "''")


if __name__ == "__main__":
    print(json.dumps(report(sys.argv[1], Path(sys.argv[2]))))
