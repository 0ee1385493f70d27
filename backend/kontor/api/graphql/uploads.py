"""Files people upload: what their columns are, what applying them would do, and how far that is.

The file itself goes to `/files/uploads`, as it may be large.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import uploads
from kontor.imports.models import Upload as UploadRow
from kontor.imports.states import UploadState

strawberry.enum(UploadState, description=UploadState.__doc__)


@strawberry.type(description="A column of the file: its title, its first cells, and the field it fills.")
class UploadColumn:
    title: str
    sample: list[str]
    field: str | None


@strawberry.type(description="How many lines of the file ended so.")
class UploadCount:
    outcome: str
    count: int


@strawberry.type(description="A line of the file, counted from 1 with the header, and why it comes back.")
class UploadFinding:
    line: int
    key: str
    outcome: str
    field: str
    code: str
    message: str


@strawberry.type(
    description="A file somebody uploaded. `findings` are the first hundred lines of each ending worth showing; "
    "all that come back are at `/files/uploads/<id>/returned`. `guarded`: applying it has to be confirmed."
)
class Upload:
    id: UUID
    kind: str
    state: UploadState
    name: str
    columns: list[UploadColumn]
    fields: list[str] = strawberry.field(description="What columns can fill.")
    missing: list[str] = strawberry.field(description="Needed fields that no column fills.")
    rows: int = strawberry.field(description="Lines of the file, once it was read to its end.")
    done: int = strawberry.field(description="Lines that were looked at, or applied, so far.")
    counts: list[UploadCount]
    findings: list[UploadFinding]
    returned: int = strawberry.field(description="Lines that come back; none to fetch once the file was forgotten.")
    guarded: bool
    problem: str | None = strawberry.field(description="Why the file could not be read.")
    by: str
    created_at: datetime
    updated_at: datetime


def show(row: UploadRow, language: str) -> Upload:
    """An upload as the API shows it."""
    kind = uploads.upload_kind(row.kind)
    return Upload(
        id=row.id,
        kind=row.kind,
        state=row.state,
        name=row.name,
        columns=[
            UploadColumn(title=title, field=field, sample=[cells[at] for cells in row.sample if at < len(cells)])
            for at, (title, field) in enumerate(zip(row.header, row.columns, strict=True))
        ],
        fields=list(dict.fromkeys(each.target for each in kind.columns)),
        missing=uploads.missing_columns(kind, row.columns),
        rows=row.rows,
        done=row.done,
        counts=[
            UploadCount(outcome=name, count=count)
            for name, count in sorted(row.counts.items())
            if name != uploads.RETURNED
        ],
        findings=[_finding(each, language) for each in row.findings],
        returned=row.counts.get(uploads.RETURNED, 0) if row.forgotten_at is None else 0,
        guarded=row.guarded,
        problem=None if row.problem is None else message_of(row.problem, language),
        by=row.by_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def message_of(found: dict[str, Any], language: str) -> str:
    """Why a line comes back, in the language asked for."""
    problem = KontorError(found.get("message", ""), code=found.get("code", ""), **found.get("facts", {}))
    return text_of(problem, language)


def _finding(found: dict[str, Any], language: str) -> UploadFinding:
    return UploadFinding(
        line=found["line"],
        key=found["key"],
        outcome=found["outcome"],
        field=found.get("field", ""),
        code=found.get("code", ""),
        message=message_of(found, language) if "code" in found else "",
    )


@strawberry.input(description="What is left out does not narrow.")
class UploadsFilter(Given):
    kinds: list[str] | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class UploadsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.type
class UploadPayload:
    upload: Upload


UploadResult = Annotated[UploadPayload | Refusal, strawberry.union("UploadResult")]


@strawberry.type
class UploadsQuery:
    @strawberry.field(
        extensions=[requires(Permission.IMPORTS_READ)], description="Files that were uploaded; a partner sees its own."
    )
    async def uploads(
        self,
        info: Info,
        filter: UploadsFilter | None = None,
        sort: UploadsSort = UploadsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Upload]:
        wanted = filter.values() if filter else {}
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await uploads.list_uploads(db, page_of(first, after), **wanted, **sorting(sort))
        return connect(page, lambda row: show(row, info.context.language))

    @strawberry.field(extensions=[requires(Permission.IMPORTS_READ)])
    async def upload(self, info: Info, id: UUID) -> Upload | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await uploads.find_upload(db, id)
        return None if row is None else show(row, info.context.language)


@strawberry.type
class UploadsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.IMPORTS_WRITE)],
        description="Say which field each column fills, in the order of the columns, null for none; then it is "
        "checked. The next file with these titles is matched the same way.",
    )
    async def match_upload_columns(self, info: Info, id: UUID, columns: list[str | None]) -> UploadResult:
        async def work(db: Session) -> UploadRow:
            return await uploads.match_columns(db, await uploads.lock_upload(db, id), columns)

        return await _changed(info, work, [id, columns])

    @strawberry.mutation(
        extensions=[requires(Permission.IMPORTS_WRITE)],
        description="Apply a file that was checked; needs the right to write what it holds. Bad lines are left out.",
    )
    async def apply_upload(self, info: Info, id: UUID, confirmed: bool = False) -> UploadResult:
        async def work(db: Session) -> UploadRow:
            upload = await uploads.lock_upload(db, id)
            db.principal.require(uploads.upload_kind(upload.kind).permission)
            return await uploads.apply_upload(db, upload, confirmed=confirmed)

        return await _changed(info, work, [id, confirmed])

    @strawberry.mutation(
        extensions=[requires(Permission.IMPORTS_WRITE)],
        description="Stop: nothing more of the file is applied; what was applied stays.",
    )
    async def cancel_upload(self, info: Info, id: UUID) -> UploadResult:
        async def work(db: Session) -> UploadRow:
            return await uploads.cancel_upload(db, await uploads.lock_upload(db, id))

        return await _changed(info, work, [id])


async def _changed(info: Info, work: Callable[[Session], Awaitable[UploadRow]], body: Any) -> UploadPayload:
    async def again(db: Session, ids: list[UUID]) -> UploadRow:
        return await uploads.lock_upload(db, ids[0])

    row = await change(info, work, body=body, targets=lambda done: [("upload", done.id)], again=again)
    return UploadPayload(upload=show(row, info.context.language))
