"""Large orders: branch and bound over which places send a parcel.

The bound puts a price on every item (Lagrange): each location earns what the prices of what it would send exceed its
own costs, on the days that pay best, and where that is more than its parcels cost it is bought. The prices are moved
until the locations together send about what is wanted; what is paid then is a bound on every plan. It ignores what
couples items (weight steps, shared stock, a limit of several days); the assignment at the end does not. The search ends
with the optimum or, after a fixed number of steps, with the best plan found and the proven bound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from kontor.routing.assigning import Amounts, Assigner, Assignment
from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.covering import Order, Parcel
from kontor.routing.earning import FINE, Location, fewest, lack

MAX_STEPS = 2000
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

    @property
    def limit(self) -> int:
        """No plan of this cost or more is of interest."""
        return min(self.best.cost, self.upper)

    def run(self) -> int:
        """Search; the proven bound."""
        everything = range(len(self.places))
        self.construct()
        cheapest = [
            min([place.unit[index] for place in self.places if place.available[index]], default=0)
            for index in range(len(self.order.items))
        ]
        prices = [max(0, min(cents, lost)) * FINE for cents, lost in zip(cheapest, self.order.lost, strict=True)]
        root = self.price(frozenset(), frozenset(), prices, rounds=_FIRST_ROUNDS)
        heap = [(root.bound, 0, root, frozenset[int](), frozenset[int]())]
        leaves, counter = FORBIDDEN, 0
        for _ in range(MAX_STEPS):
            if not heap or heap[0][0] >= self.limit:
                break
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
                if below.bound < self.limit:
                    heappush(heap, (max(bound, below.bound), counter, below, *child))
        return min(self.limit, leaves, heap[0][0] if heap else FORBIDDEN)

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
            if bound >= self.limit or scale < 0.01:
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
        """A first plan: add the place that saves most until none saves."""
        chosen: set[int] = set()
        reach = FORBIDDEN * (len(self.order.items) + 1) * 1000
        while self.order.max_parcels is None or len(chosen) < self.order.max_parcels:
            tries = [
                (self.cost_of({*chosen, n}) + self.assigner.assign([*chosen, n]).bound, n)
                for n in range(len(self.places))
                if n not in chosen
            ]
            if not tries or min(tries)[0] >= reach:
                break
            reach, n = min(tries)
            chosen.add(n)
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
