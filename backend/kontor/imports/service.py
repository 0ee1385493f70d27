"""Applying a file: read, map, save in batches, report every row. Memory does not grow with the file."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from kontor.core.db import Database, Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.principal import Principal
from kontor.imports import reading
from kontor.imports.errors import OtherLineRefused, UnreadableFile, UnreadableLine
from kontor.imports.kinds import Column, FileRow, ImportKind, read_cell
from kontor.imports.saving import Outcome, RowResult

BATCH = 1000
MAX_PROBLEMS = 1000
OPERATION = "importFile"
WRITTEN = frozenset({Outcome.CREATED, Outcome.UPDATED})

Note = Callable[[Session, str, Iterable[tuple[str, UUID]], Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Importer:
    """Who imports, where to, and how it is noted.

    `note` writes an entry of the audit trail with session, operation, targets and details: `kontor.auth.audit.note`.
    """

    database: Database
    principal: Principal
    note: Note
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one line of the file, counted from 1 with the header, and why it was refused."""

    line: int
    key: str
    outcome: Outcome
    field: str = ""
    problem: KontorError | None = dataclasses.field(default=None, compare=False)

    @property
    def code(self) -> str:
        """The code of the refusal; empty when there is none."""
        return self.problem.code if self.problem else ""

    @property
    def message(self) -> str:
        """The English message of the refusal; empty when there is none."""
        return self.problem.message if self.problem else ""


@dataclass(slots=True)
class ImportSummary:
    """What became of a file: how many lines ended how, the first problems, and headers nobody knows."""

    kind: str
    dry_run: bool
    counts: Counter[Outcome] = field(default_factory=Counter)
    problems: list[RowReport] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many lines there were."""
        return sum(self.counts.values())


class _TakeBack(Exception):
    """Ends a trial: everything it wrote is rolled back."""


async def apply_file(
    importer: Importer,
    kind: ImportKind,
    source: Path | bytes,
    *,
    dry_run: bool = False,
    on_row: Callable[[RowReport], None] | None = None,
) -> ImportSummary:
    """Import a file; every line ends in a report of its own, and the same file twice changes nothing.

    Each batch is a transaction with its own entry in the audit trail. When the file cannot be read any further, what
    was saved stays and the line that fails is the last one reported. A dry run does all in one transaction and takes
    it back. Raises `Forbidden`, and `UnreadableFile` before anything is written.
    """
    importer.principal.require(kind.permission)
    summary = ImportSummary(kind.name, dry_run)
    with reading.table(source) as lines:
        header = next(lines, None)
        if header is None:
            raise UnreadableFile("The file is empty.", path=("content",))
        columns, summary.ignored_columns = kind.mapped(header[1])
        batches = _batches(_rows(lines, columns), kind)
        if dry_run:
            await _try(importer, kind, batches, lambda reports: _count(summary, reports, on_row))
            return summary
        for batch in batches:
            _count(summary, await _write(importer, kind, batch), on_row)
    return summary


async def _write(importer: Importer, kind: ImportKind, batch: Sequence[FileRow]) -> list[RowReport]:
    async def save(db: Session) -> list[RowReport]:
        reports, targets = await _save(db, kind, batch)
        lines = {"kind": kind.name, "rows": len(batch), "firstLine": batch[0].line, "lastLine": batch[-1].line}
        importer.note(db, OPERATION, targets, lines)
        return reports

    return await importer.database.in_unit(importer.principal, save, request_id=importer.request_id)


async def _try(
    importer: Importer,
    kind: ImportKind,
    batches: Iterable[Sequence[FileRow]],
    count: Callable[[list[RowReport]], None],
) -> None:
    try:
        async with importer.database.unit_of_work(importer.principal) as db:
            for batch in batches:
                count((await _save(db, kind, batch))[0])
            raise _TakeBack
    except _TakeBack:
        pass


def _count(summary: ImportSummary, reports: Iterable[RowReport], on_row: Callable[[RowReport], None] | None) -> None:
    for report in reports:
        summary.counts[report.outcome] += 1
        if report.outcome is Outcome.REFUSED and len(summary.problems) < MAX_PROBLEMS:
            summary.problems.append(report)
        if on_row is not None:
            on_row(report)


def _rows(lines: Iterator[reading.Line], columns: Mapping[int, Column]) -> Iterator[FileRow]:
    try:
        for number, cells in lines:
            yield row_of(number, cells, columns)
    except UnreadableLine as problem:
        yield FileRow(problem.line, {}, problem)


def row_of(number: int, cells: Sequence[str], columns: Mapping[int, Column]) -> FileRow:
    """A line as the values of its columns; the first cell that cannot be read is its problem."""
    values, problem = {}, None
    for position, column in columns.items():
        try:
            values[column.target] = read_cell(column, cells[position] if position < len(cells) else "")
        except InvalidInput as found:
            problem = problem or found
    return FileRow(number, values, problem)


def _batches(rows: Iterator[FileRow], kind: ImportKind) -> Iterator[list[FileRow]]:
    """Some thousand lines at a time; lines of one thing that follow each other stay together."""
    batch: list[FileRow] = []
    for row in rows:
        if len(batch) >= BATCH and (kind.same(row) != kind.same(batch[-1]) or len(batch) >= 2 * BATCH):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


async def _save(
    db: Session, kind: ImportKind, batch: Sequence[FileRow]
) -> tuple[list[RowReport], list[tuple[str, UUID]]]:
    """The reports in the order of the lines, and what was written."""
    groups = kind.group([row for row in batch if row.problem is None])
    results = await kind.save(db, [group.data for group in groups])
    reports = [_refused(row, "", row.problem) for row in batch if row.problem is not None]
    for group, result in zip(groups, results, strict=True):
        reports += [_report(row, place, result) for place, row in enumerate(group.rows)]
    written = [(kind.noun, result.id) for result in results if result.id is not None and result.outcome in WRITTEN]
    return sorted(reports, key=lambda report: report.line), written


def _refused(row: FileRow, key: str, problem: KontorError) -> RowReport:
    # A traceback holds the frames it went through, and they hold the whole batch.
    problem.__traceback__ = problem.__cause__ = problem.__context__ = None
    return RowReport(row.line, key, Outcome.REFUSED, _path(problem), problem)


def _report(row: FileRow, place: int, result: RowResult) -> RowReport:
    """The report of a line; where several lines are one thing, the one at fault gets the reason."""
    problem = result.problem
    if problem is None:
        return RowReport(row.line, result.key, result.outcome)
    at_fault = len(problem.path) < 2 or problem.path[0] != "variants" or problem.path[1] == place
    return _refused(row, result.key, problem if at_fault else OtherLineRefused(result.key))


def _path(problem: KontorError) -> str:
    """The field at fault; the place of a variant within its product is that of the line."""
    parts = problem.path[2:] if problem.path[:1] == ("variants",) and len(problem.path) > 2 else problem.path
    return ".".join(str(part) for part in parts)
