"""Stock from a partner's file: articles by the partner's SKU, ours or the GTIN, free pieces at one of its places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.catalog.models import CatalogOffer, ProductVariant
from kontor.catalog.states import OfferState
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.errors import StandsTwice
from kontor.imports.fields import Field
from kontor.imports.kinds import FileRow, columns_of
from kontor.imports.uploads import UploadKind, Verdict, Work, register
from kontor.inventory import counting
from kontor.inventory.allocating import Key
from kontor.inventory.counting import MAX_QUANTITY, FigureResult, StockFigure
from kontor.inventory.errors import StaleFigure, UnknownStockKey
from kontor.inventory.models import StockLevel
from kontor.inventory.queries import among, key_columns, visible_to
from kontor.locations.models import StockKind, StockLocation

KIND = "stock"
GUARD_SHARE = 0.3
"""More than so many of the articles falling to zero looks like a wrong file."""
CHANGED, SAME, ZERO, UNKNOWN, WRONG = "CHANGED", "SAME", "ZERO", "UNKNOWN", "WRONG"
FIELDS: dict[str, Field] = {
    "sku": Field(fields.code(), aliases=(
        "article", "article_number", "artikel", "artikelnummer", "artikel_nr", "item", "gtin", "ean", "nummer",
    )),
    "quantity": Field(fields.integer(0, MAX_QUANTITY), read=cells.whole, aliases=(
        "stock", "qty", "available", "free", "bestand", "menge", "lagerbestand", "verf_gbar", "st_ck", "anzahl",
    )),
    "location": Field(fields.code(), empty=True, aliases=("place", "warehouse", "lager", "standort", "ort")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that names an article and a place."""

    row: FileRow
    place: str
    sku: str
    key: Key


