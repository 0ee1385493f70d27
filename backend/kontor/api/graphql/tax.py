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


@strawberry.type(description="A rate in percent, valid from the first day inclusive to the last day exclusive.")
class TaxRate:
    id: UUID
    country: str
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
    tax_class: str | None = UNSET
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
