"""The columns of forecast files: a line is what is expected to be ordered of an article, from a day on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Forbidden, KontorError
from kontor.core.ids import new_id
from kontor.imports import cells, fields
from kontor.imports.errors import DuplicateRow
from kontor.imports.fields import Field
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.imports.saving import Draft, Outcome, RowResult, good, results_of
from kontor.inventory.counting import article_of
from kontor.inventory.queries import find_articles
from kontor.routing.models import SalesForecast

FIELDS: dict[str, Field] = {
    "sku": Field(fields.code()),
    "units_per_day": Field(fields.decimal(Decimal(0), Decimal(1_000_000), 3), read=cells.exact),
    "valid_from": Field(fields.day, read=cells.day),
    "country": Field(fields.text(2, pattern="[A-Z]{2}", upper=True), empty=True),
    "valid_to": Field(fields.day, read=cells.day, empty=True),
}


async def save_forecasts(db: Session, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
    """Write what is expected, one result per row; the same article, country and first day replaces what was there.

    Raises `Forbidden` for callers with a scope: a forecast is about the sales of all.
    """
    if db.principal.restricted:
        raise Forbidden("A forecast is about the sales of all, which is not within your scope.")
    drafts = [_draft(index, row) for index, row in enumerate(rows)]
    articles = await find_articles(db, {draft.values["sku"] for draft in good(drafts)})
    seen: set[tuple[Any, ...]] = set()
    for draft in good(drafts):
        try:
            draft.values["variant_id"] = article_of(articles, draft.values.pop("sku"))
            draft.values["country"] = draft.values["country"] or ""
            key = _key(draft.values)
            if key in seen:
                raise DuplicateRow("The same article, country and day stand twice.", path=("sku",))
            seen.add(key)
        except KontorError as problem:
            draft.refuse(problem)
    await _write(db, good(drafts))
    return results_of(drafts)


def _draft(index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, str(row.get("sku") or "")[:200])
    try:
        draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
    except KontorError as problem:
        draft.refuse(problem)
    return draft


def _key(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return values["variant_id"], values["country"], values["valid_from"]


async def _write(db: Session, drafts: Sequence[Draft]) -> None:
    variants: list[UUID] = [draft.values["variant_id"] for draft in drafts]
    found = await db.scalars(sa.select(SalesForecast).where(SalesForecast.variant_id.in_(variants)))
    known = {(row.variant_id, row.country, row.valid_from): row for row in found}
    for draft in drafts:
        row = known.get(_key(draft.values))
        if row is None:
            draft.id, draft.outcome = new_id(), Outcome.CREATED
            db.add(SalesForecast(id=draft.id, created_at=db.now, **draft.values))
            continue
        draft.id = row.id
        for name in ("units_per_day", "valid_to"):
            if getattr(row, name) != draft.values[name]:
                setattr(row, name, draft.values[name])
                draft.changed()
    await db.flush()


register(
    ImportKind(
        "sales_forecasts",
        Permission.ROUTING_WRITE,
        columns_of(FIELDS),
        save_forecasts,
        needed=[["sku"], ["units_per_day"], ["valid_from"]],
        noun="salesForecast",
    )
)
