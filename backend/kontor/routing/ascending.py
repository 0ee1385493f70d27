"""Prices of an order's items at which no possible parcel earns more than it costs: what they sum to bounds every plan.

The prices are the dual of the linear relaxation. They are found by raising one after the other, and made sharper by
steps along what is wanted more than sent. Only offers below a price matter to it, so each item's offers are sorted and
read as far as the price has come.
"""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import NamedTuple, TypeAlias

Offering: TypeAlias = tuple[int, int, int]
"""Cents per count of an item, the number of the place, and how many counts it has (at least one)."""

# Prices rise in turns, so that the first item does not take all.
_ROUNDS = 8
# So many places with the least slack decide where the prices move, and so often they do.
_LEADERS, _STEPS = 24, 40
# Rounds without a better bound before the steps are halved, and how small they may get.
_PATIENCE, _LEAST_STEP = 4, 0.02


class Problem(NamedTuple):
    """What a bound needs: the offers of each item, cheapest first; what a parcel of each place costs, none below zero;
    counts of each item, what owing a count costs, and how many parcels there may be.
    """

    rows: Sequence[Sequence[Offering]]
    fixed: Sequence[int]
    counts: Sequence[int]
    lost: Sequence[int]
    most: int | None


class Bound(NamedTuple):
    """Cents per count of each item, what each place lacks to earn its parcel, a charge per parcel, and the total.

    A plan whose parcels come from some places costs at least the total and what these places lack. The charge prices a
    limit of parcels: it is part of what each parcel costs, and given back for as many as there may be.
    """

    prices: list[int]
    slack: list[int]
    charge: int
    total: int


