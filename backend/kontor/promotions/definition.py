"""Promotions as they are given and kept (plain JSON) and as the engine takes them. Pure; refuses what makes no sense.

Shares are percent with at most two decimals in what is given, hundredths of a percent in the engine; amounts are minor
units throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from kontor.core.errors import camel
from kontor.promotions.errors import InvalidPromotion
from kontor.promotions.values import (
    WHOLE,
    AmountOff,
    Benefit,
    BenefitKind,
    BundlePrice,
    BuyGet,
    CheapestFree,
    FreeShipping,
    Gift,
    Part,
    PercentOff,
    Scope,
    Tier,
    TierBasis,
)

MOST_AMOUNT = 10**12
MOST_PIECES = 10_000
MOST_NAMES = 5_000
MOST_TIERS = 20
MOST_PARTS = 6
NAMES = ("skus", "products", "categories", "brands")
SCOPE = (*NAMES, *(f"except_{name}" for name in NAMES))
# What each kind of benefit is made of; the rest of what a benefit may name is refused for it.
_PARTS: Mapping[BenefitKind, frozenset[str]] = {
    BenefitKind.PERCENT_OFF: frozenset({"percent", "tiers", "basis"}),
    BenefitKind.AMOUNT_OFF: frozenset({"amount", "tiers", "basis", "each_unit"}),
    BenefitKind.BUY_X_GET_Y: frozenset({"buy", "get", "rewarded", "percent", "limit"}),
    BenefitKind.CHEAPEST_FREE: frozenset({"size", "free", "limit"}),
    BenefitKind.BUNDLE_PRICE: frozenset({"parts", "price", "limit"}),
    BenefitKind.FREE_SHIPPING: frozenset({"most"}),
    BenefitKind.GIFT: frozenset({"rewarded", "get"}),
}


def _refuse(message: str, *path: str | int) -> InvalidPromotion:
    return InvalidPromotion(message, path=tuple(camel(part) if isinstance(part, str) else part for part in path))


def whole(value: Any, least: int, most: int, *path: str | int) -> int:
    """A whole number within bounds; raises `InvalidPromotion` naming the field."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _refuse(f"A whole number from {least} to {most} is needed.", *path)
    return value


def scope_of(given: Mapping[str, Any] | None, *path: str | int) -> Scope:
    """A set of goods from its lists of names; nothing given is everything."""
    found: dict[str, frozenset[str]] = {}
    for name, values in (given or {}).items():
        if name not in SCOPE:
            raise _refuse(f"There is no field {name}.", *path, name)
        if values and len(values) > MOST_NAMES:
            raise _refuse(f"At most {MOST_NAMES} names.", *path, name)
        found[name] = frozenset(_text(value, *path, name, index) for index, value in enumerate(values or ()))
    return Scope(**found)


