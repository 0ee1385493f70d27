"""One order as a mixed integer program over all places: an independent answer to compare the exact planner with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from kontor.routing.candidates import Item, Place, items_of
from kontor.routing.solver import Program
from kontor.routing.surveying import find_candidates
from kontor.routing.values import Demand, Policy, Supply


def solve(demand: Demand, supply: Supply, policy: Policy, *, seconds: float) -> int:
    """The cost of the order as a mixed integer program, solved within seconds; raises `OptimizerMissing`.

    For orders without two lines of one article, and sites that charge neither per line nor by steps of weight.
    """
    items, pools = items_of(demand, policy)
    places = find_candidates(demand, supply, policy, items, pools).places
    return _Model(demand, policy, items, places).solve(seconds)


class _Model:
    """Columns: each parcel, the counts in it, counts owed, whether anything is sent and whether nothing is."""

    def __init__(self, demand: Demand, policy: Policy, items: Sequence[Item], places: Sequence[Place]) -> None:
        self.costs: list[int] = []
        self.upper: list[int] = []
        self.limits: list[tuple[float, float]] = []
        self.entries: list[list[tuple[int, int]]] = []
        self.items, self.places = items, places
        self.owed = [self.column(item.lost_cents, item.count) for item in items]
        self.parcels = [self.column(place.fixed + policy.split_cents, 1) for place in places]
        self.counts = [
            {i: self.column(place.unit[i], have) for i, have in enumerate(place.available) if have} for place in places
        ]
        sent, self.nothing = self.column(-policy.split_cents, 1), self.column(0, 1)
        infinite = float("inf")
        self.row({sent: 1, **dict.fromkeys(self.parcels, -1)}, -infinite, 0)
        for index, item in enumerate(items):
            self.row({self.owed[index]: 1, **{row[index]: 1 for row in self.counts if index in row}}, item.count)
            if demand.ship_complete:
                self.row({self.owed[index]: 1, self.nothing: -item.count}, 0)
        if demand.max_parcels is not None and places:
            self.row(dict.fromkeys(self.parcels, 1), -infinite, demand.max_parcels)
        for place, parcel, row in zip(places, self.parcels, self.counts, strict=True):
            for index, column in row.items():
                self.row({column: 1, parcel: -place.available[index]}, -infinite, 0)
            if place.roof is not None:
                self.row({column: items[index].units for index, column in row.items()}, -infinite, place.roof)
        self.stock()

    def column(self, cents: int, upper: int) -> int:
        self.costs.append(cents)
        self.upper.append(upper)
        self.entries.append([])
        return len(self.costs) - 1

    def row(self, entries: dict[int, int], low: float, high: float | None = None) -> None:
        for column, value in entries.items():
            self.entries[column].append((len(self.limits), value))
        self.limits.append((low, low if high is None else high))

    def stock(self) -> None:
        """What leaves a location by a day is there by then."""
        by_rank: dict[int, list[int]] = {}
        for number, place in enumerate(self.places):
            by_rank.setdefault(place.offer.rank, []).append(number)
        for numbers in by_rank.values():
            for last in numbers[1:]:
                for index, have in enumerate(self.places[last].available):
                    days = [n for n in numbers if self.places[n].day <= self.places[last].day]
                    columns = [self.counts[n][index] for n in days if index in self.counts[n]]
                    if len(columns) > 1:
                        self.row(dict.fromkeys(columns, 1), -float("inf"), have)

    def solve(self, seconds: float) -> int:
        """The least cost in cents; it starts from sending nothing."""
        program = Program([low for low, _ in self.limits], [high for _, high in self.limits])
        starts = [0, *accumulate(len(rows) for rows in self.entries)][:-1]
        flat = [entry for rows in self.entries for entry in rows]
        program.add(
            self.costs, self.upper, start=starts, index=[row for row, _ in flat], value=[value for _, value in flat]
        )
        nothing = {column: float(item.count) for column, item in zip(self.owed, self.items, strict=True)}
        found = program.whole(0, {**nothing, self.nothing: 1.0}, nodes=2**31 - 1, seconds=seconds).values
        return round(float(program.np.dot(program.np.array(self.costs, float), found)))
