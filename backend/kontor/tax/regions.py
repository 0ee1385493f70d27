"""Setting tax regions: which postal codes are taxed otherwise than their country, from a day on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Required, TypedDict, cast

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.dating import Timelines, place_and_write
from kontor.imports.errors import InvalidField
from kontor.imports.fields import Field
from kontor.imports.saving import Draft, RowResult, good, lock_noun, results_of, touch_masters
from kontor.imports.spans import Span
from kontor.tax.models import TaxRegion
from kontor.tax.shipped import shipped_regions
from kontor.tax.territories import RateScope, RegionStatus

Key = tuple[str, str, str]
_VALUES = ("region", "name", "taxed_as", "status", "scope", "note")
_bound = fields.text(10, pattern="[A-Z0-9]+", upper=True)

FIELDS: dict[str, Field] = {
    "country": Field(fields.country),
    "postal_from": Field(_bound, default="", aliases=("from_code",)),
    "postal_to": Field(_bound, default="", aliases=("to_code",)),
    "region": Field(fields.text(10, upper=True), default=""),
    "name": Field(fields.text(80)),
    "taxed_as": Field(fields.country, empty=True),
    "status": Field(fields.choice(RegionStatus), default=RegionStatus.INSIDE),
    "scope": Field(fields.choice(RateScope), default=RateScope.ARRIVAL),
    "note": Field(fields.text(300), default=""),
    "valid_from": Field(fields.day, read=cells.day, aliases=("from",)),
    "valid_to": Field(fields.day, read=cells.day, empty=True, aliases=("to",)),
}


class TaxRegionData(TypedDict, total=False):
    """Postal codes that begin with `postal_from` to `postal_to`, of one length and without spaces; none: all.

    Their rates are those of the country `taxed_as` (by default its own) and there of `region`.
    """

    country: Required[str]
    postal_from: str
    postal_to: str
    region: str
    name: Required[str]
    taxed_as: str | None
    status: RegionStatus
    scope: RateScope
    note: str
    valid_from: Required[date]
    valid_to: date | None


async def set_tax_regions(
    db: Session, rows: Sequence[TaxRegionData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Set regions, one result per row; rows of one range are put in in their order.

    As long as none are entered those count that come with Kontor, so the first call enters them before its own rows.
    What was valid before today does not change: such a row is refused with PAST_CHANGED.
    """
    await lock_noun(db, "tax_region")
    fresh = not await db.scalar(sa.select(sa.exists(sa.select(TaxRegion.id))))
    if fresh:
        await _set(db, cast(list[TaxRegionData], shipped_regions()), all_or_nothing=True)
    results, changed = await _set(db, rows, all_or_nothing=all_or_nothing)
    if changed:
        await touch_masters(db)
    elif fresh:
        await db.execute(sa.delete(TaxRegion))
    return results


async def load_shipped_regions(db: Session) -> list[RowResult]:
    """Enter the regions that come with Kontor where nothing is known of their postal codes yet."""
    await lock_noun(db, "tax_region")
    results, changed = await _set(db, cast(list[TaxRegionData], shipped_regions()), all_or_nothing=False)
    if changed:
        await touch_masters(db)
    return results


async def _set(db: Session, rows: Sequence[TaxRegionData], *, all_or_nothing: bool) -> tuple[list[RowResult], bool]:
    """The results, and whether anything was written."""
    drafts = [_draft(index, row) for index, row in enumerate(rows)]
    timelines = Timelines(await _present(db, good(drafts)))
    changes = await place_and_write(
        db,
        TaxRegion,
        timelines,
        drafts,
        place=lambda draft: (_key(draft), _span(draft)),
        row=lambda key, span: {
            "country": key[0],
            "postal_from": key[1],
            "postal_to": key[2],
            **dict(zip(_VALUES, span.value, strict=True)),
            "valid_from": span.start,
            "valid_to": span.end,
        },
        all_or_nothing=all_or_nothing,
    )
    return results_of(drafts), bool(changes.added)


def _draft(index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, f"{row.get('country')}/{row.get('postal_from', '')}-{row.get('postal_to', '')}"[:200])
    try:
        draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
        _check(draft.values)
        draft.key = "/".join(_key(draft))
    except KontorError as problem:
        draft.refuse(problem)
    return draft


def _check(values: dict[str, Any]) -> None:
    values["taxed_as"] = values["taxed_as"] or values["country"]
    values["postal_to"] = values["postal_to"] or values["postal_from"]
    first, last = values["postal_from"], values["postal_to"]
    if len(first) != len(last) or first > last:
        raise InvalidField("The bounds are of one length, the first not behind the last.", path=("postalTo",))
    if values["status"] is RegionStatus.OUTSIDE and not values["region"]:
        raise InvalidField("A territory outside the area has a code of its own.", path=("region",))
    end = values["valid_to"]
    if end is not None and end <= values["valid_from"]:
        raise InvalidField("The end lies after the start.", path=("validTo",))


def _key(draft: Draft) -> Key:
    return draft.values["country"], draft.values["postal_from"], draft.values["postal_to"]


def _span(draft: Draft) -> Span[tuple[Any, ...]]:
    values = draft.values
    return Span(values["valid_from"], values["valid_to"], tuple(values[name] for name in _VALUES))


async def _present(db: Session, drafts: Iterable[Draft]) -> dict[Key, list[Span[tuple[Any, ...]]]]:
    spans: dict[Key, list[Span[tuple[Any, ...]]]] = {_key(draft): [] for draft in drafts}
    countries = sorted({country for country, _, _ in spans})
    for row in await db.scalars(sa.select(TaxRegion).where(TaxRegion.country.in_(countries))):
        key = (row.country, row.postal_from, row.postal_to)
        if key in spans:
            value = tuple(getattr(row, name) for name in _VALUES)
            spans[key].append(Span(row.valid_from, row.valid_to, value, row.id))
    return spans
