"""Large orders: branch and bound over which places send a parcel.

The bound puts a price on every item (Lagrange): each location earns what the prices of what it would send exceed its
own costs, on the days that pay best, and where that is more than its parcels cost it is bought. The prices are moved
until the locations together send about what is wanted; what is paid then is a bound on every plan. It ignores what
couples items (weight steps, shared stock, a limit of several days); the assignment at the end does not. Where all costs
are multiples of so many cents, as with one tariff for all, bounds are rounded up to what a plan can cost. The search
ends with the optimum or, after a fixed amount of work, with the best plan found and the proven bound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import gcd
from typing import NamedTuple

from kontor.routing.assigning import Amounts, Assigner, Assignment
from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.covering import Order, Parcel
from kontor.routing.earning import FINE, Location, fewest, lack

# Items looked at in places, in all: about a second. Orders that end with a proof take less than half of it.
MAX_WORK = 400_000
_FIRST_ROUNDS, _ROUNDS = 120, 25
_PATIENCE = 5  # rounds without a better bound before the steps are halved


class _Priced(NamedTuple):
    """A bound in cents, the prices it was found with, and what every undecided place lacks to be bought (or earns)."""

    bound: int
    prices: list[int]
    lacks: dict[int, int]


@dataclass(slots=True)
class _Best:
    """The cheapest plan found so far."""

    cost: int
    amounts: Amounts


def search(order: Order, places: Sequence[Place], upper: int) -> tuple[int, list[Parcel], int]:
    """Cost and parcels of the best plan found, and a bound no plan with a parcel in it can beat (or `upper`)."""
    tree = _Tree(order, places, upper)
    bound = tree.run()
    parcels: list[Parcel] = [(places[n], tuple(row)) for n, row in sorted(tree.best.amounts.items())]
    return tree.best.cost, parcels, bound


class _Tree:
    """One search with what every node of it needs."""

    def __init__(self, order: Order, places: Sequence[Place], upper: int) -> None:
        self.order, self.places, self.upper = order, places, upper
        self.assigner = Assigner(order, places)
        self.fixed = [place.fixed + order.split_cents for place in places]
        self.best = _Best(FORBIDDEN, {})
        groups: dict[int, list[int]] = {}
        for n, place in enumerate(places):
            groups.setdefault(place.offer.rank, []).append(n)
        self.locations = [Location(order, places, numbers) for numbers in groups.values()]
        self.work = 0
        self.stride, self.rest = 1, 0

    @property
    def limit(self) -> int:
        """No plan of this cost or more is of interest."""
        return min(self.best.cost, self.upper)

    def run(self) -> int:
        """Search; the proven bound."""
        everything = range(len(self.places))
        self.construct()
        self.stride, self.rest = self.grid()
        cheapest = [
            min([place.unit[index] for place in self.places if place.available[index]], default=0)
            for index in range(len(self.order.items))
        ]
        prices = [max(0, min(cents, lost)) * FINE for cents, lost in zip(cheapest, self.order.lost, strict=True)]
        root = self.price(frozenset(), frozenset(), prices, rounds=_FIRST_ROUNDS)
        heap = [(self.up(root.bound), 0, root, frozenset[int](), frozenset[int]())]
        leaves, counter = FORBIDDEN, 0
        while heap and heap[0][0] < self.limit and self.work < MAX_WORK:
            bound, _, priced, opened, closed = heappop(heap)
            opened, closed = self.decide(priced, opened, closed)
            undecided = [n for n in everything if n not in opened and n not in closed]
            found = self.take({*opened, *(n for n in undecided if priced.lacks.get(n, 0) <= 0)})
            if not undecided:
                if opened:  # without any parcel it is no plan of this search
                    leaves = min(leaves, max(bound, self.cost_of(opened) + found.bound))
                continue
            branch = min(undecided, key=lambda n: (-abs(priced.lacks.get(n, 0)), n))
            for child in self.children(opened, closed, branch):
                counter += 1
                below = self.price(*child, priced.prices, rounds=_ROUNDS)
                least = max(bound, self.up(below.bound))
                if least < self.limit:
                    heappush(heap, (least, counter, below, *child))
        return min(self.limit, leaves, heap[0][0] if heap else FORBIDDEN)

    def grid(self) -> tuple[int, int]:
        """What the costs of plans are a multiple of, and the rest: the common divisor of all they are made of.

        A count costs what it costs at its place, or unsent. Where a count unsent alone costs as much as a plan that is
        known, no better plan leaves one, and what it costs does not matter.
        """
        order, places = self.order, self.places
        parts = set(self.fixed) | {place.line_cents for place in places}
        parts |= {cents for place in places for _, cents in place.offer.lane.weight_steps}
        base = order.lost
        if min(order.lost) >= self.best.cost and min(parts) >= 0 and min(min(place.unit) for place in places) >= 0:
            base = places[0].unit
        rest = -order.split_cents
        for index, (cents, item) in enumerate(zip(base, order.items, strict=True)):
            parts |= {place.unit[index] - cents for place in places if place.available[index]}
            rest += cents * item.count
        return gcd(*parts) or 1, rest

    def up(self, bound: int) -> int:
        """The least that a plan with a parcel can cost and not be below the bound."""
        return bound + (self.rest - bound) % self.stride

    def children(
        self, opened: frozenset[int], closed: frozenset[int], branch: int
    ) -> Iterable[tuple[frozenset[int], frozenset[int]]]:
        """With the place and without it; when no more parcels are allowed, without all others."""
        with_it = opened | {branch}
        most = self.order.max_parcels
        yield (
            with_it,
            (frozenset(range(len(self.places))) - with_it if most is not None and len(with_it) >= most else closed),
        )
        yield opened, closed | {branch}

    def decide(
        self, priced: _Priced, opened: frozenset[int], closed: frozenset[int]
    ) -> tuple[frozenset[int], frozenset[int]]:
        """Places that no better plan can have are closed, those that every better plan has are opened."""
        room = self.limit - priced.bound
        if self.order.max_parcels is not None:
            return opened, closed  # what a place lacks is not what it changes when places are counted
        opened |= {n for n, lacks in priced.lacks.items() if -lacks >= room}
        closed |= {n for n, lacks in priced.lacks.items() if lacks >= room}
        return opened, closed

    def price(self, opened: frozenset[int], closed: frozenset[int], prices: list[int], *, rounds: int) -> _Priced:
        """The best bound below this node that so many rounds of moving the prices find."""
        order, best = self.order, _Priced(-FORBIDDEN, prices, {})
        prices, scale, idle = list(prices), 2.0, 0
        for _ in range(rounds):
            value, surplus, lacks = self.relax(opened, closed, prices)
            bound = -(-value // FINE)
            if bound > best.bound:
                best, idle = _Priced(bound, list(prices), lacks), 0
            else:
                idle += 1
            if self.up(bound) >= self.limit or scale < 0.01:
                break
            square = sum(each * each for each in surplus)
            if not square:
                break
            if idle >= _PATIENCE:
                prices, scale, idle = list(best.prices), scale / 2, 0
            step = scale * (min(self.limit, bound + 100_000) * FINE - value) / square
            prices = [
                min(max(0, price + round(step * each)), lost * FINE)
                for price, each, lost in zip(prices, surplus, order.lost, strict=True)
            ]
        return best

    def relax(
        self, opened: frozenset[int], closed: frozenset[int], prices: Sequence[int]
    ) -> tuple[int, list[int], dict[int, int]]:
        """The bound of these prices in sixteenths, what is wanted more than sent of each item, what places lack."""
        order = self.order
        self.work += len(self.places) * len(order.items)
        value = -order.split_cents * FINE
        surplus = []
        for price, lost, item in zip(prices, order.lost, order.items, strict=True):
            value += price * item.count
            surplus.append(item.count if price < lost * FINE else 0)
        lacks: dict[int, int] = {}
        offers = []
        for location in self.locations:
            ways = location.ways(opened, closed, prices)
            offers.append(ways)
            if order.max_parcels is None:
                value += min(ways)[0]
            for n in location.numbers:
                if n not in opened and n not in closed:
                    lacks[n] = lack(ways, n)
        if order.max_parcels is not None:
            value += fewest(offers, order.max_parcels)
        for ways in offers:
            for index, count in min(ways)[2].sent(prices):
                surplus[index] -= count
        return value, surplus, lacks

    def construct(self) -> None:
        """A first plan: add the place that saves most until none saves.

        A place mostly saves less the more others there are: it is tried again only when it may be the next.
        """
        chosen: set[int] = set()
        reach = sum(lost * item.count for lost, item in zip(self.order.lost, self.order.items, strict=True))
        queue = [(-FORBIDDEN, n) for n in range(len(self.places))]
        while queue and (self.order.max_parcels is None or len(chosen) < self.order.max_parcels):
            _, n = heappop(queue)
            more = (self.cost_of({*chosen, n}) + self.assigner.assign(sorted({*chosen, n})).bound - reach, n)
            if queue and queue[0] < more:
                heappush(queue, more)
                continue
            if chosen and more[0] >= 0:
                break
            chosen.add(n)
            reach += more[0]
            self.take(chosen)

    def cost_of(self, chosen: Iterable[int]) -> int:
        """What the parcels cost, without what is in them."""
        return sum(self.fixed[n] for n in chosen) - self.order.split_cents

    def take(self, chosen: Iterable[int]) -> Assignment:
        """Assign to these places, leave out what is not worth its parcel, and remember the plan if it is the best."""
        found = self.assigner.assign(sorted(chosen))
        self._remember(found)
        for n in sorted(found.amounts):
            if len(found.amounts) > 1:
                self._remember(self.assigner.assign([m for m in sorted(found.amounts) if m != n]))
        return found

    def _remember(self, found: Assignment) -> None:
        most = self.order.max_parcels
        if not found.amounts or (most is not None and len(found.amounts) > most):
            return
        cost = self.cost_of(found.amounts) + found.cost
        if cost < self.best.cost:
            self.best = _Best(cost, found.amounts)
