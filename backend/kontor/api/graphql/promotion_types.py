"""Promotions, coupons and baskets as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_key
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.scalars import Long, Money
from kontor.core import money
from kontor.promotions import queries
from kontor.promotions.models import Promotion as PromotionRow
from kontor.promotions.models import PromotionUse as UseRow
from kontor.promotions.models import Redemption as RedemptionRow
from kontor.promotions.values import BenefitKind, Combination, Reason, ReturnRule, TierBasis

strawberry.enum(BenefitKind, name="PromotionKind", description="What a promotion gives.")
strawberry.enum(
    Combination,
    name="PromotionCombination",
    description="With what else on the same goods it is given: EXCLUSIVE with nothing, BEST with everything but "
    "another BEST, STACKABLE with everything but an EXCLUSIVE.",
)
strawberry.enum(TierBasis, name="PromotionTierBasis", description="What tiers are reached by.")
strawberry.enum(Reason, name="PromotionReason", description="Why a promotion gave nothing.")


@strawberry.type(description="Goods by any of their names, less the excepted ones; no name at all means everything.")
class PromotionScope:
    skus: list[str]
    products: list[str]
    categories: list[str]
    brands: list[str]
    except_skus: list[str]
    except_products: list[str]
    except_categories: list[str]
    except_brands: list[str]

    @classmethod
    def of(cls, row: Mapping[str, list[str]]) -> PromotionScope:
        """As it is kept."""
        names = cls.__annotations__
        return cls(**{name: row.get(name, []) for name in names})


@strawberry.type(description="From `since` pieces or minor units on so many percent, or minor units.")
class PromotionTier:
    since: Long
    percent: Decimal | None
    amount: Long | None


@strawberry.type(description="So many units of these goods belong into a bundle.")
class PromotionPart:
    scope: PromotionScope
    quantity: int


@strawberry.type(description="What is given; of the fields those of its kind have values.")
class PromotionBenefit:
    kind: BenefitKind
    tiers: list[PromotionTier]
    basis: TierBasis | None
    each_unit: bool | None
    buy: int | None
    get: int | None
    rewarded: PromotionScope | None
    percent: Decimal | None
    size: int | None
    free: int | None
    parts: list[PromotionPart]
    price: Long | None
    most: Long | None
    limit: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> PromotionBenefit:
        """As it is kept."""
        plain_names = ("each_unit", "buy", "get", "size", "free", "price", "most", "limit")
        tiers = [
            PromotionTier(since=tier["since"], percent=_decimal(tier.get("percent")), amount=tier.get("amount"))
            for tier in row.get("tiers", ())
        ]
        return cls(
            kind=BenefitKind(row["kind"]),
            tiers=tiers,
            basis=TierBasis(row["basis"]) if "basis" in row else None,
            rewarded=PromotionScope.of(row["rewarded"]) if "rewarded" in row else None,
            percent=_decimal(row.get("percent")),
            parts=[
                PromotionPart(scope=PromotionScope.of(part["scope"]), quantity=part["quantity"])
                for part in row.get("parts", ())
            ],
            **{name: row.get(name) for name in plain_names},
        )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@strawberry.type(description="What orders have used of a promotion with a budget, over all its versions.")
class PromotionUse:
    uses: int
    given: Long


async def _uses(context: Context, codes: list[str]) -> Sequence[UseRow | None]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.uses_of(db, codes)
    return [found.get(code) for code in codes]


@strawberry.type(description="A version of a promotion, from inclusive to exclusive; amounts in minor units.")
class Promotion:
    id: UUID
    code: str
    name: str
    kind: BenefitKind
    benefit: PromotionBenefit
    scope: PromotionScope
    channels: list[str] | None = strawberry.field(description="Codes; null for all.")
    groups: list[str] | None = strawberry.field(description="Tags of customers, one of which is needed; null for all.")
    currency: str | None
    minimum_value: Long
    minimum_quantity: int
    expression: str | None
    coupon: bool
    combination: Combination
    return_rule: ReturnRule
    priority: int
    most_given: Long | None
    most_uses: int | None
    valid_from: datetime
    valid_to: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime

    @strawberry.field(description="Null for a promotion that never had a budget.")
    async def used(self, info: Info) -> PromotionUse | None:
        row = await by_key(info, _uses, self.code)
        return None if row is None else PromotionUse(uses=row.uses, given=Long(row.given))

    @classmethod
    def of(cls, row: PromotionRow) -> Promotion:
        """As the API shows it."""
        same = (
            "id", "code", "name", "kind", "currency", "coupon", "combination", "return_rule", "priority", "most_given",
            "most_uses", "valid_from", "valid_to", "created_at", "created_by", "updated_at",
        )  # fmt: skip
        kept = row.conditions
        return cls(
            **{name: getattr(row, name) for name in same},
            benefit=PromotionBenefit.of(row.benefit),
            scope=PromotionScope.of(row.scope),
            channels=kept.get("channels"),
            groups=kept.get("groups"),
            minimum_value=kept.get("minimum_value", 0),
            minimum_quantity=kept.get("minimum_quantity", 0),
            expression=kept.get("expression"),
        )


@strawberry.type(description="A code that lets an order earn a promotion.")
class Coupon:
    id: UUID
    code: str
    promotion_code: str
    batch_id: UUID
    most_uses: int | None = strawberry.field(description="Null for any number.")
    uses: int
    valid_from: datetime | None
    valid_to: datetime | None
    blocked_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Coupon:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="What an order got of a promotion, and by which coupon.")
class PromotionRedemption:
    id: UUID
    order_id: UUID
    promotion_id: UUID
    promotion_code: str
    coupon_id: UUID | None
    amount: Money
    redeemed_at: datetime
    given_back_at: datetime | None

    @classmethod
    def of(cls, row: RedemptionRow) -> PromotionRedemption:
        """As the API shows it."""
        return cls(
            id=row.id, order_id=row.order_id, promotion_id=row.promotion_id, promotion_code=row.promotion_code,
            coupon_id=row.coupon_id, amount=Money.of(money.Money(row.amount, row.currency)),
            redeemed_at=row.redeemed_at, given_back_at=row.given_back_at,
        )  # fmt: skip


@strawberry.input(description="Goods by any of their names, less the excepted ones; no name at all means everything.")
class PromotionScopeInput(Given):
    skus: list[str] | None = UNSET
    products: list[str] | None = UNSET
    categories: list[str] | None = UNSET
    brands: list[str] | None = UNSET
    except_skus: list[str] | None = UNSET
    except_products: list[str] | None = UNSET
    except_categories: list[str] | None = UNSET
    except_brands: list[str] | None = UNSET


@strawberry.input
class PromotionTierInput(Given):
    since: Long
    percent: Decimal | None = UNSET
    amount: Long | None = UNSET


@strawberry.input
class PromotionPartInput(Given):
    scope: PromotionScopeInput
    quantity: int = 1


@strawberry.input(
    description="PERCENT_OFF: percent or tiers, basis. AMOUNT_OFF: amount or tiers, basis, eachUnit. BUY_X_GET_Y: buy, "
    "get, rewarded, percent (100), limit. CHEAPEST_FREE: size, free (1), limit. BUNDLE_PRICE: parts, price, limit. "
    "FREE_SHIPPING: most. GIFT: rewarded (SKUs), get (1)."
)
class PromotionBenefitInput(Given):
    kind: BenefitKind
    percent: Decimal | None = UNSET
    amount: Long | None = UNSET
    tiers: list[PromotionTierInput] | None = UNSET
    basis: TierBasis | None = UNSET
    each_unit: bool | None = UNSET
    buy: int | None = UNSET
    get: int | None = UNSET
    rewarded: PromotionScopeInput | None = UNSET
    size: int | None = UNSET
    free: int | None = UNSET
    parts: list[PromotionPartInput] | None = UNSET
    price: Long | None = UNSET
    most: Long | None = UNSET
    limit: int | None = UNSET


@strawberry.input(
    description="A whole version; what is absent is empty or usual. It counts from now, or from `validFrom` if that "
    "lies ahead, until `validTo` or the next planned version."
)
class PromotionInput(Given):
    code: str
    name: str
    benefit: PromotionBenefitInput
    scope: PromotionScopeInput | None = UNSET
    channels: list[str] | None = UNSET
    groups: list[str] | None = UNSET
    currency: str | None = UNSET
    minimum_value: Long | None = UNSET
    minimum_quantity: int | None = UNSET
    expression: str | None = UNSET
    coupon: bool | None = UNSET
    combination: Combination | None = UNSET
    return_rule: ReturnRule | None = UNSET
    priority: int | None = UNSET
    most_given: Long | None = UNSET
    most_uses: int | None = UNSET
    valid_from: datetime | None = UNSET
    valid_to: datetime | None = UNSET


@strawberry.input(
    description="One coupon of a given `code`, or `count` random ones of `length` characters behind a `prefix`. Each "
    "may be used once unless `mostUses` says otherwise; null for any number."
)
class CouponsInput(Given):
    promotion: str
    code: str | None = UNSET
    count: int | None = UNSET
    prefix: str | None = UNSET
    length: int | None = UNSET
    most_uses: int | None = UNSET
    valid_from: datetime | None = UNSET
    valid_to: datetime | None = UNSET
