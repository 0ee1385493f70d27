"""Photos of what came back, for whoever decides about the return and for our own people."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.graphql.partner_returns import PHOTO
from kontor.api.http.refusals import refusal
from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Conflict, Forbidden, InvalidInput, KontorError, NotFound
from kontor.core.ids import is_uuid, new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents import service
from kontor.documents.images import MOST_BYTES, InvalidImage, picture_of
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.orders.models import Order
from kontor.returns import queries
from kontor.returns.errors import ReturnNotFound
from kontor.returns.models import Return

MOST_PHOTOS = 10
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}
HEADERS = {"cache-control": "private, no-store", "content-security-policy": "default-src 'none'; sandbox"}
STATUS = ((NotFound, 404), (Conflict, 409), (InvalidInput, 400))


async def keep(request: Request) -> Response:
    """Keep the photo in the body; answers its id and address."""
    try:
        return await _keep(request)
    except KontorError as problem:
        return _refused(request, problem)


async def _keep(request: Request) -> Response:
    runtime, principal, return_id = _asked(request)
    picture, content_type = picture_of(await _body(request))
    async with runtime.database.read_only(principal) as db:
        found = await queries.get_return(db, return_id, principal)
        order = await db.get_one(Order, found.order_id)
    key = f"returns/{found.id}/{new_id()}.{ENDINGS[content_type]}"
    photo = service.NewDocument(
        kind=PHOTO, number=found.number, key=key, data=picture, content_type=content_type, order_id=found.order_id,
        subject_id=found.id, channel_id=order.channel_id,
    )  # fmt: skip
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    await service.put(store, photo)

    async def add(db: Session) -> UUID:
        await queries.lock_return(db, found.id, principal)
        if len(await _photos(db, found)) >= MOST_PHOTOS:
            raise Conflict(f"A return has at most {MOST_PHOTOS} photos.", code="TOO_MANY_PHOTOS", max=MOST_PHOTOS)
        (photo_id,) = await service.add_all(db, [photo], now=db.now)
        audit.note(db, "addReturnPhoto", [("return", found.id), ("document", photo_id)], None)
        return photo_id

    try:
        photo_id = await runtime.database.in_unit(principal, add, request_id=request.state.request_id)
    except KontorError:
        await store.delete(key)
        raise
    return JSONResponse({"id": str(photo_id), "address": f"/files/returns/{found.id}/photos/{photo_id}"}, 201)


async def show(request: Request) -> Response:
    """The picture, for those who see the return."""
    try:
        runtime, principal, return_id = _asked(request)
        photo_id = request.path_params["photo_id"]
        async with runtime.database.read_only(principal) as db:
            found = await queries.get_return(db, return_id, principal)
            photos = {str(each.id): each for each in await _photos(db, found)}
        if photo_id not in photos:
            raise service.DocumentNotFound("There is no such photo.")
        store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
        data = await service.read(store, photos[photo_id])
    except KontorError as problem:
        return _refused(request, problem)
    return Response(data, media_type=photos[photo_id].content_type, headers=HEADERS)


async def _photos(db: Session, found: Return) -> list[Document]:
    own = sa.select(Document).where(
        Document.order_id == found.order_id, Document.subject_id == found.id, Document.kind == PHOTO
    )
    return list(await db.scalars(own))


def _asked(request: Request) -> tuple[Runtime, Principal, UUID]:
    principal: Principal = request.state.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    principal.require(Permission.RETURNS_DECIDE)
    return_id = request.path_params["return_id"]
    if not is_uuid(return_id):
        raise ReturnNotFound("There is no such return.")
    return request.app.state.runtime, principal, UUID(return_id)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InvalidImage("A photo has at most 8 MB.", code="IMAGE_TOO_LARGE", max=MOST_BYTES)
    return bytes(body)


def _refused(request: Request, problem: KontorError) -> Response:
    if isinstance(problem, Forbidden):
        status = 401 if request.state.principal.kind is PrincipalKind.ANONYMOUS else 403
    else:
        status = next((status for kind, status in STATUS if isinstance(problem, kind)), 500)
    return refusal(problem, status, request.headers)


routes: list[Route] = [
    Route("/files/returns/{return_id}/photos", keep, methods=["POST"]),
    Route("/files/returns/{return_id}/photos/{photo_id}", show, methods=["GET"]),
]
