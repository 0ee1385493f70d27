"""Prices: a memory. For whom they are is said by price lists."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.catalog import ProductVariant
from kontor.api.graphql.channels import SalesChannel
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import EACH, MOST_ROWS, Given, SavedRowsResult, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.price_lists import PriceList
from kontor.api.graphql.scalars import Long
from kontor.auth.permissions import Permission
from kontor.catalog.models import ProductVariant as VariantRow
from kontor.channels.models import SalesChannel as ChannelRow
from kontor.channels.queries import find_sales_channel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.pricing import queries, service
from kontor.pricing.calculation import Buyer
from kontor.pricing.models import PriceList as ListRow

MOST_ARTICLES = 500
MOST_GROUPS = 50


@strawberry.type(description="A unit price in minor units of the channel, gross or net as it shows prices.")
class Price:
    id: UUID
    channel_id: UUID
    variant_id: UUID
    price_list_id: UUID | None
    min_quantity: int
    amount: Long
    valid_from: datetime
    valid_to: datetime | None
    created_at: datetime

    @strawberry.field(description="The list it stands in; null for the channel's own prices.")
    async def price_list(self, info: Info) -> PriceList | None:
        row = await by_id(info, ListRow, self.price_list_id)
        return None if row is None else PriceList.of(row)

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


@strawberry.input(
    description="For whom a price is asked. Without a country or currency those of the channel count; groups are tags "
    "of the customer."
)
class PriceBuyerInput:
    country: str | None = None
    currency: str | None = None
    customer_groups: list[str] = strawberry.field(default_factory=list)


@strawberry.input
class PricesFilter(Given):
    channel_ids: list[UUID] | None = UNSET
    variant_ids: list[UUID] | None = UNSET
    price_list_ids: list[UUID] | None = UNSET
    own: bool | None = strawberry.field(default=UNSET, description="True: in no list; false: in a list.")
    at: datetime | None = UNSET
    planned: bool | None = strawberry.field(default=UNSET, description="True: does not count yet.")


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
    price_list: str | None = strawberry.field(
        default=UNSET, description="The code of a list of the channel; without one it is the channel's own price."
    )
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
        description="The price that counts for a buyer and a quantity at a moment, now unless one is named; null when "
        "there is none. `priceList` says which list it is from.",
    )
    async def price(
        self,
        info: Info,
        channel_id: UUID,
        variant_id: UUID,
        quantity: int = 1,
        at: datetime | None = None,
        buyer: PriceBuyerInput | None = None,
    ) -> Price | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            asked = await _buyer(db, channel_id, buyer)
            if asked is None:
                return None
            row = await queries.price_at(
                db, channel_id, variant_id, at or db.now, buyer=asked[0], own=asked[1], quantity=quantity
            )
        return None if row is None else Price.of(row)

    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="The lowest prices that a buyer was shown in the 30 days before the prices of a moment began, now "
        "unless one is named; articles without a price then are left out. Without groups it is what consumers in "
        "general are shown. At most 500 articles.",
    )
    async def lowest_prices(
        self,
        info: Info,
        channel_id: UUID,
        variant_ids: list[UUID],
        at: datetime | None = None,
        buyer: PriceBuyerInput | None = None,
    ) -> list[LowestPrice]:
        if len(variant_ids) > MOST_ARTICLES:
            raise InvalidInput(
                f"At most {MOST_ARTICLES} articles.", code="TOO_MANY_ROWS", path=("variantIds",), max=MOST_ARTICLES
            )
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            asked = await _buyer(db, channel_id, buyer)
            if asked is None:
                return []
            found = await queries.lowest_prices(db, channel_id, variant_ids, at or db.now, buyer=asked[0], own=asked[1])
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


async def _buyer(db: Session, channel_id: UUID, given: PriceBuyerInput | None) -> tuple[Buyer, str] | None:
    """Who asks, and the currency of the channel's own prices; None for a channel that cannot be seen."""
    channel = await find_sales_channel(db, id=channel_id)
    if channel is None:
        return None
    buyer = given or PriceBuyerInput()
    if len(buyer.customer_groups) > MOST_GROUPS:
        raise InvalidInput(
            f"At most {MOST_GROUPS} groups.", code="TOO_MANY_ROWS", path=("buyer", "customerGroups"), max=MOST_GROUPS
        )
    groups = frozenset(buyer.customer_groups)
    return Buyer(buyer.country or channel.country, buyer.currency or channel.currency, groups), channel.currency


@strawberry.type(description="How many planned prices were taken back.")
class WithdrawnPrices:
    count: int


WithdrawnPricesResult = Annotated[WithdrawnPrices | Refusal, strawberry.union("WithdrawnPricesResult")]


@strawberry.type
class PricingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PRICES_WRITE)],
        description=f"Set prices; the past does not change. {EACH}",
    )
    async def set_prices(self, info: Info, inputs: list[PriceInput], all_or_nothing: bool = False) -> SavedRowsResult:
        return await save_rows(info, inputs, service.set_prices, noun="price", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.PRICES_WRITE)],
        description="Take up to 1,000 planned prices back before they count, all or none; what counts until then in "
        "the same list goes on in their place.",
    )
    async def withdraw_planned_prices(self, info: Info, ids: list[UUID]) -> WithdrawnPricesResult:
        if not 1 <= len(ids) <= MOST_ROWS:
            raise InvalidInput(f"1 to {MOST_ROWS} ids.", code="INVALID_BATCH", path=("ids",), max=MOST_ROWS)
        withdrawn: list[UUID] = []

        async def work(db: Session) -> WithdrawnPrices:
            withdrawn[:] = await service.withdraw_prices(db, ids)
            return WithdrawnPrices(count=len(withdrawn))

        async def again(db: Session, ids: list[UUID]) -> WithdrawnPrices:
            return WithdrawnPrices(count=len(ids))

        return await change(
            info, work, body=ids, again=again, targets=lambda _: [("price", row_id) for row_id in withdrawn]
        )
