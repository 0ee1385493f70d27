"""Finding the rate that counts on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, paginate
from kontor.tax.errors import TaxRateMissing
from kontor.tax.models import TaxRate, TaxRegion, VatId, VatIdCheck
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus, compacted

STANDARD = "standard"
SORTS: dict[str, Any] = {"COUNTRY": TaxRate.country, "TAX_CLASS": TaxRate.tax_class, "VALID_FROM": TaxRate.valid_from}
REGION_SORTS: dict[str, Any] = {"COUNTRY": TaxRegion.country, "VALID_FROM": TaxRegion.valid_from}


@dataclass(frozen=True, slots=True)
class TaxRateFilter:
    """Which rates are wanted; what is None does not narrow. `on` keeps those valid on a day."""

    countries: Sequence[str] | None = None
    regions: Sequence[str] | None = None
    tax_classes: Sequence[str] | None = None
    on: date | None = None


async def rates_on(db: Session, pairs: Iterable[tuple[str, str]], on: date) -> dict[tuple[str, str], Decimal]:
    """Rates in percent by country (as a whole) and tax class on the date of supply, in one statement.

    A country without a rate for a class charges its standard rate. Raises `TaxRateMissing` when it has none either.
    """
    wanted = set(pairs)
    found = await _valid_rates(db, {country for country, _ in wanted}, on)
    rates = {}
    for country, tax_class in wanted:
        rate = found.get((country, tax_class), found.get((country, STANDARD)))
        if rate is None:
            raise TaxRateMissing(
                f"No tax rate is known for {country} on {on}.", country=country, tax_class=tax_class, on=str(on)
            )
        rates[country, tax_class] = rate
    return rates


async def rate_on(db: Session, country: str, tax_class: str, on: date) -> Decimal:
    """The rate in percent of one country and class on a day; raises `TaxRateMissing`."""
    return (await rates_on(db, [(country, tax_class)], on))[country, tax_class]


async def all_rates(db: Session) -> Sequence[TaxRate]:
    """Every rate there is, for those who keep them in memory until the masters' version changes."""
    found = await db.scalars(
        sa.select(TaxRate).order_by(TaxRate.country, TaxRate.region, TaxRate.tax_class, TaxRate.valid_from)
    )
    return found.all()


async def _valid_rates(db: Session, countries: Iterable[str], on: date) -> dict[tuple[str, str], Decimal]:
    rows = await db.execute(
        sa.select(TaxRate.country, TaxRate.tax_class, TaxRate.rate).where(
            TaxRate.country.in_(sorted(countries)), TaxRate.region == "", *_valid_on(on)
        )
    )
    return {(country, tax_class): rate for country, tax_class, rate in rows}


def _valid_on(on: date, model: type[TaxRate] | type[TaxRegion] = TaxRate) -> tuple[sa.ColumnElement[bool], ...]:
    return (model.valid_from <= on, sa.or_(model.valid_to.is_(None), model.valid_to > on))


async def list_tax_rates(
    db: Session,
    wanted: TaxRateFilter,
    page: PageRequest,
    *,
    sort: str = "COUNTRY",
    descending: bool = False,
) -> Page[TaxRate]:
    """Rates; everybody who may read tax sees all."""
    found = sa.select(TaxRate)
    if wanted.countries is not None:
        found = found.where(TaxRate.country.in_(wanted.countries))
    if wanted.regions is not None:
        found = found.where(TaxRate.region.in_(wanted.regions))
    if wanted.tax_classes is not None:
        found = found.where(TaxRate.tax_class.in_(wanted.tax_classes))
    if wanted.on is not None:
        found = found.where(*_valid_on(wanted.on))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), TaxRate.id, page)


@dataclass(frozen=True, slots=True)
class TaxRegionFilter:
    """Which regions are wanted; what is None does not narrow. `on` keeps those valid on a day."""

    countries: Sequence[str] | None = None
    regions: Sequence[str] | None = None
    on: date | None = None


async def list_tax_regions(
    db: Session,
    wanted: TaxRegionFilter,
    page: PageRequest,
    *,
    sort: str = "COUNTRY",
    descending: bool = False,
) -> Page[TaxRegion]:
    """Regions that are entered; everybody who may read tax sees all."""
    found = sa.select(TaxRegion)
    if wanted.countries is not None:
        found = found.where(TaxRegion.country.in_(wanted.countries))
    if wanted.regions is not None:
        found = found.where(TaxRegion.region.in_(wanted.regions))
    if wanted.on is not None:
        found = found.where(*_valid_on(wanted.on, TaxRegion))
    return await paginate(db, found, choose(REGION_SORTS, sort, descending=descending), TaxRegion.id, page)


VAT_ID_SORTS: dict[str, Any] = {
    "NUMBER": VatId.number, "DUE_AT": VatId.due_at, "UPDATED_AT": VatId.updated_at,
}  # fmt: skip
CHECK_SORTS: dict[str, Any] = {"ASKED_AT": VatIdCheck.asked_at}


@dataclass(frozen=True, slots=True)
class VatIdFilter:
    """Which VAT ids are wanted; what is None does not narrow."""

    numbers: Sequence[str] | None = None
    statuses: Sequence[VatIdStatus] | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class VatIdCheckFilter:
    """Which checks are wanted; what is None does not narrow. `since` is inclusive."""

    numbers: Sequence[str] | None = None
    outcomes: Sequence[CheckOutcome] | None = None
    since: datetime | None = None


async def list_vat_ids(
    db: Session, wanted: VatIdFilter, page: PageRequest, *, sort: str = "NUMBER", descending: bool = False
) -> Page[VatId]:
    """VAT ids; everybody who may read tax sees all."""
    found = sa.select(VatId)
    if wanted.numbers is not None:
        found = found.where(VatId.number.in_([compacted(number) for number in wanted.numbers]))
    if wanted.statuses is not None:
        found = found.where(VatId.status.in_(wanted.statuses))
    if wanted.changed_since is not None:
        found = found.where(VatId.updated_at >= wanted.changed_since)
    return await paginate(db, found, choose(VAT_ID_SORTS, sort, descending=descending), VatId.id, page)


async def list_vat_id_checks(
    db: Session, wanted: VatIdCheckFilter, page: PageRequest, *, sort: str = "ASKED_AT", descending: bool = True
) -> Page[VatIdCheck]:
    """Questions to registers, the newest first; everybody who may read tax sees all."""
    found = sa.select(VatIdCheck)
    if wanted.numbers is not None:
        found = found.where(VatIdCheck.number.in_([compacted(number) for number in wanted.numbers]))
    if wanted.outcomes is not None:
        found = found.where(VatIdCheck.outcome.in_(wanted.outcomes))
    if wanted.since is not None:
        found = found.where(VatIdCheck.asked_at >= wanted.since)
    return await paginate(db, found, choose(CHECK_SORTS, sort, descending=descending), VatIdCheck.id, page)
