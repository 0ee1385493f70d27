"""The plans of one order that cost little more than its cheapest at some prices: what a joint plan is mixed from.

Goes through the places in their order and lets each send any part of what is left, as long as what is spent and what
the rest costs at least stay within the limit.
"""

from collections.abc import Collection, Iterator, Sequence

from kontor.routing.candidates import Place
from kontor.routing.costs import weight_step_cents
from kontor.routing.covering import Order, Parcel
from kontor.routing.planner import Choice
from kontor.routing.pruning import ascend
from kontor.routing.seeking import Option, Prices, Seeker, option_of, priced
from kontor.routing.sharing import NOWHERE

MOST_STEPS = 4000


def plans_within(
    seeker: Seeker, prices: Prices, limit: int, *, gates: Collection[int], most_steps: int = MOST_STEPS
) -> tuple[list[Option], bool]:
    """All plans that cost at most `limit` at these prices, and whether these are all.

    `gates` are those that orders contest: a later day is worth as much as an earlier one that may be full. After too
    many steps the plans found so far are returned.
    """
    places = [
        priced(seeker, spot, spot.place, prices) for spot in seeker.spots if _may_help(seeker, spot.beaten_by, gates)
    ]
    order, found = seeker.order, []
    if seeker.nothing <= limit:
        found.append(option_of(seeker, Choice(seeker.nothing, [], 0), prices))
    if not places or (order.max_parcels is not None and order.max_parcels < 1):
        return found, True
    whole = [cents * item.count for cents, item in zip(order.lost, order.items, strict=True)]
    least, slack = ascend(order, places, whole)
    room = limit - sum(least) + order.split_cents
    kept = [place for place, left in zip(places, slack, strict=True) if left <= room]
    walk = _Walk(order, kept, least, limit, most_steps)
    found += [option_of(seeker, Choice(cost, parcels, 0), prices) for cost, parcels in walk.plans()]
    return found, walk.steps < most_steps


def _may_help(seeker: Seeker, beaten_by: int, gates: Collection[int]) -> bool:
    if beaten_by == NOWHERE:
        return True
    better = seeker.spots[beaten_by]
    return better.units in gates or better.parcels in gates


class _Walk:
    """The tree of plans; `least` is what all of each item costs at least, wherever it comes from."""

    def __init__(self, order: Order, places: Sequence[Place], least: Sequence[int], limit: int, most: int) -> None:
        self.order, self.places, self.least, self.limit, self.most = order, places, least, limit, most
        self.counts = [item.count for item in order.items]
        self.steps = 0

    def plans(self) -> Iterator[tuple[int, list[Parcel]]]:
        """Every plan with a parcel, and its cost."""
        return self._extend(0, self.counts, -self.order.split_cents, [])

    def _extend(
        self, start: int, remaining: list[int], spent: int, parcels: list[Parcel]
    ) -> Iterator[tuple[int, list[Parcel]]]:
        order = self.order
        if parcels:
            cost = spent + sum(map(int.__mul__, order.lost, remaining))
            if cost <= self.limit:
                yield cost, parcels
        if not any(remaining) or (order.max_parcels is not None and len(parcels) >= order.max_parcels):
            return
        for number in range(start, len(self.places)):
            place = self.places[number]
            for amounts in self._amounts(place, remaining, parcels):
                self.steps += 1
                if self.steps >= self.most:
                    return
                now = spent + self._cost(place, amounts)
                rest = list(map(int.__sub__, remaining, amounts))
                if now + self._rest(rest) <= self.limit:
                    yield from self._extend(number + 1, rest, now, [*parcels, (place, amounts)])

    def _rest(self, remaining: Sequence[int]) -> int:
        return sum(
            [cents * left // count for cents, left, count in zip(self.least, remaining, self.counts, strict=True)]
        )

    def _amounts(self, place: Place, remaining: Sequence[int], parcels: list[Parcel]) -> list[tuple[int, ...]]:
        """What the place could send of what is left, on top of what it sends on earlier days."""
        earlier = [row for other, row in parcels if other.offer.rank == place.offer.rank]
        gone = list(map(sum, zip(*earlier, strict=True))) if earlier else [0] * len(remaining)
        rows: list[tuple[int, ...]] = [()]
        for have, left, sent in zip(place.available, remaining, gone, strict=True):
            most = max(0, min(left, have - sent))
            rows = [(*row, amount) for row in rows for amount in range(most + 1)]
        return [row for row in rows if any(row) and self._is_open(place, row, gone)]

    def _is_open(self, place: Place, amounts: tuple[int, ...], gone: Sequence[int]) -> bool:
        order = self.order
        if place.roof is not None and sum(map(int.__mul__, amounts, order.sizes)) > place.roof:
            return False
        return all(
            sum(n * (amount + sent) for n, amount, sent in zip(pool.units, amounts, gone, strict=True)) <= limit
            for pool, limit in zip(order.pools, place.limits, strict=True)
        )

    def _cost(self, place: Place, amounts: tuple[int, ...]) -> int:
        order, steps = self.order, place.offer.lane.weight_steps
        cost = place.fixed + order.split_cents + sum(map(int.__mul__, place.unit, amounts))
        if place.line_cents:
            cost += place.line_cents * sum(1 for n, most in zip(amounts, self.counts, strict=True) if n and most > 1)
        if steps:
            grams = sum(map(int.__mul__, amounts, order.weights))
            cost += weight_step_cents(steps, grams) - min(cents for _, cents in steps)
        return cost
