"""Files we keep, for those who may see what they are about."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.auth.permissions import Permission
from kontor.core.errors import Forbidden, NotFound
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents import queries, service
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore

# Kind of document -> who may read it; kinds not named here are for those who may read orders.
PERMISSIONS = {
    "INVOICE": Permission.INVOICES_READ,
    "CREDIT_NOTE": Permission.INVOICES_READ,
    "LEDGER_EXPORT": Permission.JOURNAL_READ,
    "PAYOUT_FILE": Permission.JOURNAL_READ,
    "RETURN_LABEL": Permission.RETURNS_READ,
    "RETURN_SLIP": Permission.RETURNS_READ,
}
ATTACHMENT_POLICY = "default-src 'none'; sandbox"


def permission_for(kind: str) -> Permission:
    """What reading a document of this kind needs."""
    return PERMISSIONS.get(kind, Permission.ORDERS_READ)


def readable(principal: Principal) -> sa.ColumnElement[bool]:
    """Documents of the kinds the principal's permissions open; kinds without one of their own go with orders."""
    named = [kind for kind in PERMISSIONS if principal.may(permission_for(kind))]
    opened = Document.kind.in_(named)
    return sa.or_(opened, Document.kind.not_in(PERMISSIONS)) if principal.may(Permission.ORDERS_READ) else opened


async def download(request: Request) -> Response:
    """The content of a document, under the name people know it by."""
    runtime: Runtime = request.app.state.runtime
    principal: Principal = request.state.principal
    try:
        return await _content(runtime, principal, request.path_params["document_id"])
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    except Forbidden as problem:
        status = 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
        return refusal(problem, status, request.headers)


async def _content(runtime: Runtime, principal: Principal, document_id: str) -> Response:
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    if not is_uuid(document_id):
        raise service.DocumentNotFound("There is no such document.")
    async with runtime.database.read_only(principal) as db:
        document = await queries.get_document(db, UUID(document_id), principal)
    principal.require(permission_for(document.kind))
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    data = await service.read(store, document)
    name = f"{document.number.replace('/', '-')}{'.pdf' if document.content_type == 'application/pdf' else ''}"
    headers = {
        "content-disposition": f"inline; filename*=utf-8''{quote(name, safe='')}",
        "cache-control": "private, no-store",
        "content-security-policy": ATTACHMENT_POLICY,
    }
    return Response(data, media_type=document.content_type, headers=headers)


routes: list[Route] = [Route("/files/documents/{document_id}", download, methods=["GET"])]
