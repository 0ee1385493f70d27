"""What one promotion gives on goods at their present prices. Pure; integer minor units.

Every benefit is worth less or the same when goods cost less, and never more than they cost. Shares are divided by the
largest remainder, so they sum to what was promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kontor.core.money import spread
from kontor.promotions.values import (
    WHOLE,
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    CheapestFree,
    FreeShipping,
    Gift,
    Item,
    PercentOff,
    Scope,
    Tier,
    TierBasis,
)


@dataclass(slots=True)
class Line:
    """An item with what it still costs while promotions are given one after the other."""

    item: Item
    left: int

    def cheapest(self, count: int) -> int:
        """What the `count` cheapest pieces cost; of a remainder the dearer pieces bear one minor unit each."""
        base, extra = divmod(self.left, self.item.quantity)
        return base * count + max(0, count - (self.item.quantity - extra))

    def dearest(self, count: int) -> int:
        """What the `count` dearest pieces cost."""
        base, extra = divmod(self.left, self.item.quantity)
        return base * count + min(count, extra)


Shares = list[tuple[Line, int, int]]
"""Line, amount taken off, pieces reckoned with."""
Picked = list[tuple[Line, int]]
"""Line and how many of its pieces."""


def give(benefit: Benefit, goods: Sequence[Line], lines: Sequence[Line], fees: Sequence[Line]) -> Shares:
    """What the benefit takes off: `goods` are the lines of the promotion's scope, `lines` the whole basket."""
    match benefit:
        case PercentOff():
            return _percent_off(benefit, goods)
        case AmountOff():
            return _amount_off(benefit, goods)
        case CheapestFree():
            return _cheapest_free(benefit, goods)
        case BuyGet():
            return _buy_get(benefit, goods, lines)
        case BundlePrice():
            return _bundle(benefit, lines)
        case FreeShipping():
            return _free_shipping(benefit, fees)
        case Gift():
            return _gift(benefit, lines)


