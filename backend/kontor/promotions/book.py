"""Finding the few promotions a basket can earn among thousands. Pure.

Each promotion stands under one thing it cannot do without: the coupon, a name of its goods, a customer group; what
needs none of these stands by its minimum value. A basket looks up what it holds, so its time grows with what concerns
it and not with what there is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from kontor.promotions.values import Basket, BundlePrice, BuyGet, Item, Offer, Scope

ANY = ""
Anchor = tuple[str, str]


class Book:
    """Promotions by what they need; never changed after it is made."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self.offers: tuple[Offer, ...] = tuple(sorted(offers, key=lambda offer: offer.code))
        self.limited: frozenset[str] = frozenset(
            offer.code for offer in self.offers if offer.most_given is not None or offer.most_uses is not None
        )
        self.for_groups: bool = any(_asks_for_groups(offer) for offer in self.offers)
        self._anchored: dict[Anchor, list[tuple[int, Offer]]] = {}
        open_: dict[str, list[tuple[int, int, Offer]]] = {}
        for index, offer in enumerate(self.offers):
            anchors = _anchors(offer)
            for anchor in anchors:
                self._anchored.setdefault(anchor, []).append((index, offer))
            if not anchors:
                for channel in offer.conditions.channels or (ANY,):
                    open_.setdefault(channel, []).append((offer.conditions.minimum_value, index, offer))
        self._open = {channel: sorted(rows, key=lambda row: row[:2]) for channel, rows in open_.items()}
        self._minimums = {channel: [row[0] for row in rows] for channel, rows in self._open.items()}

    def candidates(self, basket: Basket) -> list[Offer]:
        """The promotions the basket may earn, by code; every other one lacks what it needs."""
        found: dict[int, Offer] = {}
        for anchor in set(_looked_up(basket)):
            rows = self._anchored.get(anchor)
            if rows:
                found.update(rows)
        value = sum(item.amount for item in basket.items)
        for channel in (basket.channel, ANY):
            reachable = bisect_right(self._minimums.get(channel, ()), value)
            for _, index, offer in self._open.get(channel, ())[:reachable]:
                found[index] = offer
        return [found[index] for index in sorted(found)]


def _asks_for_groups(offer: Offer) -> bool:
    """Whether the customer's groups make a difference: as a condition of their own, or named in the expression."""
    return offer.conditions.groups is not None or "customer" in (offer.conditions.expression or "")


def _looked_up(basket: Basket) -> Iterator[Anchor]:
    for code in basket.coupons:
        yield "coupon", code
    for group in basket.groups:
        yield "group", group
    for item in basket.items:
        yield from _names(item)


def _names(item: Item) -> Iterator[Anchor]:
    yield "sku", item.sku
    yield "product", item.product
    if item.category is not None:
        yield "category", item.category
    if item.brand is not None:
        yield "brand", item.brand


def _anchors(offer: Offer) -> list[Anchor]:
    """Of these the basket holds at least one, or the promotion gives nothing; empty when there is no such thing."""
    if offer.conditions.coupon:
        return [("coupon", offer.code)]
    named = min((_of_scope(scope) for scope in _needed(offer) if not scope.is_open), key=len, default=None)
    if named is not None:
        return named
    return [("group", group) for group in sorted(offer.conditions.groups or ())]


def _needed(offer: Offer) -> Sequence[Scope]:
    """Sets of goods of each of which the basket must hold something."""
    match offer.benefit:
        case BundlePrice(parts=parts):
            return [part.scope for part in parts]
        case BuyGet(rewarded=rewarded):
            return [offer.scope, rewarded]
        case _:
            return [offer.scope]


def _of_scope(scope: Scope) -> list[Anchor]:
    return [
        *(("sku", name) for name in sorted(scope.skus)),
        *(("product", name) for name in sorted(scope.products)),
        *(("category", name) for name in sorted(scope.categories)),
        *(("brand", name) for name in sorted(scope.brands)),
    ]
