"""Linear and mixed integer programs, put together by arrays and solved by HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kontor.core.errors import Unavailable

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

UNLIMITED = float("inf")


class OptimizerMissing(Unavailable):
    """The solver is not installed; the extra `optimizer` brings it."""

    default_code = "OPTIMIZER_MISSING"


def libraries() -> tuple[Any, Any]:
    """numpy and highspy, imported when first needed: they are an extra. Raises `OptimizerMissing`."""
    try:
        import highspy
        import numpy
    except ImportError as missing:
        raise OptimizerMissing("This needs the optimizer: install kontor[optimizer].") from missing
    return numpy, highspy


class Program:
    """Columns with a cost and an upper limit (the lower is 0), rows with limits, and the entries between them."""

    def __init__(self) -> None:
        self.np, self.highspy = libraries()
        self.columns = self.rows = 0
        self._cost: list[Array] = []
        self._upper: list[Array] = []
        self._low: list[Array] = []
        self._high: list[Array] = []
        self._entries: list[tuple[Array, Array, Array]] = []

    def column(self, cost: Array, upper: Array | float = UNLIMITED) -> Array:
        """Numbers of new columns."""
        new = self.np.arange(self.columns, self.columns + len(cost))
        self.columns += len(cost)
        self._cost.append(cost)
        self._upper.append(self.np.broadcast_to(upper, len(cost)))
        return new  # type: ignore[no-any-return]

    def row(self, count: int, low: Array | float, high: Array | float) -> Array:
        """Numbers of new rows, each between its limits."""
        new = self.np.arange(self.rows, self.rows + count)
        self.rows += count
        self._low.append(self.np.broadcast_to(low, count))
        self._high.append(self.np.broadcast_to(high, count))
        return new  # type: ignore[no-any-return]

    def entry(self, rows: Array, columns: Array, value: Array | float = 1.0) -> None:
        """Let each column count in its row; a pair must be named once."""
        self._entries.append((rows, columns, self.np.broadcast_to(value, len(rows))))

    def duals(self) -> Array:
        """How much one more unit of each row's limit changes the least cost.

        An interior point without crossover gives the middle of all optimal duals; those of a vertex are arbitrary.
        """
        solved = self._solve(solver="ipm", run_crossover="off", ipm_optimality_tolerance=1e-4)
        return self.np.array(solved.getSolution().row_dual)  # type: ignore[no-any-return]

    def whole(self, start: Array, *, seconds: float, nodes: int, gap: float) -> Array:
        """The best whole numbers found from a feasible start on, within seconds, nodes and relative gap."""
        solved = self._solve(start, time_limit=seconds, mip_max_nodes=nodes, mip_rel_gap=gap)
        return self.np.rint(self.np.array(solved.getSolution().col_value))  # type: ignore[no-any-return]

    def _solve(self, start: Array | None = None, **settings: object) -> Any:
        np, highspy = self.np, self.highspy
        row, column, value = (np.concatenate([each[n] for each in self._entries]) for n in range(3))
        order = np.lexsort((row, column))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_, lp.col_upper_ = np.concatenate(self._cost), np.concatenate(self._upper).astype(float)
        lp.col_lower_ = np.zeros(self.columns)
        lp.row_lower_ = np.concatenate(self._low).astype(float)
        lp.row_upper_ = np.concatenate(self._high).astype(float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.searchsorted(column[order], np.arange(self.columns + 1)).astype(np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = row[order].astype(np.int32), value[order].astype(float)
        if start is not None:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * self.columns
        solver = highspy.Highs()
        for name, setting in {"output_flag": False, "threads": 1, **settings}.items():
            solver.setOptionValue(name, setting)
        solver.passModel(lp)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = start.tolist()
            solver.setSolution(known)
        solver.run()
        return solver