def _text(value: Any, *path: str | int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 120 or "\x00" in text:
        raise _refuse("A name of 1 to 120 characters is needed.", *path)
    return text


def scope_row(scope: Scope) -> dict[str, list[str]]:
    """A set of goods as it is kept: the lists that hold something, sorted."""
    return {name: sorted(names) for name in SCOPE if (names := getattr(scope, name))}


def benefit_of(given: Mapping[str, Any], *path: str | int) -> Benefit:
    """What a promotion gives, as the engine takes it; raises `InvalidPromotion` naming the field."""
    kind = BenefitKind(given["kind"])
    for name, value in given.items():
        if name != "kind" and value is not None and name not in _PARTS[kind]:
            raise _refuse(f"{kind} has no {camel(name)}.", *path, name)
    limit = given.get("limit")
    limit = None if limit is None else whole(limit, 1, MOST_PIECES, *path, "limit")
    match kind:
        case BenefitKind.PERCENT_OFF:
            return PercentOff(_tiers(given, "percent", *path), _basis(given))
        case BenefitKind.AMOUNT_OFF:
            return AmountOff(_tiers(given, "amount", *path), _basis(given), bool(given.get("each_unit")))
        case BenefitKind.BUY_X_GET_Y:
            return BuyGet(
                _needed(given, "buy", MOST_PIECES, *path),
                _needed(given, "get", MOST_PIECES, *path),
                scope_of(given.get("rewarded"), *path, "rewarded"),
                WHOLE if given.get("percent") is None else _hundredths(given["percent"], *path, "percent"),
                limit,
            )
        case BenefitKind.CHEAPEST_FREE:
            size = whole(given.get("size"), 2, MOST_PIECES, *path, "size")
            return CheapestFree(size, whole(given.get("free") or 1, 1, size - 1, *path, "free"), limit)
        case BenefitKind.BUNDLE_PRICE:
            price = whole(given.get("price"), 0, MOST_AMOUNT, *path, "price")
            return BundlePrice(_bundle_parts(given.get("parts"), *path), price, limit)
        case BenefitKind.FREE_SHIPPING:
            most = given.get("most")
            return FreeShipping(None if most is None else whole(most, 1, MOST_AMOUNT, *path, "most"))
        case BenefitKind.GIFT:
            return _gift(given, *path)


def _needed(given: Mapping[str, Any], name: str, most: int, *path: str | int) -> int:
    return whole(given.get(name), 1, most, *path, name)


def _gift(given: Mapping[str, Any], *path: str | int) -> Gift:
    choices = scope_of(given.get("rewarded"), *path, "rewarded")
    if not choices.skus or choices != Scope(skus=choices.skus):
        raise _refuse("A gift is named by its SKUs.", *path, "rewarded")
    return Gift(choices, whole(given.get("get") or 1, 1, MOST_PIECES, *path, "get"))


def _basis(given: Mapping[str, Any]) -> TierBasis:
    return TierBasis(given.get("basis") or TierBasis.QUANTITY)


def _tiers(given: Mapping[str, Any], unit: str, *path: str | int) -> tuple[Tier, ...]:
    rows = given.get("tiers")
    if not rows:
        return (Tier(0, _value(given.get(unit), unit, *path, unit)),)
    if given.get(unit) is not None:
        raise _refuse("Either tiers or one value for all.", *path, "tiers")
    if len(rows) > MOST_TIERS:
        raise _refuse(f"At most {MOST_TIERS} tiers.", *path, "tiers")
    tiers = tuple(
        Tier(
            whole(row.get("since"), 0, MOST_AMOUNT, *path, "tiers", index, "since"),
            _value(row.get(unit), unit, *path, "tiers", index, unit),
        )
        for index, row in enumerate(rows)
    )
    if len({tier.since for tier in tiers}) < len(tiers):
        raise _refuse("Two tiers begin alike.", *path, "tiers")
    return tuple(sorted(tiers, key=lambda tier: tier.since))


def _value(value: Any, unit: str, *path: str | int) -> int:
    return _hundredths(value, *path) if unit == "percent" else whole(value, 1, MOST_AMOUNT, *path)


def _hundredths(value: Any, *path: str | int) -> int:
    try:
        found = Decimal(str(value)) * 100
        if not 0 < found <= WHOLE or found != found.to_integral_value():
            raise InvalidOperation
    except InvalidOperation as problem:
        raise _refuse("A percentage above 0 to 100 with at most 2 decimal places is needed.", *path) from problem
    return int(found)


def _bundle_parts(given: Sequence[Mapping[str, Any]] | None, *path: str | int) -> tuple[Part, ...]:
    if not given or len(given) > MOST_PARTS:
        raise _refuse(f"1 to {MOST_PARTS} parts are needed.", *path, "parts")
    found = []
    for index, row in enumerate(given):
        scope = scope_of(row.get("scope"), *path, "parts", index, "scope")
        if scope.is_open:
            raise _refuse("A part names its goods.", *path, "parts", index, "scope")
        found.append(Part(scope, whole(row.get("quantity") or 1, 1, MOST_PIECES, *path, "parts", index, "quantity")))
    return tuple(found)


def benefit_row(benefit: Benefit) -> dict[str, Any]:
    """A benefit as it is kept, which `benefit_of` reads again."""
    row: dict[str, Any] = {"kind": benefit.kind.value}
    match benefit:
        case PercentOff():
            row |= {"tiers": _tier_rows(benefit.tiers, "percent"), "basis": benefit.basis.value}
        case AmountOff():
            row |= {"tiers": _tier_rows(benefit.tiers, "amount"), "basis": benefit.basis.value}
            row["each_unit"] = benefit.each_unit
        case BuyGet():
            row |= {"buy": benefit.buy, "get": benefit.get, "rewarded": scope_row(benefit.rewarded)}
            row["percent"] = percent_text(benefit.off)
        case CheapestFree():
            row |= {"size": benefit.size, "free": benefit.free}
        case BundlePrice():
            row["price"] = benefit.price
            row["parts"] = [{"scope": scope_row(part.scope), "quantity": part.quantity} for part in benefit.parts]
        case FreeShipping():
            row["most"] = benefit.most
        case Gift():
            row |= {"rewarded": scope_row(benefit.choices), "get": benefit.quantity}
    if isinstance(benefit, BuyGet | CheapestFree | BundlePrice):
        row["limit"] = benefit.limit
    return row


def _tier_rows(tiers: Iterable[Tier], unit: str) -> list[dict[str, Any]]:
    return [
        {"since": tier.since, unit: percent_text(tier.value) if unit == "percent" else tier.value} for tier in tiers
    ]  # fmt: skip


def percent_text(hundredths: int) -> str:
    """A share in percent, without decimals that say nothing."""
    return f"{Decimal(hundredths) / 100:f}"


def names_amounts(benefit: Benefit, minimum_value: int) -> bool:
    """Whether the promotion counts in money, so that it needs a currency."""
    by_value = isinstance(benefit, PercentOff) and benefit.basis is TierBasis.VALUE
    capped = isinstance(benefit, FreeShipping) and benefit.most is not None
    return by_value or capped or bool(minimum_value) or isinstance(benefit, AmountOff | BundlePrice)
