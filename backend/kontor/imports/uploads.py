"""Files that people upload: kept, their columns matched as last time, then worked on by a job.

A kind says what its columns are, what applying a line would do, and applies lines; reading, matching, progress and the
lines that come back are the same for all. Nothing is changed before somebody has seen what would be.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput, KontorError
from kontor.core.outbox import schedule
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal, PrincipalKind
from kontor.core.statemachine import change_row, transition
from kontor.imports import reading
from kontor.imports.errors import ColumnsUnmatched, UnknownImportKind, UnreadableFile, UploadGuarded, UploadNotFound
from kontor.imports.kinds import Column, FileRow, spelling
from kontor.imports.models import Upload
from kontor.imports.states import UPLOAD, UploadState

JOB = "imports.work"
RETURNED = "RETURNED"
"""Beside the endings: how many lines come back."""
SAMPLE_ROWS = 3
SORTS: dict[str, Any] = {"CREATED_AT": Upload.created_at, "UPDATED_AT": Upload.updated_at}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line: a word of its kind, what it is about, and why it comes back."""

    line: int
    key: str
    outcome: str
    problem: KontorError | None = None


@dataclass(slots=True)
class Work:
    """What a kind knows of the upload while its lines are looked at, portion by portion."""

    upload: Upload
    seen: set[str] = field(default_factory=set)

    @property
    def options(self) -> Mapping[str, Any]:
        """What was said when the file was uploaded."""
        return self.upload.options


@dataclass(frozen=True, slots=True)
class Beginning:
    """The bytes of a file, its titles and its first lines."""

    size: int
    header: list[str]
    sample: list[list[str]]


Look = Callable[[Session, Sequence[FileRow], Work], Awaitable[list[Verdict]]]


@dataclass(frozen=True, slots=True)
class UploadKind:
    """A kind of file. `check` changes nothing and says what `apply` would do; both answer line by line.

    `needed` are targets of columns of which one has to be there. `same` lines that follow each other stay together in
    a portion. `guard` says of the counts whether somebody has to confirm them. `quiet` endings are counted alone.
    `template` gives the lines of a file to begin with, the header first.
    """

    name: str
    permission: str
    columns: Sequence[Column]
    needed: Sequence[Sequence[str]]
    check: Look
    apply: Look
    template: Callable[[Session], Awaitable[list[list[str]]]]
    portion: int = 1000
    same: Callable[[FileRow], Any] = field(default=lambda row: row.line)
    guard: Callable[[Mapping[str, int]], bool] = field(default=lambda counts: False)
    quiet: frozenset[str] = frozenset()


_kinds: dict[str, UploadKind] = {}


def register(kind: UploadKind) -> None:
    """Make a kind known; called when its package is loaded."""
    _kinds[kind.name] = kind


def upload_kind(name: str) -> UploadKind:
    """A kind by name; raises `UnknownImportKind`."""
    kind = _kinds.get(name)
    if kind is None:
        raise UnknownImportKind(f"There is no upload of {name[:40]}.", path=("kind",), allowed=sorted(_kinds))
    return kind


