"""Working through an uploaded file, portion by portion: memory does not grow with it, and all see how far it is."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

import orjson

from kontor.core.db import Database, Session
from kontor.core.errors import KontorError
from kontor.core.statemachine import transition
from kontor.imports import reading
from kontor.imports.errors import UnreadableFile, UnreadableLine
from kontor.imports.kinds import Column, FileRow
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.imports.service import row_of
from kontor.imports.states import UPLOAD, UploadState
from kontor.imports.uploads import RETURNED, UploadKind, Verdict, Work, key_of, lock_upload, owner_of, upload_kind

MOST_FINDINGS = 100
WRONG = "WRONG"
NEXT = {UploadState.CHECKING: UploadState.CHECKED, UploadState.APPLYING: UploadState.DONE}
Raw = tuple[FileRow, list[str]]


@dataclass(slots=True)
class _Report:
    """What became of the lines so far; those that come back are written to a file, whole and with their reasons."""

    returned: BinaryIO
    quiet: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    rows: int = 0

    def add(self, portion: Sequence[Raw], verdicts: Sequence[Verdict]) -> None:
        """Count a portion and keep what has to be shown or sent back."""
        cells = {row.line: texts for row, texts in portion}
        self.rows += len(portion)
        for verdict in verdicts:
            self.counts[verdict.outcome] += 1
            if verdict.outcome not in self.quiet and self.shown[verdict.outcome] < MOST_FINDINGS:
                self.shown[verdict.outcome] += 1
                self.findings.append(plain_finding(verdict))
            if verdict.problem is not None:
                self.counts[RETURNED] += 1
                line = {**plain_finding(verdict), "cells": cells.get(verdict.line, [])}
                self.returned.write(orjson.dumps(line, default=str) + b"\n")


def plain_finding(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data; `field` is the one at fault, `facts` complete its message."""
    problem = verdict.problem
    found: dict[str, Any] = {"line": verdict.line, "key": verdict.key, "outcome": verdict.outcome}
    if problem is not None:
        facts = {name: value for name, value in problem.params.items() if isinstance(value, (str, int))}
        at_fault = str(problem.path[-1]) if problem.path else ""
        found |= {"code": problem.code, "message": problem.message, "field": at_fault, "facts": facts}
    return found


async def work_on(database: Database, store: FileStore, upload_id: UUID) -> None:
    """Check or apply an upload, whichever it waits for; one that was canceled meanwhile is left alone.

    A pass that was interrupted begins anew: kinds apply the same line twice without harm.
    """
    async with database.read_only() as db:
        upload = await db.get(Upload, upload_id)
    if upload is None or upload.state not in NEXT:
        return
    with tempfile.TemporaryFile() as returned:
        report = _Report(returned, upload_kind(upload.kind).quiet)
        source = await store.get(key_of(upload.id))
        try:
            if not await _go_through(database, upload, source, report):
                return
        except UnreadableFile as problem:
            await _fail(database, upload, problem)
            return
        await _keep_returned(store, upload, returned)
    await _finish(database, upload, report)


async def _go_through(database: Database, upload: Upload, source: bytes, report: _Report) -> bool:
    """All portions; False when somebody canceled the upload."""
    kind, state, begun = upload_kind(upload.kind), upload.state, Work(upload)
    with reading.table(source) as lines:
        await asyncio.to_thread(next, lines, None)  # unpacks a workbook, finds out the encoding of a text
        portions = _portions(kind, lines, _columns(kind, upload.columns))
        while portion := await asyncio.to_thread(next, portions, None):
            good = [row for row, _ in portion if row.problem is None]
            wrong = [Verdict(row.line, "", WRONG, row.problem) for row, _ in portion if row.problem is not None]
            if state is UploadState.CHECKING:
                async with database.read_only(owner_of(upload)) as db:
                    verdicts = await kind.check(db, good, begun)
                if not await database.in_unit(owner_of(upload), _noting(upload, state, report, portion)):
                    return False
            else:
                found = await database.in_unit(owner_of(upload), _applying(upload, kind, begun, report, portion, good))
                if found is None:
                    return False
                verdicts = found
            report.add(portion, sorted([*verdicts, *wrong], key=lambda each: each.line))
    return True


def _columns(kind: UploadKind, matched: Sequence[str | None]) -> dict[int, Column]:
    known = {column.target: column for column in kind.columns}
    return {position: known[target] for position, target in enumerate(matched) if target is not None}


def _portions(kind: UploadKind, lines: Iterator[reading.Line], columns: Mapping[int, Column]) -> Iterator[list[Raw]]:
    """Some lines at a time; lines of one thing that follow each other stay together, up to twice as many."""
    rows = _raw(lines, columns)
    portion: list[Raw] = []
    for each in rows:
        full = len(portion) >= kind.portion
        if full and (kind.same(each[0]) != kind.same(portion[-1][0]) or len(portion) >= 2 * kind.portion):
            yield portion
            portion = []
        portion.append(each)
    if portion:
        yield portion


def _raw(lines: Iterator[reading.Line], columns: Mapping[int, Column]) -> Iterator[Raw]:
    try:
        for number, cells in lines:
            yield row_of(number, cells, columns), cells
    except UnreadableLine as problem:
        yield FileRow(problem.line, {}, problem), []


def _noting(upload: Upload, state: UploadState, report: _Report, portion: Sequence[Raw]) -> Any:
    async def note(db: Session) -> bool:
        locked = await lock_upload(db, upload.id)
        if locked.state is not state:
            return False
        locked.done = report.rows + len(portion)
        return True

    return note


def _applying(
    upload: Upload, kind: UploadKind, work: Work, report: _Report, portion: Sequence[Raw], good: Sequence[FileRow]
) -> Any:
    seen = frozenset(work.seen)

    async def apply(db: Session) -> list[Verdict] | None:
        work.seen = set(seen)  # the database may ask for the same again
        locked = await lock_upload(db, upload.id)
        if locked.state is not UploadState.APPLYING:
            return None
        verdicts = await kind.apply(db, good, work)
        locked.done = report.rows + len(portion)
        return verdicts

    return apply


async def _keep_returned(store: FileStore, upload: Upload, returned: Any) -> None:
    returned.seek(0)
    await store.put(key_of(upload.id, "returned"), await asyncio.to_thread(returned.read), "application/x-ndjson")


async def _finish(database: Database, upload: Upload, report: _Report) -> None:
    async with database.unit_of_work(owner_of(upload)) as db:
        locked = await lock_upload(db, upload.id)
        if locked.state is not upload.state:
            return
        locked.rows, locked.done, locked.counts, locked.findings = (
            report.rows, report.rows, dict(report.counts), report.findings,
        )  # fmt: skip
        if locked.state is UploadState.CHECKING:
            locked.guarded = upload_kind(upload.kind).guard(report.counts)
        transition(db, locked, NEXT[locked.state], table=UPLOAD, now=db.now)


async def _fail(database: Database, upload: Upload, problem: KontorError) -> None:
    async with database.unit_of_work(owner_of(upload)) as db:
        locked = await lock_upload(db, upload.id)
        if locked.state is upload.state:
            locked.problem = {"code": problem.code, "message": problem.message}
            transition(db, locked, UploadState.FAILED, table=UPLOAD, now=db.now)


def returned_lines(data: bytes) -> Iterator[dict[str, Any]]:
    """The lines that came back, as they were kept."""
    for line in data.splitlines():
        yield orjson.loads(line)
