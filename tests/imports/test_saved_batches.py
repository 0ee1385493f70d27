"""What was saved stays, is counted and is in the audit trail, wherever an import ends."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.locations import make_location
from imports.workbooks import damaged_at, workbook
from kontor import bootstrap, cli
from kontor.auth import audit
from kontor.auth.models import AuditEntry, AuditTarget
from kontor.catalog.models import Product
from kontor.core.db import Database, Session
from kontor.core.principal import SYSTEM
from kontor.imports import service
from kontor.imports.kinds import kind_named
from kontor.imports.service import Importer, ImportSummary, Note, apply_file
from kontor.locations import queries as locations
from kontor.settings import Settings
from support import Client, Principals

LAMPS = "code,name,sku\nA,A,A-1\nB,B,B-1\nC,C,C-1\n"
IMPORT = """mutation($content: String!, $kind: String!, $dry: Boolean = false) {
  importFile(kind: $kind, content: $content, dryRun: $dry) {
    ... on ImportedFile { created updated refused problems { line field code message } } ... on Error { code } } }"""


@pytest.fixture(autouse=True)
def _batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.load()
    monkeypatch.setattr(service, "BATCH", 2)


async def load(database: Database, kind: str, data: bytes, note: Note = audit.note) -> ImportSummary:
    return await apply_file(Importer(database, SYSTEM, note), kind_named(kind), data)


def told(summary: ImportSummary) -> tuple[dict[str, int], list[Any]]:
    counts = {str(outcome): count for outcome, count in summary.counts.items()}
    return counts, [(row.line, row.field, row.code) for row in summary.problems]


async def entries(database: Database) -> list[tuple[str, str, dict[str, Any], int]]:
    """Who, what, details and how many things each entry is about."""
    things = sa.select(sa.func.count()).where(AuditTarget.entry_id == AuditEntry.id).scalar_subquery()
    found = sa.select(AuditEntry.principal_name, AuditEntry.operation, AuditEntry.details, things).order_by(
        AuditEntry.id
    )
    async with database.read_only() as db:
        return [tuple(row) for row in await db.execute(found)]


async def products(database: Database) -> list[str]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Product.code).order_by(Product.code)))


async def test_umlaut_behind_the_first_batches_does_not_end_the_import(database: Database) -> None:
    lines = "".join(f"L{index},Lager,WAREHOUSE,DE,Hamburg,{'x' * 100}\n" for index in range(700))
    data = f"code,name,kind,country,city,street\n{lines}M,Süd,WAREHOUSE,DE,München,Weg\n".encode("cp1252")
    summary = await load(database, "locations", data)
    assert told(summary) == ({"CREATED": 701}, [])
    async with database.read_only() as db:
        assert (await locations.get_stock_location(db, code="M")).city == "München"


async def test_line_that_cannot_be_read_is_reported_and_what_was_saved_is_counted(database: Database) -> None:
    data = (LAMPS + f"D,{'d' * 200_000},D-1\nE,E,E-1\n").encode()
    assert told(await load(database, "products", data)) == (
        {"CREATED": 3, "REFUSED": 1},
        [(5, "", "UNREADABLE_LINE")],
    )
    assert await products(database) == ["A", "B", "C"]
    trial = await apply_file(Importer(database, SYSTEM, audit.note), kind_named("products"), data, dry_run=True)
    assert told(trial) == ({"UNCHANGED": 3, "REFUSED": 1}, [(5, "", "UNREADABLE_LINE")])


async def test_broken_row_of_a_workbook_is_reported_and_what_was_saved_is_counted(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_location(db, code="W")
        for index in range(1, 6):
            await make_variant(db, sku=f"S{index}")
    lines = [["W", f"S{index}", 70 + index] for index in range(1, 6)]
    sound = workbook([["location", "sku", "quantity"], *lines])
    summary = await load(database, "stock", damaged_at(sound, 74))
    assert told(summary) == ({"UPDATED": 3, "REFUSED": 1}, [(5, "", "UNREADABLE_LINE")])


async def test_each_batch_has_its_entry(database: Database) -> None:
    await load(database, "products", LAMPS.encode())
    await load(database, "products", LAMPS.encode().replace(b"C,C", b"C,Lamp"))
    first = {"kind": "products", "rows": 2, "firstLine": 2, "lastLine": 3}
    second = {"kind": "products", "rows": 1, "firstLine": 4, "lastLine": 4}
    assert [entry[1:] for entry in await entries(database)] == [
        ("importFile", first, 2),
        ("importFile", second, 1),
        ("importFile", first, 0),
        ("importFile", second, 1),
    ]


async def test_batch_without_its_entry_is_not_saved_either(database: Database) -> None:
    """The second entry cannot be written: its batch is gone, the first batch and its entry stay."""
    calls: list[str] = []

    def note(db: Session, operation: str, targets: Iterable[tuple[str, UUID]], details: Mapping[str, Any]) -> None:
        calls.append(operation)
        if len(calls) == 2:
            raise RuntimeError("the power is gone")
        audit.note(db, operation, targets, details)

    with pytest.raises(RuntimeError):
        await load(database, "products", LAMPS.encode(), note)
    assert await products(database) == ["A", "B"]
    assert [entry[1:] for entry in await entries(database)] == [
        ("importFile", {"kind": "products", "rows": 2, "firstLine": 2, "lastLine": 3}, 2)
    ]


@pytest.mark.engine("sqlite")
async def test_command_leaves_entries_of_the_system(database: Database, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "lamps.csv"
    file.write_text(LAMPS)
    await cli._import(settings, "products", file, dry_run=True, report=None)
    assert await entries(database) == []
    await cli._import(settings, "products", file, dry_run=False, report=None)
    assert [(name, operation, things) for name, operation, _, things in await entries(database)] == [
        (SYSTEM.name, "importFile", 2),
        (SYSTEM.name, "importFile", 1),
    ]


async def test_mutation_leaves_entries_of_the_caller_and_none_when_tried(
    database: Database, client: Client, principals: Principals
) -> None:
    facts = {"kind": "products", "content": LAMPS}
    await client.graphql(IMPORT, {**facts, "dry": True}, principal=principals.admin)
    assert await entries(database) == []
    await client.graphql(IMPORT, facts, principal=principals.admin)
    found = await entries(database)
    assert [(name, things) for name, _, _, things in found] == [
        (principals.admin.name, 2),
        (principals.admin.name, 1),
    ]
    async with database.read_only() as db:
        assert None not in list(await db.scalars(sa.select(AuditEntry.request_id)))


@pytest.mark.engine("sqlite")
async def test_problems_read_in_the_language_asked_for(client: Client, principals: Principals) -> None:
    content = f"code,name,sku,gtin\nA,A,A-1,\nA,A,A-2,12\nB,B,B-1,\n,C,,\nD,{'d' * 200_000},,\n"
    facts = {"kind": "products", "content": content}

    async def messages(language: str) -> list[tuple[int, str, str]]:
        headers = {"Accept-Language": language}
        answer = await client.graphql(IMPORT, facts, principal=principals.admin, headers=headers)
        return [(row["line"], row["code"], row["message"]) for row in answer["data"]["importFile"]["problems"]]

    assert await messages("de") == [
        (2, "OTHER_LINE_REFUSED", "Eine andere Zeile von A wurde abgelehnt."),
        (3, "INVALID_GTIN", "Eine GTIN hat 8, 12, 13 oder 14 Ziffern mit Prüfziffer."),
        (5, "MISSING_FIELD", "Für eine neue Zeile fehlt dieser Wert."),
        (6, "UNREADABLE_LINE", "Ab Zeile 6 ist die Datei nicht lesbar; der Rest wurde nicht übernommen."),
    ]
    assert [message for _, _, message in await messages("en")] == [
        "Another line of A was refused.",
        "'12' is no GTIN: 8, 12, 13 or 14 digits with a check digit.",
        "code must not be empty.",
        "From line 6 on the file cannot be read: field larger than field limit (131072).",
    ]
