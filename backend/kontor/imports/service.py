"""Applying a file: read, map, save in batches, report every row. Memory does not grow with the file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kontor.core.db import Database, Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.principal import Principal
from kontor.imports import reading
from kontor.imports.errors import UnreadableFile
from kontor.imports.kinds import Column, FileRow, ImportKind, read_cell
from kontor.imports.saving import Outcome, RowResult

BATCH = 1000
MAX_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one line of the file, counted from 1 with the header."""

    line: int
    key: str
    outcome: Outcome
    field: str = ""
    code: str = ""
    message: str = ""


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
    database: Database,
    principal: Principal,
    kind: ImportKind,
    source: Path | bytes,
    *,
    dry_run: bool = False,
    on_row: Callable[[RowReport], None] | None = None,
) -> ImportSummary:
    """Import a file; every line ends in a report of its own, and the same file twice changes nothing.

    Each batch is a transaction, so what was reported stays when a later line fails to be read. A dry run does all in
    one transaction and takes it back. Raises `Forbidden`, and `UnreadableFile` before anything is written.
    """
    principal.require(kind.permission)
    summary = ImportSummary(kind.name, dry_run)
    with reading.table(source) as lines:
        header = next(lines, None)
        if header is None:
            raise UnreadableFile("The file is empty.", path=("content",))
        columns, summary.ignored_columns = kind.mapped(header[1])
        batches = _batches(_rows(lines, columns), kind)
        if dry_run:
            await _try(database, principal, kind, batches, lambda reports: _note(summary, reports, on_row))
            return summary
        for batch in batches:

            async def save(db: Session, batch: Sequence[FileRow] = batch) -> list[RowReport]:
                return await _save(db, kind, batch)

            _note(summary, await database.in_unit(principal, save), on_row)
    return summary


async def _try(
    database: Database,
    principal: Principal,
    kind: ImportKind,
    batches: Iterable[Sequence[FileRow]],
    note: Callable[[list[RowReport]], None],
) -> None:
    try:
        async with database.unit_of_work(principal) as db:
            for batch in batches:
                note(await _save(db, kind, batch))
            raise _TakeBack
    except _TakeBack:
        pass


def _note(summary: ImportSummary, reports: Iterable[RowReport], on_row: Callable[[RowReport], None] | None) -> None:
    for report in reports:
        summary.counts[report.outcome] += 1
        if report.outcome is Outcome.REFUSED and len(summary.problems) < MAX_PROBLEMS:
            summary.problems.append(report)
        if on_row is not None:
            on_row(report)


def _rows(lines: Iterator[reading.Line], columns: Mapping[int, Column]) -> Iterator[FileRow]:
    for number, cells in lines:
        values, problem = {}, None
        for position, column in columns.items():
            try:
                values[column.target] = read_cell(column, cells[position] if position < len(cells) else "")
            except InvalidInput as found:
                problem = problem or found
        yield FileRow(number, values, problem)


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


async def _save(db: Session, kind: ImportKind, batch: Sequence[FileRow]) -> list[RowReport]:
    groups = kind.group([row for row in batch if row.problem is None])
    results = await kind.save(db, [group.data for group in groups])
    reports = [_unread(row, row.problem) for row in batch if row.problem is not None]
    for group, result in zip(groups, results, strict=True):
        reports += [_report(row, place, result) for place, row in enumerate(group.rows)]
    return sorted(reports, key=lambda report: report.line)


def _unread(row: FileRow, problem: KontorError) -> RowReport:
    return RowReport(row.line, "", Outcome.REFUSED, _path(problem), problem.code, problem.message)


def _report(row: FileRow, place: int, result: RowResult) -> RowReport:
    """The report of a line; where several lines are one thing, the one at fault gets the reason."""
    problem = result.problem
    if problem is None:
        return RowReport(row.line, result.key, result.outcome)
    at_fault = len(problem.path) < 2 or problem.path[0] != "variants" or problem.path[1] == place
    message = problem.message if at_fault else f"Another line of {result.key} was refused."
    return RowReport(row.line, result.key, result.outcome, _path(problem) if at_fault else "", problem.code, message)


def _path(problem: KontorError) -> str:
    """The field at fault; the place of a variant within its product is that of the line."""
    parts = problem.path[2:] if problem.path[:1] == ("variants",) and len(problem.path) > 2 else problem.path
    return ".".join(str(part) for part in parts)
