"""Shadow prices: what a unit at a place is worth to orders still to come; their runs, and starting one."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.routing import pricing
from kontor.routing.models import ShadowPriceRun as RunRow


@strawberry.type(description="What a unit of an article at a place is worth to orders still to come.")
class ShadowPrice:
    id: UUID
    variant_id: UUID
    location_id: UUID
    cents: int
    computed_at: datetime
    run_id: UUID

    @classmethod
    def of(cls, row: Any) -> ShadowPrice:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="One solving of all prices.")
class ShadowPriceRun:
    id: UUID
    requested_at: datetime
    requested_by: str
    started_at: datetime | None
    ended_at: datetime | None = strawberry.field(description="Null as long as it waits or is under way.")
    variants: int = strawberry.field(description="Articles that were priced.")
    prices: int
    left_out: int = strawberry.field(description="Articles there was no time for; they keep their prices.")
    units_per_day: int = strawberry.field(description="What is expected to be ordered.")
    milliseconds: int
    error: str | None = strawberry.field(description="The code of what kept it from being done.")

    @classmethod
    def of(cls, row: Any) -> ShadowPriceRun:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class ShadowPricesFilter(Given):
    variant_ids: list[UUID] | None = UNSET
    location_ids: list[UUID] | None = UNSET
    min_cents: int | None = UNSET

    def value(self) -> pricing.PriceFilter:
        """As the domain takes it."""
        return pricing.PriceFilter(**self.values())


@strawberry.enum
class ShadowPricesSort(Enum):
    CENTS = "CENTS"
    CENTS_DESC = "CENTS_DESC"


@strawberry.enum
class ShadowPriceRunsSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"


@strawberry.type
class ShadowPricesQuery:
    @strawberry.field(
        description="Callers with a scope see none: a price is about the orders of all.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def shadow_prices(
        self,
        info: Info,
        filter: ShadowPricesFilter | None = None,
        sort: ShadowPricesSort = ShadowPricesSort.CENTS_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[ShadowPrice]:
        wanted = filter.value() if filter else pricing.PriceFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await pricing.list_prices(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, ShadowPrice.of)

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def shadow_price_runs(
        self,
        info: Info,
        sort: ShadowPriceRunsSort = ShadowPriceRunsSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[ShadowPriceRun]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await pricing.list_price_runs(db, page_of(first, after), **sorting(sort))
        return connect(page, ShadowPriceRun.of)


@strawberry.type
class ShadowPricesRequested:
    run: ShadowPriceRun


@strawberry.type
class ShadowPricesMutation:
    @strawberry.mutation(
        description="Solve all shadow prices anew, as soon as the runs asked for before are done.",
        extensions=[requires(Permission.ROUTING_WRITE)],
    )
    async def solve_shadow_prices(
        self, info: Info
    ) -> Annotated[ShadowPricesRequested | Refusal, strawberry.union("SolveShadowPricesResult")]:
        async def work(db: Session) -> ShadowPricesRequested:
            if db.principal.restricted:
                raise Forbidden("Prices are about the orders of all, which is not within your scope.")
            run = pricing.request_prices(db)
            await db.flush()
            return ShadowPricesRequested(run=ShadowPriceRun.of(run))

        async def again(db: Session, ids: list[UUID]) -> ShadowPricesRequested:
            return ShadowPricesRequested(run=ShadowPriceRun.of(await db.get_one(RunRow, ids[0])))

        return await change(info, work, body=[], again=again, targets=lambda done: [("shadowPriceRun", done.run.id)])