def ascend(problem: Problem) -> Bound:
    """A bound by raising prices in turns; the best of some charges per parcel where their number is limited."""
    best = _ascend(problem, 0)
    if problem.most is None or problem.most < 2 or not problem.fixed:
        return best
    usual = sum(problem.fixed) // len(problem.fixed)
    for eighths in (1, 2, 4, 8):
        charged = _ascend(problem, usual * eighths // 8)
        if charged.total <= best.total:
            break
        best = charged
    return best


def _ascend(problem: Problem, charge: int) -> Bound:
    rows, fixed, counts, lost, most = problem
    slack = [cents + charge for cents in fixed] if charge else list(fixed)
    prices = [min(most, row[0][0]) if row else most for row, most in zip(rows, lost, strict=True)]
    step = max(1, max(slack, default=0) // _ROUNDS)
    rising: Sequence[int] = [index for index, row in enumerate(rows) if row]
    for turn in range(_ROUNDS + 1):
        rising = [
            index
            for index in rising
            if _raise(
                rows[index],
                slack,
                prices,
                index,
                min(lost[index], prices[index] + max(1, step // counts[index])) if turn < _ROUNDS else lost[index],
            )
        ]
        if not rising:
            break
    return Bound(prices, slack, charge, _total(prices, counts, charge, most))


def _total(prices: Sequence[int], counts: Sequence[int], charge: int, most: int | None) -> int:
    return sum(map(int.__mul__, prices, counts)) - charge * (most or 0)


def _raise(row: Sequence[Offering], slack: list[int], prices: list[int], index: int, top: int) -> bool:
    """Raise the price of an item as far as `top` and the places' slack allow; whether it moved."""
    price = prices[index]
    for cents, number, have in row:
        if cents >= top:
            break
        reach = (cents if cents > price else price) + (slack[number] if have == 1 else slack[number] // have)
        if reach < top:
            top = reach
    if top <= price:
        return False
    prices[index] = top
    for cents, number, have in row:
        if cents >= top:
            break
        slack[number] -= have * (top - (cents if cents > price else price))
    return True


def sharpen(problem: Problem, bound: Bound, upper: int) -> Bound:
    """A better bound where there is one, at the same charge; `upper` is the cost of a plan."""
    leaders = nsmallest(_LEADERS, range(len(bound.slack)), key=bound.slack.__getitem__)
    refund = bound.charge * (problem.most or 0)
    prices = _walk(_among(problem, leaders, bound.charge), bound, upper + refund)
    return tighter(problem, bound, prices)


def tighter(problem: Problem, bound: Bound, prices: Sequence[int]) -> Bound:
    """The bound by other prices, which may be found for some of the places only, if it is better."""
    other = _mended(problem, list(prices), bound.charge)
    return other if other.total > bound.total else bound


def _among(problem: Problem, leaders: Sequence[int], charge: int) -> Problem:
    """The problem with the leading places only, numbered anew."""
    numbers = {place: number for number, place in enumerate(leaders)}
    rows = [[(cents, numbers[place], have) for cents, place, have in row if place in numbers] for row in problem.rows]
    return problem._replace(rows=rows, fixed=[problem.fixed[place] + charge for place in leaders])


def _walk(problem: Problem, bound: Bound, upper: int) -> list[int]:
    """Whole cents that bound best when places may earn more than they cost, which is then taken off the bound."""
    rows, fixed, counts, lost, _ = problem
    prices: list[float] = list(bound.prices)
    best, kept, scale, idle = -1e300, prices, 1.0, 0
    for _ in range(_STEPS):
        slack: list[float] = list(fixed)
        for price, row in zip(prices, rows, strict=True):
            for cents, number, have in row:
                if cents >= price:
                    break
                slack[number] -= have * (price - cents)
        over = {number for number, left in enumerate(slack) if left < 0}
        value = sum(map(float.__mul__, map(float, prices), map(float, counts))) + sum([slack[n] for n in over])
        if value > best:
            best, kept, idle = value, prices, 0
        else:
            idle += 1
        if idle >= _PATIENCE:
            prices, scale, idle = kept, scale / 2, 0
            continue
        wanted = _wanted(problem, prices, over)
        square = sum([each * each for each in wanted])
        if not square or scale < _LEAST_STEP or value >= upper:
            break
        step = scale * (upper - value) / square
        prices = [min(most, price + step * each) for price, each, most in zip(prices, wanted, lost, strict=True)]
    return [int(price) for price in kept]


def _wanted(problem: Problem, prices: Sequence[float], over: set[int]) -> list[int]:
    """Counts of each item that are wanted more than places that earn their parcel would send; owed ones are not."""
    wanted = []
    for count, price, most, row in zip(problem.counts, prices, problem.lost, problem.rows, strict=True):
        left = count
        for cents, number, have in row:
            if cents >= price:
                break
            if number in over:
                left -= have
        wanted.append(0 if left > 0 and price >= most else left)
    return wanted


def _mended(problem: Problem, prices: list[int], charge: int) -> Bound:
    """The prices lowered until no place earns more than its parcel, then raised again where that leaves room."""
    rows = problem.rows
    slack = [cents + charge for cents in problem.fixed]
    for price, row in zip(prices, rows, strict=True):
        for cents, number, have in row:
            if cents >= price:
                break
            slack[number] -= have * (price - cents)
    short = sorted((left, number) for number, left in enumerate(slack) if left < 0)
    for _, number in short:
        mine = [(index, cents, have) for index, row in enumerate(rows) for cents, place, have in row if place == number]
        while slack[number] < 0:
            _lower(rows, slack, prices, number, [each for each in mine if each[1] < prices[each[0]]])
    for index in sorted(range(len(rows)), key=lambda index: -len(rows[index])):
        if rows[index]:
            _raise(rows[index], slack, prices, index, problem.lost[index])
    return Bound(prices, slack, charge, _total(prices, problem.counts, charge, problem.most))


def _lower(
    rows: Sequence[Sequence[Offering]], slack: list[int], prices: list[int], number: int, mine: Iterable[Offering]
) -> None:
    """Lower the prices at which a place earns, all by the same, to what it is short of or the next of its costs."""
    mine = list(mine)
    cut = max(1, -(slack[number] // sum(have for _, _, have in mine)))
    for index, floor, _ in mine:
        price, less = prices[index], max(floor, prices[index] - cut)
        for cents, place, have in rows[index]:
            if cents >= price:
                break
            slack[place] += have * (price - (cents if cents > less else less))
        prices[index] = less
