"""How retailers look: saved as versions, found for channels, written as the style sheet that pages load."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.colors import palette
from kontor.channels.errors import BrandTaken, ChannelNotFound
from kontor.channels.events import BrandSaved
from kontor.channels.logos import cleaned, drawable, png_of
from kontor.channels.models import Brand, BrandFont, LegalEntity, SalesChannel
from kontor.channels.service import CHANNELS_STREAM
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, camel
from kontor.core.ids import new_id
from kontor.core.outbox import record

# Where a retailer's own words stand, and how long they may be.
BRAND_TEXTS = {"footer": 600, "delivery_note": 600, "return_slip": 600, "invoice": 600, "mail_footer": 600}
LANGUAGES = ("de", "en")
LARGEST_RADIUS = 24
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FONTS = {
    BrandFont.SYSTEM: "system-ui, sans-serif",
    BrandFont.SOURCE_SANS: '"Source Sans 3", system-ui, sans-serif',
}
_FACES = "".join(
    f'@font-face {{ font-family: "Source Sans 3"; font-weight: {weight}; font-display: swap; '
    f'src: url("/branding/fonts/{name}.otf") format("opentype"); }}\n'
    for weight, name in ((400, "SourceSans3-Regular"), (600, "SourceSans3-Semibold"))
)


@dataclass(frozen=True, slots=True)
class BrandDraft:
    """A retailer's look as it is given: of a `channel` or a `legal_entity`, by code."""

    code: str
    name: str
    color: str
    channel: str | None = None
    legal_entity: str | None = None
    radius: int = 4
    font: BrandFont = BrandFont.SYSTEM
    logo_light: str | None = None
    logo_dark: str | None = None
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


async def save_brand(db: Session, draft: BrandDraft, *, now: datetime) -> Brand:
    """A new version of a retailer's look; the same again is no new one.

    Raises `WeakContrast`, `InvalidInput` naming the field, `ChannelNotFound`, or `BrandTaken` when the code is
    another's, or the channel or entity has a brand under another code.
    """
    values = _checked(draft)
    owner = await _owner(db, draft)
    latest = await db.scalar(
        sa.select(Brand).where(Brand.code == draft.code).order_by(Brand.version.desc()).limit(1).with_for_update()
    )
    others = sa.select(Brand.id).where(Brand.code != draft.code).limit(1)
    if latest is not None and {name: getattr(latest, name) for name in owner} != owner:
        raise BrandTaken("This code is the brand of another channel or entity.", path=("code",))
    if await db.scalar(others.where(*(getattr(Brand, name) == value for name, value in owner.items() if value))):
        raise BrandTaken("It has a brand under another code.", path=("code",))
    if latest is not None and all(getattr(latest, name) == value for name, value in values.items()):
        return latest
    version = latest.version + 1 if latest is not None else 1
    brand = Brand(id=new_id(), version=version, created_at=now, created_by=db.by, **owner, **values)
    db.add(brand)
    await db.flush()
    record(db, BrandSaved(stream_id=CHANNELS_STREAM, code=brand.code, version=version))
    return brand


def _checked(draft: BrandDraft) -> dict[str, Any]:
    if not _CODE.fullmatch(draft.code):
        raise InvalidInput("Small letters, digits and hyphens.", code="INVALID_CODE", path=("code",))
    if not 1 <= len(draft.name.strip()) <= 120:
        raise InvalidInput("1 to 120 characters.", code="INVALID_TEXT", path=("name",))
    palette(draft.color)
    if not 0 <= draft.radius <= LARGEST_RADIUS:
        raise InvalidInput(
            f"0 to {LARGEST_RADIUS}.", code="OUT_OF_RANGE", path=("radius",), min=0, max=LARGEST_RADIUS
        )  # fmt: skip
    logos = {
        name: cleaned(logo, camel(name)) if (logo := getattr(draft, name)) else None
        for name in ("logo_light", "logo_dark")
    }
    return {
        "code": draft.code, "name": draft.name.strip(), "color": draft.color.lower(), "radius": draft.radius,
        "font": draft.font, "texts": _texts(draft.texts), **logos,
    }  # fmt: skip


