"""A mixed-integer linear model, collected row by row and handed to HiGHS.

Only this module knows the solver. Same model, same options, same answer: one thread, fixed seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.engines.planning.household.work import (
    FEW_ENTRIES,
    PER_CALL,
    PER_CELL,
    PER_ENTRY,
    PER_ENTRY_OF_WIDE,
    PER_ITERATION,
    PER_ROW,
    PER_SEARCH,
    PER_SQUARE,
    WIDE,
    Work,
)

INFINITY = float("inf")
QUESTION = 60.0
"""Work of one question to a simplex that stands near its answer."""

Terms = dict[int, float]
"""Column to factor."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver says.

    Attributes:
        status: optimal | limit | infeasible.
        columns: Value of every column, empty without a solution.
        bound: Lower bound of the objective; -inf when there is none.
        duals: What one unit more of every row's bound would add to the objective; empty for a model with
            whole numbers.
    """

    status: str
    columns: tuple[float, ...]
    bound: float
    duals: tuple[float, ...] = ()


@dataclass(slots=True)
class LinearModel:
    """Columns with bounds, rows with bounds, one cost vector; always minimised."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, dict[int, float]]] = field(default_factory=list)

    def column(
        self, lower: float = 0.0, upper: float = INFINITY, *, cost: float = 0.0, whole: bool = False
    ) -> int:
        """Add a variable and return its index."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.cost.append(cost)
        self.whole.append(whole)
        return len(self.lower) - 1

    def row(self, terms: Mapping[int, float], lower: float = -INFINITY, upper: float = INFINITY) -> int:
        """Add lower <= sum of terms <= upper and return its index."""
        self.rows.append((lower, upper, dict(terms)))
        return len(self.rows) - 1

    def _call(self, entries: int) -> float:
        """Return about what a whole-number solver does between two questions whether to go on."""
        sizes = [abs(x) for _, _, terms in self.rows for x in terms.values() if x]
        wide = len(sizes) > FEW_ENTRIES and max(sizes) >= WIDE * min(sizes)
        return PER_CALL + (PER_ENTRY_OF_WIDE if wide else PER_ENTRY) * entries + PER_SQUARE * entries**2

    def solve(
        self,
        *,
        work: Work,
        seconds: float = INFINITY,
        target: float = -INFINITY,
        start: Sequence[float] | None = None,
        nodes: int | None = None,
        searches: str = "all",
        relaxed: bool = False,
    ) -> Solved:
        """Minimise.

        Args:
            work: What may still be spent; nothing is asked where writing the model would take all of it.
            seconds: Time limit, > 0; effort is better limited by `nodes`, which no machine changes.
            target: Stop at the first solution this good.
            start: A feasible value of every column to begin from.
            nodes: Branches to look at, at most; unlike time this does not depend on the machine.
            searches: Smaller models it may solve to find solutions early: "all"; "around", those around a
                solution it has; or "none". They find one where there are many; where there is none they cost
                more than hundreds of branches.
        """
        import highspy

        entries = sum(len(row[2]) for row in self.rows)
        size = len(self.rows) + len(self.lower)
        if work.left < 2 * PER_ROW * size:
            return Solved("limit", (), -INFINITY)
        work.take(PER_ROW * size)
        whole = any(self.whole) and not relaxed
        search = PER_SEARCH * entries**2
        if searches == "all" and work.left < search:
            searches = "none"
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, setting in (
            ("output_flag", False),
            ("log_to_console", False),
            ("threads", 1),
            ("random_seed", 1),
            ("objective_target", target),
            ("time_limit", max(seconds, 0.01)),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 1e-9),
            ("mip_feasibility_tolerance", 1e-9),
            ("primal_feasibility_tolerance", 1e-9),
            ("dual_feasibility_tolerance", 1e-9),
        ):
            solver.setOptionValue(option, setting)
        # A jump to whole numbers from nowhere: half of the time of an easy model, of no use in any.
        solver.setOptionValue("mip_heuristic_run_feasibility_jump", False)
        solver.setOptionValue("mip_heuristic_run_rens", searches == "all")
        if searches == "none":
            solver.setOptionValue("mip_heuristic_run_rins", False)
            solver.setOptionValue("mip_heuristic_run_root_reduced_cost", False)
            solver.setOptionValue("mip_heuristic_effort", 0.0)
        if nodes is not None:
            solver.setOptionValue("mip_max_nodes", nodes)
        solver.passModel(_compact(self, relaxed=relaxed))
        if start is not None:
            begin = highspy.HighsSolution()
            begin.col_value = list(start)
            solver.setSolution(begin)
        if whole:
            each = self._call(entries)
            if searches == "all":
                work.take(search)
            asked = _stop_after(solver, work.left / each)
        else:
            each, asked = 0.0, [0]
            limit = int(work.left / (PER_ITERATION + PER_CELL * size)) + 1
            solver.setOptionValue("simplex_iteration_limit", limit)
        solver.run()
        # Half: to end in time it is stopped as if each took twice what it takes.
        work.take(max(_taken(solver, size), asked[0] * each / 2))
        if solver.getModelStatus() == highspy.HighsModelStatus.kSolveError:
            # Now and then its own repair of a solution fails under a tolerance this fine; claims are judged
            # exactly anyway.
            solver.setOptionValue("mip_feasibility_tolerance", 1e-6)
            solver.clearSolver()
            solver.run()
            work.take(_taken(solver, size))
        status = solver.getModelStatus()
        info = solver.getInfo()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solved("infeasible", (), INFINITY)
        columns = tuple(solver.getSolution().col_value) if info.primal_solution_status == 2 else ()
        bound = info.mip_dual_bound if whole else info.objective_function_value
        if not whole and status != highspy.HighsModelStatus.kOptimal:
            return Solved("limit", (), -INFINITY)
        name = "optimal" if status == highspy.HighsModelStatus.kOptimal else "limit"
        duals = () if whole else tuple(solver.getSolution().row_dual)
        return Solved(name, columns, bound, duals)


def _stop_after(solver: Any, calls: float) -> list[int]:
    """Let a whole-number solver end after it asked so many times whether to go on: no clock is read.

    Returns:
        A list whose only entry counts on while it runs.
    """
    asked = [0]

    def ask(event: Any) -> None:
        asked[0] += 1
        if asked[0] > calls:
            event.interrupt()

    solver.cbMipInterrupt += ask
    return asked


def _taken(solver: Any, size: int) -> float:
    """Return what the last run took."""
    return float(solver.getInfo().simplex_iteration_count * (PER_ITERATION + PER_CELL * size))


def _compact(model: LinearModel, *, relaxed: bool = False) -> Any:
    """Return a model as the solver takes it."""
    import highspy
    import numpy as np

    made = highspy.HighsLp()
    made.num_col_, made.num_row_ = len(model.lower), len(model.rows)
    made.col_cost_ = np.array(model.cost)
    made.col_lower_, made.col_upper_ = np.array(model.lower), np.array(model.upper)
    if not relaxed:
        made.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
            for whole in model.whole
        ]
    made.row_lower_ = np.array([row[0] for row in model.rows])
    made.row_upper_ = np.array([row[1] for row in model.rows])
    made.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    made.a_matrix_.start_ = np.cumsum([0] + [len(row[2]) for row in model.rows])
    made.a_matrix_.index_ = np.array([c for row in model.rows for c in row[2]], dtype=np.int32)
    made.a_matrix_.value_ = np.array([v for row in model.rows for v in row[2].values()], dtype=float)
    return made


class Relaxed:
    """A linear programme that is asked again and again with other bounds and costs.

    The simplex goes on from where it last stood, so a question takes a fraction of a millisecond. The answer
    depends on the questions before it, which are the same for the same input.
    """

    def __init__(self, model: LinearModel, work: Work) -> None:
        """Take the model over; whole columns may be divided here.

        Args:
            model: As it is written.
            work: What may still be spent. Where it is over, questions remain without an answer (`cut_off`).
        """
        import highspy
        import numpy as np

        self.asked, self.work, self.cut_off = 0, work, False
        self._size = len(model.lower) + len(model.rows)
        work.take(PER_ROW * self._size)
        self._count = len(model.lower)
        self._every = np.arange(self._count, dtype=np.int32)
        self._solver = solver = quiet(highspy)
        solver.passModel(_compact(model, relaxed=True))
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._limit = highspy.HighsModelStatus.kIterationLimit

    def costs(self, cost: Sequence[float]) -> None:
        """Minimise other costs from now on."""
        import numpy as np

        self._solver.changeColsCost(self._count, self._every, np.asarray(cost, dtype=float))

    def bounds(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        """Hold every column between other bounds from now on."""
        import numpy as np

        self._solver.changeColsBounds(
            self._count, self._every, np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        )

    def upper(self, column: int, upper: float) -> None:
        """Hold one column, from 0, under another bound from now on."""
        self._solver.changeColBounds(column, 0.0, upper)

    def row(self, row: int, lower: float, upper: float) -> None:
        """Hold one row between other bounds from now on."""
        self._solver.changeRowBounds(row, lower, upper)

    def add(self, lower: float, terms: Mapping[int, float]) -> None:
        """Add that the sum of some terms is at least something, from now on."""
        import numpy as np

        at = np.array(list(terms), dtype=np.int32)
        self._solver.addRow(lower, INFINITY, len(at), at, np.array(list(terms.values()), dtype=float))

    def value(self) -> float:
        """Return what the last solution costs."""
        return float(self._solver.getInfo().objective_function_value)

    def solve(self) -> list[float] | None:
        """Return the columns that cost least, None where nothing is allowed."""
        self.asked += 1
        each = PER_ITERATION + PER_CELL * self._size
        if self.work.left < each:
            self.cut_off = True
            return None
        self._solver.setOptionValue("simplex_iteration_limit", int(self.work.left / each) + 1)
        self._solver.run()
        self.work.take(
            QUESTION + PER_CELL * self._size * 4 + self._solver.getInfo().simplex_iteration_count * each
        )
        self.cut_off = self._solver.getModelStatus() == self._limit
        if self._solver.getModelStatus() != self._optimal:
            return None
        return list(self._solver.getSolution().col_value)


def quiet(highspy: Any) -> Any:
    """Return a simplex that says nothing and always does the same."""
    solver = highspy.Highs()
    for option, setting in (
        ("output_flag", False),
        ("log_to_console", False),
        ("threads", 1),
        ("random_seed", 1),
        ("presolve", "off"),
        ("primal_feasibility_tolerance", 1e-9),
        ("dual_feasibility_tolerance", 1e-9),
    ):
        solver.setOptionValue(option, setting)
    return solver
