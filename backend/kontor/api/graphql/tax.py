"""Tax rates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, save_rows, shown
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.tax import queries, service
from kontor.tax.territories import RateScope, RegionStatus

strawberry.enum(RegionStatus, name="TaxRegionStatus")
strawberry.enum(RateScope, name="TaxRateScope")


@strawberry.type(
    description="A rate in percent, valid from the first day inclusive to the last day exclusive. Without a region it "
    "counts in the whole country."
)
class TaxRate:
    id: UUID
    country: str
    region: str
    tax_class: str
    rate: Decimal
    valid_from: date
    valid_to: date | None
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> TaxRate:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class TaxRatesFilter(Given):
    countries: list[str] | None = UNSET
    regions: list[str] | None = UNSET
    tax_classes: list[str] | None = UNSET
    on: date | None = UNSET


@strawberry.enum
class TaxRatesSort(Enum):
    COUNTRY = "COUNTRY"
    COUNTRY_DESC = "COUNTRY-"
    TAX_CLASS = "TAX_CLASS"
    TAX_CLASS_DESC = "TAX_CLASS-"
    VALID_FROM = "VALID_FROM"
    VALID_FROM_DESC = "VALID_FROM-"


@strawberry.input(description="A rate in percent from a day on, until the next planned one unless an end is given.")
class TaxRateInput(Given):
    country: str
    rate: Decimal
    valid_from: date
    region: str | None = UNSET
    tax_class: str | None = UNSET
    valid_to: date | None = UNSET


@strawberry.type(
    description="Postal codes of a country that begin with postalFrom to postalTo, and how they are taxed: by the "
    "rates of the country taxedAs and its region. Without postal codes it is the whole country."
)
class TaxRegion:
    id: UUID
    country: str
    postal_from: str
    postal_to: str
    region: str
    name: str
    taxed_as: str
    status: RegionStatus
    scope: RateScope
    note: str
    valid_from: date
    valid_to: date | None
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> TaxRegion:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class TaxRegionsFilter(Given):
    countries: list[str] | None = UNSET
    regions: list[str] | None = UNSET
    on: date | None = UNSET


@strawberry.enum
class TaxRegionsSort(Enum):
    COUNTRY = "COUNTRY"
    COUNTRY_DESC = "COUNTRY-"
    VALID_FROM = "VALID_FROM"
    VALID_FROM_DESC = "VALID_FROM-"


@strawberry.input(
    description="Postal codes that begin with postalFrom to postalTo (of one length, without spaces; none: all), from "
    "a day on. A territory that is OUTSIDE needs a region."
)
class TaxRegionInput(Given):
    country: str
    name: str
    valid_from: date
    postal_from: str | None = UNSET
    postal_to: str | None = UNSET
    region: str | None = UNSET
    taxed_as: str | None = UNSET
    status: RegionStatus | None = UNSET
    scope: RateScope | None = UNSET
    note: str | None = UNSET
    valid_to: date | None = UNSET


@strawberry.type
class TaxQuery:
    @strawberry.field(
        extensions=[requires(Permission.TAX_READ)],
        description="Rates, past and planned ones too unless a day is named.",
    )
    async def tax_rates(
        self,
        info: Info,
        filter: TaxRatesFilter | None = None,
        sort: TaxRatesSort = TaxRatesSort.COUNTRY,
        first: First = 50,
        after: After = None,
    ) -> Connection[TaxRate]:
        wanted = queries.TaxRateFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_tax_rates(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, TaxRate.of)

    @strawberry.field(
        extensions=[requires(Permission.TAX_READ)],
        description="Regions that are entered; as long as there are none, those count that come with Kontor.",
    )
    async def tax_regions(
        self,
        info: Info,
        filter: TaxRegionsFilter | None = None,
        sort: TaxRegionsSort = TaxRegionsSort.COUNTRY,
        first: First = 50,
        after: After = None,
    ) -> Connection[TaxRegion]:
        wanted = queries.TaxRegionFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_tax_regions(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, TaxRegion.of)


@strawberry.type
class TaxMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.TAX_WRITE)],
        description=f"Set rates; the past does not change. {EACH}",
    )
    async def set_tax_rates(
        self, info: Info, inputs: list[TaxRateInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, service.set_tax_rates, noun="taxRate", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.TAX_WRITE)],
        description="Set how regions are taxed; the past does not change. The first call enters the regions that come "
        f"with Kontor before its own. {EACH}",
    )
    async def set_tax_regions(
        self, info: Info, inputs: list[TaxRegionInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, service.set_tax_regions, noun="taxRegion", all_or_nothing=all_or_nothing)
