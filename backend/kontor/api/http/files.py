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
from kontor.invoicing.electronic import InvoiceForm, file_of_credit_note, file_of_invoice
from kontor.invoicing.errors import InvoiceNotFound, NotExpressible

# Kind of document -> who may read it; what is not named here nobody opens.
PERMISSIONS = {
    "DELIVERY_NOTE": Permission.ORDERS_READ,
    "PICK_LIST": Permission.ORDERS_READ,
    "GOODS_LABEL": Permission.ORDERS_READ,
    "SHIPPING_LABEL": Permission.ORDERS_READ,
    "INVOICE": Permission.INVOICES_READ,
    "CREDIT_NOTE": Permission.INVOICES_READ,
    "INVOICE_XML": Permission.INVOICES_READ,
    "CREDIT_NOTE_XML": Permission.INVOICES_READ,
    "LEDGER_EXPORT": Permission.JOURNAL_READ,
    "PAYOUT_FILE": Permission.JOURNAL_READ,
    "RETURN_LABEL": Permission.RETURNS_READ,
    "RETURN_SLIP": Permission.RETURNS_READ,
    "RETURN_PHOTO": Permission.RETURNS_READ,
    "CLAIM_PHOTO": Permission.CLAIMS_WRITE,
    "CUSTOMER_EXPORT": Permission.CARE_WRITE,
    "EVIDENCE": Permission.DISPUTES_WRITE,
}
SUFFIXES = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "image/jpeg": ".jpg",
    "image/png": ".png",
}
ATTACHMENT_POLICY = "default-src 'none'; sandbox"


def permission_for(kind: str) -> Permission:
    """What reading a document of this kind needs. Raises `DocumentNotFound` for a kind that nobody opens."""
    if kind not in PERMISSIONS:
        raise service.DocumentNotFound("There is no such document.")
    return PERMISSIONS[kind]


def readable(principal: Principal) -> sa.ColumnElement[bool]:
    """Documents of the kinds the principal's permissions open."""
    return Document.kind.in_([kind for kind in PERMISSIONS if principal.may(permission_for(kind))])


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
    name = f"{document.number.replace('/', '-')}{SUFFIXES.get(document.content_type, '')}"
    return _answer(name, data, document.content_type)


def _answer(name: str, data: bytes, content_type: str) -> Response:
    headers = {
        "content-disposition": f"inline; filename*=utf-8''{quote(name, safe='')}",
        "cache-control": "private, no-store",
        "content-security-policy": ATTACHMENT_POLICY,
    }
    return Response(data, media_type=content_type, headers=headers)


async def electronic(request: Request) -> Response:
    """An invoice or credit note as XML in the form that is asked for, written now from what was frozen at issue."""
    principal: Principal = request.state.principal
    try:
        return await _electronic(request, principal)
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    except NotExpressible as problem:
        return refusal(problem, 409, request.headers)
    except Forbidden as problem:
        status = 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
        return refusal(problem, status, request.headers)


async def _electronic(request: Request, principal: Principal) -> Response:
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    principal.require(Permission.INVOICES_READ)
    row_id, forms = request.path_params["row_id"], {each.file_part: each for each in InvoiceForm}
    form = forms.get(request.path_params["form"])
    if not is_uuid(row_id) or form is None:
        raise InvoiceNotFound("There is no such invoice.")
    write = file_of_invoice if request.url.path.startswith("/files/invoices/") else file_of_credit_note
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only(principal) as db:
        made = await write(db, UUID(row_id), form, principal)
    return _answer(made.name, made.data, "application/xml")


routes: list[Route] = [
    Route("/files/documents/{document_id}", download, methods=["GET"]),
    Route("/files/invoices/{row_id}/{form}", electronic, methods=["GET"]),
    Route("/files/credit-notes/{row_id}/{form}", electronic, methods=["GET"]),
]
