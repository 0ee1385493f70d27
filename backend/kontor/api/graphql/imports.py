"""Files in: one mutation for every kind."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.permissions import requires
from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.core.errors import InvalidInput
from kontor.imports.kinds import kind_named, kinds
from kontor.imports.saving import Outcome
from kontor.imports.service import Importer, RowReport, apply_file

MOST_BYTES = 5_000_000


@strawberry.type(description="What became of a line of the file, counted from 1 with the header.")
class ImportedLine:
    line: int
    key: str
    outcome: Outcome
    field: str
    code: str
    message: str


@strawberry.type(description="What became of a file; `problems` are the first 1,000 refused lines.")
class ImportedFile:
    kind: str
    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    ignored_columns: list[str]
    problems: list[ImportedLine]


@strawberry.type
class ImportsQuery:
    @strawberry.field(extensions=[requires(Permission.IMPORTS_READ)], description="What can be imported.")
    def import_kinds(self, info: Info) -> list[str]:
        return kinds()


@strawberry.type
class ImportsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.IMPORTS_WRITE)],
        description="Import a CSV (as text, or base64) or XLSX (base64) file of up to 5 MB; needs the right to write "
        "what the file holds. The same file twice changes nothing.",
    )
    async def import_file(
        self, info: Info, kind: str, content: str, base64_encoded: bool = False, dry_run: bool = False
    ) -> Annotated[ImportedFile | Refusal, strawberry.union("ImportFileResult")]:
        known, data = kind_named(kind), _bytes(content, base64_encoded)
        context = info.context
        importer = Importer(context.runtime.database, context.principal, audit.note, context.request_id)
        summary = await apply_file(importer, known, data, dry_run=dry_run)
        counts = summary.counts
        return ImportedFile(
            kind=summary.kind,
            dry_run=summary.dry_run,
            rows=summary.rows,
            created=counts[Outcome.CREATED],
            updated=counts[Outcome.UPDATED],
            unchanged=counts[Outcome.UNCHANGED],
            refused=counts[Outcome.REFUSED],
            ignored_columns=summary.ignored_columns,
            problems=[_line(row, context.language) for row in summary.problems],
        )


def _bytes(content: str, encoded: bool) -> bytes:
    try:
        data = base64.b64decode(content, validate=True) if encoded else content.encode()
    except (binascii.Error, ValueError) as problem:
        raise InvalidInput("The content is no base64.", code="INVALID_BASE64", path=("content",)) from problem
    if len(data) > MOST_BYTES:
        raise InvalidInput(
            f"A file has at most {MOST_BYTES} bytes here.", code="FILE_TOO_LARGE", path=("content",), max=MOST_BYTES
        )
    return data


def _line(row: RowReport, language: str) -> ImportedLine:
    return ImportedLine(
        line=row.line,
        key=row.key,
        outcome=row.outcome,
        field=row.field,
        code=row.code,
        message="" if row.problem is None else text_of(row.problem, language),
    )
