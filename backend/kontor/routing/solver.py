"""Linear and mixed integer programs over arrays, solved by HiGHS: the one place that knows the solver.

A program has its rows from the start and grows by columns; solved again, it goes on from where it was.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

UNLIMITED = float("inf")


class OptimizerMissing(Unavailable):
    """The solver is not installed; the extra `optimizer` brings it."""

    default_code = "OPTIMIZER_MISSING"


def is_there() -> bool:
    """Whether the solver is installed."""
    try:
        return find_spec("highspy") is not None
    except ValueError:  # its place is taken by something that is no module
        return False


def libraries() -> tuple[Any, Any]:
    """numpy and highspy, imported when first needed: they are an extra. Raises `OptimizerMissing`."""
    try:
        import highspy
        import numpy
    except ImportError as missing:
        raise OptimizerMissing("This needs the optimizer: install kontor[optimizer].") from missing
    return numpy, highspy


class Relaxed(NamedTuple):
    """The least cost, the columns' values, and by how much one more unit of each row's limit changes the cost."""

    cost: float
    values: Array
    duals: Array


class Whole(NamedTuple):
    """The columns' values, whether they are proven best, and the proven bound on the cost."""

    values: Array
    is_proven: bool
    bound: float


class Program:
    """Rows between limits, and columns from 0 up to a limit that count in them. Raises `OptimizerMissing`."""

    def __init__(self, low: Any, high: Any) -> None:
        self.np, self._highs = libraries()
        np = self.np
        self.rows, self.columns = len(high), 0
        self._solver = self._highs.Highs()
        self._set(output_flag=False, threads=1, random_seed=1)
        none, ends = np.array([], np.int32), np.zeros(self.rows, np.int32)
        low, high = np.asarray(low, float), np.asarray(high, float)
        self._solver.addRows(self.rows, low, high, 0, ends, none, np.array([], float))

    def _set(self, **settings: object) -> None:
        for name, value in settings.items():
            self._solver.setOptionValue(name, value)

    def add(self, cost: Any, upper: Any, *, start: Any, index: Any, value: Any) -> None:
        """New columns; the entries of each begin at its `start` in the lists of rows and values."""
        np, count = self.np, len(cost)
        if not count:
            return
        high = np.broadcast_to(np.asarray(upper, float), count).copy()
        where = np.asarray(start, np.int32), np.asarray(index, np.int32), np.asarray(value, float)
        self._solver.addCols(count, np.asarray(cost, float), np.zeros(count), high, len(index), *where)
        self.columns += count

    def relaxed(self, *, seconds: float = UNLIMITED, interior: bool = False) -> Relaxed | None:
        """The cheapest values, fractions allowed; None when time ran out.

        An interior point gives the middle of all optimal duals; those of a vertex are arbitrary among them. It sees the
        whole program: what presolving takes out gets no duals back without a vertex.
        """
        if interior:
            self._set(solver="ipm", presolve="off", run_crossover="off", ipm_optimality_tolerance=1e-4)
        if seconds < UNLIMITED:
            self._set(time_limit=self._solver.getRunTime() + max(0.01, seconds))
        self._solver.run()
        # Without crossover the solver does not vouch for the last digits.
        state = self._highs.HighsModelStatus
        if self._solver.getModelStatus() not in ({state.kOptimal, state.kUnknown} if interior else {state.kOptimal}):
            return None
        found, array = self._solver.getSolution(), self.np.array
        return Relaxed(self._solver.getInfo().objective_function_value, array(found.col_value), array(found.row_dual))

    def whole(self, first: int, start: Mapping[int, float], *, nodes: int, seconds: float) -> Whole:
        """The best whole values of the columns from `first` on; `start` is a known solution where it is not 0.

        Ends after so many nodes of the search, or when time runs out, with the best found. Costs are whole numbers.
        """
        np, count = self.np, self.columns - first
        kinds = np.full(count, self._highs.HighsVarType.kInteger)
        self._solver.changeColsIntegrality(count, np.arange(first, self.columns, dtype=np.int32), kinds)
        self._solver.setSolution(len(start), np.array(list(start), np.int32), np.array(list(start.values()), float))
        self._set(mip_max_nodes=nodes, time_limit=max(0.01, seconds), mip_rel_gap=0.0, mip_abs_gap=0.5)
        self._solver.run()
        proven = self._solver.getModelStatus() == self._highs.HighsModelStatus.kOptimal
        values = np.array(self._solver.getSolution().col_value)
        return Whole(values, proven, self._solver.getInfo().mip_dual_bound)
