"""The plans found so far near the nearest one, and how the model of the household is asked for more.

Whatever a solver answers is judged in exact numbers, and new money spent, before it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import ceil, inf, isqrt

from steelyard.engines.planning.household.changes.purchases import spent
from steelyard.engines.planning.household.household import ZERO, Change, Household
from steelyard.engines.planning.household.models.choice_columns import Scope
from steelyard.engines.planning.household.models.choice_model import ChoiceModel
from steelyard.engines.planning.household.models.linear_model import Terms
from steelyard.engines.planning.household.models.new_money_rows import spend
from steelyard.engines.planning.household.models.sparse_search import SparseSearch, Support
from steelyard.engines.planning.household.models.tax_columns import written
from steelyard.engines.planning.household.ranks import (
    Judged,
    Leeway,
    best_of,
    judge,
    limits,
    near_enough,
    next_purchase,
    permitted,
    restful,
)
from steelyard.engines.planning.household.taxation import Taxation
from steelyard.engines.planning.household.work import PER_POSITION, PER_PURCHASE, PER_WRITTEN

FEW_POSITIONS = 16
"""Up to so many positions too, where there are few shares to move."""

ROUNDS = 40
"""Times one question is asked, each with the lines that the last answer lacked."""

WHOLE_MODELS = 160
"""Whole-number models of many positions solved in all for one plan, times the positions: with 24 of them one
takes some hundredths of a second, with 160 half a second."""

SEAT_BRANCHES = 2_000
"""Branches of one of them, times the positions."""

HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Near:
    """The plan to follow.

    Attributes:
        plan: The best of all near enough.
        bound: A lower bound of tax and costs among them, ticks.
        proven: No plan near enough costs less by more than makes a difference.
    """

    plan: Judged
    bound: Fraction
    proven: bool


MOST_PURCHASES, ALL_PURCHASES = 1000, 5000
"""Single steps by which the new money of one plan, and of all, is spent one after the other: counted work."""


class Questions:
    """All plans found so far, and the questions that find more."""

    def __init__(
        self, problem: Household, taxation: Taxation | None, leeway: Leeway, nearest: Judged
    ) -> None:
        self.problem, self.taxation, self.leeway, self.nearest = problem, taxation, leeway, nearest
        self.unit = float(leeway.total) / 1000 or 1.0
        self.found: dict[tuple[Change, tuple[tuple[Fraction, ...], ...]], Judged] = {}
        self.rest = False
        self.unknown = False  # something near enough was not looked at: there was no work left for it
        self.purchases = self.models = 0
        self.ties = not leeway.accept
        self.divided = any(position.continuous for position in problem.positions)
        self.search: SparseSearch
        self.limit: int | None = None
        # Rounded up by a millionth of a tick: what lies in between is judged exactly.
        root = Fraction(isqrt(int((nearest.square + leeway.apart) * 10**12)) + 1, 10**6)
        self.square = float((root + leeway.accept) ** 2 - leeway.apart)
        self.ranges = self._ranges()

    def _ranges(self) -> tuple[tuple[Fraction, Fraction], ...]:
        if self.ties:
            return self._tied()
        radius = Fraction(isqrt(int(self.square)) + 1)
        rows = []
        for goal, limit in zip(
            self.problem.goals, limits(self.leeway, self.nearest, len(self.problem.goals)), strict=True
        ):
            low, high = max(goal.target - radius, Fraction(0)), goal.target + radius
            rows.append((low, high) if limit is None else (max(low, limit[0]), min(high, limit[1])))
        return tuple(rows)

    def _tied(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Return where goals lie in plans of the same objective; of many positions only the same totals."""
        if len(self.problem.positions) > FEW_POSITIONS:
            return tuple((Fraction(v), Fraction(v)) for v in self.nearest.worth)
        rows = []
        for goal in self.problem.goals:
            reach = ceil(self.nearest.miss * goal.divisor) + 1
            away = isqrt(reach) + 1 if self.problem.power == 2 else reach
            rows.append((max(goal.target - away, Fraction(0)), goal.target + away))
        return tuple(rows)

    def result(self, bound: float) -> Near:
        """Return the best of what was found, with a bound of tax and costs in units."""
        # Where no work was left to look, the nearest plan may be all there is.
        found = tuple(self.found.values()) or (self.nearest,)
        plan = best_of(self.problem, self.leeway, found)
        least = min(p.effort for p in found)
        # Nothing is known where not even fractions have a solution (amounts beyond what floats tell),
        # nor where no work was left to ask: but that costs are no gain, and losses save less than they are.
        known = -inf < bound < inf
        exact = min(Fraction(bound * self.unit) if known else self._losses(), least)
        proven = known and least - exact <= self.leeway.tolerance
        return Near(plan, exact, proven)

    def _losses(self) -> Fraction:
        lots = chain.from_iterable(self.taxation.lots) if self.taxation is not None else ()
        return sum((min(lot.gain, ZERO) * lot.steps for lot in lots), ZERO)

    def tolerance(self) -> float:
        """Return what makes no difference, in units."""
        return float(self.leeway.tolerance) / self.unit

    def units(self, plan: Judged) -> float:
        """Return the tax and costs of a plan in units."""
        return float(plan.effort) / self.unit

    def least_found(self) -> float:
        """Return the least tax and costs found, in units, infinite without any."""
        return min((self.units(p) for p in self.found.values()), default=inf)

    def best(self) -> Judged:
        """Return the best plan found."""
        return best_of(self.problem, self.leeway, self.found.values())

    def consider(self, change: Change, wanted: Sequence[Sequence[float]] | None) -> Judged | None:
        """Judge a change, new money spent; keep it where it is near enough, and restful if it must be."""
        problem, taxation = self.problem, self.taxation
        problem.work.take(PER_POSITION * len(problem.positions))
        plan = judge(problem, taxation, change, wanted)
        if not permitted(problem, taxation, plan):
            return None
        if self.leeway.new_money:
            most = min(MOST_PURCHASES, ALL_PURCHASES - self.purchases)
            more, purchases = spent(problem, taxation, plan, most)
            problem.work.take(PER_PURCHASE * purchases * len(problem.balances))
            self.purchases += purchases
            if more is not None:
                plan = more
            elif change != self.nearest.change:
                # The nearest plan has spent its money; one that is so far from it is no near plan.
                return None
        if self.rest and not restful(problem, self.leeway, plan.change):
            return None
        if not near_enough(problem, taxation, self.leeway, self.nearest, plan):
            return None
        return self.found.setdefault((plan.change, plan.sold), plan)

    def model(
        self,
        *,
        whole: bool,
        sides: Support | None = None,
        switches: bool = False,
        cases: tuple[int, ...] | None = None,
        part: float = 1.0,
    ) -> ChoiceModel:
        """Return a model of the plans near enough, with some sides, in some cases of the taxes."""
        least = bool(self.problem.floor or self.problem.min_trade or self.problem.most_trades is not None)
        scope = Scope(
            self.ranges,
            sides=sides,
            whole=whole,
            switches=switches or (whole and least),
            restful=self.rest,
            paying=self.leeway.paying,
            cases=cases,
            every_case=not whole,
        )
        model = written(self.problem, self.taxation, scope, self.unit)
        self.problem.work.take(PER_WRITTEN * len(model.linear.rows))
        if not self.ties:
            near = self.square / self.unit**2 * (1 + HAIR) * part
            model.linear.row(dict.fromkeys(model.at.square, 1.0), upper=near)
        elif any(low != high for low, high in self.ranges):
            miss = float(self.nearest.miss) / self.unit**self.problem.power
            model.linear.row(model.miss(), upper=miss * (1 + HAIR) + HAIR * HAIR)
        if self.problem.most_trades is not None and model.at.switch:
            model.linear.row(dict.fromkeys(model.at.switch.values(), 1.0), upper=self.problem.most_trades)
        return model

    def ask(
        self, model: ChoiceModel, aim: Terms, branches: int, *, searches: str = "all"
    ) -> tuple[float, bool]:
        """Solve a model, with the lines that its answers lack put in.

        Returns:
            A lower bound of the aim, and whether the search was complete.
        """
        model.aim(aim)
        slack = 0.0
        bound = -inf
        positions = len(self.problem.positions)
        many = positions > FEW_POSITIONS and not self.divided
        for _ in range(ROUNDS):
            if many:
                if self.models * positions >= WHOLE_MODELS:
                    break
                branches = min(branches, max(SEAT_BRANCHES // positions, 10))
            self.models += 1
            solved = model.linear.solve(work=self.problem.work, nodes=branches, searches=searches)
            if not slack:
                bound = max(bound, solved.bound)
            if not solved.columns:
                return bound, solved.status == "infeasible" and not slack
            change = model.change(solved.columns)
            plan = self.consider(change, model.lots(solved.columns))
            exact = judge(self.problem, self.taxation, change)
            self.problem.work.take(PER_POSITION * positions)
            fresh = False
            for goal, worth in enumerate(exact.worth):
                away = float(worth - self.problem.goals[goal].target) / model.unit
                if solved.columns[model.at.square[goal]] < away * away - HAIR * max(1.0, away * away):
                    fresh = model.cut(goal, worth) or fresh
            squares = any(c in aim for c in model.at.square)
            spent = plan is not None and plan.change == change
            if spent and not (fresh and squares):
                return bound, solved.status == "optimal" and not slack
            if fresh:
                model.aim(aim)
                continue
            if self.leeway.new_money and permitted(self.problem, self.taxation, exact):
                more = next_purchase(self.problem, self.taxation, exact)
                if more is not None:
                    spend(model, _grown(exact.change, more.change))
                    model.aim(aim)
                    continue
            # The solver overspent within its tolerance: ask again with that much less money.
            more_slack = 1e-6 if not slack else slack * 3
            model.hold_back(more_slack)
            slack += more_slack
        return bound, False


def _grown(before: Change, after: Change) -> int:
    """Return the position with one step more."""
    return next(k for k, (a, b) in enumerate(zip(before.steps, after.steps, strict=True)) if a != b)
