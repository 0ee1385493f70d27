"""Which of the promotions that apply are given together. Pure.

Two promotions exclude each other when they meet on a line and their `Combination` says so. A higher priority wins. Of
equals every combination is allowed to which nothing could be added, and the best for the customer is given; of equally
good ones the first by code. Combinations are tried one by one up to `MOST_TRIED`; beyond that the promotions that are
worth most by themselves are taken first, and the choice says that it is not proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from kontor.promotions.benefits import Line, Shares, give
from kontor.promotions.values import BenefitKind, Combination, Offer

MOST_TRIED = 512


@dataclass(slots=True, eq=False)
class Candidate:
    """A promotion that applies: its goods, the lines it meets others on (a bit each), and what it gives by itself."""

    offer: Offer
    goods: list[Line]
    meets: int
    alone: int

    @property
    def order(self) -> tuple[int, int, str]:
        """When it is given: by priority, then goods before the whole basket before fees, then by code."""
        kind = self.offer.benefit.kind
        stage = 2 if kind is BenefitKind.FREE_SHIPPING else int(self.offer.scope.is_open)
        return -self.offer.priority, stage, self.offer.code


@dataclass(frozen=True, slots=True)
class Choice:
    """The promotions to give, in their order, and for each loser the codes it lost to; whether it is proven best."""

    chosen: tuple[Candidate, ...]
    excluded: dict[str, list[str]]
    beaten: dict[str, list[str]]
    proven: bool = True


Worth = Callable[[Sequence[Candidate]], int]


def clash(one: Candidate, other: Candidate) -> bool:
    """Whether two promotions exclude each other."""
    if not one.meets & other.meets:
        return False
    kinds = one.offer.combination, other.offer.combination
    return Combination.EXCLUSIVE in kinds or kinds == (Combination.BEST, Combination.BEST)


def choose(candidates: Sequence[Candidate], lines: Sequence[Line], fees: Sequence[Line]) -> Choice:
    """The combination to give, level by level of priority."""
    chosen: list[Candidate] = []
    excluded: dict[str, list[str]] = {}
    beaten: dict[str, list[str]] = {}
    proven = True
    for level in _levels(candidates):
        free = []
        for each in level:
            against = [other.offer.code for other in chosen if clash(each, other)]
            if against:
                excluded[each.offer.code] = sorted(against)
            else:
                free.append(each)
        best: list[Candidate] = []
        for component in _components(free):
            found, sure = _best(component, chosen, lines, fees)
            best += found
            proven = proven and sure
        for each in free:
            if each not in best:
                beaten[each.offer.code] = sorted(other.offer.code for other in best if clash(each, other))
        chosen += best
    return Choice(tuple(sorted(chosen, key=lambda each: each.order)), excluded, beaten, proven)


def apply(chosen: Sequence[Candidate], lines: Sequence[Line], fees: Sequence[Line]) -> list[tuple[Candidate, Shares]]:
    """Give the promotions in their order; `left` of the lines falls."""
    given = []
    for each in sorted(chosen, key=lambda each: each.order):
        shares = give(each.offer.benefit, each.goods, lines, fees)
        for line, amount, _ in shares:
            line.left -= amount
        given.append((each, shares))
    return given


def _levels(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    levels: dict[int, list[Candidate]] = {}
    for each in sorted(candidates, key=lambda each: each.offer.code):
        levels.setdefault(each.offer.priority, []).append(each)
    for priority in sorted(levels, reverse=True):
        yield levels[priority]


def _components(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Promotions that share no line, not even by others between them, cannot change what each other gives."""
    found: list[tuple[int, list[Candidate]]] = []
    for each in candidates:
        bits, members, apart = each.meets, [each], []
        for part in found:
            if part[0] & each.meets:
                bits, members = bits | part[0], [*part[1], *members]
            else:
                apart.append(part)
        found = [*apart, (bits, members)]
    return [sorted(part, key=lambda each: each.offer.code) for _, part in found]


def _best(
    component: Sequence[Candidate], before: Sequence[Candidate], lines: Sequence[Line], fees: Sequence[Line]
) -> tuple[Sequence[Candidate], bool]:
    clashes = [
        sum(1 << j for j, other in enumerate(component) if other is not each and clash(each, other))
        for each in component
    ]  # fmt: skip
    if not any(clashes):
        return component, True
    met = reduce(or_, (each.meets for each in component))
    earlier = [each for each in before if each.meets & met]
    combinations = _combinations(clashes)
    tried = [chosen for _, chosen in zip(range(MOST_TRIED), combinations, strict=False)]
    proven = next(combinations, None) is None
    if not proven:
        tried = [_by_worth(component, clashes)]
    best, most = tried[0], -1
    for chosen in sorted(tried, key=lambda chosen: _codes(component, chosen)):
        worth = _worth([*earlier, *_members(component, chosen)], lines, fees)
        if worth > most:
            best, most = chosen, worth
    return _members(component, best), proven


def _members(component: Sequence[Candidate], chosen: int) -> list[Candidate]:
    return [each for index, each in enumerate(component) if chosen >> index & 1]


def _codes(component: Sequence[Candidate], chosen: int) -> list[str]:
    return [each.offer.code for each in _members(component, chosen)]


def _worth(chosen: Sequence[Candidate], lines: Sequence[Line], fees: Sequence[Line]) -> int:
    """What a combination takes off; the lines are as before afterwards."""
    before = [(line, line.left) for line in (*lines, *fees)]
    given = apply(chosen, lines, fees)
    for line, left in before:
        line.left = left
    return sum(amount for _, shares in given for _, amount, _ in shares)


def _combinations(clashes: Sequence[int]) -> Iterator[int]:
    """Every set without a clash to which nothing can be added (Bron and Kerbosch, on what does not clash)."""
    everyone = (1 << len(clashes)) - 1
    fits = [everyone & ~clash & ~(1 << index) for index, clash in enumerate(clashes)]

    def grow(chosen: int, open_: int, seen: int) -> Iterator[int]:
        if not open_ and not seen:
            yield chosen
            return
        pivot = max(_bits(open_ | seen), key=lambda index: (open_ & fits[index]).bit_count())
        for index in _bits(open_ & ~fits[pivot]):
            yield from grow(chosen | 1 << index, open_ & fits[index], seen & fits[index])
            open_ &= ~(1 << index)
            seen |= 1 << index

    return grow(0, everyone, 0)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _by_worth(component: Sequence[Candidate], clashes: Sequence[int]) -> int:
    """A combination without comparing all: what is worth most by itself first."""
    chosen = 0
    for index in sorted(range(len(component)), key=lambda i: (-component[i].alone, component[i].offer.code)):
        if not chosen & clashes[index]:
            chosen |= 1 << index
    return chosen