def _texts(given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Texts in both languages or in none: who reads the other one would find a gap."""
    for language, places in given.items():
        if language not in LANGUAGES:
            raise InvalidInput("de or en.", code="LANGUAGE_UNKNOWN", path=("texts", language))
        for place, text in places.items():
            if place not in BRAND_TEXTS:
                raise InvalidInput(
                    "There is no such place.", code="UNKNOWN_FIELD", path=("texts", language, camel(place))
                )
            if len(text) > (most := BRAND_TEXTS[place]):
                where = ("texts", language, camel(place))
                raise InvalidInput(f"At most {most} characters.", code="INVALID_TEXT", path=where)
    said = {
        language: {place: text.strip() for place, text in given.get(language, {}).items() if text.strip()}
        for language in LANGUAGES
    }
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for place in said[other]:
            if place not in said[language]:
                raise InvalidInput(
                    "This text is missing in one language.", code="TEXT_MISSING", path=("texts", language, camel(place))
                )  # fmt: skip
    return said


async def _owner(db: Session, draft: BrandDraft) -> dict[str, UUID | None]:
    if (draft.channel is None) == (draft.legal_entity is None):
        raise InvalidInput("Name the channel or the legal entity.", code="CHANNEL_OR_ENTITY", path=("channel",))
    if draft.channel is not None:
        found = await db.scalar(sa.select(SalesChannel.id).where(SalesChannel.code == draft.channel))
        path = "channel"
    else:
        found = await db.scalar(sa.select(LegalEntity.id).where(LegalEntity.code == draft.legal_entity))
        path = "legalEntity"
    if found is None:
        raise ChannelNotFound("There is no such sales channel or legal entity.", path=(path,))
    return {"channel_id": found if path == "channel" else None, "legal_entity_id": None if path == "channel" else found}


def latest_brands() -> sa.Select[Brand]:
    """The version of each brand that counts."""
    newest = sa.select(Brand.code, sa.func.max(Brand.version).label("version")).group_by(Brand.code).subquery()
    return sa.select(Brand).join(newest, sa.and_(newest.c.code == Brand.code, newest.c.version == Brand.version))


async def list_brands(db: Session) -> Sequence[Brand]:
    """The version of each brand that counts, by code: a company has few."""
    return (await db.scalars(latest_brands().order_by(Brand.code))).all()


async def versions_of(db: Session, code: str) -> Sequence[Brand]:
    """Every version of a brand, newest first."""
    return (await db.scalars(sa.select(Brand).where(Brand.code == code).order_by(Brand.version.desc()))).all()


async def find_brand(db: Session, code: str) -> Brand | None:
    """The version of a brand that counts."""
    return await db.scalar(latest_brands().where(Brand.code == code))


async def brands_by_id(db: Session, ids: Iterable[UUID]) -> dict[UUID, Brand]:
    """Versions of brands by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {brand.id: brand for brand in await db.scalars(sa.select(Brand).where(Brand.id.in_(wanted)))}


async def brands_of_channels(db: Session, channel_ids: Iterable[UUID]) -> dict[UUID, Brand]:
    """The brand of each channel: its own, else that of its legal entity; channels with neither are left out."""
    wanted = list(channel_ids)
    if not wanted:
        return {}
    rows = await db.execute(sa.select(SalesChannel.id, SalesChannel.legal_entity_id).where(SalesChannel.id.in_(wanted)))
    return await brands_of_sellers(db, {row.id: row.legal_entity_id for row in rows})


async def brands_of_sellers(db: Session, sellers: Mapping[UUID, UUID]) -> dict[UUID, Brand]:
    """`brands_of_channels` for those whose legal entities are known: by channel."""
    brands = await list_brands(db)
    own = {brand.channel_id: brand for brand in brands if brand.channel_id}
    theirs = {brand.legal_entity_id: brand for brand in brands if brand.legal_entity_id}
    found = {channel: own.get(channel) or theirs.get(entity) for channel, entity in sellers.items()}
    return {channel_id: brand for channel_id, brand in found.items() if brand is not None}


def shown_on_papers(brand: Brand | None, channel: str, color: str, entity_id: UUID, language: str) -> dict[str, Any]:
    """What documents keep of a brand when they are issued; of channels without one the name and the entity's color."""
    if brand is None:
        return {"name": channel, "color": color, "entity": str(entity_id)}
    texts = brand.texts.get(language) or {}
    return {"name": brand.name, "color": brand.color, "id": str(brand.id), "texts": texts}


async def logos_of_papers(db: Session, brands: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Logos as SVG by the id of the version that papers keep (`shown_on_papers`), empty for brands without one."""
    ids = {UUID(brand["id"]) for brand in brands if brand.get("id")}
    rows = await brands_by_id(db, ids)
    return {str(row.id): drawable(row.logo_light) if row.logo_light else "" for row in rows.values()}


def logo_url(brand: Brand, which: str) -> str | None:
    """The address of a logo, `light` or `dark`; it changes with the version, so it may be kept for ever."""
    logo = (brand.logo_dark if which == "dark" else None) or brand.logo_light
    if logo is None:
        return None
    kind = "png" if png_of(logo) is not None else "svg"
    return f"/branding/{brand.code}/logo-{which}.{kind}?v={brand.version}"


def style_url(brand: Brand) -> str:
    """The address of the style sheet, with the version of its content."""
    return f"/branding/{brand.code}.css?v={brand.version}"


def style_sheet(brand: Brand) -> str:
    """The style sheet of a brand: six variables and the letters they may name, nothing else."""
    shades = palette(brand.color)
    logos = {which: f'url("{url}")' if (url := logo_url(brand, which)) else "none" for which in ("light", "dark")}
    faces = _FACES if brand.font is BrandFont.SOURCE_SANS else ""
    return (
        f"{faces}:root {{\n"
        f"  --brand: light-dark({shades.light.color}, {shades.dark.color});\n"
        f"  --on-brand: light-dark({shades.light.on_color}, {shades.dark.on_color});\n"
        f"  --brand-logo-light: {logos['light']};\n"
        f"  --brand-logo-dark: {logos['dark']};\n"
        f"  --brand-radius: {brand.radius}px;\n"
        f"  --brand-font: {_FONTS[brand.font]};\n"
        "}\n"
    )
