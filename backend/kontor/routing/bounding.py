"""Large orders: branch and bound over which places send a parcel, cut off after a fixed number of steps.

The bound spreads the cost of an undecided place over the most units it could send and ignores what couples items
(capacity, shared stock, weight steps). The answer comes with the proven bound, so that its distance is known.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.costs import weight_step_cents
from kontor.routing.covering import Order, Parcel

MAX_STEPS = 300

_Amounts = dict[int, list[int]]


class _Relaxed(NamedTuple):
    bound: int
    used: dict[int, int]
    branch: int | None


def search(order: Order, places: Sequence[Place], upper: int) -> tuple[int, list[Parcel], int]:
    """Cost and parcels of the best plan found, and a bound no plan with a parcel in it can beat (or `upper`)."""
    tree = _Tree(order, places)
    best, amounts = tree.construct()
    counter = 0
    root = tree.relax(frozenset(), frozenset())
    heap = [(root.bound, counter, root, frozenset[int](), frozenset[int]())]
    leaves = FORBIDDEN
    for _ in range(MAX_STEPS):
        if not heap or heap[0][0] >= min(best, upper):
            break
        _, _, relaxed, opened, closed = heappop(heap)
        cost, found = tree.improve({*opened, *relaxed.used})
        if cost < best:
            best, amounts = cost, found
        if relaxed.branch is None:
            leaves = min(leaves, relaxed.bound)
            continue
        for with_it, without in (({relaxed.branch}, ()), ((), {relaxed.branch})):
            child = (opened.union(with_it), closed.union(without))
            if order.max_parcels is not None and len(child[0]) >= order.max_parcels:
                child = (child[0], frozenset(range(len(places))) - child[0])
            counter += 1
            below = tree.relax(*child)
            heappush(heap, (below.bound, counter, below, *child))
    bound = min(best, upper, leaves, heap[0][0] if heap else FORBIDDEN)
    return best, [(places[n], tuple(row)) for n, row in sorted(amounts.items())], bound


class _Tree:
    """The problem with what every node of the search needs."""

    def __init__(self, order: Order, places: Sequence[Place]) -> None:
        self.order, self.places = order, places
        self.fixed = [place.fixed + order.split_cents for place in places]
        # A whole parcel's cost borne by one count, at least.
        self.share = [max(0, cents) // max(1, sum(p.available)) for cents, p in zip(self.fixed, places, strict=True)]
        self.siblings: dict[int, list[int]] = {}
        for n, place in enumerate(places):
            self.siblings.setdefault(place.offer.rank, []).append(n)

    def relax(self, opened: frozenset[int], closed: frozenset[int]) -> _Relaxed:
        """A lower bound below this node, the places it uses and the one to decide next."""
        order, places = self.order, self.places
        total = sum(self.fixed[n] for n in opened) - order.split_cents
        total += sum(min(0, cents) for n, cents in enumerate(self.fixed) if n not in opened and n not in closed)
        used: dict[int, int] = {}
        for index, item in enumerate(order.items):
            need, lost = item.count, order.lost[index]
            left = {rank: max(places[n].available[index] for n in group) for rank, group in self.siblings.items()}
            priced = sorted(
                (places[n].unit[index] + (0 if n in opened else self.share[n]), n)
                for n in range(len(places))
                if n not in closed and places[n].available[index]
            )
            for cents, n in priced:
                take = min(need, places[n].available[index], left[places[n].offer.rank])
                if cents > lost or need == 0:
                    break
                if take:
                    need, total = need - take, total + cents * take
                    left[places[n].offer.rank] -= take
                    used[n] = used.get(n, 0) + take
            total += lost * need
        unpaid = [(self.fixed[n] - self.share[n] * units, -n) for n, units in used.items() if n not in opened]
        return _Relaxed(total, used, -max(unpaid)[1] if unpaid else None)

    def construct(self) -> tuple[int, _Amounts]:
        """A first plan: add the place that saves most until none saves."""
        chosen: set[int] = set()
        best, amounts = FORBIDDEN, _Amounts()
        reach: tuple[int, int] = (FORBIDDEN, 0)
        while self.order.max_parcels is None or len(chosen) < self.order.max_parcels:
            tries = [(*self._fill({*chosen, n}), n) for n in range(len(self.places)) if n not in chosen]
            if not tries:
                break
            cost, missing, found, n = min(tries, key=lambda each: (each[0] + each[1] * FORBIDDEN, each[3]))
            if (missing, cost) >= reach[::-1] and reach[0] < FORBIDDEN:
                break
            reach = (cost, missing)
            chosen.add(n)
            if not missing and cost < best:
                best, amounts = cost, found
        return best, amounts

    def improve(self, chosen: set[int]) -> tuple[int, _Amounts]:
        """The best plan over these places, each tried to be left out."""
        cost, missing, amounts = self._fill(chosen)
        best = cost if not missing else FORBIDDEN
        for n in sorted(amounts):
            less, missing, found = self._fill(set(amounts) - {n})
            if not missing and less < best:
                best, amounts = less, found
        limit = self.order.max_parcels
        return (best, amounts) if limit is None or len(amounts) <= limit else (FORBIDDEN, {})

    def _fill(self, chosen: Iterable[int]) -> tuple[int, int, _Amounts]:
        """Cost, units missing that must not be, and counts by place when each item takes the cheapest room."""
        order, places = self.order, self.places
        amounts: _Amounts = {}
        lost = missing = 0
        ranked = sorted(chosen)
        for index in sorted(range(len(order.items)), key=lambda i: (-order.sizes[i], i)):
            need = order.items[index].count
            for n in sorted(ranked, key=lambda n: (places[n].unit[index], n)):
                if need == 0 or places[n].unit[index] > order.lost[index]:
                    break
                take = min(need, self._room(n, index, amounts))
                if take > 0:
                    amounts.setdefault(n, [0] * len(order.items))[index] = take
                    need -= take
            if order.lost[index] >= FORBIDDEN:
                missing += need
            else:
                lost += order.lost[index] * need
        if not amounts:
            return FORBIDDEN, missing, {}
        return sum(self._cost(n, row) for n, row in amounts.items()) - order.split_cents + lost, missing, amounts

    def _room(self, n: int, index: int, amounts: _Amounts) -> int:
        """Counts of an item the place can add to what is already taken, on its own day and every later one."""
        order, place = self.order, self.places[n]
        room = place.available[index]
        if place.roof is not None:
            taken = sum(map(int.__mul__, amounts.get(n, ()), order.sizes))
            room = min(room, (place.roof - taken) // order.sizes[index])
        group = self.siblings[place.offer.rank]
        for m in group:
            if self.places[m].day < place.day:
                continue
            until = [amounts[k] for k in group if k in amounts and self.places[k].day <= self.places[m].day]
            room = min(room, self.places[m].available[index] - sum(row[index] for row in until))
            for pool, limit in zip(order.pools, self.places[m].limits, strict=True):
                if pool.units[index]:
                    drawn = sum(sum(map(int.__mul__, row, pool.units)) for row in until)
                    room = min(room, (limit - drawn) // pool.units[index])
        return room

    def _cost(self, n: int, row: list[int]) -> int:
        order, place = self.order, self.places[n]
        cost = self.fixed[n]
        for item, amount, each in zip(order.items, row, place.unit, strict=True):
            cost += amount * each + (place.line_cents if amount and item.count > 1 else 0)
        steps = place.offer.lane.weight_steps
        if steps:
            grams = sum(map(int.__mul__, row, order.weights))
            cost += weight_step_cents(steps, grams) - min(cents for _, cents in steps)
        return cost
