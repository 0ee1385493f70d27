"""Files in from a browser, the lines that come back, and templates to begin with."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from urllib.parse import quote
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.graphql.context import language_of
from kontor.api.graphql.uploads import message_of
from kontor.api.http.files import ATTACHMENT_POLICY
from kontor.api.http.refusals import refusal
from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Conflict, Forbidden, InvalidInput, KontorError, NotFound
from kontor.core.ids import is_uuid, new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.imports import uploads
from kontor.imports.errors import UploadNotFound
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.imports.uploads import key_of, upload_kind
from kontor.imports.working import returned_lines

CONTENT = "application/octet-stream"
"""What a form of another site cannot send without the browser asking first."""
MOST_BYTES = 30_000_000
MOST_IN_WORKBOOK = 20_000  # lines, the titles among them
TITLES = {"de": ("Zeile", "Grund"), "en": ("Line", "Reason")}
_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Spreadsheets run what begins so.
_TABLES = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tables")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Handler = Callable[[Request, Runtime, Principal], Awaitable[Response]]


def _guarded(work: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An address for people and machines that are signed in; refusals as everywhere."""

    async def answer(request: Request) -> Response:
        principal: Principal = request.state.principal
        try:
            if principal.kind is PrincipalKind.ANONYMOUS:
                raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
            return await work(request, request.app.state.runtime, principal)
        except KontorError as problem:
            return refusal(problem, _status(problem, principal), request.headers)

    return answer


def _status(problem: KontorError, principal: Principal) -> int:
    if isinstance(problem, Forbidden):
        return 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
    kinds = ((NotFound, 404), (Conflict, 409), (InvalidInput, 400))
    return next((status for kind, status in kinds if isinstance(problem, kind)), 503)


async def _upload(request: Request, runtime: Runtime, principal: Principal) -> Response:
    """Keep the file, then begin with it."""
    principal.require(Permission.IMPORTS_WRITE)
    given = request.query_params
    kind = upload_kind(given.get("kind", ""))
    principal.require(kind.permission)
    if request.headers.get("content-type", "").partition(";")[0] != CONTENT:
        raise InvalidInput(f"A file is sent as {CONTENT}.", code="BAD_REQUEST", path=("content",))
    name, data = uploads.checked_name(given.get("name", "")), await _body(request)
    begins = await asyncio.to_thread(uploads.peek, data)
    options = {key: given[key][:80] for key in ("location", "currency") if given.get(key)}
    store = runtime.ports.get(FileStore)  # type: ignore[type-abstract]
    upload_id = new_id()
    await store.put(key_of(upload_id), data, CONTENT)

    async def begin(db: Session) -> Upload:
        upload = await uploads.start_upload(db, kind, begins, name=name, options=options, upload_id=upload_id)
        audit.note(db, "upload", [("upload", upload.id)], {"kind": kind.name, "name": name, "size": len(data)})
        return upload

    try:
        upload = await runtime.database.in_unit(principal, begin, request_id=request.state.request_id)
    except KontorError:
        await store.delete(key_of(upload_id))
        raise
    return JSONResponse({"id": str(upload.id), "state": str(upload.state)}, headers={"cache-control": "no-store"})


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InvalidInput(
                f"A file has at most {MOST_BYTES} bytes here.", code="FILE_TOO_LARGE", path=("content",), max=MOST_BYTES
            )
    return bytes(body)


async def _returned(request: Request, runtime: Runtime, principal: Principal) -> Response:
    """The lines that come back, as they were, each with its number and why: corrected, it can be uploaded again."""
    principal.require(Permission.IMPORTS_READ)
    given = request.path_params["upload_id"]
    async with runtime.database.read_only(principal) as db:
        upload = await uploads.find_upload(db, UUID(given)) if is_uuid(given) else None
    if upload is None or upload.forgotten_at is not None:
        raise UploadNotFound("There is no such file.")
    data = await runtime.ports.get(FileStore).get(key_of(upload.id, "returned"))  # type: ignore[type-abstract]
    language, header = _language(request), [str(title) for title in upload.header]
    name = f"{upload.name.rsplit('.', 1)[0]}-{TITLES[language][1].lower()}"
    return await _off_the_loop(lambda: _table(request, name, _lines_with_reasons(data, header, language)))


def _lines_with_reasons(data: bytes, header: Sequence[str], language: str) -> Iterator[Sequence[str]]:
    yield [*header, *TITLES[language]]
    for each in returned_lines(data):
        cells = (each["cells"] + [""] * len(header))[: len(header)]
        yield [*cells, str(each["line"]), message_of(each, language)]


async def _template(request: Request, runtime: Runtime, principal: Principal) -> Response:
    """A file to begin with, filled with what there is."""
    kind = upload_kind(request.path_params["kind"])
    principal.require(kind.permission)
    async with runtime.database.read_only(principal) as db:
        lines = await kind.template(db)
    return await _off_the_loop(lambda: _table(request, kind.name, lines))


async def _off_the_loop(make: Callable[[], Response]) -> Response:
    """A table of 30 MB takes its time: others are served meanwhile, and one table is made after the other."""
    return await asyncio.get_running_loop().run_in_executor(_TABLES, make)


def _language(request: Request) -> str:
    asked = request.query_params.get("language") or language_of(request.headers.get("accept-language", ""))
    return asked if asked in TITLES else "en"


def _table(request: Request, name: str, lines: Iterable[Sequence[str]]) -> Response:
    """A table as people's spreadsheets open it without asking: CSV as their language writes it, or a workbook.

    A table too long for a workbook is a CSV whatever was asked for: making one keeps a processor busy for too long.
    """
    if request.query_params.get("form") == "xlsx":
        first = list(islice(lines := iter(lines), MOST_IN_WORKBOOK + 1))
        if len(first) <= MOST_IN_WORKBOOK:
            return _answer(f"{name}.xlsx", _workbook(first), _XLSX)
        lines = chain(first, lines)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if _language(request) == "de" else ",")
    writer.writerows([harmless(cell) for cell in line] for line in lines)
    return _answer(f"{name}.csv", b"\xef\xbb\xbf" + text.getvalue().encode(), _CSV)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers.

    >>> harmless("=1+1"), harmless("-3"), harmless("12")
    ("'=1+1", '-3', '12')
    """
    if not cell.startswith(_FORMULA) or cell.lstrip("+-").replace(".", "", 1).replace(",", "", 1).isdigit():
        return cell
    return f"'{cell}"


def _workbook(lines: Iterable[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in lines:
        sheet.append([_typed(cell) for cell in line])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _typed(cell: str) -> int | str:
    """Pieces as numbers; what begins with a zero, or is as long as a GTIN, is the text it was."""
    whole = cell.isascii() and cell.isdigit() and len(cell) < 8 and cell == str(int(cell))
    return int(cell) if whole else harmless(ILLEGAL_CHARACTERS_RE.sub("", cell))  # XML has no place for them


def _answer(name: str, data: bytes, content_type: str) -> Response:
    headers = {
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "cache-control": "private, no-store",
        "content-security-policy": ATTACHMENT_POLICY,
    }
    return Response(data, media_type=content_type, headers=headers)


routes: list[Route] = [
    Route("/files/uploads", _guarded(_upload), methods=["POST"]),
    Route("/files/uploads/{upload_id}/returned", _guarded(_returned), methods=["GET"]),
    Route("/files/templates/{kind}", _guarded(_template), methods=["GET"]),
]
