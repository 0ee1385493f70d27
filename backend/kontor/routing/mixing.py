"""One plan for each order out of those known: a linear program for prices, an integer one for the batch itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, isfinite
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN
from kontor.routing.relaxing import Rows
from kontor.routing.seeking import Option
from kontor.routing.solver import UNLIMITED, Program, Whole


def _frame(rows: Rows, limits: Sequence[int], orders: int) -> Program:
    """A row that is 1 for each order, then the shared limits, and what channels take of what is free."""
    program = Program([1.0] * orders + [-UNLIMITED] * len(limits), [1.0] * orders + [float(limit) for limit in limits])
    columns = Columns()
    for link in rows.links:
        for row in link.channels:
            columns.add(0.0, [(orders + row, -1.0), (orders + link.free, 1.0)])
    columns.hand_over(program, UNLIMITED)
    return program


class Columns:
    """Columns by rows, collected to be passed at once."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.start: list[int] = []
        self.index: list[int] = []
        self.value: list[float] = []

    def add(self, cost: float, entries: Iterable[tuple[int, float]]) -> None:
        self.cost.append(cost)
        self.start.append(len(self.index))
        for row, value in entries:
            self.index.append(row)
            self.value.append(value)

    def hand_over(self, program: Program, upper: float | Sequence[float]) -> None:
        """Add them to the program, each up to its limit."""
        program.add(self.cost, upper, start=self.start, index=self.index, value=self.value)


class Master:
    """The linear program over all plans known so far. It only grows, and goes on from where it was."""

    def __init__(self, rows: Rows, limits: Sequence[int], orders: int) -> None:
        self.rows, self.orders = rows, orders
        self.program = _frame(rows, limits, orders)
        self.first = self.program.columns
        self.options: list[tuple[int, Option]] = []
        self.parts: list[float] = []

    def add(self, options: Iterable[tuple[int, Option]]) -> None:
        """Plans by the number of their order, none of them twice."""
        columns = Columns()
        for number, option in options:
            self.options.append((number, option))
            entries = [(self.orders + row, float(count)) for row, count in self.rows.entries(option.draw).items()]
            columns.add(float(option.cost), [(number, 1.0), *entries])
        columns.hand_over(self.program, UNLIMITED)

    def solve(self, seconds: float) -> tuple[float, list[float]] | None:
        """The cost of the cheapest mixture of plans and the prices of the rows; None when time ran out."""
        solved = self.program.relaxed(seconds=seconds)
        if solved is None:
            return None
        self.parts = solved.values[self.first :].tolist()
        return solved.cost, (-solved.duals[self.orders :]).tolist()

    def shares(self) -> list[tuple[float, int, Option]]:
        """Plans with their part in the cheapest mixture, most of it first."""
        found = [(part, *pair) for part, pair in zip(self.parts, self.options, strict=True) if part > 0.01]
        return sorted(found, key=lambda each: (-each[0], each[1]))


class Mixture(NamedTuple):
    """The cheapest choice found and its cost; None when it is the start. No choice of these plans is below `bound`."""

    picked: dict[int, Option] | None
    cost: int
    bound: int


def mix(
    rows: Rows, limits: Sequence[int], choices: Mapping[int, Sequence[Option]], *, nodes: int, seconds: float
) -> Mixture:
    """The cheapest choice of one plan for each order within `limits`; the first of each order's plans is the start.

    Ends after so many nodes of the search, or when time runs out, with the best found.
    """
    columns = Columns()
    program = _frame(rows, limits, len(choices))
    before = program.columns
    names: list[tuple[int, Option]] = []
    start: dict[int, float] = {}
    for line, (number, options) in enumerate(sorted(choices.items())):
        start[before + len(names)] = 1.0
        for option in options:
            names.append((number, option))
            entries = [(len(choices) + row, float(count)) for row, count in rows.entries(option.draw).items()]
            columns.add(float(option.cost), [(line, 1.0), *entries])
    columns.hand_over(program, 1.0)
    found = program.whole(before, start, nodes=nodes, seconds=seconds)
    picked = {name[0]: name[1] for name, value in zip(names, found.values[before:], strict=False) if value > 0.5}
    return mixture(picked, {number: options[0] for number, options in choices.items()}, found)


def mixture(picked: dict[int, Option], start: Mapping[int, Option], found: Whole) -> Mixture:
    """What a program found, when it is better than the start."""
    old = sum(option.cost for option in start.values())
    cost = sum(option.cost for option in picked.values())
    if len(picked) < len(start) or cost >= old:
        picked, cost = {}, old
    if found.is_proven:
        return Mixture(picked or None, cost, cost)
    return Mixture(picked or None, cost, min(cost, ceil(found.bound - 0.5)) if isfinite(found.bound) else -FORBIDDEN)
