"""What promotions take off a basket, and why others do not. Pure, deterministic, integer minor units.

The order of lines and of promotions changes nothing. What a line gives up is divided evenly among its units
(`core.money.of_units`), which freezes it per unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kontor.core.money import spread
from kontor.promotions.benefits import Line, give, touched
from kontor.promotions.book import Book
from kontor.promotions.combining import Candidate, apply, choose
from kontor.promotions.conditions import (
    UNUSED,
    Holds,
    audience_refusal,
    budget_refusal,
    condition_refusal,
    facts_of,
    goods_of,
    goods_refusal,
    time_refusal,
)
from kontor.promotions.values import Basket, Grant, Item, Offer, Reason, Refusal, Used

NOTHING_USED: Mapping[str, Used] = {}


@dataclass(frozen=True)
class Outcome:
    """What was given and what was not; `proven` says that no allowed combination is better for the customer."""

    basket: Basket
    grants: tuple[Grant, ...]
    refusals: tuple[Refusal, ...]
    given: tuple[Offer, ...]
    proven: bool = True

    @cached_property
    def discounts(self) -> Mapping[str, int]:
        """What each line and fee gives up, by its key; what gives up nothing is missing."""
        found: dict[str, int] = {}
        for grant in self.grants:
            found[grant.key] = found.get(grant.key, 0) + grant.amount
        return found

    @property
    def total(self) -> int:
        """Everything taken off."""
        return sum(grant.amount for grant in self.grants)

    def by_offer(self) -> dict[str, int]:
        """What each promotion gave."""
        found: dict[str, int] = {}
        for grant in self.grants:
            found[grant.offer] = found.get(grant.offer, 0) + grant.amount
        return found

    def of_units(self, item: Item) -> list[int]:
        """What each unit of an item gives up; earlier units bear what does not divide."""
        return spread(self.discounts.get(item.key, 0), [1] * item.quantity)


class _Facts:
    """The facts of a basket, made when a condition first asks for them."""

    def __init__(self, basket: Basket) -> None:
        self._basket = basket
        self._made: dict[str, Any] | None = None

    def __call__(self) -> Mapping[str, Any]:
        if self._made is None:
            self._made = facts_of(self._basket)
        return self._made


def evaluate(
    basket: Basket, book: Book, holds: Holds, *, used: Mapping[str, Used] = NOTHING_USED, explain: bool = False
) -> Outcome:
    """Give the basket what it earns of the book.

    `holds` evaluates conditions, `used` is what orders took of budgets so far. With `explain` the refusals tell of
    every promotion of the book, else of those that concern the basket.
    """
    lines = [Line(item, item.amount) for item in sorted(basket.items, key=_canonical)]
    fees = [
        Line(Item(fee.key, "", 1, fee.amount), fee.amount)
        for fee in sorted(basket.fees, key=lambda fee: (fee.amount, fee.key))
    ]  # fmt: skip
    positions = {id(line): index for index, line in enumerate((*lines, *fees))}
    facts = _Facts(basket)
    candidates: list[Candidate] = []
    refusals: list[Refusal] = []
    for offer in book.offers if explain else book.candidates(basket):
        refusal = time_refusal(offer, basket) or audience_refusal(offer, basket)
        found = None
        if refusal is None:
            goods = goods_of(offer, lines)
            refusal = goods_refusal(offer, goods, lines, fees) or condition_refusal(offer, facts, holds)
            if refusal is None:
                found = _candidate(offer, goods, lines, fees, positions)
                refusal = _worthless(found) or budget_refusal(offer, found.alone, used.get(offer.code, UNUSED))
        if refusal is not None:
            refusals.append(refusal)
        elif found is not None:
            candidates.append(found)
    return _given(basket, candidates, refusals, lines, fees)


def _canonical(item: Item) -> tuple[str, int, int, str]:
    return item.sku, item.amount, item.quantity, item.key


def _candidate(
    offer: Offer, goods: list[Line], lines: Sequence[Line], fees: Sequence[Line], positions: Mapping[int, int]
) -> Candidate:
    alone = sum(amount for _, amount, _ in give(offer.benefit, goods, lines, fees))
    meets = sum(1 << positions[id(line)] for line in touched(offer.benefit, goods, lines, fees))
    return Candidate(offer, goods, meets, alone)


def _worthless(found: Candidate) -> Refusal | None:
    if found.alone:
        return None
    counting = found.offer.benefit.kind in ("BUY_X_GET_Y", "CHEAPEST_FREE", "BUNDLE_PRICE")
    return Refusal(found.offer.code, Reason.NOT_ENOUGH_GOODS if counting else Reason.NOTHING_TO_GIVE)


def _given(
    basket: Basket, candidates: Sequence[Candidate], refusals: list[Refusal], lines: list[Line], fees: list[Line]
) -> Outcome:
    choice = choose(candidates, lines, fees)
    grants: list[Grant] = []
    given: list[Offer] = []
    for each, shares in apply(choice.chosen, lines, fees):
        if not shares:
            refusals.append(Refusal(each.offer.code, Reason.NOTHING_TO_GIVE))
            continue
        given.append(each.offer)
        grants += [Grant(each.offer.code, line.item.key, amount, units) for line, amount, units in shares]
    for reason, lost in ((Reason.EXCLUDED, choice.excluded), (Reason.NOT_BEST, choice.beaten)):
        refusals += [Refusal(code, reason, {"by": by}) for code, by in lost.items()]
    refusals.sort(key=lambda refusal: refusal.offer)
    return Outcome(basket, tuple(grants), tuple(refusals), tuple(given), choice.proven)
