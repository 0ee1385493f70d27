"""Of many locations those that the cheapest plan may need: to look closely at a place costs more than to see it cannot.

A bound on what was glimpsed says what a plan with each location costs at least. The best few are looked at closely and
give a plan; of the others only those remain whose bound is not above what that plan costs.
"""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import NamedTuple

from kontor.routing.ascending import Bound, Problem, ascend, tighter
from kontor.routing.candidates import Place
from kontor.routing.combining import combine
from kontor.routing.costs import weight_step_cents
from kontor.routing.covering import Order
from kontor.routing.glimpsing import Glimpse, glimpse
from kontor.routing.surveying import Survey
from kontor.routing.values import Id

_FEW = 12
"""So few locations are looked at without sifting."""

_FIRST = 8
"""So many are looked at closely to find a first plan."""

_MANY, _TURNS = 32, 3
"""For more than so many further ones a better plan is found first, and prices that bound better, some times."""


class Sifted(NamedTuple):
    """Places in the order in which ties are broken, and prices of a count of each item where they were needed."""

    places: list[Place]
    prices: Sequence[int] | None = None


def worthwhile(survey: Survey, order: Order, nothing: int) -> Sifted:
    """Every place that a plan as cheap as the cheapest may have.

    `nothing` is what it costs to send nothing. Some that no such plan has may be among them.
    """
    if len(survey.supply.network.sites) <= _FEW or order.pools or order.split_cents < 0 or not _is_sound(survey):
        return Sifted(_places(survey, survey.locations()))
    seen = glimpse(survey, order)
    if min(seen.problem.fixed, default=-1) < 0:
        return Sifted(_places(survey, survey.locations()))
    return _Sift(survey, order, seen, nothing + order.split_cents).run()


def _places(survey: Survey, locations: Iterable[Id]) -> list[Place]:
    places: list[Place] = []
    for location_id in locations:
        survey.add(location_id, places)
    return places


def _is_sound(survey: Survey) -> bool:
    """Whether what is left out of a glimpse can only make it dearer: no price below nothing for capacity."""
    priced = [each for each in survey.supply.capacity.values() if each[2] or each[3]]
    return not any((each[2] and min(each[2]) < 0) or (each[3] and min(each[3]) < 0) for each in priced)


class _Sift:
    """One order's locations by number, those looked at with their places; costs are with a split for every parcel."""

    def __init__(self, survey: Survey, order: Order, seen: Glimpse, limit: int) -> None:
        self.survey, self.order, self.problem, self.limit = survey, order, seen.problem, limit
        self.ids = list(seen.doors.by_location)
        self.looked: dict[int, list[Place]] = {}
        self.prices: Sequence[int] | None = None
        self.bound = _alone(self.problem) if self.problem.most == 1 else ascend(self.problem)

    def run(self) -> Sifted:
        """Look closer in turns until few are left that could matter, then at all of these."""
        self.look(self.leaders())
        self.limit = min(self.limit, self.single())
        rivals = self.rivals()
        for _ in range(_TURNS):
            if len(rivals) <= _MANY or self.problem.most == 1:
                break
            self.plan()
            self.look(self.leaders())
            rivals = self.rivals()
        self.look(rivals)
        return Sifted([place for _, places in sorted(self.looked.items()) for place in places], self.prices)

    def leaders(self) -> list[int]:
        """The next few locations that a cheap plan has most likely: they earn most of their parcel."""
        slack, fixed = self.bound.slack, self.problem.fixed
        earning = set()
        for price, row in zip(self.bound.prices, self.problem.rows, strict=True):
            for cents, number, _ in row:
                if cents >= price:
                    break
                earning.add(number)
        new = [(slack[number], fixed[number], number) for number in earning if number not in self.looked]
        return [number for _, _, number in nsmallest(_FIRST, new)]

    def rivals(self) -> list[int]:
        """The locations not looked at that have some of the goods and whose bound is not above the limit."""
        room, slack, stocks = self.limit - self.bound.total, self.bound.slack, self.survey.stocks
        if room < 0:
            return []
        near = [number for number, left in enumerate(slack) if left <= room and number not in self.looked]
        return [number for number in near if any(self.ids[number] in stock for stock in stocks)]

    def look(self, numbers: Iterable[int]) -> None:
        """Look closely at locations."""
        for number in numbers:
            places = self.looked[number] = []
            self.survey.add(self.ids[number], places)

    def single(self) -> int:
        """The cost of the best parcel that can hold everything it has all of."""
        order, need = self.order, self.survey.need
        lost = [cents * item.count for cents, item in zip(order.lost, order.items, strict=True)]
        counts = [item.count for item in order.items]
        cost = self.limit
        for places in self.looked.values():
            for place in places:
                if place.roof is None or place.roof >= need:
                    paid = _at_most(order, place) + order.split_cents
                    for whole, have, count, owed in zip(place.whole, place.available, counts, lost, strict=True):
                        paid += whole if have == count and whole < owed else owed
                    cost = min(cost, paid)
        return cost

    def plan(self) -> None:
        """Lower the limit to the best plan of the places looked at; its prices may bound the others better."""
        places = [place for _, places in sorted(self.looked.items()) for place in places]
        places = [place._replace(fixed=_at_most(self.order, place)) for place in places]
        if places:
            found = combine(self.order, places, self.limit - self.order.split_cents, self.prices)
            self.limit = min(self.limit, found.cost + self.order.split_cents)
            if found.prices is not None:
                self.prices = found.prices
                self.bound = tighter(self.problem, self.bound, found.prices)


def _at_most(order: Order, place: Place) -> int:
    """What the parcel costs at its heaviest."""
    steps = place.offer.lane.weight_steps
    if not steps:
        return place.fixed
    grams = sum([item.grams * item.count for item in order.items])
    dearest = max(weight_step_cents(steps, grams), *[cents for _, cents in steps])
    return place.fixed + dearest - min(cents for _, cents in steps)


def _alone(problem: Problem) -> Bound:
    """The bound where there is only one parcel: what it saves of what nothing sent costs."""
    slack = list(problem.fixed)
    for row, lost in zip(problem.rows, problem.lost, strict=True):
        for cents, number, have in row:
            if cents >= lost:
                break
            slack[number] -= have * (lost - cents)
    return Bound(list(problem.lost), slack, 0, sum(map(int.__mul__, problem.lost, problem.counts)))
