"""Photos of what came back and of what customers complain of, for whoever decides about it and for our own people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.graphql.claims import CLAIM_PHOTO
from kontor.api.graphql.partner_returns import PHOTO
from kontor.api.http.refusals import refusal
from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.claims import queries as claims
from kontor.claims.models import Claim
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
from kontor.orders.queries import lock_order
from kontor.returns import queries as returns
from kontor.returns.models import Return

MOST_PHOTOS = 10
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}
HEADERS = {"cache-control": "private, no-store", "content-security-policy": "default-src 'none'; sandbox"}
STATUS = ((NotFound, 404), (Conflict, 409), (InvalidInput, 400))

# A return or a claim: id, number and order of both are looked at.
Thing = Return | Claim


@dataclass(frozen=True, slots=True)
class Album:
    """The photos of one kind of thing: `permission` is needed to add and to see, `find` and `lock` raise `NotFound`."""

    kind: str
    thing: str
    permission: Permission
    find: Callable[[Session, UUID], Awaitable[Thing]]
    lock: Callable[[Session, Thing], Awaitable[Any]]

    @property
    def folder(self) -> str:
        """Where they are, in addresses and in the store."""
        return f"{self.thing}s"

    def address(self, thing_id: UUID, photo_id: UUID) -> str:
        """Where one of them is shown."""
        return f"/files/{self.folder}/{thing_id}/photos/{photo_id}"


async def keep(album: Album, request: Request) -> Response:
    """Keep the photo in the body; answers its id and address."""
    try:
        return await _keep(album, request)
    except KontorError as problem:
        return _refused(request, problem)


async def _keep(album: Album, request: Request) -> Response:
    runtime, principal, thing_id = _asked(album, request)
    picture, content_type = picture_of(await _body(request))
    async with runtime.database.read_only(principal) as db:
        found = await album.find(db, thing_id)
        order = await db.get_one(Order, found.order_id)
    key = f"{album.folder}/{found.id}/{new_id()}.{ENDINGS[content_type]}"
    photo = service.NewDocument(
        kind=album.kind, number=found.number, key=key, data=picture, content_type=content_type,
        order_id=found.order_id, subject_id=found.id, channel_id=order.channel_id,
    )  # fmt: skip
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    await service.put(store, photo)

    async def add(db: Session) -> UUID:
        await album.lock(db, found)
        if len(await _photos(db, album, found)) >= MOST_PHOTOS:
            raise Conflict(f"At most {MOST_PHOTOS} photos belong to one.", code="TOO_MANY_PHOTOS", max=MOST_PHOTOS)
        (photo_id,) = await service.add_all(db, [photo], now=db.now)
        targets = [(album.thing, found.id), ("document", photo_id)]
        audit.note(db, f"add{album.thing.capitalize()}Photo", targets, None)
        return photo_id

    try:
        photo_id = await runtime.database.in_unit(principal, add, request_id=request.state.request_id)
    except KontorError:
        await store.delete(key)
        raise
    return JSONResponse({"id": str(photo_id), "address": album.address(found.id, photo_id)}, 201)


async def show(album: Album, request: Request) -> Response:
    """The picture, for those who see what it is of."""
    try:
        runtime, principal, thing_id = _asked(album, request)
        photo_id = request.path_params["photo_id"]
        async with runtime.database.read_only(principal) as db:
            found = await album.find(db, thing_id)
            photos = {str(each.id): each for each in await _photos(db, album, found)}
        if photo_id not in photos:
            raise service.DocumentNotFound("There is no such photo.")
        store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
        data = await service.read(store, photos[photo_id])
    except KontorError as problem:
        return _refused(request, problem)
    return Response(data, media_type=photos[photo_id].content_type, headers=HEADERS)


async def _photos(db: Session, album: Album, found: Thing) -> list[Document]:
    own = sa.select(Document).where(
        Document.order_id == found.order_id, Document.subject_id == found.id, Document.kind == album.kind
    )
    return list(await db.scalars(own))


def _asked(album: Album, request: Request) -> tuple[Runtime, Principal, UUID]:
    principal: Principal = request.state.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    principal.require(album.permission)
    thing_id = request.path_params[f"{album.thing}_id"]
    if not is_uuid(thing_id):
        raise NotFound(f"There is no such {album.thing}.", code=f"{album.thing.upper()}_NOT_FOUND")
    return request.app.state.runtime, principal, UUID(thing_id)


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


async def _return(db: Session, return_id: UUID) -> Thing:
    return await returns.get_return(db, return_id, db.principal)


async def _lock_return(db: Session, found: Thing) -> None:
    await returns.lock_return(db, found.id, db.principal)


async def _claim(db: Session, claim_id: UUID) -> Thing:
    return await claims.get_claim(db, claim_id)


async def _lock_claim(db: Session, found: Thing) -> None:
    await lock_order(db, found.order_id, db.principal)


RETURNS = Album(PHOTO, "return", Permission.RETURNS_DECIDE, _return, _lock_return)
CLAIMS = Album(CLAIM_PHOTO, "claim", Permission.CLAIMS_WRITE, _claim, _lock_claim)
routes: list[Route] = [
    Route(f"/files/{album.folder}/{{{album.thing}_id}}/photos{rest}", partial(act, album), methods=[method])
    for album in (RETURNS, CLAIMS)
    for rest, act, method in (("", keep, "POST"), ("/{photo_id}", show, "GET"))
]
