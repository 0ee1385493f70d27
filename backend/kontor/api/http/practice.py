"""The delivery note of a practice order, as it would lie in the parcel, and marked for what it is."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.auth.permissions import Permission
from kontor.channels.models import LegalEntity
from kontor.core.clock import local_day
from kontor.core.errors import Forbidden, NotFound
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal
from kontor.documents.rendering import Renderer
from kontor.documents.values import Address, Brand, DeliveryLine, DeliveryNote, Language, ParcelLine, Seller
from kontor.partners import queries as partners
from kontor.partners.errors import PracticeOrderNotFound
from kontor.partners.models import Partner, PracticeOrder
from kontor.partners.practice import get_practice

MARK = {
    "en": "PRACTICE: this delivery note belongs to no order. Do not put it into a parcel.",
    "de": "ÜBUNG: Dieser Lieferschein gehört zu keiner Bestellung. Bitte nicht in ein Paket legen.",
}
# Nobody lives there.
RECIPIENT = {
    "en": ("Practice Customer", "Sample Street 1", "Sampletown"),
    "de": ("Übung Muster", "Musterstraße 1", "Musterstadt"),
}


async def delivery_note(request: Request) -> Response:
    """A PDF for whoever may ship for the partner."""
    runtime: Runtime = request.app.state.runtime
    principal: Principal = request.state.principal
    try:
        principal.require(Permission.FULFILLMENT_READ)
        note = await _note(runtime, principal, request.path_params["order_id"])
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    except Forbidden as problem:
        return refusal(problem, 403 if principal.id else 401, request.headers)
    data = await runtime.ports.get(Renderer).render_async(note)
    headers = {"content-disposition": f'inline; filename="{note.number}.pdf"', "cache-control": "private, no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


async def _note(runtime: Runtime, principal: Principal, order_id: str) -> DeliveryNote:
    if principal.partner_id is None or not is_uuid(order_id):
        raise PracticeOrderNotFound("There is no such practice order.", path=("id",))
    async with runtime.database.read_only(principal) as db:
        order = await get_practice(db, principal.partner_id, UUID(order_id))
        partner = await partners.find_partner(db, id=principal.partner_id)
        seller = await db.scalar(sa.select(LegalEntity).order_by(LegalEntity.code).limit(1))
        assert partner is not None
        return note_of(order, partner, seller)


def note_of(order: PracticeOrder, partner: Partner, seller: LegalEntity | None) -> DeliveryNote:
    """The note in the partner's language; the retailer stands on it as on a real one."""
    language: Language = "de" if partner.language == "de" else "en"
    name, home = (seller.name, seller.country) if seller else (partner.name, partner.country)
    sender = Address(name=name, street="", postal_code="", city="", country=home)
    brand = Brand(name=name)
    if seller is not None:
        sender = Address(
            name=name, street=seller.street, postal_code=seller.postal_code, city=seller.city, country=home
        )  # fmt: skip
        brand = Brand(name=name, color=seller.brand_color, logo_svg=seller.logo_svg or "")
    to, street, city = RECIPIENT[language]
    lines = [DeliveryLine(name=each["name"], quantity=each["quantity"], sku=each["sku"]) for each in order.lines]
    shipped = order.carrier or order.tracking_number
    parcel = ParcelLine(carrier=order.carrier or "", tracking_number=order.tracking_number or "")
    return DeliveryNote(
        number=order.number, order_number=order.number, language=language, brand=brand, lines=tuple(lines),
        issued_on=local_day(order.updated_at, seller.timezone if seller else "Europe/Berlin"),
        seller=Seller(address=sender), notes=(MARK[language],), parcels=(parcel,) if shipped else (),
        recipient=Address(name=to, street=street, postal_code="00000", city=city, country=home),
    )  # fmt: skip


routes: list[Route] = [Route("/files/practice/{order_id}", delivery_note, methods=["GET"])]
