"""Saving sales channels and the legal entities that sell through them."""

from collections.abc import Sequence
from typing import Any, Required, TypedDict
from uuid import UUID, uuid5

from kontor.channels.errors import ChannelFixed
from kontor.channels.events import SalesChannelsSaved
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel, ShortagePolicy
from kontor.core import outbox
from kontor.core.db import Session
from kontor.imports import cells, fields
from kontor.imports.errors import UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    drafts_of,
    existing_rows,
    good,
    ids_of,
    lock_noun,
    match_existing,
    results_of,
    touch_masters,
    writable,
    write_drafts,
)

CHANNELS_STREAM = uuid5(UUID(int=0), "kontor.channels")

ENTITY_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(20)),
    "name": Field(fields.text(200)),
    "street": Field(fields.text(200)),
    "postal_code": Field(fields.text(20)),
    "city": Field(fields.text(120)),
    "country": Field(fields.country),
    "timezone": Field(fields.time_zone, default="Europe/Berlin", aliases=("time_zone",)),
    "vat_id": Field(fields.text(20, upper=True), empty=True),
    "tax_number": Field(fields.text(40), empty=True),
    "register": Field(fields.text(120), empty=True),
    "iban": Field(fields.text(34, pattern=r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", upper=True), empty=True),
    "bic": Field(fields.text(11, pattern=r"[A-Z0-9]{8}([A-Z0-9]{3})?", upper=True), empty=True),
    "email": Field(fields.email, empty=True),
    "phone": Field(fields.text(40), empty=True),
    "gs1_prefix": Field(fields.text(12, pattern=r"\d{4,12}"), empty=True),
    "brand_color": Field(fields.text(7, pattern=r"#[0-9a-fA-F]{6}"), default="#1f3a5f"),
    "logo_svg": Field(fields.text(100_000), empty=True),
    "footer": Field(fields.facts(), read=cells.json, default={}),
}
CHANNEL_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(40)),
    "name": Field(fields.text(120)),
    "kind": Field(fields.choice(ChannelKind)),
    "legal_entity": Field(fields.code(20)),
    "country": Field(fields.country),
    "currency": Field(fields.currency),
    "currencies": Field(fields.several(fields.currency, 20), read=cells.listed, default=[]),
    "languages": Field(fields.several(fields.language, 20), read=cells.listed),
    "gross": Field(fields.flag, read=cells.flag, default=True),
    "shortage": Field(fields.choice(ShortagePolicy), default=ShortagePolicy.REFUSE),
    "priced_by_channel": Field(fields.flag, read=cells.flag, default=True),
    "payment_methods": Field(fields.several(fields.code(40), 50), read=cells.listed, default=[]),
    "priority": Field(fields.integer(-1_000_000, 1_000_000), read=cells.whole, default=0),
    "return_days": Field(fields.integer(0, 3650), read=cells.whole, default=30),
    "payment_days": Field(fields.integer(0, 3650), read=cells.whole, default=14),
    "processes": Field(fields.facts(), read=cells.json, default={}),
    "settings": Field(fields.facts(), read=cells.json, default={}),
    "active": Field(fields.flag, read=cells.flag, default=True),
}


class LegalEntityData(TypedDict, total=False):
    """A legal entity by its code; fields that are not given stay as they are."""

    code: Required[str]
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    timezone: str
    vat_id: str | None
    tax_number: str | None
    register: str | None
    iban: str | None
    bic: str | None
    email: str | None
    phone: str | None
    gs1_prefix: str | None
    brand_color: str
    logo_svg: str | None
    footer: dict[str, Any]


class SalesChannelData(TypedDict, total=False):
    """A channel by its code; fields that are not given stay as they are. `legal_entity` is a code."""

    code: Required[str]
    name: str
    kind: ChannelKind
    legal_entity: str
    country: str
    currency: str
    currencies: list[str]
    languages: list[str]
    gross: bool
    shortage: ShortagePolicy
    priced_by_channel: bool
    payment_methods: list[str]
    priority: int
    return_days: int
    payment_days: int
    processes: dict[str, Any]
    settings: dict[str, Any]
    active: bool


async def save_legal_entities(
    db: Session, rows: Sequence[LegalEntityData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change legal entities by code, one result per row. Issued documents keep what they say."""
    await lock_noun(db, "legal_entity")
    drafts = drafts_of(rows, ENTITY_FIELDS, "code")
    known = await existing_rows(db, LegalEntity.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, ENTITY_FIELDS)
    if await write_drafts(db, LegalEntity, writable(drafts, all_or_nothing), known):
        await touch_masters(db)
    return results_of(drafts)


async def save_sales_channels(
    db: Session, rows: Sequence[SalesChannelData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change sales channels by code, one result per row.

    Currency and whether prices are gross are fixed once a channel exists (CHANNEL_FIXED): orders and prices rely on
    them. Records SalesChannelsSaved.
    """
    await lock_noun(db, "sales_channel")
    drafts = drafts_of(rows, CHANNEL_FIELDS, "code")
    known = await existing_rows(db, SalesChannel.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, CHANNEL_FIELDS)
    await _resolve_entities(db, drafts)
    for draft in good(drafts):
        _keep_fixed(draft, known.get(draft.key))
    if await write_drafts(db, SalesChannel, writable(drafts, all_or_nothing), known):
        await touch_masters(db)
        changed = [draft.key for draft in drafts if draft.outcome in (Outcome.CREATED, Outcome.UPDATED)]
        outbox.record(db, SalesChannelsSaved(stream_id=CHANNELS_STREAM, codes=tuple(changed)))
    return results_of(drafts)


async def _resolve_entities(db: Session, drafts: Sequence[Draft]) -> None:
    named = [draft for draft in good(drafts) if "legal_entity" in draft.values]
    ids = await ids_of(db, LegalEntity.code, LegalEntity.id, {draft.values["legal_entity"] for draft in named})
    for draft in named:
        code = draft.values.pop("legal_entity")
        if code in ids:
            draft.values["legal_entity_id"] = ids[code]
        else:
            draft.refuse(UnknownReference(f"There is no legal entity {code}.", path=("legalEntity",)))


def _keep_fixed(draft: Draft, before: dict[str, Any] | None) -> None:
    for name in ("currency", "gross"):
        if before is not None and draft.values.get(name, before[name]) != before[name]:
            draft.refuse(ChannelFixed(f"The {name} of a channel does not change.", path=(name,)))
