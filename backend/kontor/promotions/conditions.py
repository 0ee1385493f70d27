"""Why a promotion is not given to a basket, before it is asked what else is given. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from kontor.core.errors import KontorError
from kontor.promotions.benefits import Line
from kontor.promotions.values import Basket, BenefitKind, Gift, Offer, Reason, Refusal, Used

Holds: TypeAlias = Callable[[str, Mapping[str, Any]], bool]
"""Whether a condition holds over facts; raises `KontorError` when it cannot be told."""
UNUSED = Used()


def goods_of(offer: Offer, lines: Sequence[Line]) -> list[Line]:
    """The lines that count for the promotion: its scope, without what would be the gift."""
    benefit = offer.benefit
    if isinstance(benefit, Gift):
        return [
            line for line in lines if offer.scope.covers(line.item) and not benefit.choices.covers(line.item)
        ]  # fmt: skip
    return [line for line in lines if offer.scope.covers(line.item)]


def time_refusal(offer: Offer, basket: Basket) -> Refusal | None:
    """Whether the promotion is not or no longer valid."""
    if offer.valid_from is not None and basket.at < offer.valid_from:
        return Refusal(offer.code, Reason.NOT_YET_VALID, {"from": offer.valid_from.isoformat()})
    if offer.valid_to is not None and basket.at >= offer.valid_to:
        return Refusal(offer.code, Reason.ENDED, {"until": offer.valid_to.isoformat()})
    return None


def audience_refusal(offer: Offer, basket: Basket) -> Refusal | None:
    """Whether the promotion is not for this channel, currency, customer, or needs a coupon that is not there."""
    wanted = offer.conditions
    if wanted.channels is not None and basket.channel not in wanted.channels:
        return Refusal(offer.code, Reason.OTHER_CHANNEL, {"channel": basket.channel})
    if wanted.currency is not None and basket.currency != wanted.currency:
        return Refusal(offer.code, Reason.OTHER_CURRENCY, {"currency": wanted.currency})
    if wanted.groups is not None and not wanted.groups & basket.groups:
        return Refusal(offer.code, Reason.OTHER_CUSTOMERS, {"groups": sorted(wanted.groups)})
    if wanted.coupon and offer.code not in basket.coupons:
        return Refusal(offer.code, Reason.COUPON_MISSING)
    return None


def goods_refusal(offer: Offer, goods: Sequence[Line], lines: Sequence[Line], fees: Sequence[Line]) -> Refusal | None:
    """Whether the basket lacks goods or value for the promotion."""
    wanted, benefit = offer.conditions, offer.benefit
    if not goods and benefit.kind is not BenefitKind.BUNDLE_PRICE:
        return Refusal(offer.code, Reason.NO_GOODS)
    value = sum(line.item.amount for line in goods)
    if value < wanted.minimum_value:
        return Refusal(offer.code, Reason.MINIMUM_VALUE, {"needed": wanted.minimum_value, "present": value})
    if wanted.minimum_quantity:
        pieces = sum(line.item.quantity for line in goods)
        if pieces < wanted.minimum_quantity:
            facts = {"needed": wanted.minimum_quantity, "present": pieces}
            return Refusal(offer.code, Reason.MINIMUM_QUANTITY, facts)
    if isinstance(benefit, Gift) and not any(benefit.choices.covers(line.item) for line in lines):
        wish = {"choices": sorted(benefit.choices.skus), "quantity": benefit.quantity}
        return Refusal(offer.code, Reason.GIFT_NOT_IN_BASKET, wish)
    if benefit.kind is BenefitKind.FREE_SHIPPING and not any(fee.left for fee in fees):
        return Refusal(offer.code, Reason.NO_SHIPPING_FEE)
    return None


def condition_refusal(offer: Offer, facts: Callable[[], Mapping[str, Any]], holds: Holds) -> Refusal | None:
    """Whether the promotion's own condition does not hold; one that cannot be told is one that does not hold."""
    expression = offer.conditions.expression
    if expression is None:
        return None
    try:
        named = {name: value for name, value in facts().items() if name in expression}  # to hand over takes time
        return None if holds(expression, named) else Refusal(offer.code, Reason.CONDITION)
    except KontorError as problem:
        return Refusal(offer.code, Reason.CONDITION_FAILED, {"message": problem.message[:300]})


def budget_refusal(offer: Offer, wanted: int, used: Used) -> Refusal | None:
    """Whether what it would give by itself is more than is left of its budget; it is given in whole or not at all."""
    if offer.most_uses is not None and used.uses >= offer.most_uses:
        return Refusal(offer.code, Reason.USES_SPENT, {"uses": offer.most_uses})
    if offer.most_given is not None and used.given + wanted > offer.most_given:
        left = max(0, offer.most_given - used.given)
        return Refusal(offer.code, Reason.BUDGET_SPENT, {"needed": wanted, "left": left})
    return None


def facts_of(basket: Basket) -> dict[str, Any]:
    """What a condition may name, as `basket`, `goods`, `customer` and `facts`."""
    return {
        "basket": {
            "channel": basket.channel,
            "currency": basket.currency,
            "country": basket.country,
            "value": sum(item.amount for item in basket.items),
            "quantity": sum(item.quantity for item in basket.items),
            "lines": len(basket.items),
            "month": basket.at.month,
            "day": basket.at.day,
            "weekday": basket.at.isoweekday(),
            "hour": basket.at.hour,
        },
        "goods": {
            "skus": sorted({item.sku for item in basket.items}),
            "categories": sorted({item.category for item in basket.items if item.category}),
            "brands": sorted({item.brand for item in basket.items if item.brand}),
        },
        "customer": {"groups": sorted(basket.groups)},
        "facts": dict(basket.facts),
    }
