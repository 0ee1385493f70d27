"""What a location earns at prices of the items, on the days that pay best: the bound of the search for large orders."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from kontor.routing.candidates import Place
from kontor.routing.covering import Order

FINE = 16
"""Prices are kept in sixteenths of a cent."""

_MOST_DAYS = 3


class _Step(NamedTuple):
    """Counts of an item that cost the same, in sixteenths of a cent each."""

    cents: int
    count: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs here


class Days:
    """Some days of a location on which a parcel leaves, with all the stock it could send on them.

    Each count leaves on the cheapest of these days that has it. `many` stands for more days than are told apart: it
    costs the cheapest so many parcels and has the stock of all days.
    """

    __slots__ = ("_limits", "_steps", "fixed", "many", "numbers")

    def __init__(self, order: Order, places: Sequence[Place], numbers: Sequence[int], *, many: bool = False) -> None:
        self.numbers, self.many = frozenset(numbers), many
        costs = sorted(places[n].fixed + order.split_cents for n in numbers)
        self.fixed = sum(costs[: _MOST_DAYS + 1] if many else costs) * FINE
        self._steps = [(index, _steps(order, places, numbers, index)) for index in range(len(order.items))]
        self._steps = [(index, steps) for index, steps in self._steps if steps]
        # Units that can still be released: more than are wanted do not count.
        roofs = [places[n].roof for n in numbers]
        wanted = sum(order.sizes[index] * step.count for index, steps in self._steps for step in steps)
        room = None if many or None in roofs else sum(roof for roof in roofs if roof is not None)
        self._limits = (room, order.sizes) if room is not None and room < wanted else None

    def earns(self, prices: Sequence[int]) -> int:
        """What the prices exceed the costs by, at most."""
        if self._limits is None:
            total = 0
            for index, steps in self._steps:
                price = prices[index]
                for cents, count in steps:
                    if cents >= price:
                        break
                    total += (price - cents) * count
            return total
        room, total = self._limits[0], 0
        for gain, _, count, size in self._gains(prices):
            take = min(count * size, room)
            total += -(-gain * take // size)  # the last may be a part of a count, to stay a bound
            room -= take
            if not room:
                break
        return total

    def sent(self, prices: Sequence[int]) -> list[tuple[int, int]]:
        """The counts by item that earn it."""
        if self._limits is None:
            return [
                (index, sum(step.count for step in steps if step.cents < prices[index])) for index, steps in self._steps
            ]
        room, found = self._limits[0], []
        for _, index, count, size in self._gains(prices):
            take = min(count, room // size)
            found.append((index, take))
            room -= take * size
        return found

    def _gains(self, prices: Sequence[int]) -> list[tuple[int, int, int, int]]:
        assert self._limits is not None
        sizes = self._limits[1]
        gains = [
            (prices[index] - step.cents, index, step.count, sizes[index])
            for index, steps in self._steps
            for step in steps
            if step.cents < prices[index]
        ]
        return sorted(gains, key=lambda each: (-each[0] / each[3], each[1]))


def _steps(order: Order, places: Sequence[Place], numbers: Iterable[int], index: int) -> list[_Step]:
    """The stock of an item over some days, cheapest first: what leaves by a day is at most what is there by then."""
    taken: list[tuple[int, int]] = []
    steps = []
    days = [n for n in numbers if places[n].available[index] and places[n].unit[index] <= order.lost[index]]
    for n in sorted(days, key=lambda n: (places[n].unit[index], n)):
        room = min(
            places[m].available[index] - sum(count for day, count in taken if day <= places[m].day)
            for m in numbers
            if places[m].day >= places[n].day
        )
        if room > 0:
            taken.append((places[n].day, room))
            steps.append(_Step(places[n].unit[index] * FINE, room))
    return steps


Way = tuple[int, int, Days]
"""What a location costs on some days less what it earns, in sixteenths; a number to break ties; the days."""


class Location:
    """The possible parcels of one location, and every set of its days worth telling apart."""

    def __init__(self, order: Order, places: Sequence[Place], numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self._all = [
            Days(order, places, days)
            for count in range(min(len(numbers), _MOST_DAYS) + 1)
            for days in combinations(numbers, count)
        ]
        if len(numbers) > _MOST_DAYS:
            self._all.append(Days(order, places, numbers, many=True))

    def ways(self, opened: frozenset[int], closed: frozenset[int], prices: Sequence[int]) -> list[Way]:
        """The sets of days that hold every opened and no closed one, with what they cost at the prices."""
        must = opened.intersection(self.numbers)
        return [
            (days.fixed - days.earns(prices), position, days)
            for position, days in enumerate(self._all)
            if days.many or (must <= days.numbers and not (days.numbers & closed))
        ]


def lack(ways: Sequence[Way], number: int) -> int:
    """What a plan with the place costs more than one without it, in cents; negative where it costs less."""
    with_it = min(cost for cost, _, days in ways if days.many or number in days.numbers)
    without = min(cost for cost, _, days in ways if days.many or number not in days.numbers)
    more = with_it - without
    return more // FINE if more > 0 else -(-more // FINE)


def fewest(offers: Sequence[Sequence[Way]], most: int) -> int:
    """The least that all locations cost together with so many parcels at most, in sixteenths."""
    least = [0] * (most + 1)
    for ways in offers:
        by_count: dict[int, int] = {}
        for cost, _, days in ways:
            count = _MOST_DAYS + 1 if days.many else len(days.numbers)
            by_count[count] = min(cost, by_count.get(count, cost))
        least = [
            min((least[total - count] + cost for count, cost in by_count.items() if count <= total), default=0)
            for total in range(most + 1)
        ]
    return min(least)
