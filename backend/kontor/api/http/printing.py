"""The file of a selection: the address that the print dialog opens, in the tab of the click itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from kontor.api.graphql.context import language_of
from kontor.api.http.files import ATTACHMENT_POLICY
from kontor.api.http.refusals import refusal
from kontor.auth.permissions import Permission
from kontor.core.errors import Forbidden, KontorError, NotFound
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents.ports import DocumentStore
from kontor.printing import queries
from kontor.printing.errors import PrintBatchNotFound
from kontor.printing.models import PrintBatch
from kontor.printing.service import allow

WAITED_SECONDS = 10.0
ASKED_EVERY = 0.1
WORDS = {
    "en": "Your documents are being drawn: {done} of {count}. This page opens them by itself.",
    "de": "Ihre Dokumente werden erstellt: {done} von {count}. Diese Seite öffnet sie von selbst.",
}


async def download(request: Request) -> Response:
    """The file as soon as it is drawn; after some seconds of waiting a page that asks again by itself."""
    principal: Principal = request.state.principal
    try:
        return await _file(request, principal)
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    except Forbidden as problem:
        status = 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
        return refusal(problem, status, request.headers)
    except KontorError as problem:
        return refusal(problem, 503, request.headers)


async def _file(request: Request, principal: Principal) -> Response:
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    principal.require(Permission.FULFILLMENT_READ)
    if not is_uuid(request.path_params["batch_id"]):
        raise PrintBatchNotFound("There is no such file to print.")
    runtime: Runtime = request.app.state.runtime
    batch = await _drawn(runtime, UUID(request.path_params["batch_id"]), principal)
    if batch.key is None:
        words = WORDS[language_of(request.headers.get("accept-language", ""))]
        text = words.format(done=batch.done, count=len(batch.items))
        headers = {"refresh": "1", "retry-after": "1", "cache-control": "no-store"}
        return PlainTextResponse(text, 202, headers=headers)
    portions = runtime.ports.get(DocumentStore).stream(batch.key)  # type: ignore[type-abstract]
    first = await anext(portions)  # a file that is gone is a refusal, not half an answer
    headers = {
        "content-disposition": f'inline; filename="documents-{batch.created_at:%Y-%m-%d-%H%M}.pdf"',
        "content-length": str(batch.bytes),
        "cache-control": "private, no-store",
        "content-security-policy": ATTACHMENT_POLICY,
    }
    return StreamingResponse(_all(first, portions), media_type="application/pdf", headers=headers)


async def _drawn(runtime: Runtime, batch_id: UUID, principal: Principal) -> PrintBatch:
    """The batch once it is drawn or the patience ends; what it holds must be for the caller still."""
    waited = 0.0
    while True:
        async with runtime.database.read_only(principal) as db:
            batch = await queries.get_batch(db, batch_id, principal)
            if not waited:
                await allow(db, batch.kinds, principal)
        if batch.key is not None or waited >= WAITED_SECONDS:
            return batch
        await asyncio.sleep(ASKED_EVERY)
        waited += ASKED_EVERY


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for portion in rest:
        yield portion


routes: list[Route] = [Route("/files/print/{batch_id}.pdf", download, methods=["GET"])]