def percent_of(amount: int, hundredths: int) -> int:
    """A share of an amount in hundredths of a percent, rounded half up."""
    return (amount * hundredths + WHOLE // 2) // WHOLE


def reached(tiers: Sequence[Tier], basis: TierBasis, goods: Sequence[Line]) -> int:
    """The value of the highest tier the goods reach at their prices before promotions; 0 when they reach none."""
    if basis is TierBasis.QUANTITY:
        present = sum(line.item.quantity for line in goods)
    else:
        present = sum(line.item.amount for line in goods)
    if len(tiers) == 1:
        return tiers[0].value if tiers[0].since <= present else 0
    best = max((tier for tier in tiers if tier.since <= present), key=lambda tier: tier.since, default=None)
    return 0 if best is None else best.value


def _shared(total: int, lines: Sequence[Line], weights: Sequence[int], units: Sequence[int]) -> Shares:
    if total <= 0:
        return []
    return [
        (line, share, count)
        for line, share, count in zip(lines, spread(total, weights), units, strict=True)
        if share
    ]  # fmt: skip


def _percent_off(benefit: PercentOff, goods: Sequence[Line]) -> Shares:
    weights = [line.left for line in goods]
    total = percent_of(sum(weights), reached(benefit.tiers, benefit.basis, goods))
    return _shared(total, goods, weights, [line.item.quantity for line in goods])


def _amount_off(benefit: AmountOff, goods: Sequence[Line]) -> Shares:
    value = reached(benefit.tiers, benefit.basis, goods)
    if benefit.each_unit:
        return [(line, off, line.item.quantity) for line in goods if (off := _off_each(line, value))]
    weights = [line.left for line in goods]
    return _shared(min(value, sum(weights)), goods, weights, [line.item.quantity for line in goods])


def _off_each(line: Line, value: int) -> int:
    base, extra = divmod(line.left, line.item.quantity)
    return extra * min(value, base + 1) + (line.item.quantity - extra) * min(value, base)


def _cheapest_free(benefit: CheapestFree, goods: Sequence[Line]) -> Shares:
    """The free units are the cheapest of all; every unit bears its share of them, so that no return costs more."""
    groups = sum(line.item.quantity for line in goods) // benefit.size
    if benefit.limit is not None:
        groups = min(groups, benefit.limit)
    picked = _pick(goods, _at_most(groups * benefit.free), dearest=False)
    total = sum(line.cheapest(count) for line, count in picked)
    return _shared(total, goods, [line.left for line in goods], [line.item.quantity for line in goods])


def _pick(lines: Iterable[Line], room: Callable[[Line, int], int], *, dearest: bool) -> Picked:
    """Take pieces in the order of their price, of each run of equal ones as many as there is `room` for.

    `room(line, count)` says how many of `count` more pieces of a line are taken; equal prices come in the order given.
    """
    runs: list[tuple[int, int, Line]] = []
    for line in lines:
        base, extra = divmod(line.left, line.item.quantity)
        if extra:
            runs.append((base + 1, extra, line))
        runs.append((base, line.item.quantity - extra, line))
    runs.sort(key=lambda run: -run[0] if dearest else run[0])
    counts: dict[int, int] = {}
    known: dict[int, Line] = {}
    for _, size, line in runs:
        count = room(line, size)
        if count > 0:
            known[id(line)] = line
            counts[id(line)] = counts.get(id(line), 0) + count
    return [(known[key], count) for key, count in counts.items()]


def _at_most(most: int) -> Callable[[Line, int], int]:
    """Room for so many pieces of any lines."""
    left = most

    def room(_line: Line, size: int) -> int:
        nonlocal left
        count = min(size, left)
        left -= count
        return count

    return room


def _buy_get(benefit: BuyGet, goods: Sequence[Line], lines: Sequence[Line]) -> Shares:
    bought = {id(line) for line in goods}
    rewarded = [line for line in lines if benefit.rewarded.covers(line.item)]
    both = sum(line.item.quantity for line in rewarded if id(line) in bought)
    only_bought = sum(line.item.quantity for line in goods) - both
    only_rewarded = sum(line.item.quantity for line in rewarded) - both
    count, needed = _times(benefit, only_bought, only_rewarded, both)
    of_all, of_both = _at_most(count), both - needed

    def room(line: Line, size: int) -> int:
        nonlocal of_both
        if id(line) not in bought:
            return of_all(line, size)
        found = of_all(line, min(size, of_both))
        of_both -= found
        return found

    picked = _pick(rewarded, room, dearest=False)
    values = [line.cheapest(number) for line, number in picked]
    total = percent_of(sum(values), benefit.off)
    return _shared(total, [line for line, _ in picked], values, [number for _, number in picked])


def _times(benefit: BuyGet, only_bought: int, only_rewarded: int, both: int) -> tuple[int, int]:
    """How many units are rewarded, and how many of those in both sets have to be the bought ones for that.

    Rewards grow with the repetitions until the units in both sets run out; the last repetition may be rewarded in part.
    """

    def rewarded(times: int) -> int:
        return min(times * benefit.get, only_rewarded + both - max(0, times * benefit.buy - only_bought))

    most = (only_bought + both) // benefit.buy
    if benefit.limit is not None:
        most = min(most, benefit.limit)
    full = min(most, (only_rewarded + both) // benefit.get)
    low, high = 0, full
    while low < high:  # the most repetitions that are rewarded in full
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rewarded(middle) >= middle * benefit.get else (low, middle - 1)
    times = low + 1 if low < most and rewarded(low + 1) > rewarded(low) else low
    return max(0, rewarded(times)), max(0, times * benefit.buy - only_bought)


def _bundle(benefit: BundlePrice, lines: Sequence[Line]) -> Shares:
    """The dearest units that fit are taken, as many bundles as the customer gains by.

    How often the parts can be filled follows from Hall's theorem, also when an item fits several of them.
    """
    parts = benefit.parts
    masks = [sum(1 << i for i, part in enumerate(parts) if part.scope.covers(line.item)) for line in lines]
    fitting = [(line, mask) for line, mask in zip(lines, masks, strict=True) if mask]
    subsets = range(1, 1 << len(parts))
    needed = {chosen: sum(part.quantity for i, part in enumerate(parts) if chosen >> i & 1) for chosen in subsets}
    most = min(
        sum(line.item.quantity for line, mask in fitting if mask & chosen) // needed[chosen] for chosen in subsets
    )
    most = most if benefit.limit is None else min(most, benefit.limit)

    def gain(times: int) -> int:
        return sum(line.dearest(count) for line, count in _filled(fitting, needed, times)) - times * benefit.price

    low, high = 0, most
    while low < high:  # what one more bundle gains falls with their number
        middle = (low + high) // 2
        low, high = (middle + 1, high) if gain(middle + 1) > gain(middle) else (low, middle)
    picked = _filled(fitting, needed, low)
    values = [line.dearest(count) for line, count in picked]
    total = sum(values) - low * benefit.price
    return _shared(total, [line for line, _ in picked], values, [count for _, count in picked])


def _filled(fitting: Sequence[tuple[Line, int]], needed: dict[int, int], times: int) -> Picked:
    """The dearest units that fill so many bundles: units of a line may go to any part in its mask.

    A choice can be completed as long as no set of parts is given more than it holds (a transversal matroid), so taking
    the dearest first is best.
    """
    masks = {id(line): mask for line, mask in fitting}
    used = dict.fromkeys(needed, 0)

    def room(line: Line, size: int) -> int:
        mask = masks[id(line)]
        holding = [chosen for chosen in needed if mask & chosen == mask]
        found = min(size, min(times * needed[chosen] - used[chosen] for chosen in holding))
        for chosen in holding:
            used[chosen] += found
        return found

    return _pick([line for line, _ in fitting], room, dearest=True)


def _free_shipping(benefit: FreeShipping, fees: Sequence[Line]) -> Shares:
    left, shares = benefit.most, []
    for fee in fees:
        off = fee.left if left is None else min(fee.left, left)
        left = None if left is None else left - off
        if off:
            shares.append((fee, off, 1))
    return shares


def _gift(benefit: Gift, lines: Sequence[Line]) -> Shares:
    goods = [line for line in lines if benefit.choices.covers(line.item)]
    picked = _pick(goods, _at_most(benefit.quantity), dearest=True)
    return [(line, off, count) for line, count in picked if (off := line.dearest(count))]


def touched(benefit: Benefit, goods: Sequence[Line], lines: Sequence[Line], fees: Sequence[Line]) -> list[Line]:
    """The lines on which the promotion meets others: where it gives, and what it counts as bought for that."""

    def covered(*scopes: Scope) -> list[Line]:
        return [line for line in lines if any(scope.covers(line.item) for scope in scopes)]

    match benefit:
        case FreeShipping():
            return list(fees)
        case Gift():
            return covered(benefit.choices)
        case BundlePrice():
            return covered(*(part.scope for part in benefit.parts))
        case BuyGet():
            known = {id(line) for line in goods}
            return [*goods, *(line for line in covered(benefit.rewarded) if id(line) not in known)]
        case _:
            return list(goods)
