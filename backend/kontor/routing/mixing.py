"""One plan for each order out of those known: as a linear program for prices, as an integer one for the batch itself.

Needs the solver of the extra `optimizer`; `is_there` says whether it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from math import ceil, isfinite
from typing import Any, NamedTuple

from kontor.routing.candidates import FORBIDDEN
from kontor.routing.relaxing import Rows
from kontor.routing.seeking import Option


def is_there() -> bool:
    """Whether the solver is installed."""
    try:
        return find_spec("highspy") is not None
    except ValueError:  # its place is taken by something that is no module
        return False


def _solver() -> Any:
    solver = import_module("highspy").Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 1)):
        solver.setOptionValue(option, value)
    return solver


class _Columns:
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

    def hand_over(self, solver: Any, upper: float) -> None:
        import numpy as np

        count = len(self.cost)
        if count:
            start, index = np.array(self.start, np.int32), np.array(self.index, np.int32)
            low, high = np.zeros(count), np.full(count, upper)
            cost, value = np.array(self.cost, float), np.array(self.value, float)
            solver.addCols(count, cost, low, high, len(self.index), start, index, value)


def _frame(solver: Any, rows: Rows, limits: Sequence[int], orders: int) -> int:
    """A row that is 1 for each order, then the shared limits, and what channels take of what is free."""
    import numpy as np

    none = np.array([], np.int32)
    count = orders + len(limits)
    low = np.array([1.0] * orders + [-float("inf")] * len(limits))
    high = np.array([1.0] * orders + list(map(float, limits)))
    solver.addRows(count, low, high, 0, np.zeros(count, np.int32), none, np.array([], float))
    columns = _Columns()
    for link in rows.links:
        for row in link.channels:
            columns.add(0.0, [(orders + row, -1.0), (orders + link.free, 1.0)])
    columns.hand_over(solver, float("inf"))
    return len(columns.cost)


class Master:
    """The linear program over all plans known so far. It only grows, and goes on from where it was."""

    def __init__(self, rows: Rows, limits: Sequence[int], orders: int) -> None:
        self.rows, self.orders = rows, orders
        self.solver = _solver()
        self.first = _frame(self.solver, rows, limits, orders)
        self.options: list[tuple[int, Option]] = []

    def add(self, options: Iterable[tuple[int, Option]]) -> None:
        """Plans by the number of their order, none of them twice."""
        columns = _Columns()
        for number, option in options:
            self.options.append((number, option))
            entries = [(self.orders + row, float(count)) for row, count in self.rows.entries(option.draw).items()]
            columns.add(float(option.cost), [(number, 1.0), *entries])
        columns.hand_over(self.solver, float("inf"))

    def solve(self, seconds: float) -> tuple[float, list[float]] | None:
        """The cost of the cheapest mixture of plans and the prices of the rows; None when time ran out."""
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + max(0.01, seconds))
        self.solver.run()
        if self.solver.getModelStatus() != import_module("highspy").HighsModelStatus.kOptimal:
            return None
        duals = self.solver.getSolution().row_dual[self.orders :]
        return self.solver.getInfo().objective_function_value, [-dual for dual in duals]

    def shares(self) -> list[tuple[float, int, Option]]:
        """Plans with their part in the cheapest mixture, most of it first."""
        parts = self.solver.getSolution().col_value[self.first :]
        found = [(part, *pair) for part, pair in zip(parts, self.options, strict=True) if part > 0.01]
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
    import numpy as np

    highspy = import_module("highspy")
    solver, columns = _solver(), _Columns()
    before = _frame(solver, rows, limits, len(choices))
    names: list[tuple[int, Option]] = []
    start: list[int] = []
    for line, (number, options) in enumerate(sorted(choices.items())):
        start.append(before + len(names))
        for option in options:
            names.append((number, option))
            entries = [(len(choices) + row, float(count)) for row, count in rows.entries(option.draw).items()]
            columns.add(float(option.cost), [(line, 1.0), *entries])
    columns.hand_over(solver, 1.0)
    chosen = np.arange(before, before + len(names), dtype=np.int32)
    solver.changeColsIntegrality(len(names), chosen, np.full(len(names), highspy.HighsVarType.kInteger))
    solver.setSolution(len(start), np.array(start, np.int32), np.ones(len(start)))
    limit = max(0.01, seconds)
    for name, value in (("mip_max_nodes", nodes), ("time_limit", limit), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.5)):
        solver.setOptionValue(name, value)
    solver.run()
    old = sum(options[0].cost for options in choices.values())
    values = solver.getSolution().col_value[before:]
    picked = {number: option for (number, option), value in zip(names, values, strict=False) if value > 0.5}
    cost = sum(option.cost for option in picked.values())
    if len(picked) < len(choices) or cost >= old:
        picked, cost = {}, old
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return Mixture(picked or None, cost, cost)
    bound = solver.getInfo().mip_dual_bound
    return Mixture(picked or None, cost, min(cost, ceil(bound - 0.5)) if isfinite(bound) else -FORBIDDEN)
