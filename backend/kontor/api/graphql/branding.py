"""How retailers look."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.channels import branding, colors
from kontor.channels.models import Brand as BrandRow
from kontor.channels.models import BrandFont, SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.principal import Principal
from kontor.locations import queries as locations
from kontor.locations.models import StockLocation

strawberry.enum(BrandFont)


@strawberry.type(description="A color for one theme, as the server derives it.")
class Shades:
    color: str
    on_color: str = strawberry.field(description="What is written on it.")
    hover: str
    tint: str = strawberry.field(description="A pale ground on which the color can be read.")


def _shades(each: colors.Shades) -> Shades:
    return Shades(color=each.color, on_color=each.on_color, hover=each.hover, tint=each.tint)


@strawberry.type(description="How a retailer looks on pages, documents and in mails; a version, never changed.")
class Brand:
    id: UUID
    code: str
    version: int
    channel_id: UUID | None
    legal_entity_id: UUID | None = strawberry.field(description="Of all its channels without a brand of their own.")
    name: str
    color: str
    radius: int
    font: BrandFont
    light: Shades
    dark: Shades
    style_url: str = strawberry.field(description="The style sheet with the six variables; changes with the version.")
    logo_light_url: str | None
    logo_dark_url: str | None
    texts: JSON = strawberry.field(description="{language: {place: text}}.")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Any) -> Brand:
        """As the API shows it."""
        shades = colors.palette(row.color)
        return cls(
            id=row.id, code=row.code, version=row.version, channel_id=row.channel_id,
            legal_entity_id=row.legal_entity_id, name=row.name, color=row.color, radius=row.radius, font=row.font,
            light=_shades(shades.light), dark=_shades(shades.dark), style_url=branding.style_url(row),
            logo_light_url=branding.logo_url(row, "light"), logo_dark_url=branding.logo_url(row, "dark"),
            texts=row.texts, created_at=row.created_at, created_by=row.created_by,
        )  # fmt: skip


@strawberry.type(description="A retailer whose orders the caller serves, as pages show it.")
class PortalBrand:
    code: str
    name: str
    style_url: str
    logo_light_url: str | None
    logo_dark_url: str | None


@strawberry.input(description="A look, of a channel or a legal entity by its code; logos as SVG text or PNG data URL.")
class BrandInput:
    code: str = strawberry.field(description="Names it in addresses: /branding/<code>.css.")
    name: str
    color: str = strawberry.field(description="Like #1f3a5f; refused where text in it could not be read.")
    channel: str | None = UNSET
    legal_entity: str | None = UNSET
    radius: int = 4
    font: BrandFont = BrandFont.SYSTEM
    logo_light: str | None = UNSET
    logo_dark: str | None = UNSET
    texts: JSON | None = strawberry.field(
        default=UNSET, description="{de: {footer, deliveryNote, returnSlip, invoice, mailFooter}, en: …}, both or none."
    )

    def value(self) -> branding.BrandDraft:
        """As the service takes it."""
        given = {name: getattr(self, name) or None for name in ("channel", "legal_entity", "logo_light", "logo_dark")}
        return branding.BrandDraft(
            code=self.code, name=self.name, color=self.color, radius=self.radius, font=self.font,
            texts=_texts(self.texts or {}), **given,
        )  # fmt: skip


_PLACES = {"deliveryNote": "delivery_note", "returnSlip": "return_slip", "mailFooter": "mail_footer"}


def _texts(given: Any) -> dict[str, dict[str, str]]:
    whole = isinstance(given, dict) and all(
        isinstance(places, dict) and all(isinstance(text, str) for text in places.values()) for places in given.values()
    )
    if not whole:
        raise InvalidInput("Texts by language and place.", code="INVALID_TEXT", path=("texts",))
    return {
        language: {_PLACES.get(place, place): text for place, text in places.items()}
        for language, places in given.items()
    }


SaveBrandResult = Annotated[Brand | Refusal, strawberry.union("SaveBrandResult")]


@strawberry.type
class BrandingQuery:
    @strawberry.field(
        extensions=[requires(Permission.CHANNELS_READ)],
        description="The brands as they are now, by code; with a code every version of it, newest first.",
    )
    async def brands(self, info: Info, code: str | None = None) -> list[Brand]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows = await branding.list_brands(db) if code is None else await branding.versions_of(db, code)
            if principal.restricted:
                codes = {row.code for row in await _served(db, principal)}
                rows = [row for row in rows if row.code in codes]
        return [Brand.of(row) for row in rows]

    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="The retailers whose orders the caller serves; a page with one of them wears its look.",
    )
    async def portal_brands(self, info: Info) -> list[PortalBrand]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows = await _served(db, principal)
        return [
            PortalBrand(
                code=row.code, name=row.name, style_url=branding.style_url(row),
                logo_light_url=branding.logo_url(row, "light"), logo_dark_url=branding.logo_url(row, "dark"),
            )
            for row in rows
        ]  # fmt: skip


async def _served(db: Session, principal: Principal) -> list[BrandRow]:
    """The brands of the channels whose orders come to the caller, by code."""
    found = sa.select(SalesChannel.id, SalesChannel.code, SalesChannel.legal_entity_id).where(SalesChannel.active)
    if principal.channel_ids is not None:
        found = found.where(SalesChannel.id.in_(principal.channel_ids))
    channels = {row.code: (row.id, row.legal_entity_id) for row in await db.execute(found)}
    if principal.partner_id is not None or principal.location_ids is not None:
        places = sa.select(StockLocation.channel_codes).where(locations.visible_to(principal))
        served = list(await db.scalars(places))
        if None not in served:
            codes = {code for each in served for code in each or ()}
            channels = {code: seller for code, seller in channels.items() if code in codes}
    brands = await branding.brands_of_sellers(db, dict(channels.values()))
    return sorted({brand.id: brand for brand in brands.values()}.values(), key=lambda brand: brand.code)


@strawberry.type
class BrandingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description="Give a retailer a look: pages, documents and mails wear it from now on, what was issued stays.",
    )
    async def save_brand(self, info: Info, input: BrandInput) -> SaveBrandResult:
        draft = input.value()

        async def work(db: Session) -> Brand:
            return Brand.of(await branding.save_brand(db, draft, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> Brand:
            return Brand.of(await db.get_one(BrandRow, ids[0]))

        return await change(
            info, work, body=draft, again=again, targets=lambda done: [("brand", done.id)],
            details={"code": draft.code, "color": draft.color},
        )  # fmt: skip
