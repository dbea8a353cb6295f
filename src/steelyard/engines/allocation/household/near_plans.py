"""Of the plans that are near enough to the nearest one, the one that costs least and asks least.

The stages (b) to (g) of contract section 3b. Where plans lie is known from the nearest one: in a ball
around the targets. Relaxed, the least tax and cost in that ball is a bound; sets of few trades are searched
for within it (`sparse_search`), each is made whole (`ChoiceModel` with these trades only), and all that was
found is ranked in exact numbers (`ranks`). Few seats are searched to the end by whole-number models, one a
stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import ceil, inf, isqrt

from steelyard.engines.allocation.household.choice_model import ChoiceModel, Scope
from steelyard.engines.allocation.household.household import Change, Household, unchanged
from steelyard.engines.allocation.household.linear_model import Terms
from steelyard.engines.allocation.household.new_money_rows import spend
from steelyard.engines.allocation.household.ranks import (
    Judged,
    Peace,
    best_of,
    judge,
    limits,
    near_enough,
    next_purchase,
    permitted,
    restful,
)
from steelyard.engines.allocation.household.sparse_search import SparseSearch, Support
from steelyard.engines.allocation.household.tax_columns import written
from steelyard.engines.allocation.household.taxation import Taxation

FEWEST_SEATS = 6
"""Up to so many seats every stage is searched to the end."""

FEW_SEATS = 16
"""Up to so many seats too, where there are few shares to move."""

FEW_BITS = 40
"""Binary digits of all the counts that may trade, up to which shares are few."""

BRANCHES = 2000
"""Branches of the solver for one question, where everything is searched."""

SOME_BRANCHES = 100
"""The same where many seats are searched for the least tax and cost."""

INSIDE = 0.985
"""Part of the square of the distance within which a first answer is looked for."""

FEW_BRANCHES = 200
"""The same where a set of trades is made whole."""

MADE_WHOLE = 8
"""Sets of trades made whole, the smallest first."""

ROUNDS = 40
"""Times one question is asked, each with the lines that the last answer lacked."""

CASES = 27
"""Combinations of cases of the taxes that are looked at one by one."""

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


def best_near(problem: Household, taxation: Taxation | None, peace: Peace, nearest: Judged) -> Near:
    """Return the plan that ranks first among those near enough to the nearest one.

    Args:
        problem, taxation: What may be done.
        peace: How far from the nearest plan, and what makes accounts restful.
        nearest: The nearest plan, as far as it is known; it is near enough itself.
    """
    search = _Search(problem, taxation, peace, nearest)
    return search.run(restful=bool(peace.accept) and not peace.relocate)


class _Search:
    """All plans found so far, and the questions that find more."""

    def __init__(self, problem: Household, taxation: Taxation | None, peace: Peace, nearest: Judged) -> None:
        self.problem, self.taxation, self.peace, self.nearest = problem, taxation, peace, nearest
        self.unit = float(peace.total) / 1000 or 1.0
        self.found: dict[tuple[Change, tuple[tuple[Fraction, ...], ...]], Judged] = {}
        self.rest = False
        self.ties = not peace.accept
        # Rounded up by a millionth of a tick: what lies in between is judged exactly.
        root = Fraction(isqrt(int((nearest.square + peace.apart) * 10**12)) + 1, 10**6)
        self.square = float((root + peace.accept) ** 2 - peace.apart)
        self.ranges = self._ranges()

    def _ranges(self) -> tuple[tuple[Fraction, Fraction], ...]:
        if self.ties:
            return self._tied()
        radius = Fraction(isqrt(int(self.square)) + 1)
        rows = []
        for goal, limit in zip(
            self.problem.goals, limits(self.peace, self.nearest, len(self.problem.goals)), strict=True
        ):
            low, high = max(goal.target - radius, Fraction(0)), goal.target + radius
            rows.append((low, high) if limit is None else (max(low, limit[0]), min(high, limit[1])))
        return tuple(rows)

    def _tied(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Return where goals lie in plans of the same objective; of many seats only the same totals."""
        if len(self.problem.seats) > FEW_SEATS:
            return tuple((Fraction(v), Fraction(v)) for v in self.nearest.worth)
        rows = []
        for goal in self.problem.goals:
            reach = ceil(self.nearest.miss * goal.divisor) + 1
            away = isqrt(reach) + 1 if self.problem.power == 2 else reach
            rows.append((max(goal.target - away, Fraction(0)), goal.target + away))
        return tuple(rows)

    def run(self, *, restful: bool) -> Near:
        self.rest = restful
        self.found = {}
        for change in (self.nearest.change, unchanged(self.problem)):
            self._consider(change, None)
        relaxed = self._relaxed()
        if not relaxed and restful:
            return self.run(restful=False)  # no restful plan is near enough, not even in fractions of a share
        bound = min((value for value, _ in relaxed), default=-inf)
        if self._few():
            return self._to_the_end(bound)
        most = bound + self._tolerance()
        for value, cases in relaxed:
            if value <= most:
                self._few_trades(cases, most)
        if not any(float(p.effort) <= most * self.unit for p in self.found.values()):
            bound = max(bound, self._cheapest(relaxed))
        if not self.found and restful:
            return self.run(restful=False)
        return self._result(bound)

    def _few(self) -> bool:
        """Say whether there is so little to choose that every stage can be searched to its end at once."""
        if len(self.problem.seats) <= FEWEST_SEATS or len(self.problem.seats) > FEW_SEATS:
            return len(self.problem.seats) <= FEWEST_SEATS
        most = self._model(whole=False, cases=(0,) * self._taxes()).at.most
        return sum((n + 1).bit_length() for n in most.values()) <= FEW_BITS

    def _taxes(self) -> int:
        return len(self.taxation.taxes) if self.taxation is not None else 0

    def _result(self, bound: float) -> Near:
        plan = best_of(self.problem, self.peace, self.found.values())
        least = min(p.effort for p in self.found.values())
        exact = min(Fraction(bound * self.unit) if bound > -inf else least, least)
        proven = bound > -inf and least - exact <= self.peace.tolerance
        return Near(plan, exact, proven)

    def _tolerance(self) -> float:
        return float(self.peace.tolerance) / self.unit

    # What is found.

    def _consider(self, change: Change, wanted: Sequence[Sequence[float]] | None) -> Judged | None:
        """Judge a change, new money spent; keep it where it is near enough, and restful if it must be."""
        problem, taxation = self.problem, self.taxation
        plan = judge(problem, taxation, change, wanted)
        if not permitted(problem, taxation, plan):
            return None
        while self.peace.new_money:
            more = next_purchase(problem, taxation, plan)
            if more is None:
                break
            plan = more
        if self.rest and not restful(problem, self.peace, plan.change):
            return None
        if not near_enough(problem, taxation, self.peace, self.nearest, plan):
            return None
        return self.found.setdefault((plan.change, plan.sold), plan)

    # Questions.

    def _model(
        self,
        *,
        whole: bool,
        sides: Support | None = None,
        switches: bool = False,
        cases: tuple[int, ...] | None = None,
        part: float = 1.0,
    ) -> ChoiceModel:
        least = bool(self.problem.floor or self.problem.min_trade or self.problem.most_trades is not None)
        scope = Scope(
            self.ranges,
            sides=sides,
            whole=whole,
            switches=switches or (whole and least),
            restful=self.rest,
            paying=self.peace.paying,
            cases=cases,
        )
        model = written(self.problem, self.taxation, scope, self.unit)
        if not self.ties:
            near = self.square / self.unit**2 * (1 + HAIR) * part
            model.linear.row(dict.fromkeys(model.at.square, 1.0), upper=near)
        elif any(low != high for low, high in self.ranges):
            miss = float(self.nearest.miss) / self.unit**self.problem.power
            model.linear.row(model.miss(), upper=miss * (1 + HAIR) + HAIR * HAIR)
        if self.problem.most_trades is not None and model.at.switch:
            model.linear.row(dict.fromkeys(model.at.switch.values(), 1.0), upper=self.problem.most_trades)
        return model

    def _relaxed(self) -> list[tuple[float, tuple[int, ...]]]:
        """Return a bound of tax and cost by combination of the taxes' cases, the least first."""
        taxes = self.taxation.taxes if self.taxation is not None else ()
        found = []
        for cases in islice(product(*(range(len(a)) for a in taxes)), CASES):
            model = self._model(whole=False, cases=cases)
            least = SparseSearch(model).least(model.effort())
            if least < inf:
                found.append((least, cases))
        return sorted(found)

    def _cheapest(self, relaxed: list[tuple[float, tuple[int, ...]]]) -> float:
        """Let whole numbers find the least tax and cost, then few trades within it; return a bound of it."""
        if self.problem.floor and self.found:
            # Least costs make each trade a choice, and whole numbers slow: few trades are cheap ones.
            for _, cases in relaxed[:1]:
                self._few_trades(cases, inf)
            return -inf
        least = min((value for value, _ in relaxed), default=-inf) + self._tolerance()
        bound = -inf
        for part in (INSIDE, 1.0):
            # A little inside the ball the first answer holds; on its edge each lacks some lines.
            model = self._model(whole=True, part=part)
            effort = model.effort()
            value, _ = self._ask(model, effort or model.turnover(), SOME_BRANCHES)
            bound = value if effort and part == 1.0 else bound
            if self.found and float(min(p.effort for p in self.found.values())) <= least * self.unit:
                break
        if not effort or not self.found:
            return bound if effort else 0.0
        most = float(min(p.effort for p in self.found.values())) / self.unit + self._tolerance()
        for value, cases in relaxed:
            if value <= most:
                self._few_trades(cases, most)
        return bound

    def _few_trades(self, cases: tuple[int, ...], most: float) -> None:
        """Search for few trades within some tax and cost, and make the fewest whole."""
        model = self._model(whole=False, cases=cases)
        effort = model.effort()
        if effort and most < inf:
            model.linear.row(effort, upper=most + HAIR)
        supports = SparseSearch(model).supports()
        for made, support in enumerate(supports):
            if made >= MADE_WHOLE:
                break
            fewest = min(
                (p.trades for p in self.found.values() if p.effort <= most * self.unit), default=len(support)
            )
            if len(support) > fewest:
                break
            self._make_whole(support, cases, most)

    def _make_whole(self, support: Support, cases: tuple[int, ...], most: float) -> None:
        model = self._model(whole=True, sides=support, cases=cases)
        effort = model.effort()
        if effort and most == inf:
            most, _ = self._ask(model, effort, FEW_BRANCHES)
            most += self._tolerance()
        if effort and abs(most) < inf:
            model.linear.row(effort, upper=most + HAIR)
        for level in self.peace.places:
            terms = model.place(level)
            if terms:
                value, proven = self._ask(model, terms, FEW_BRANCHES)
                if proven:
                    model.linear.row(terms, upper=value + HAIR)
        self._ask(model, model.miss(), FEW_BRANCHES)

    def _ask(self, model: ChoiceModel, aim: Terms, branches: int) -> tuple[float, bool]:
        """Solve a model, with the lines that its answers lack put in.

        Returns:
            A lower bound of the aim, and whether the search was complete.
        """
        model.aim(aim)
        slack = 0.0
        bound = -inf
        for _ in range(ROUNDS):
            solved = model.linear.solve(nodes=branches)
            if not slack:
                bound = max(bound, solved.bound)
            if not solved.columns:
                return bound, solved.status == "infeasible" and not slack
            change = model.change(solved.columns)
            plan = self._consider(change, model.lots(solved.columns))
            exact = judge(self.problem, self.taxation, change)
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
            if self.peace.new_money and permitted(self.problem, self.taxation, exact):
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

    def _to_the_end(self, bound: float) -> Near:
        """Search every stage with whole numbers: few seats take milliseconds each."""
        model = self._model(whole=True)
        if model.effort():
            value, proven = self._ask(model, model.effort(), BRANCHES)
            bound = max(bound, value)
            if proven and self.found:
                bound = min(float(p.effort) for p in self.found.values()) / self.unit
        else:
            self._ask(model, model.turnover(), BRANCHES)
        if not self.found:
            return self.run(restful=False)
        model = self._model(whole=True, switches=True)
        if model.effort():
            least = float(min(p.effort for p in self.found.values())) / self.unit
            model.linear.row(model.effort(), upper=least + self._tolerance() + HAIR)
        switches = dict.fromkeys(model.at.switch.values(), 1.0)
        self._ask(model, switches, BRANCHES)
        model.linear.row(switches, upper=self._best().trades)
        for level in self.peace.places:
            terms = model.place(level)
            if terms:
                value, _ = self._ask(model, terms, BRANCHES)
                model.linear.row(terms, upper=value + HAIR)
        self._ask(model, model.miss(), BRANCHES)
        miss = float(self._best().miss) / self.unit**self.problem.power
        model.linear.row(model.miss(), upper=miss * (1 + HAIR) + HAIR * HAIR)
        self._ask(model, model.turnover(), BRANCHES)
        return self._result(bound)

    def _best(self) -> Judged:
        return best_of(self.problem, self.peace, self.found.values())


def _grown(before: Change, after: Change) -> int:
    """Return the seat with one step more."""
    return next(k for k, (a, b) in enumerate(zip(before.steps, after.steps, strict=True)) if a != b)
