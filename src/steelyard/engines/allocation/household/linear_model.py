"""A mixed-integer linear model, collected row by row and handed to HiGHS.

Only this module knows the solver. Same model, same options, same answer: one thread, fixed seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

INFINITY = float("inf")


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

    def solve(
        self,
        *,
        seconds: float,
        target: float = -INFINITY,
        start: Sequence[float] | None = None,
        nodes: int | None = None,
        searches: str = "all",
    ) -> Solved:
        """Minimise.

        Args:
            seconds: Time limit, > 0.
            target: Stop at the first solution this good.
            start: A feasible value of every column to begin from.
            nodes: Branches to look at, at most; unlike time this does not depend on the machine.
            searches: Smaller models it may solve to find solutions early: "all"; "around", those around a
                solution it has; or "none". They find one where there are many; where there is none they cost
                more than hundreds of branches.
        """
        import highspy
        import numpy as np

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
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.lower), len(self.rows)
        model.col_cost_ = np.array(self.cost)
        model.col_lower_, model.col_upper_ = np.array(self.lower), np.array(self.upper)
        model.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
            for whole in self.whole
        ]
        model.row_lower_ = np.array([row[0] for row in self.rows])
        model.row_upper_ = np.array([row[1] for row in self.rows])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0] + [len(row[2]) for row in self.rows])
        model.a_matrix_.index_ = np.array([c for row in self.rows for c in row[2]], dtype=np.int32)
        model.a_matrix_.value_ = np.array([v for row in self.rows for v in row[2].values()], dtype=float)
        solver.passModel(model)
        if start is not None:
            begin = highspy.HighsSolution()
            begin.col_value = list(start)
            solver.setSolution(begin)
        solver.run()
        status = solver.getModelStatus()
        info = solver.getInfo()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solved("infeasible", (), INFINITY)
        columns = tuple(solver.getSolution().col_value) if info.primal_solution_status == 2 else ()
        bound = info.mip_dual_bound if any(self.whole) else info.objective_function_value
        name = "optimal" if status == highspy.HighsModelStatus.kOptimal else "limit"
        duals = () if any(self.whole) else tuple(solver.getSolution().row_dual)
        return Solved(name, columns, bound, duals)
