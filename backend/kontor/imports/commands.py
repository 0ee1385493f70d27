"""The command `kontor import KIND FILE [--dry-run] [--report FILE]`."""

import csv
from pathlib import Path
from typing import TextIO

from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.principal import SYSTEM
from kontor.imports.errors import UnreadableFile
from kontor.imports.kinds import kind_named
from kontor.imports.service import Importer, ImportSummary, Note, RowReport, apply_file

REPORT_COLUMNS = ("line", "key", "outcome", "field", "code", "message")


async def import_file(
    database: Database, kind: str, file: Path, *, note: Note, dry_run: bool = False, report: Path | None = None
) -> ImportSummary:
    """Import a file as the system and write what became of each row to `report` as CSV.

    `note` is that of an `Importer`. Raises `UnknownImportKind` and `UnreadableFile`; refused rows are no error, they
    are in the summary.
    """
    known, importer = kind_named(kind), Importer(database, SYSTEM, note)
    if report is None:
        return await apply_file(importer, known, file, dry_run=dry_run)
    with _report(report) as target:
        writer = csv.writer(target)
        writer.writerow(REPORT_COLUMNS)

        def write(row: RowReport) -> None:
            writer.writerow([row.line, row.key, row.outcome, row.field, row.code, row.message])

        return await apply_file(importer, known, file, dry_run=dry_run, on_row=write)


def _report(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", newline="")
    except OSError as problem:
        raise UnreadableFile(f"{path} cannot be written: {problem.strerror}.", path=("report",)) from problem


def describe(summary: ImportSummary) -> list[str]:
    """What became of a file, for people."""
    done = "would be " if summary.dry_run else ""
    counts = ", ".join(f"{count} {done}{outcome.lower()}" for outcome, count in sorted(summary.counts.items()))
    lines = [f"{summary.rows} rows of {summary.kind}: {counts or 'none'}."]
    if summary.ignored_columns:
        lines.append(f"Columns nobody knows: {', '.join(summary.ignored_columns)}.")
    lines += [f"line {row.line} {row.key} {row.field}: {row.message} ({row.code})" for row in summary.problems]
    return lines


def exit_code(problem: KontorError | None, summary: ImportSummary | None) -> int:
    """0 when every row was fine, 1 when some were refused, 2 when the file could not be read."""
    if problem is not None or summary is None:
        return 2
    return 1 if summary.problems else 0
