"""The nearest plan that keeps every rule, wash sales and limits of tax included, with its bound.

A ban on buying what is sold at a loss exists only as long as the plan sells at a loss. So the nearest plan is
searched for without any ban first; where it washes a loss of its own, two plans are: one that does not buy
in that group of funds, and one that sells none of its losing lots. The nearer of them that washes nothing
is the nearest of all, and nothing was forbidden that its plan does not need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count

from steelyard.engines.planning.household.changes.filled import filled
from steelyard.engines.planning.household.changes.first_plan import first_plan
from steelyard.engines.planning.household.household import (
    ZERO,
    Change,
    Household,
    most_raised,
    settle,
    unchanged,
)
from steelyard.engines.planning.household.models.choice_columns import Scope
from steelyard.engines.planning.household.models.tax_columns import written
from steelyard.engines.planning.household.ranks import Judged, judge, permitted
from steelyard.engines.planning.household.taxation import Taxation, washes
from steelyard.engines.planning.household.totals.listed_totals import FEW_POSITIONS
from steelyard.engines.planning.household.totals.several_budgets import Best, solve_household
from steelyard.engines.planning.problem import AllocationProblem, Answer, Infeasible

BRANCHINGS = 24
"""Plans made to settle which funds are sold at a loss and which are bought."""

NODES = 500
"""Branches of the solver where the model itself has to find the nearest plan."""

ROUNDS = 40
"""Times the model is asked, each with the lines that the last answer lacked."""

MEETS = Fraction(1, 10**9)

FINEST = 1e-7
"""Part of all money by which value and bound of divided shares may differ: a cent of a hundred thousand."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest plan known.

    Attributes:
        plan: Permitted.
        bound: A lower bound of the objective.
        proven: No permitted plan is nearer.
    """

    plan: Judged
    bound: Fraction
    proven: bool


def nearest(
    problem: Household,
    taxation: Taxation | None,
    merged: Callable[[AllocationProblem], Answer],
    *,
    ranked: bool = True,
) -> Nearest:
    """Return the permitted plan with the least objective.

    Args:
        problem, taxation: What may be done, and the tax and its limits.
        merged: The exact one-budget search, for bounds.
        ranked: See `solve_household`.

    Raises:
        Infeasible: No plan is permitted; nothing is short where only a limit of tax or gain forbids.
    """
    known = [plan for plan in (_start(problem, taxation),) if plan is not None]
    if problem.mixed or problem.most_trades is not None:
        return _by_model(problem, taxation, known, ZERO)
    if taxation is None:
        best = solve_household(problem, merged, ranked=ranked)
        return Nearest(judge(problem, None, best.change), best.bound, best.proven)
    found = _Branching(problem, taxation, merged, ranked).run(known)
    if found is not None:
        return found
    best = solve_household(problem, merged, ranked=False)
    return _by_model(problem, taxation, known, best.bound)


def _start(problem: Household, taxation: Taxation | None) -> Judged | None:
    """Return a permitted plan that takes no search: nothing, or what raises money; None without."""
    start = unchanged(problem)
    if settle(problem, start).short:
        start = most_raised(problem)
        settled = settle(problem, start)
        if settled.short:
            raise Infeasible(settled.short, settled.lacking)
    plan = judge(problem, taxation, start)
    return plan if permitted(problem, taxation, plan) else None


class _Branching:
    """Plans under different answers to what is bought and what is sold at a loss, the least bound first."""

    def __init__(
        self,
        problem: Household,
        taxation: Taxation,
        merged: Callable[[AllocationProblem], Answer],
        ranked: bool,
    ) -> None:
        self.ranked = ranked
        self.problem, self.taxation, self.merged = problem, taxation, merged
        self.waiting: list[tuple[Fraction, int, Best, Household, tuple[int, ...]]] = []
        self.serial = count()

    def run(self, known: list[Judged]) -> Nearest | None:
        """Return the nearest plan, None where limits of tax or gain stand in the way of what was found."""
        best = min(known, key=lambda p: p.miss, default=None)
        self._ask(self.problem, (0,) * len(self.problem.positions))
        proven, bound = True, ZERO
        for _ in range(BRANCHINGS):
            if not self.waiting or (best is not None and self.waiting[0][0] >= best.miss):
                break
            lowest, _, found, problem, kept = heappop(self.waiting)
            bound = max(bound, lowest)
            steps = tuple(n + k for n, k in zip(found.change.steps, kept, strict=True))
            change = Change(steps, found.change.sold_out)
            plan = judge(self.problem, self.taxation, change)
            if permitted(self.problem, self.taxation, plan):
                proven = proven and (found.proven or plan.miss - found.bound <= MEETS * plan.miss)
                if best is None or plan.miss < best.miss:
                    best = plan
                continue
            group = next((g for g in self.taxation.wash if self._washes(plan, g)), None)
            if group is None:
                return None
            self._ask(self._without_buying(problem, group), kept)
            self._ask(*self._without_losses(problem, kept, group))
        if best is None:
            return None
        open_ = self.waiting[0][0] if self.waiting else best.miss
        proven = proven and open_ >= best.miss
        return Nearest(best, best.miss if proven else min(max(bound, ZERO), open_, best.miss), proven)

    def _washes(self, plan: Judged, group: tuple[int, ...]) -> bool:
        return washes(self.problem, self.taxation, plan.change, plan.sold, group)

    def _ask(self, problem: Household, kept: tuple[int, ...]) -> None:
        try:
            best = solve_household(problem, self.merged, ranked=self.ranked)
        except Infeasible:
            if problem is self.problem:
                raise
            return
        heappush(self.waiting, (best.bound, next(self.serial), best, problem, kept))

    def _without_buying(self, problem: Household, group: tuple[int, ...]) -> Household:
        positions = tuple(
            replace(s, can_buy=s.can_buy and k not in group) for k, s in enumerate(problem.positions)
        )
        return replace(problem, positions=positions)

    def _without_losses(
        self, problem: Household, kept: tuple[int, ...], group: tuple[int, ...]
    ) -> tuple[Household, tuple[int, ...]]:
        """Return the household that cannot sell the losing lots of a group: their steps are no part of it."""
        for k in group:
            sellable = ZERO
            for lot in self.taxation.lots[k]:
                if lot.gain >= 0:
                    sellable += lot.steps
                elif self.taxation.ordered[k]:
                    break
            else:
                if all(lot.gain >= 0 for lot in self.taxation.lots[k]):
                    continue
            stay = self.problem.positions[k].held - int(sellable) - kept[k]
            if stay > 0:
                problem = _keep(problem, k, stay)
                kept = tuple(n + (stay if i == k else 0) for i, n in enumerate(kept))
        return problem, kept


def _keep(problem: Household, k: int, steps: int) -> Household:
    """Return a household in which some steps of a position, and its odd fraction, cannot be sold."""
    position = problem.positions[k]
    worth = steps * position.price + position.odd
    positions = list(problem.positions)
    positions[k] = replace(position, held=position.held - steps, odd=0)
    goals = list(problem.goals)
    goals[position.goal] = replace(goals[position.goal], target=goals[position.goal].target - worth)
    caps = tuple(
        replace(
            cap,
            counted=cap.counted + (worth if k in cap.positions else 0),
            other=cap.other + (0 if k in cap.positions else worth),
        )
        if cap.account == position.account
        else cap
        for cap in problem.caps
    )
    return replace(problem, positions=tuple(positions), goals=tuple(goals), caps=caps)


def _by_model(problem: Household, taxation: Taxation | None, known: list[Judged], least: Fraction) -> Nearest:
    """Let the model find the nearest plan: several funds a goal, limits of tax, gain or trades."""
    for plan in tuple(known) if len(problem.positions) > FEW_POSITIONS else ():
        grown = judge(problem, taxation, filled(problem, plan.change))
        known += [grown] if permitted(problem, taxation, grown) else []
    best = min(known, key=lambda p: p.miss, default=None)
    if taxation is None and best is not None and problem.power == 2 and problem.most_trades is None:
        better = judge(problem, None, first_plan(problem, best.change))
        best = better if permitted(problem, None, better) else best
    money = sum(map(sum, problem.balances)) + sum(s.price * s.held + s.odd for s in problem.positions)
    unit = max(float(money) / 1000, 1.0)
    model = written(
        problem,
        taxation,
        Scope(_within_reach(problem, best, money), whole=True, switches=_switched(problem)),
        unit,
    )
    if problem.most_trades is not None:
        model.linear.row(dict.fromkeys(model.at.switch.values(), 1.0), upper=problem.most_trades)
    bound, slack, proven = least, 0.0, False
    weight = Fraction(unit) ** problem.power
    for _ in range(ROUNDS):
        model.aim(model.miss())
        solved = model.linear.solve(work=problem.work, nodes=NODES)
        if not slack and abs(solved.bound) < 1e300:
            bound = max(bound, Fraction(solved.bound) * weight)
        if not solved.columns:
            proven = solved.status == "infeasible" and not slack
            break
        change = model.change(solved.columns)
        plan = judge(problem, taxation, change, model.lots(solved.columns))
        good = permitted(problem, taxation, plan)
        if good and (best is None or plan.miss < best.miss):
            best = plan
        if best is not None and _as_good(problem, best, bound, money):
            proven = True
            break
        fresh = [model.cut(goal, worth) for goal, worth in enumerate(plan.worth)]
        modelled = Fraction(sum(solved.columns[c] * x for c, x in model.miss().items())) * weight
        if any(fresh) and plan.miss - modelled > MEETS * plan.miss:
            continue
        if good:
            proven = solved.status == "optimal" and not slack
            break
        more = 1e-6 if not slack else slack * 3
        model.hold_back(more)
        slack += more
    if best is None:
        raise Infeasible(ZERO)
    if proven and _as_good(problem, best, bound, money):
        return Nearest(best, min(bound, best.miss), True)
    proven = proven or best.miss - bound <= MEETS * best.miss
    return Nearest(best, best.miss if proven else min(bound, best.miss), proven)


def _as_good(problem: Household, best: Judged, bound: Fraction, money: int) -> bool:
    """Say whether divided shares are as near as the bound, but for less than a trade is rounded by.

    Where targets can be met in fractions, no count of billionths of a share meets them.
    """
    if problem.power != 2 or not any(position.continuous for position in problem.positions):
        return False
    divisor = max((float(g.divisor) for g in problem.goals), default=1.0)
    away = (float(best.miss) ** 0.5 - max(float(bound), 0.0) ** 0.5) * divisor**0.5
    return bool(away <= FINEST * max(money, 1))


def _switched(problem: Household) -> bool:
    return bool(problem.floor or problem.min_trade or problem.most_trades is not None)


def _within_reach(
    problem: Household, best: Judged | None, money: int
) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return where goals can lie in a plan no farther than the best one known."""
    rows = []
    for goal in problem.goals:
        low, high = ZERO, Fraction(max(money, 0))
        if best is not None and problem.power == 2 and not problem.idle:
            square = best.miss * goal.divisor
            away = Fraction(int(float(square) ** 0.5 * (1 + 1e-9)) + 1)
            low, high = max(low, goal.target - away), min(high, goal.target + away)
        rows.append((min(low, high), high))
    return tuple(rows)