async def check(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """What booking the lines would change, by the figures of now: changed, same, falling to zero, unknown, wrong."""
    lines, refused = await _lines(db, rows, work)
    free = await _free(db, [line.key for line in lines])
    return refused + [_verdict(line, free.get(line.key, 0)) for line in lines]


def _verdict(line: _Line, free: int) -> Verdict:
    quantity = line.row.values["quantity"]
    outcome = SAME if quantity == free else ZERO if quantity == 0 else CHANGED
    return Verdict(line.row.line, line.row.values["sku"], outcome)


async def apply(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """Book the lines as free pieces, as they were when the file came; a newer figure wins."""
    lines, refused = await _lines(db, rows, work)
    before = await _free(db, [line.key for line in lines])
    figures = [
        StockFigure(line.place, line.sku, line.row.values["quantity"], StockKind.AVAILABLE, work.upload.created_at)
        for line in lines
    ]
    outcomes = await counting.set_stock_levels(db, figures, reason=work.upload.name)
    verdicts = list(refused)
    for line, outcome in zip(lines, outcomes, strict=True):
        key, problem = line.row.values["sku"], outcome.refusal
        if outcome.result is FigureResult.STALE:
            problem = StaleFigure("A newer figure is known.", path=("quantity",))
        if problem is not None:
            verdicts.append(Verdict(line.row.line, key, WRONG, problem))
        elif outcome.result is FigureResult.APPLIED:
            verdicts.append(_verdict(line, before.get(line.key, -1)))
        else:
            verdicts.append(Verdict(line.row.line, key, SAME))
    places = [("location", location_id) for location_id in sorted({line.key[0] for line in lines})]
    audit.note(db, "applyUpload", [*places, ("upload", work.upload.id)], {"kind": KIND, "rows": len(rows)})
    return verdicts


async def _lines(db: Session, rows: Sequence[FileRow], work: Work) -> tuple[list[_Line], list[Verdict]]:
    """The lines that can be booked, and why the others cannot."""
    places = await _places(db)
    usual = work.options.get("location") or (next(iter(places)) if len(places) == 1 else None)
    articles = await _articles(db, [str(row.values.get("sku") or "") for row in rows])
    lines: list[_Line] = []
    refused: list[Verdict] = []
    for row in rows:
        sku = str(row.values.get("sku") or "")
        try:
            lines.append(_line(row, places, usual, articles, work))
        except KontorError as problem:
            outcome = UNKNOWN if problem.code == UnknownStockKey.default_code else WRONG
            refused.append(Verdict(row.line, sku, outcome, problem))
    return lines, refused


def _line(
    row: FileRow, places: Mapping[str, UUID], usual: str | None, articles: Mapping[str, tuple[str, UUID]], work: Work
) -> _Line:
    given = fields.completed(fields.checked(row.values, FIELDS), FIELDS)
    row.values.update(given)
    place = given["location"] or usual
    if place is None or place not in places:
        raise UnknownStockKey(f"There is no place {place or ''}.", path=("location",), location=place or "")
    found = articles.get(given["sku"])
    if found is None:
        raise UnknownStockKey(f"There is no article {given['sku']}.", path=("sku",), sku=given["sku"])
    sku, variant_id = found
    name = f"{place}/{sku}"
    if name in work.seen:
        raise StandsTwice(f"{given['sku']} stands in an earlier line too.", path=("sku",), key=given["sku"])
    work.seen.add(name)
    return _Line(row, place, sku, (places[place], variant_id))


async def _places(db: Session) -> dict[str, UUID]:
    found = sa.select(StockLocation.code, StockLocation.id).where(visible_to(db.principal, StockLocation.id))
    return {row[0]: row[1] for row in await db.execute(found.order_by(StockLocation.code))}


async def _articles(db: Session, names: Sequence[str]) -> dict[str, tuple[str, UUID]]:
    """SKU and id of the article that each name stands for: the partner's own SKU first, then ours, then the GTIN."""
    found: dict[str, tuple[str, UUID]] = {}
    variant = ProductVariant
    for column in (variant.gtin, variant.sku):
        rows = await db.execute(
            sa.select(column, variant.sku, variant.id).where(column.in_(among(db, names)), sa.not_(variant.bundle))
        )
        found.update({row[0]: (row[1], row[2]) for row in rows if row[0] is not None})
    if db.principal.partner_id is not None:
        offered = (
            sa.select(CatalogOffer.sku, variant.sku, variant.id)
            .join(variant, variant.id == CatalogOffer.variant_id)
            .where(
                CatalogOffer.partner_id == db.principal.partner_id,
                CatalogOffer.state != OfferState.WITHDRAWN,
                CatalogOffer.sku.in_(among(db, names)),
            )
        )
        found.update({row[0]: (row[1], row[2]) for row in await db.execute(offered)})
    return found


_FREE_SQLITE = sa.text(
    "SELECT s.location_id, s.variant_id, s.on_hand - s.allocated FROM json_each(:keys) AS k "
    "CROSS JOIN stock_level AS s ON s.location_id = k.value ->> 0 AND s.variant_id = k.value ->> 1"
).columns(location_id=sa.Uuid(), variant_id=sa.Uuid(), free=sa.Integer())

_FREE_PG = sa.text(
    "SELECT s.location_id, s.variant_id, s.on_hand - s.allocated FROM stock_level AS s "
    "JOIN unnest(CAST(:locations AS uuid[]), CAST(:variants AS uuid[])) AS k(location_id, variant_id) "
    "ON s.location_id = k.location_id AND s.variant_id = k.variant_id"
)


async def _free(db: Session, keys: Sequence[Key]) -> dict[Key, int]:
    """Pieces on the shelf that are promised to nobody."""
    if db.sqlite:
        rows: Any = await db.execute(_FREE_SQLITE, {"keys": key_columns(keys)})
    else:
        columns = {"locations": [key[0] for key in keys], "variants": [key[1] for key in keys]}
        rows = await db.execute(_FREE_PG, columns)
    return {(row[0], row[1]): row[2] for row in rows}


def guard(counts: Mapping[str, int]) -> bool:
    """Whether so much falls to zero that somebody has to say that it is meant."""
    known = sum(counts.get(name, 0) for name in (CHANGED, SAME, ZERO))
    return counts.get(ZERO, 0) > GUARD_SHARE * known


async def template(db: Session) -> list[list[str]]:
    """The stock as it is, to be filled in: up to 10,000 articles of the places in scope."""
    found = (
        sa.select(
            ProductVariant.sku, ProductVariant.name, StockLevel.on_hand - StockLevel.allocated, StockLocation.code
        )
        .join(ProductVariant, ProductVariant.id == StockLevel.variant_id)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .where(visible_to(db.principal))
        .order_by(ProductVariant.sku, StockLocation.code)
        .limit(10_000)
    )
    lines = [[sku, name, str(pieces), place] for sku, name, pieces, place in await db.execute(found)]
    return [["sku", "name", "quantity", "location"], *lines]


register(
    UploadKind(
        KIND,
        Permission.STOCK_WRITE,
        columns_of(FIELDS),
        [["sku"], ["quantity"]],
        check,
        apply,
        template,
        portion=2000,
        guard=guard,
        quiet=frozenset({CHANGED, SAME}),
    )
)
