"""Price lists: whom the prices in them are for."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.channels import SalesChannel
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel as ChannelRow
from kontor.core.db import Session
from kontor.pricing import lists, queries


@strawberry.type(
    description="Prices of a channel for some of its buyers: a country of delivery, a group of customers (a tag), a "
    "currency; null is for all. The highest priority counts, then the most specific, the channel's own prices last."
)
class PriceList:
    id: UUID
    code: str
    channel_id: UUID
    name_en: str
    name_de: str
    currency: str
    country: str | None
    customer_group: str | None
    priority: int
    valid_from: datetime
    valid_to: datetime | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def channel(self, info: Info) -> SalesChannel:
        return SalesChannel.of(await by_id(info, ChannelRow, self.channel_id))

    @classmethod
    def of(cls, row: Any) -> PriceList:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class PriceListsFilter(Given):
    codes: list[str] | None = UNSET
    channel_ids: list[UUID] | None = UNSET
    currencies: list[str] | None = UNSET
    countries: list[str] | None = UNSET
    customer_groups: list[str] | None = UNSET
    at: datetime | None = UNSET
    planned: bool | None = strawberry.field(default=UNSET, description="True: does not count yet.")
    changed_since: datetime | None = UNSET


@strawberry.enum
class PriceListsSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE-"
    VALID_FROM = "VALID_FROM"
    VALID_FROM_DESC = "VALID_FROM-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(
    description="What is absent stays as it is. Channel and currency never change, for whom it is no more once it "
    "counts. A start that has passed means now."
)
class PriceListInput(Given):
    code: str
    channel: str | None = strawberry.field(default=UNSET, description="A code.")
    name_en: str | None = UNSET
    name_de: str | None = strawberry.field(default=UNSET, description="The English name unless given.")
    currency: str | None = strawberry.field(default=UNSET, description="The channel's unless given.")
    country: str | None = UNSET
    customer_group: str | None = UNSET
    priority: int | None = UNSET
    valid_from: datetime | None = UNSET
    valid_to: datetime | None = UNSET


@strawberry.type
class PriceListEnded:
    price_list: PriceList


PriceListEndResult = Annotated[PriceListEnded | Refusal, strawberry.union("PriceListEndResult")]


async def _ended(db: Session, ids: list[UUID]) -> PriceListEnded:
    return PriceListEnded(price_list=PriceList.of(await queries.get_price_list(db, ids[0])))


@strawberry.type
class PriceListsQuery:
    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="Price lists, ended and planned ones too unless a moment is named.",
    )
    async def price_lists(
        self,
        info: Info,
        filter: PriceListsFilter | None = None,
        sort: PriceListsSort = PriceListsSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[PriceList]:
        wanted = queries.PriceListFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_price_lists(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, PriceList.of)


@strawberry.type
class PriceListsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PRICES_WRITE)], description=f"Add or change price lists by code. {EACH}"
    )
    async def save_price_lists(
        self, info: Info, inputs: list[PriceListInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, lists.save_price_lists, noun="priceList", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.PRICES_WRITE)],
        description="Let a list count no longer from a moment (now) on; one that has not begun by then never does.",
    )
    async def end_price_list(self, info: Info, id: UUID, at: datetime | None = None) -> PriceListEndResult:
        async def work(db: Session) -> PriceListEnded:
            return PriceListEnded(price_list=PriceList.of(await lists.end_price_list(db, id, at=at)))

        return await change(
            info, work, body=[id, at], again=_ended, targets=lambda done: [("priceList", done.price_list.id)]
        )
