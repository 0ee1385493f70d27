"""Of many locations those that the cheapest plan may need: to look closely at a place costs more than to see it cannot.

A bound on what was glimpsed says what a plan with each location costs at least. The best few are looked at closely and
give a plan; of the others only those remain whose bound is not above what that plan costs.
"""

from collections.abc import Iterable
from heapq import nsmallest

from kontor.routing.ascending import Bound, Problem, ascend, sharpen
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

_MANY = 24
"""For more than so many further ones a sharper bound and a better plan are quicker."""


def worthwhile(survey: Survey, order: Order, nothing: int) -> list[Place]:
    """Every place that a plan as cheap as the cheapest may have, in the order in which ties are broken.

    `nothing` is what it costs to send nothing. Some that no such plan has may be among them.
    """
    if len(survey.supply.network.sites) <= _FEW or order.pools or order.split_cents < 0 or not _is_sound(survey):
        return _places(survey, survey.locations())
    seen = glimpse(survey, order)
    holders = [number for number, held in enumerate(seen.held) if held]
    if len(holders) <= _FEW or min(seen.problem.fixed) < 0:
        return _places(survey, _ids(seen, holders))
    sift = _Sift(survey, order, seen, holders, nothing + order.split_cents)
    return sift.run()


def _places(survey: Survey, locations: Iterable[Id]) -> list[Place]:
    places: list[Place] = []
    for location_id in locations:
        survey.add(location_id, places)
    return places


def _ids(seen: Glimpse, numbers: Iterable[int]) -> list[Id]:
    offers = seen.doors.offers
    return [offers[number].site.location_id for number in numbers]


def _is_sound(survey: Survey) -> bool:
    """Whether what is left out of a glimpse can only make it dearer: no price below nothing for capacity."""
    priced = [each for each in survey.supply.capacity.values() if each[2] or each[3]]
    return not any([(each[2] and min(each[2]) < 0) or (each[3] and min(each[3]) < 0) for each in priced])


class _Sift:
    """One order's locations by number, those looked at with their places; costs are with a split for every parcel."""

    def __init__(self, survey: Survey, order: Order, seen: Glimpse, holders: list[int], limit: int) -> None:
        self.survey, self.order, self.seen, self.holders, self.limit = survey, order, seen, holders, limit
        self.looked: dict[int, list[Place]] = {}
        problem = seen.problem
        self.bound = _alone(problem) if problem.most == 1 else ascend(problem)

    def run(self) -> list[Place]:
        """Look closer in turns until few are left that could matter, then at all of these."""
        self.look(self.leaders(_FIRST))
        self.limit = min(self.limit, self.single())
        if len(self.rivals()) > _MANY and self.seen.problem.most != 1:
            self.plan()
            if len(self.rivals()) > _MANY:
                self.bound = sharpen(self.seen.problem, self.bound, self.limit)
                self.look(self.leaders(2 * _FIRST))
                self.plan()
        self.look(self.rivals())
        return [place for _, places in sorted(self.looked.items()) for place in places]

    def leaders(self, count: int) -> list[int]:
        """The locations that a cheap plan has most likely."""
        slack, fixed = self.bound.slack, self.seen.problem.fixed
        return nsmallest(count, self.holders, key=lambda number: (slack[number], fixed[number], number))

    def rivals(self) -> list[int]:
        """The locations not looked at whose bound is not above the limit."""
        room, slack = self.limit - self.bound.total, self.bound.slack
        return [number for number in self.holders if slack[number] <= room and number not in self.looked]

    def look(self, numbers: Iterable[int]) -> None:
        """Look closely at locations."""
        for number in numbers:
            if number not in self.looked:
                self.looked[number] = _places(self.survey, _ids(self.seen, [number]))

    def single(self) -> int:
        """The cost of the best parcel that can hold everything it has."""
        order, need = self.order, self.survey.need
        lost = [cents * item.count for cents, item in zip(order.lost, order.items, strict=True)]
        costs = [self.limit]
        for places in self.looked.values():
            for place in places[:1]:
                if place.roof is None or place.roof >= need:
                    full = [
                        cents if have == item[1] else owed
                        for cents, have, item, owed in zip(place.whole, place.available, order.items, lost, strict=True)
                    ]
                    costs.append(_at_most(order, place) + order.split_cents + sum(map(min, full, lost)))
        return min(costs)

    def plan(self) -> None:
        """Lower the limit to the best plan of the places looked at."""
        places = [place for _, places in sorted(self.looked.items()) for place in places]
        places = [place._replace(fixed=_at_most(self.order, place)) for place in places]
        if places:
            found = combine(self.order, places, self.limit - self.order.split_cents)
            self.limit = min(self.limit, found.cost + self.order.split_cents)


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
