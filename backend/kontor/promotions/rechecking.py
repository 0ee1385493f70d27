"""What kept goods no longer earn after a return, for promotions whose return rule is RECHECK. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kontor.core.money import spread
from kontor.promotions.book import Book
from kontor.promotions.conditions import Holds
from kontor.promotions.engine import evaluate
from kontor.promotions.values import Basket, ReturnRule


def no_longer_earned(
    kept: Basket, book: Book, shares: Mapping[str, int], holds: Holds, *, staying: Collection[str] = ()
) -> dict[str, int]:
    """What of the frozen `shares` of RECHECK promotions the kept goods would not get today, by the shares' keys.

    The kept goods are priced again with the promotions of the order's date. They never lose more than they bear, and
    nothing is lost when they earn as much in another way; `staying` are the promotions whose share they keep anyway.
    """
    earned = 0
    if kept.items:
        outcome = evaluate(kept, book, holds)
        fresh = {
            offer.code
            for offer in outcome.given
            if offer.return_rule is ReturnRule.RECHECK or offer.code not in staying
        }
        earned = sum(grant.amount for grant in outcome.grants if grant.offer in fresh)
    lost = max(0, sum(shares.values()) - earned)
    parts = spread(lost, list(shares.values()))
    return {key: part for key, part in zip(shares, parts, strict=True) if part}


def still_to_keep(target: Mapping[str, int], taken: Mapping[str, int], most: int) -> dict[str, int]:
    """What this refund keeps by tax rate, so that all refunds together keep the target; at most `most` in total.

    Negative where earlier refunds kept more than is lost in the end: that is given back.
    """
    rates = sorted({*target, *taken})
    steps = [target.get(rate, 0) - taken.get(rate, 0) for rate in rates]
    if sum(steps) > most:
        steps = spread(most, [max(0, step) for step in steps])
    return {rate: step for rate, step in zip(rates, steps, strict=True) if step}


def sums(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """What several refunds kept, by tax rate."""
    found: dict[str, int] = {}
    for part in parts:
        for rate, amount in part.items():
            found[rate] = found.get(rate, 0) + amount
    return found
