"""Hostile files: each ends in a report or in one refusal, and what is refused changes nothing."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook

from kontor import bootstrap
from kontor.auth import audit
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.principal import SYSTEM
from kontor.imports.kinds import kind_named, kinds
from kontor.imports.saving import Outcome
from kontor.imports.service import Importer, apply_file
from proofs.hostile import STRINGS
from proofs.sides import state_of

ROUNDS = int(os.environ.get("KONTOR_PROVE_FUZZ", "2"))
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
CELLS = (
    *[each for each in STRINGS if "\ud800" not in each and "\udfff" not in each],
    "1", "0", "-5", "99999999999", "19", "2026-06-15", "true", "maybe", "DE", "EUR", "WAREHOUSE", "PHYSICAL",
    "standard",
)  # fmt: skip


def strange_files() -> Iterator[bytes]:
    """Files that are no table."""
    yield from (b"", b"\n", b"\n\n\n", b"\x00", b"\x00" * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"sku", b"\xff" * 300)
    yield "sku;quantity\nä;1\n".encode("utf-16")
    yield "sku;quantity\nÄ;1\n".encode("cp1252")
    yield b'sku,quantity\n"unclosed,1\n'
    yield b"sku,sku,sku\n1,2,3\n"
    yield b",,,\n,,,\n"
    yield b"x" * 2_000_000
    yield b"code\n" + b'"' + b"y" * 300_000 + b'"\n'
    yield ",".join(f"c{number}" for number in range(20_000)).encode() + b"\n1\n"
    yield b"PK\x03\x04"
    yield b"PK\x03\x04" + b"\x00" * 500
    yield from _archives()


def _archives() -> Iterator[bytes]:
    """Workbooks that are none, that lie, or that unfold to more than anybody can hold."""
    for names in (
        {},
        {"xl/workbook.xml": b"<x/>"},
        {"[Content_Types].xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"},
    ):
        yield _zipped(names)
    sound = _workbook([["sku", "quantity"], ["A", 1]])
    yield sound[: len(sound) // 2]
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    yield _zipped(parts | {"xl/worksheets/sheet1.xml": b"not xml"})
    yield _zipped(parts | {"xl/sharedStrings.xml": b""})
    yield _zipped(parts | {"xl/worksheets/sheet1.xml": b"<worksheet>" + b"<a>" * 5000})
    yield _zipped(parts | {"xl/worksheets/sheet1.xml": b" " * 300_000_000})
    yield _workbook([])


def _zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def _workbook(rows: list[list[Any]]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def tables(chance: random.Random, kind: Any) -> Iterator[bytes]:
    """Tables with the right headers and cells of all kinds."""
    headers = [column.name for column in kind.columns]
    for separator in (",", ";"):
        chosen = headers if chance.random() < 0.7 else chance.sample(headers, chance.randint(1, len(headers)))
        rows = [[chance.choice(CELLS) for _ in chosen] for _ in range(chance.randint(1, 8))]
        lines = [separator.join(map(_quoted, row)) for row in [chosen, *rows]]
        yield "\n".join(lines).encode()
    plain = [cell for cell in CELLS if len(cell) < 30_000 and cell.isprintable()]
    yield _workbook([headers, *[[chance.choice([*plain, 5, 1.5, None, True]) for _ in headers] for _ in range(4)]])


async def test_files_that_are_no_table_are_refused_and_change_nothing(database: Database) -> None:
    bootstrap.load()
    before = await state_of(database)
    for data in strange_files():
        for name in ("stock", "products"):
            await _refused_or_reported(database, name, data)
    assert await state_of(database) == before


async def test_hostile_cells_end_in_a_report_of_their_line(database: Database) -> None:
    """Every kind of import; a file of which every line is refused leaves everything as it was."""
    bootstrap.load()
    chance = random.Random(FIRST)
    before = await state_of(database)
    for _ in range(ROUNDS):
        for name in kinds():
            for data in tables(chance, kind_named(name)):
                saved = await _refused_or_reported(database, name, data)
                after = await state_of(database)
                assert saved or after == before, (name, data[:300])
                before = after


async def _refused_or_reported(database: Database, name: str, data: bytes) -> bool:
    """Whether some line was saved."""
    reports: list[Any] = []
    try:
        summary = await apply_file(
            Importer(database, SYSTEM, audit.note), kind_named(name), data, on_row=reports.append
        )
    except KontorError:  # each kind of them has its code
        return bool(reports)
    assert len(reports) == summary.rows
    for report in reports:
        assert report.outcome is not Outcome.REFUSED or (report.code and report.message), (name, report)
    return summary.counts[Outcome.CREATED] + summary.counts[Outcome.UPDATED] > 0
