"""Files of a large export are written portion by portion: the same bytes whatever a portion, and little memory."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tracemalloc
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from factories.ledger import busy_entity, export, read_datev
from kontor.bench import exports as bench
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.ledger import datev, writing
from kontor.ledger.booking import Booked
from kontor.ledger.errors import AccountMissing
from kontor.ledger.models import ExportState, LedgerExport
from support import Drain

TODAY = date(2026, 6, 15)
MEBIBYTE = 1 << 20


async def written(database: Database, export_id: UUID, folder: Path, portion: int) -> dict[str, bytes]:
    await asyncio.to_thread(folder.mkdir)
    _, files = await writing.write_files(database, export_id, folder, portion=portion)
    return {file.name: file.content.path.read_bytes() for file in files}


async def test_files_are_the_same_whatever_the_portion(
    runtime: Runtime, database: Database, drain: Drain, tmp_path: Path
) -> None:
    company = await busy_entity(database, drain)
    made = await export(database, company, TODAY)
    whole = await written(database, made.id, tmp_path / "whole", 1_000)
    assert made.entries > 6
    for portion in (1, 2, made.entries):
        assert await written(database, made.id, tmp_path / str(portion), portion) == whole
    told = json.loads(whole[f"{made.number}.json"])
    assert len(told["entries"]) == made.entries
    assert [told[name] for name in ("export", "since", "until", "chart")] == [made.number, None, "2026-06-15", "SKR03"]


async def test_export_says_how_far_it_is_and_how_large(
    runtime: Runtime, database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await busy_entity(database, drain)
    made = await export(database, company, TODAY)
    assert (made.progress, made.size) == (ExportState.WAITING, None)
    find = writing.Source.find

    def missing(source: writing.Source, booked: Booked, account: str, detail: str) -> object:
        raise AccountMissing("The chart has no number for TAX.", account="TAX", detail="", on="2026-06-15")

    monkeypatch.setattr(writing.Source, "find", missing)
    assert len(await drain()) == 1
    async with database.read_only() as db:
        row = await db.get_one(LedgerExport, made.id)
    assert (row.progress, row.problem, row.files) == (ExportState.FAILED, "The chart has no number for TAX.", [])
    monkeypatch.setattr(writing.Source, "find", find)
    from kontor import relay

    await relay.hurry(runtime)
    assert await drain() == []
    async with database.read_only() as db:
        row = await db.get_one(LedgerExport, made.id)
    assert (row.progress, row.problem) == (ExportState.FINISHED, None)
    assert row.size == sum(note["size"] for note in row.files) > 0


async def test_twenty_thousand_lines_take_the_memory_of_a_portion(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kontor.db"
    await bench.fill(url, 4_000)
    (tmp_path / "files").mkdir()
    await bench.write(url, tmp_path / "files")  # whatever is loaded once
    tracemalloc.start()
    try:
        files = await bench.write(url, tmp_path / "files")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    content = {file.format: file.content.path.read_bytes() for file in files}
    assert [(file.format, file.rows) for file in files] == [("CSV", 20_000), ("JSON", 20_000), ("DATEV", 8_000)]
    assert len(json.loads(content["JSON"])["entries"]) == 8_000
    table = list(csv.DictReader(io.StringIO(content["CSV"].decode(), newline="")))
    assert sum(int(row["debit"] or 0) - int(row["credit"] or 0) for row in table) == 0
    assert peak < 16 * MEBIBYTE


async def test_no_more_than_a_portion_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kontor.db"
    await bench.fill(url, 30)
    database, seen = Database(url), list[int]()
    add = writing.Writers.add

    def counted(writers: writing.Writers, entries: list[Booked]) -> None:
        seen.append(len(entries))
        add(writers, entries)

    monkeypatch.setattr(writing.Writers, "add", counted)
    try:
        await writing.write_files(database, bench.EXPORT, tmp_path, portion=25)
    finally:
        await database.close()
    assert seen == [25, 25, 10]


async def test_batches_are_cut_where_the_format_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kontor.db"
    await bench.fill(url, 30)
    monkeypatch.setattr(datev, "MOST_ROWS", 25)
    files = [file for file in await bench.write(url, tmp_path) if file.format == "DATEV"]
    assert [(file.name.removeprefix("EXTF_DE-L00001-"), file.rows) for file in files] == [
        ("2026-EUR.csv", 25), ("2026-EUR-2.csv", 25), ("2026-EUR-3.csv", 10),
    ]  # fmt: skip
    for file in files:
        header, rows = read_datev(file.content.path.read_bytes())
        assert (header[14], header[15], len(rows)) == ("20260101", "20260101", file.rows)


def test_bench_has_its_figures() -> None:
    section = bench.measure(20)
    assert [figure.name for figure in section.figures] == [
        "100 journal lines written", "… CPU per line", "… peak memory of the process",
    ]  # fmt: skip
    assert section.figures[2].ratio