def key_of(upload_id: UUID, part: str = "file") -> str:
    """Where the file of an upload is kept, or what came back of it."""
    return f"uploads/{upload_id}/{part}"


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner sees its own; who is scoped otherwise sees what they uploaded themselves."""
    if principal.partner_id is not None:
        return Upload.partner_id == principal.partner_id
    return Upload.by_id == principal.id if principal.restricted else sa.true()


def owner_of(upload: Upload) -> Principal:
    """Who the work on an upload is done as: who uploaded it, with the right its kind needs and no more."""
    return Principal(
        PrincipalKind(upload.by_kind), id=upload.by_id, name=upload.by_name, partner_id=upload.partner_id,
        permissions=frozenset({upload_kind(upload.kind).permission}),
    )  # fmt: skip


async def start_upload(
    db: Session, kind: UploadKind, begins: Beginning, *, name: str, options: Mapping[str, Any], upload_id: UUID
) -> Upload:
    """Begin with a file that is kept already: its columns are matched by their names, or as they were last time.

    It is checked at once when all that is needed is matched, else somebody has to say what its columns are. Raises
    `Forbidden`.
    """
    db.principal.require(kind.permission)
    if db.principal.location_ids is not None or db.principal.channel_ids is not None:
        raise Forbidden("Uploads are for partners and for the company.", permission=kind.permission)
    columns = await _matched(db, kind, begins.header)
    state = UploadState.MATCHING if missing_columns(kind, columns) else UploadState.CHECKING
    upload = Upload(
        id=upload_id, kind=kind.name, partner_id=db.principal.partner_id, state=state, name=name[:200],
        size=begins.size, options=dict(options), header=begins.header, columns=columns, sample=begins.sample,
        rows=0, done=0, counts={}, findings=[], guarded=False, by_kind=str(db.principal.kind), by_id=db.principal.id,
        by_name=db.principal.name[:200], created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(upload)
    db.note_state(change_row("upload", upload.id, None, state, now=db.now, by=db.by))
    if state is UploadState.CHECKING:
        _work(db, upload)
    await db.flush()
    return upload


def peek(source: bytes) -> Beginning:
    """How a file begins; raises `UnreadableFile`. Unpacking one takes its time: call it off the event loop."""
    with reading.table(source) as lines:
        first = next(lines, None)
        if first is None:
            raise UnreadableFile("The file is empty.", path=("content",))
        sample = [[cell[:100] for cell in cells] for _, (_, cells) in zip(range(SAMPLE_ROWS), lines, strict=False)]
    return Beginning(len(source), [title[:100] for title in first[1]], sample)


async def _matched(db: Session, kind: UploadKind, header: Sequence[str]) -> list[str | None]:
    """What each title fills: as in the last file with the same titles, else by its name."""
    last = (
        sa.select(Upload.header, Upload.columns)
        .where(Upload.kind == kind.name, visible_to(db.principal), Upload.state != UploadState.MATCHING)
        .order_by(Upload.created_at.desc(), Upload.id.desc())
        .limit(20)
    )
    remembered: dict[str, str | None] = {}
    for titles, columns in reversed((await db.execute(last)).all()):
        remembered.update(zip(map(spelling, titles), columns, strict=False))
    return match_titles(kind, header, remembered)


def match_titles(kind: UploadKind, header: Sequence[str], remembered: Mapping[str, str | None]) -> list[str | None]:
    """What each title fills: as remembered, else the column of its name; a field is filled once."""
    known = {spelling(name): each.target for each in kind.columns for name in (each.name, *each.field.aliases)}
    targets = {each.target for each in kind.columns}
    found: list[str | None] = []
    for title in header:
        target = remembered.get(spelling(title), known.get(spelling(title)))
        found.append(target if target in targets and target not in found else None)
    return found


def missing_columns(kind: UploadKind, columns: Sequence[str | None]) -> list[str]:
    """Needed fields that no title fills."""
    return [choices[0] for choices in kind.needed if not set(choices) & set(columns)]


async def match_columns(db: Session, upload: Upload, columns: Sequence[str | None]) -> Upload:
    """Say what the columns of a locked upload are; it is checked then. Raises `ColumnsUnmatched`."""
    kind = upload_kind(upload.kind)
    targets = {each.target for each in kind.columns}
    named = [target for target in columns if target is not None]
    if len(columns) != len(upload.header) or len(set(named)) < len(named) or not set(named) <= targets:
        raise ColumnsUnmatched("Each column fills one field, and no two the same.", path=("columns",))
    if missing := missing_columns(kind, columns):
        raise ColumnsUnmatched(f"No column is matched with {missing[0]}.", path=("columns",), column=missing[0])
    if upload.state is not UploadState.MATCHING:
        transition(db, upload, UploadState.MATCHING, table=UPLOAD, now=db.now)
    transition(db, upload, UploadState.CHECKING, table=UPLOAD, now=db.now)
    upload.columns, upload.done, upload.counts, upload.findings = list(columns), 0, {}, []
    _work(db, upload)
    return upload


async def apply_upload(db: Session, upload: Upload, *, confirmed: bool) -> Upload:
    """Do what was checked. Raises `UploadGuarded` where somebody has to confirm it, and `TransitionRefused`."""
    if upload.guarded and not confirmed:
        raise UploadGuarded("What this file does has to be confirmed.", path=("confirmed",), **_numbers(upload))
    transition(db, upload, UploadState.APPLYING, table=UPLOAD, now=db.now)
    upload.done = 0
    _work(db, upload)
    return upload


async def cancel_upload(db: Session, upload: Upload) -> Upload:
    """Stop: nothing more of the file is applied; what was applied stays. Raises `TransitionRefused`."""
    transition(db, upload, UploadState.CANCELED, table=UPLOAD, now=db.now)
    return upload


def _numbers(upload: Upload) -> dict[str, Any]:
    return {name.lower(): count for name, count in upload.counts.items() if name != RETURNED}


def _work(db: Session, upload: Upload) -> None:
    schedule(db, JOB, key=upload.id, args={"upload_id": str(upload.id)})


async def find_upload(db: Session, id: UUID) -> Upload | None:
    """One visible upload."""
    return await db.scalar(sa.select(Upload).where(Upload.id == id, visible_to(db.principal)))


async def lock_upload(db: Session, id: UUID) -> Upload:
    """One visible upload, locked; raises `UploadNotFound`."""
    found = sa.select(Upload).where(Upload.id == id, visible_to(db.principal)).with_for_update()
    upload = await db.scalar(found.execution_options(populate_existing=True))
    if upload is None:
        raise UploadNotFound("There is no such file.", path=("id",))
    return upload


async def list_uploads(
    db: Session, page: PageRequest, *, kinds: Sequence[str] | None = None, changed_since: Any = None,
    sort: str = "CREATED_AT", descending: bool = True,
) -> Page[Upload]:  # fmt: skip
    """Uploads the principal may see."""
    found = narrow(
        sa.select(Upload).where(visible_to(db.principal)),
        (Upload.kind.in_, kinds),
        (Upload.updated_at.__ge__, changed_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Upload.id, page)


def checked_name(name: str) -> str:
    """The name of a file without folders; raises `InvalidInput` when there is none."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "").strip()
    if not plain:
        raise InvalidInput("A file has a name.", code="INVALID_FIELD", path=("name",))
    return plain
