"""Routing one order: CPU time of `plan`, share proven optimal, and the same orders as a mixed integer program."""

from __future__ import annotations

from collections.abc import Sequence
from time import process_time
from typing import NamedTuple

from kontor.bench.report import Figure, Section
from kontor.bench.routing_orders import POLICY, Problems, problems
from kontor.core.errors import Unavailable
from kontor.routing.integer import solve
from kontor.routing.planner import plan
from kontor.routing.values import FulfillmentPlan


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
            cost = solve(demand, given.supply, POLICY, seconds=_SECONDS)
        except Unavailable:
            return Figure(name, "not measured", note="needs kontor[optimizer]")
        spent += (process_time() - start) * 1000
        equal += cost == timed.plans[number].cost_cents
    ours = sum(timed.milliseconds[: size.solved])
    note = f"{spent / ours:.0f} times as long; equal cost for {equal} of {size.solved} orders"
    return Figure(name, f"{spent / size.solved:.0f} ms", ratio=ours / spent, note=note)
