"""Routing one order: CPU time of `plan`, share proven optimal, and the same orders as a mixed integer program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from time import process_time
from typing import NamedTuple

from kontor.bench.report import Figure, Section
from kontor.bench.routing_orders import POLICY, Problems, problems
from kontor.routing.candidates import Item, Place, items_of
from kontor.routing.planner import plan
from kontor.routing.solver import OptimizerMissing, Program
from kontor.routing.surveying import find_candidates
from kontor.routing.values import Demand, FulfillmentPlan, Supply


class Size(NamedTuple):
    """Lines of each order, places, orders planned and of these solved, and the goal for p99 in milliseconds."""

    lines: int
    places: int
    orders: int
    solved: int
    goal: int


SIZES = (Size(3, 50, 1_000, 60, 2), Size(5, 500, 500, 20, 10), Size(10, 2_000, 200, 3, 100))
# The solver may take so long for one order.
_SECONDS = 60.0


class Timed(NamedTuple):
    """The plans of the orders and the CPU milliseconds of each."""

    plans: list[FulfillmentPlan]
    milliseconds: list[float]


def measure(orders: int | None = None, sizes: Sequence[Size] = SIZES) -> Section:
    """The figures of each size; `orders` lowers how many orders are planned and solved."""
    section = Section("routing")
    for size in sizes:
        if orders is not None:
            size = size._replace(orders=min(size.orders, orders), solved=min(size.solved, orders))
        given = problems(lines=size.lines, places=size.places, orders=size.orders)
        timed = time_plans(given)
        section.figures.append(_speed(size, timed))
        section.figures.append(_proof(size, timed))
        section.figures.append(_against_solver(size, given, timed))
    return section


def time_plans(given: Problems) -> Timed:
    """Plan every order once; a first pass over a few lets the network remember what regions see, as in a run."""
    seen: set[tuple[str, str]] = set()
    for demand in given.demands:
        if (demand.channel, demand.region) not in seen:
            seen.add((demand.channel, demand.region))
            plan(demand, given.supply, POLICY)
    plans, spent = [], []
    for demand in given.demands:
        start = process_time()
        plans.append(plan(demand, given.supply, POLICY))
        spent.append((process_time() - start) * 1000)
    return Timed(plans, spent)


def _name(size: Size) -> str:
    return f"{size.lines} lines × {size.places:,} places"


def _speed(size: Size, timed: Timed) -> Figure:
    ordered = sorted(timed.milliseconds)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    value = f"{middle:.2f} / {late:.2f} ms"
    return Figure(f"{_name(size)}, CPU p50 / p99", value, goal=f"p99 < {size.goal} ms", note=f"{len(ordered)} orders")


def _proof(size: Size, timed: Timed) -> Figure:
    proven = sum(each.gap_cents == 0 for each in timed.plans)
    return Figure(f"{_name(size)}, proven optimal", f"{100 * proven / len(timed.plans):.1f} %", goal="100 %")


def _against_solver(size: Size, given: Problems, timed: Timed) -> Figure:
    """CPU of `plan` to that of HiGHS for the first orders, both from stock to plan, and how many costs are equal."""
    name = f"{_name(size)}, CPU of HiGHS per order"
    spent, equal = 0.0, 0
    for number, demand in enumerate(given.demands[: size.solved]):
        start = process_time()
        try:
            cost = solve(demand, given.supply)
        except OptimizerMissing:
            return Figure(name, "not measured", note="needs kontor[optimizer]")
        spent += (process_time() - start) * 1000
        equal += cost == timed.plans[number].cost_cents
    ours = sum(timed.milliseconds[: size.solved])
    note = f"{spent / ours:.0f} times as long; equal cost for {equal} of {size.solved} orders"
    return Figure(name, f"{spent / size.solved:.0f} ms", ratio=ours / spent, note=note)


def solve(demand: Demand, supply: Supply, *, seconds: float = _SECONDS) -> int:
    """The cost of the order as a mixed integer program, solved within seconds; raises `OptimizerMissing`.

    For orders without two lines of one article, and sites that charge neither per line nor by steps of weight.
    """
    items, pools = items_of(demand, POLICY)
    places = find_candidates(demand, supply, POLICY, items, pools).places
    return _Model(demand, items, places).solve(seconds)


class _Model:
    """Columns: each parcel, the counts in it, counts owed, whether anything is sent and whether nothing is."""

    def __init__(self, demand: Demand, items: Sequence[Item], places: Sequence[Place]) -> None:
        self.costs: list[int] = []
        self.upper: list[int] = []
        self.limits: list[tuple[float, float]] = []
        self.entries: list[list[tuple[int, int]]] = []
        self.items, self.places = items, places
        self.owed = [self.column(item.lost_cents, item.count) for item in items]
        self.parcels = [self.column(place.fixed + POLICY.split_cents, 1) for place in places]
        self.counts = [
            {i: self.column(place.unit[i], have) for i, have in enumerate(place.available) if have} for place in places
        ]
        sent, self.nothing = self.column(-POLICY.split_cents, 1), self.column(0, 1)
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
