"""Promotions as versions, their coupons and use, and what a basket would earn at any moment."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql import guessing
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_inputs import MAX_FACTS
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.promotion_preview import PromotionBasketInput, PromotionPreview
from kontor.api.graphql.promotion_types import (
    Coupon,
    CouponsInput,
    Promotion,
    PromotionInput,
    PromotionRedemption,
)
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.orders.promoting import MOST_COUPONS
from kontor.orders.quoting import BasketLine, QuoteInput, quote_basket
from kontor.promotions import coupons, queries, service
from kontor.promotions.events import stream_of
from kontor.promotions.values import BenefitKind


@strawberry.input(description="`at` keeps the versions valid at a moment.")
class PromotionsFilter(Given):
    codes: list[str] | None = UNSET
    kinds: list[BenefitKind] | None = UNSET
    coupon: bool | None = UNSET
    at: datetime | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.input
class CouponsFilter(Given):
    promotions: list[str] | None = UNSET
    codes: list[str] | None = UNSET
    batch_ids: list[UUID] | None = UNSET
    blocked: bool | None = UNSET
    used: bool | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.input
class PromotionRedemptionsFilter(Given):
    promotions: list[str] | None = UNSET
    order_ids: list[UUID] | None = UNSET
    given_back: bool | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class PromotionsSort(Enum):
    VALID_FROM = "VALID_FROM"
    VALID_FROM_DESC = "VALID_FROM_DESC"
    CODE = "CODE"
    CODE_DESC = "CODE_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class CouponsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    CODE = "CODE"
    CODE_DESC = "CODE_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class PromotionRedemptionsSort(Enum):
    REDEEMED_AT = "REDEEMED_AT"
    REDEEMED_AT_DESC = "REDEEMED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.type
class PromotionsQuery:
    @strawberry.field(
        extensions=[requires(Permission.PROMOTIONS_READ)],
        description="Every version of every promotion, ended and planned ones too unless a moment is named.",
    )
    async def promotions(
        self,
        info: Info,
        filter: PromotionsFilter | None = None,
        sort: PromotionsSort = PromotionsSort.VALID_FROM_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Promotion]:
        wanted = queries.PromotionFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_promotions(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Promotion.of)

    @strawberry.field(extensions=[requires(Permission.PROMOTIONS_READ)])
    async def promotion(self, info: Info, id: UUID) -> Promotion | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_promotion(db, id)
        return None if row is None else Promotion.of(row)

    @strawberry.field(extensions=[requires(Permission.PROMOTIONS_READ)])
    async def coupons(
        self,
        info: Info,
        filter: CouponsFilter | None = None,
        sort: CouponsSort = CouponsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Coupon]:
        wanted = queries.CouponFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_coupons(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Coupon.of)

    @strawberry.field(extensions=[requires(Permission.PROMOTIONS_READ)], description="What orders got of promotions.")
    async def promotion_redemptions(
        self,
        info: Info,
        filter: PromotionRedemptionsFilter | None = None,
        sort: PromotionRedemptionsSort = PromotionRedemptionsSort.REDEEMED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[PromotionRedemption]:
        wanted = queries.RedemptionFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_redemptions(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, PromotionRedemption.of)

    @strawberry.field(
        extensions=[requires(Permission.PRICES_READ)],
        description="What a basket costs at a moment (now), what each promotion gives it and why others do not; "
        "nothing is used up. Shops are told of what concerns the basket only.",
    )
    async def preview_promotions(
        self, info: Info, basket: PromotionBasketInput, at: datetime | None = None
    ) -> PromotionPreview:
        asked = _quote_input(basket)
        shopper = f"{basket.channel}/{basket.shopper.strip().lower()}"
        named = frozenset(coupons.normalized(code) for code in basket.coupons[:MOST_COUPONS])
        await guessing.check(info, guessing.Tried(shopper, named))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            try:
                quote = await quote_basket(db, asked, at or db.now)
            except KontorError as problem:
                raise problem.within("basket") from None
        return PromotionPreview.of(quote, info.context.language)


def _quote_input(basket: PromotionBasketInput) -> QuoteInput:
    facts: Any = basket.facts or {}
    if not isinstance(facts, dict) or len(str(facts)) > MAX_FACTS:
        raise InvalidInput("An object of at most 4,000 characters.", code="INVALID_FACTS", path=("basket", "facts"))
    return QuoteInput(
        basket.channel,
        [BasketLine(line.sku, line.quantity, line.unit_price) for line in basket.lines],
        basket.shipping,
        basket.coupons,
        basket.groups,
        basket.country,
        facts,
        basket.currency,
    )


@strawberry.type
class PromotionSaved:
    promotion: Promotion


@strawberry.type(description="The version that ended; null when only planned ones were dropped.")
class PromotionEnded:
    promotion: Promotion | None


@strawberry.type(description="A batch; its codes are listed by `coupons`.")
class CouponsGenerated:
    batch_id: UUID
    count: int


@strawberry.type
class CouponsBlocked:
    count: int


PromotionResult = Annotated[PromotionSaved | Refusal, strawberry.union("PromotionResult")]
PromotionEndResult = Annotated[PromotionEnded | Refusal, strawberry.union("PromotionEndResult")]
CouponsResult = Annotated[CouponsGenerated | Refusal, strawberry.union("CouponsResult")]
CouponsBlockedResult = Annotated[CouponsBlocked | Refusal, strawberry.union("CouponsBlockedResult")]


async def _saved_again(db: Session, ids: list[UUID]) -> PromotionSaved:
    row = await queries.find_promotion(db, ids[0])
    if row is None:
        raise InvalidInput("The version was replaced since.", code="PROMOTION_REPLACED", path=("input", "code"))
    return PromotionSaved(promotion=Promotion.of(row))


async def _ended_again(db: Session, ids: list[UUID]) -> PromotionEnded:
    row = await queries.find_promotion(db, ids[0])
    return PromotionEnded(promotion=None if row is None else Promotion.of(row))


async def _batch_again(db: Session, ids: list[UUID]) -> CouponsGenerated:
    return CouponsGenerated(batch_id=ids[0], count=await queries.count_of_batch(db, ids[0]))


@strawberry.type
class PromotionsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PROMOTIONS_WRITE)],
        description="Let a version of a promotion count from a moment on. It closes the one before it; what was valid "
        "in the past does not change.",
    )
    async def save_promotion(self, info: Info, input: PromotionInput) -> PromotionResult:
        given = {name: value for name, value in input.values().items() if value is not None}

        async def work(db: Session) -> PromotionSaved:
            try:
                row = await service.save_promotion(db, given)  # type: ignore[arg-type]
            except KontorError as problem:
                raise problem.within("input") from None
            return PromotionSaved(promotion=Promotion.of(row))

        return await change(
            info,
            work,
            body=given,
            again=_saved_again,
            targets=lambda done: [("promotion", done.promotion.id)],
            details={"code": input.code},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.PROMOTIONS_WRITE)],
        description="Let a promotion count no longer from a moment (now) on; planned versions are dropped.",
    )
    async def end_promotion(self, info: Info, code: str, at: datetime | None = None) -> PromotionEndResult:
        async def work(db: Session) -> PromotionEnded:
            row = await service.end_promotion(db, code, at=at)
            return PromotionEnded(promotion=None if row is None else Promotion.of(row))

        return await change(
            info,
            work,
            body=[code, at],
            again=_ended_again,
            targets=lambda done: [("promotion", done.promotion.id if done.promotion else stream_of(code))],
            details={"code": code},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.PROMOTIONS_WRITE)],
        description="Make coupons of a promotion that asks for one, up to 10,000 at once.",
    )
    async def generate_coupons(self, info: Info, input: CouponsInput) -> CouponsResult:
        given = {name: value for name, value in input.values().items() if value is not None or name == "most_uses"}

        async def work(db: Session) -> CouponsGenerated:
            try:
                batch_id = await coupons.generate_coupons(db, given)  # type: ignore[arg-type]
            except KontorError as problem:
                raise problem.within("input") from None
            return CouponsGenerated(batch_id=batch_id, count=given.get("count", 1))

        return await change(
            info,
            work,
            body=given,
            again=_batch_again,
            targets=lambda done: [("couponBatch", done.batch_id)],
            details={"promotion": input.promotion, "count": given.get("count", 1)},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.PROMOTIONS_WRITE)],
        description="Take coupons no longer: up to 1,000 by their codes, or a whole batch.",
    )
    async def block_coupons(
        self, info: Info, codes: list[str] | None = None, batch_id: UUID | None = None
    ) -> CouponsBlockedResult:
        if codes is not None and not 1 <= len(codes) <= 1000:
            raise InvalidInput("1 to 1,000 codes.", code="INVALID_BATCH", path=("codes",), max=1000)
        blocked: list[UUID] = []

        async def work(db: Session) -> CouponsBlocked:
            blocked[:] = await coupons.block_coupons(db, codes=codes, batch_id=batch_id)
            return CouponsBlocked(count=len(blocked))

        async def again(db: Session, ids: list[UUID]) -> CouponsBlocked:
            return CouponsBlocked(count=len(ids) if batch_id is None else await queries.count_of_batch(db, batch_id))

        def targets(_: CouponsBlocked) -> list[tuple[str, UUID]]:
            return [("couponBatch", batch_id)] if batch_id is not None else [("coupon", row_id) for row_id in blocked]

        return await change(
            info,
            work,
            body=[codes, batch_id],
            again=again,
            targets=targets,
            details={"codes": (codes or [])[:20], "batchId": str(batch_id) if batch_id else None},
        )
