"""What promotions are made of and what a basket is to them. Minor units; plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

WHOLE = 10_000
"""All of an amount, in hundredths of a percent."""


class BenefitKind(StrEnum):
    """What a promotion gives."""

    PERCENT_OFF = "PERCENT_OFF"
    AMOUNT_OFF = "AMOUNT_OFF"
    BUY_X_GET_Y = "BUY_X_GET_Y"
    CHEAPEST_FREE = "CHEAPEST_FREE"
    BUNDLE_PRICE = "BUNDLE_PRICE"
    FREE_SHIPPING = "FREE_SHIPPING"
    GIFT = "GIFT"


class Combination(StrEnum):
    """With what else on the same goods a promotion is given.

    EXCLUSIVE with nothing; BEST with everything but another BEST; STACKABLE with everything but an EXCLUSIVE.
    """

    EXCLUSIVE = "EXCLUSIVE"
    BEST = "BEST"
    STACKABLE = "STACKABLE"


class ReturnRule(StrEnum):
    """What a return does to a discount: units keep their share, or the kept goods have to earn it again."""

    KEEP_SHARE = "KEEP_SHARE"
    RECHECK = "RECHECK"


class TierBasis(StrEnum):
    """What a tier is reached by: pieces, or what they cost."""

    QUANTITY = "QUANTITY"
    VALUE = "VALUE"


class Reason(StrEnum):
    """Why a promotion gave nothing."""

    NOT_YET_VALID = "NOT_YET_VALID"
    ENDED = "ENDED"
    OTHER_CHANNEL = "OTHER_CHANNEL"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    OTHER_CUSTOMERS = "OTHER_CUSTOMERS"
    COUPON_MISSING = "COUPON_MISSING"
    NO_GOODS = "NO_GOODS"
    NOT_ENOUGH_GOODS = "NOT_ENOUGH_GOODS"
    MINIMUM_VALUE = "MINIMUM_VALUE"
    MINIMUM_QUANTITY = "MINIMUM_QUANTITY"
    CONDITION = "CONDITION"
    CONDITION_FAILED = "CONDITION_FAILED"
    BUDGET_SPENT = "BUDGET_SPENT"
    USES_SPENT = "USES_SPENT"
    GIFT_NOT_IN_BASKET = "GIFT_NOT_IN_BASKET"
    NO_SHIPPING_FEE = "NO_SHIPPING_FEE"
    NOTHING_TO_GIVE = "NOTHING_TO_GIVE"
    EXCLUDED = "EXCLUDED"
    NOT_BEST = "NOT_BEST"


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of goods: what is named by any of the lists, less what is excepted. No list at all names everything."""

    skus: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    except_skus: frozenset[str] = frozenset()
    except_products: frozenset[str] = frozenset()
    except_categories: frozenset[str] = frozenset()
    except_brands: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether goods need no name to be in it."""
        return not (self.skus or self.products or self.categories or self.brands)

    def covers(self, item: Item) -> bool:
        """Whether an item of the basket is in the set."""
        if (
            item.sku in self.except_skus
            or item.product in self.except_products
            or item.category in self.except_categories
            or item.brand in self.except_brands
        ):
            return False
        return (
            item.sku in self.skus
            or item.product in self.products
            or item.category in self.categories
            or item.brand in self.brands
            or self.is_open
        )


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Tier:
    """From how much on (pieces or minor units) how much is given (hundredths of a percent or minor units)."""

    since: int
    value: int


@dataclass(frozen=True, slots=True)
class PercentOff:
    """Hundredths of a percent off the goods of the scope, by tiers."""

    tiers: tuple[Tier, ...]
    basis: TierBasis = TierBasis.QUANTITY
    kind = BenefitKind.PERCENT_OFF


@dataclass(frozen=True, slots=True)
class AmountOff:
    """An amount off the goods of the scope by tiers: once for all of them, or off each unit."""

    tiers: tuple[Tier, ...]
    basis: TierBasis = TierBasis.QUANTITY
    each_unit: bool = False
    kind = BenefitKind.AMOUNT_OFF


@dataclass(frozen=True, slots=True)
class BuyGet:
    """For every `buy` units of the scope `get` of the cheapest units of `rewarded` are reduced by `off`.

    A unit is bought or rewarded, never both. At most `limit` times; None is without limit.
    """

    buy: int
    get: int
    rewarded: Scope
    off: int = WHOLE
    limit: int | None = None
    kind = BenefitKind.BUY_X_GET_Y


@dataclass(frozen=True, slots=True)
class CheapestFree:
    """Of every `size` units of the scope `free` cost nothing: over the whole basket the cheapest ones."""

    size: int
    free: int = 1
    limit: int | None = None
    kind = BenefitKind.CHEAPEST_FREE


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of a set of goods belong into a bundle."""

    scope: Scope
    quantity: int


@dataclass(frozen=True, slots=True)
class BundlePrice:
    """All parts together cost `price`, as often as they are in the basket, at most `limit` times."""

    parts: tuple[Part, ...]
    price: int
    limit: int | None = None
    kind = BenefitKind.BUNDLE_PRICE


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """The shipping fee is waived, up to `most` minor units."""

    most: int | None = None
    kind = BenefitKind.FREE_SHIPPING


@dataclass(frozen=True, slots=True)
class Gift:
    """`quantity` units of `choices` cost nothing, the dearest that are in the basket; they earn nothing themselves."""

    choices: Scope
    quantity: int = 1
    kind = BenefitKind.GIFT


Benefit: TypeAlias = PercentOff | AmountOff | BuyGet | CheapestFree | BundlePrice | FreeShipping | Gift


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a promotion is given; what is None does not narrow. Minimums count the goods of the scope."""

    channels: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    currency: str | None = None
    minimum_value: int = 0
    minimum_quantity: int = 0
    expression: str | None = None
    coupon: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of a promotion as the engine takes it; valid from inclusive to exclusive.

    `most_given` and `most_uses` are its budget over all orders. A higher `priority` is given first and wins where two
    exclude each other; between equals the customer gets what is best for them.
    """

    code: str
    benefit: Benefit
    scope: Scope = EVERYTHING
    conditions: Conditions = Conditions()
    combination: Combination = Combination.STACKABLE
    priority: int = 0
    return_rule: ReturnRule = ReturnRule.KEEP_SHARE
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    most_given: int | None = None
    most_uses: int | None = None
    id: UUID | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the basket: `amount` is what all its pieces cost before promotions; its pieces are alike."""

    key: str
    sku: str
    quantity: int
    amount: int
    product: str = ""
    category: str | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """A charge for shipping."""

    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought, where, when and by whom; `coupons` are the codes of promotions it brought a good coupon for."""

    channel: str
    currency: str
    at: datetime
    items: tuple[Item, ...]
    fees: tuple[Fee, ...] = ()
    groups: frozenset[str] = frozenset()
    coupons: frozenset[str] = frozenset()
    country: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Used:
    """What orders have used of a promotion's budget: how often, and minor units."""

    uses: int = 0
    given: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a promotion took off one line (or fee): `units` pieces were reckoned with."""

    offer: str
    key: str
    amount: int
    units: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a promotion gave nothing, with the figures or codes that say it."""

    offer: str
    reason: Reason
    facts: Mapping[str, Any] = field(default_factory=dict)
