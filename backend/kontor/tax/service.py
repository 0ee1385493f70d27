"""Setting tax rates: a change ends one row and opens the next, also ahead of time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
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
from kontor.tax.models import TaxRate
from kontor.tax.regions import load_shipped_regions, set_tax_regions
from kontor.tax.shipped import shipped_rates

__all__ = ["load_shipped_rates", "load_shipped_regions", "set_tax_rates", "set_tax_regions"]

Key = tuple[str, str, str]

FIELDS: dict[str, Field] = {
    "country": Field(fields.country),
    "region": Field(fields.text(10, upper=True), default=""),
    "tax_class": Field(fields.text(40), default="standard", aliases=("class",)),
    "rate": Field(fields.decimal(Decimal(0), Decimal("99.9999"), 4), read=cells.exact, aliases=("percent",)),
    "valid_from": Field(fields.day, read=cells.day, aliases=("from",)),
    "valid_to": Field(fields.day, read=cells.day, empty=True, aliases=("to",)),
}


class TaxRateData(TypedDict, total=False):
    """A rate in percent from the first day inclusive to the last day exclusive, without end when that is not given.

    Without a region it counts in the whole country, save where a region has its own.
    """

    country: Required[str]
    region: str
    tax_class: str
    rate: Required[Decimal]
    valid_from: Required[date]
    valid_to: date | None


async def set_tax_rates(db: Session, rows: Sequence[TaxRateData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Set rates, one result per row; rows of one country, region and class are put in in their order.

    A rate without an end lasts until the next planned one. What was valid before today does not change: such a row is
    refused with PAST_CHANGED. A period of which nothing is known may be filled in, also in the past.
    """
    await lock_noun(db, "tax_rate")
    drafts = [_draft(index, row) for index, row in enumerate(rows)]
    timelines = Timelines(await _present(db, good(drafts)))
    changes = await place_and_write(
        db,
        TaxRate,
        timelines,
        drafts,
        place=lambda draft: (_key(draft), _span(draft)),
        row=lambda key, span: {
            "country": key[0],
            "region": key[1],
            "tax_class": key[2],
            "rate": span.value,
            "valid_from": span.start,
            "valid_to": span.end,
        },
        all_or_nothing=all_or_nothing,
    )
    if changes.added:
        await touch_masters(db)
    return results_of(drafts)


async def load_shipped_rates(db: Session) -> list[RowResult]:
    """Set the rates that come with Kontor (EU with its regions, GB, CH, NO) where nothing is known yet.

    Rates that were set differently stay as they are: those rows are refused, which harms nobody.
    """
    return await set_tax_rates(db, cast(list[TaxRateData], shipped_rates()))


def _draft(index: int, row: Mapping[str, Any]) -> Draft:
    place = "-".join(str(part) for part in (row.get("country"), row.get("region")) if part)
    draft = Draft(index, f"{place}/{row.get('tax_class', 'standard')}"[:200])
    try:
        draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
        end = draft.values["valid_to"]
        if end is not None and end <= draft.values["valid_from"]:
            raise InvalidField("The end lies after the start.", path=("validTo",))
        draft.key = "/".join(_key(draft))
    except KontorError as problem:
        draft.refuse(problem)
    return draft


def _key(draft: Draft) -> Key:
    return draft.values["country"], draft.values["region"], draft.values["tax_class"]


def _span(draft: Draft) -> Span[Decimal]:
    values = draft.values
    return Span(values["valid_from"], values["valid_to"], values["rate"])


async def _present(db: Session, drafts: Iterable[Draft]) -> dict[Key, list[Span[Decimal]]]:
    spans: dict[Key, list[Span[Decimal]]] = {_key(draft): [] for draft in drafts}
    countries = sorted({country for country, _, _ in spans})
    for rate in await db.scalars(sa.select(TaxRate).where(TaxRate.country.in_(countries))):
        key = (rate.country, rate.region, rate.tax_class)
        if key in spans:
            spans[key].append(Span(rate.valid_from, rate.valid_to, rate.rate, rate.id))
    return spans
