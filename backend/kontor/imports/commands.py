"""The command `kontor import KIND FILE [--dry-run] [--report FILE]`."""

import csv
from pathlib import Path

from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.principal import SYSTEM
from kontor.imports.errors import UnreadableFile
from kontor.imports.kinds import kind_named
from kontor.imports.service import ImportSummary, RowReport, apply_file

REPORT_COLUMNS = ("line", "key", "outcome", "field", "code", "message")


async def import_file(
    database: Database, kind: str, file: Path, *, dry_run: bool = False, report: Path | None = None
) -> ImportSummary:
    """Import a file and write what became of each row to `report` as CSV.

    Raises `UnknownImportKind` and `UnreadableFile`; refused rows are no error, they are in the summary.
    """
    known = kind_named(kind)
    try:
        if report is None:
            return await apply_file(database, SYSTEM, known, file, dry_run=dry_run)
        with report.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(REPORT_COLUMNS)

            def write(row: RowReport) -> None:
                writer.writerow([row.line, row.key, row.outcome, row.field, row.code, row.message])

            return await apply_file(database, SYSTEM, known, file, dry_run=dry_run, on_row=write)
    except OSError as problem:
        raise UnreadableFile(f"{file} cannot be read: {problem.strerror}.", path=("file",)) from problem


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
