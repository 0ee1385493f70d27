"""Prices: a memory."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.catalog import ProductVariant
from kontor.api.graphql.channels import SalesChannel
from kontor.api.graphql.context import Info
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, save_rows, shown
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.auth.permissions import Permission
from kontor.catalog.models import ProductVariant as VariantRow
from kontor.channels.models import SalesChannel as ChannelRow
from kontor.core.errors import InvalidInput
from kontor.pricing import queries, service

MOST_ARTICLES = 500


@strawberry.type(description="A unit price in minor units of the channel, gross or net as it shows prices.")
class Price:
    id: UUID
    channel_id: UUID
    variant_id: UUID
    min_quantity: int
    amount: Long
    valid_from: datetime
    valid_to: datetime | None
    created_at: datetime

    @strawberry.field
    async def channel(self, info: Info) -> SalesChannel:
        return SalesChannel.of(await by_id(info, ChannelRow, self.channel_id))

    @strawberry.field
    async def variant(self, info: Info) -> ProductVariant:
        return ProductVariant.of(await by_id(info, VariantRow, self.variant_id))

    @classmethod
    def of(cls, row: Any) -> Price:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(
    description="What a price is compared with when it is announced as reduced (Directive 98/6/EC, article 6a)."
)
class LowestPrice:
    variant_id: UUID
    amount: Long = strawberry.field(description="The price of one piece at the moment asked for.")
    since: datetime = strawberry.field(description="Since when it is that.")
    lowest: Long | None = strawberry.field(
        description="The lowest one of the 30 days before; null when there was none."
    )
    reduced: bool = strawberry.field(description="Whether it may be called reduced.")


@strawberry.input
class PricesFilter(Given):
    channel_ids: list[UUID] | None = UNSET
    variant_ids: list[UUID] | None = UNSET
    at: datetime | None = UNSET


@strawberry.enum
class PricesSort(Enum):
    VALID_FROM = "VALID_FROM"
    VALID_FROM_DESC = "VALID_FROM-"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    AMOUNT = "AMOUNT"
    AMOUNT_DESC = "AMOUNT-"


@strawberry.input(description="A unit price in minor units; `channel` is a code. From now on unless a start is given.")
class PriceInput(Given):
    channel: str
    sku: str
    amount: Long
    min_quantity: int | None = UNSET
    valid_from: datetime | None = UNSET
    valid_to: datetime | None = UNSET


@strawberry.type
class PricingQuery:
    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="Prices, closed and planned ones too unless a moment is named.",
    )
    async def prices(
        self,
        info: Info,
        filter: PricesFilter | None = None,
        sort: PricesSort = PricesSort.VALID_FROM_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Price]:
        wanted = queries.PriceFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_prices(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Price.of)

    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="The price that counts for a quantity at a moment, now unless one is named.",
    )
    async def price(
        self, info: Info, channel_id: UUID, variant_id: UUID, quantity: int = 1, at: datetime | None = None
    ) -> Price | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.price_at(db, channel_id, variant_id, at or db.now, quantity=quantity)
        return None if row is None else Price.of(row)

    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="The lowest prices of the 30 days before the prices of a moment began, now unless one is named; "
        "articles without a price then are left out. At most 500 articles.",
    )
    async def lowest_prices(
        self, info: Info, channel_id: UUID, variant_ids: list[UUID], at: datetime | None = None
    ) -> list[LowestPrice]:
        if len(variant_ids) > MOST_ARTICLES:
            raise InvalidInput(
                f"At most {MOST_ARTICLES} articles.", code="TOO_MANY_ROWS", path=("variantIds",), max=MOST_ARTICLES
            )
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await queries.lowest_prices(db, channel_id, variant_ids, at or db.now)
        return [
            LowestPrice(
                variant_id=variant_id,
                amount=Long(each.amount),
                since=each.since,
                lowest=None if each.lowest is None else Long(each.lowest),
                reduced=each.reduced,
            )
            for variant_id in dict.fromkeys(variant_ids)
            if (each := found.get(variant_id)) is not None
        ]


@strawberry.type
class PricingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PRICES_WRITE)],
        description=f"Set prices; the past does not change. {EACH}",
    )
    async def set_prices(self, info: Info, inputs: list[PriceInput], all_or_nothing: bool = False) -> SavedRowsResult:
        return await save_rows(info, inputs, service.set_prices, noun="price", all_or_nothing=all_or_nothing)
