"""Offers from a partner's file: a line is an offer, saved as a draft; texts per language and attributes are columns."""

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa

from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.catalog import offers
from kontor.catalog.errors import GtinTaken
from kontor.catalog.models import CatalogOffer
from kontor.catalog.queries import offers_visible_to
from kontor.catalog.states import OfferState
from kontor.catalog.values import OFFER_FIELDS, OfferData
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import fields
from kontor.imports.errors import StandsTwice
from kontor.imports.fields import Field
from kontor.imports.kinds import Column, FileRow
from kontor.imports.saving import Outcome, RowResult
from kontor.imports.uploads import UploadKind, Verdict, Work, register

KIND = "offers"
LANGUAGES = ("de", "en")
_TEXT = Field(fields.text(20_000), empty=True)
_ALIASES = {
    "sku": ("article", "article_number", "artikelnummer", "artikel_nr", "nummer"),
    "name": ("bezeichnung", "artikel", "titel"),
    "gtin": ("ean13",),
    "brand": ("marke", "hersteller"),
    "category": ("kategorie", "warengruppe"),
    "group_code": ("gruppe", "variantengruppe"),
    "images": ("bild", "bilder", "bild_url"),
    "weight_g": ("gewicht", "gewicht_g"),
    "price": ("preis", "ek", "purchase_price"),
    "currency": ("w_hrung", "waehrung"),
    "valid_from": ("g_ltig_ab", "ab"),
    "valid_until": ("g_ltig_bis", "bis"),
}
_SPARE = ("texts", "attributes")
_COLUMNS = [
    *(
        Column(name, Field(**{**_plain, "aliases": (*spec.aliases, *_ALIASES.get(name, ()))}), name)
        for name, spec in OFFER_FIELDS.items()
        if name not in _SPARE
        for _plain in [{"check": spec.check, "read": spec.read, "empty": spec.empty, "default": spec.default}]
    ),
    *(Column(f"{part}_{each}", _TEXT, f"{part}_{each}") for part in ("name", "description") for each in LANGUAGES),
    Column("color", Field(fields.text(60), empty=True, aliases=("colour", "farbe")), "color"),
    Column("size", Field(fields.text(60), empty=True, aliases=("gr_e", "groesse", "gr_sse")), "size"),
]


def offer_of(row: FileRow, currency: str | None = None) -> OfferData:
    """A line as an offer; `currency` counts where a price has none. What has no column stays as it is."""
    given = dict(row.values)
    texts: dict[str, dict[str, Any]] = {}
    for each in LANGUAGES:
        parts = {part: given.pop(f"{part}_{each}", None) for part in ("name", "description")}
        if any(parts.values()):
            texts[each] = {part: text for part, text in parts.items() if text}
    attributes = {name: given.pop(name, None) for name in ("color", "size")}
    if texts:
        given["texts"] = texts
    if any(attributes.values()):
        given["attributes"] = {name: value for name, value in attributes.items() if value}
    if given.get("price") is not None and not given.get("currency") and currency:
        given["currency"] = currency
    return cast(OfferData, given)


async def check(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """What saving the lines would do; lines that could not be sent come back."""
    fine, refused = _once(rows, work)
    results = await offers.preview_offers(db, [offer_of(row, _currency(work)) for row in fine], complete=True)
    return refused + [_verdict(row, result) for row, result in zip(fine, results, strict=True)]


async def apply(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """Save the lines that are good as drafts."""
    fine, refused = _once(rows, work)
    given = [offer_of(row, _currency(work)) for row in fine]
    looked = await offers.preview_offers(db, given, complete=True)
    kept = [index for index, result in enumerate(looked) if result.problem is None]
    saved = await offers.save_offers(db, [given[index] for index in kept])
    results = list(looked)
    for index, result in zip(kept, saved, strict=True):
        results[index] = result
    written = [("catalogOffer", result.id) for result in saved if result.id and result.outcome is not Outcome.UNCHANGED]
    audit.note(db, "applyUpload", [*written, ("upload", work.upload.id)], {"kind": KIND, "rows": len(rows)})
    return refused + [_verdict(row, result) for row, result in zip(fine, results, strict=True)]


def _currency(work: Work) -> str | None:
    return work.options.get("currency")


def _once(rows: Sequence[FileRow], work: Work) -> tuple[list[FileRow], list[Verdict]]:
    """The lines whose SKU and GTIN no earlier line of the file has."""
    fine: list[FileRow] = []
    refused: list[Verdict] = []
    for row in rows:
        sku, gtin = str(row.values.get("sku") or ""), row.values.get("gtin")
        problem: KontorError | None = None
        if sku in work.seen:
            problem = StandsTwice(f"{sku} stands in an earlier line too.", path=("sku",), key=sku)
        elif gtin and f"gtin {gtin}" in work.seen:
            problem = GtinTaken(f"{gtin} stands in an earlier line too.", path=("gtin",))
        if problem is not None:
            refused.append(Verdict(row.line, sku, str(Outcome.REFUSED), problem))
            continue
        work.seen.update({sku, f"gtin {gtin}"} if gtin else {sku})
        fine.append(row)
    return fine, refused


def _verdict(row: FileRow, result: RowResult) -> Verdict:
    return Verdict(row.line, result.key, str(result.outcome), result.problem)


async def template(db: Session) -> list[list[str]]:
    """The offers there are, to be changed or added to: up to 10,000."""
    header = ["sku", "group_code", "gtin", "name", "name_de", "name_en", "description_de", "description_en",
              "brand", "category", "color", "size", "weight_g", "price", "currency", "images", "valid_from",
              "valid_until"]  # fmt: skip
    found = await db.scalars(
        sa.select(CatalogOffer)
        .where(offers_visible_to(db.principal), CatalogOffer.state != OfferState.WITHDRAWN)
        .order_by(CatalogOffer.sku)
        .limit(10_000)
    )
    return [header, *(_line(offer) for offer in found)]


def _line(offer: CatalogOffer) -> list[str]:
    return [
        offer.sku, offer.group_code or "", offer.gtin or "", offer.name or "",
        *(offer.texts.get(language, {}).get(part, "") for part in ("name", "description") for language in LANGUAGES),
        offer.brand or "", offer.category or "", offer.attributes.get("color", ""), offer.attributes.get("size", ""),
        str(offer.weight_g), "" if offer.price is None else f"{offer.price // 100}.{offer.price % 100:02}",
        offer.currency or "", "|".join(image["url"] for image in offer.images),
        *("" if moment is None else moment.isoformat() for moment in (offer.valid_from, offer.valid_until)),
    ]  # fmt: skip


register(
    UploadKind(
        KIND,
        Permission.OFFERS_WRITE,
        _COLUMNS,
        [["sku"]],
        check,
        apply,
        template,
        portion=500,
        quiet=frozenset({str(Outcome.CREATED), str(Outcome.UPDATED), str(Outcome.UNCHANGED)}),
    )
)
