"""The best plan where several budgets couple: a mixed-integer model, every claim re-checked exactly.

The convex miss of an instrument is replaced by its chords between neighbouring whole values, which is no
approximation: at whole steps the chords are the miss. A first feasible plan bounds how far any instrument
of a better one can be from its target, so few chords are needed. The merged problem, one budget for all,
gives an exact lower bound; when the plan meets it, no solver is asked at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from time import monotonic

from steelyard.engines.planning.household.changes.fewest_trades import fewest_trades
from steelyard.engines.planning.household.changes.filled import filled
from steelyard.engines.planning.household.changes.first_plan import first_plan
from steelyard.engines.planning.household.household import (
    Change,
    Goal,
    Household,
    Position,
    by_goal,
    feasible,
    missed,
    most_raised,
    settle,
    traffic,
    unchanged,
    values,
    without_choice,
)
from steelyard.engines.planning.household.models.linear_model import LinearModel
from steelyard.engines.planning.household.totals.budget_model import BudgetModel
from steelyard.engines.planning.household.totals.listed_totals import (
    FEW_POSITIONS,
    Listed,
    best_totals,
    listable,
)
from steelyard.engines.planning.household.work import PER_WRITTEN
from steelyard.engines.planning.problem import AllocationProblem, Answer, Infeasible, Line

SECONDS = inf
"""No limit of time: effort is limited by counting, so that plans depend on no machine. Benchmarks set one."""

NODES = {1: 50_000, 2: 40}
"""Branches of the solver where totals cannot be listed, or none could be made up, by the power of the misses:
sums of sizes it settles fast, and with many equal totals the list does not."""

NODES_OF_FEW = 500
"""The same for few positions, where branches are fast."""

ROUNDS = 8
"""Times the solver is asked for a better plan, each with the chords that the last one lacked."""

ROUNDS_OF_MANY = 3
"""The same with many positions of whole shares, where it only betters a plan and proves none."""

AFTERWARDS = 0.3
"""Part of the work that the list of totals leaves for a descent and the solver."""

MEETS = Fraction(1, 10**9)
"""Value and bound meet when they are this close, relative to the value."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best change found, with its certificate.

    Attributes:
        change: Where every position ends.
        value: The objective it reaches, exact.
        bound: A lower bound: exact where the merged problem gives it, else the solver's.
        proven: They meet, or the solver finished its search (within its tolerance of 1e-9).
    """

    change: Change
    value: Fraction
    bound: Fraction
    proven: bool


def solve_household(
    problem: Household,
    merged: Callable[[AllocationProblem], Answer],
    *,
    seconds: float = SECONDS,
    ranked: bool = True,
) -> Best:
    """Return the best allowed change of several accounts.

    Args:
        problem: Integers and fractions, see `Household`.
        merged: The exact one-budget search, for the bound.
        seconds: Time limit of it all.
        ranked: Among changes of equal objective look for the one with the fewest trades; with many positions
            that takes most of the time, and is of no use where another plan near this one is looked for.

    Returns:
        The change with the least objective; among changes that end with the same totals the one with
        the fewest trades, then the least turnover.

    Raises:
        Infeasible: Even the sales that raise the most leave an account, or the reserve, short.
    """
    end = monotonic() + seconds
    start = unchanged(problem)
    if settle(problem, start).short:
        start = most_raised(problem)
        settled = settle(problem, start)
        if settled.short:
            raise Infeasible(settled.short, settled.lacking)
    if _one_balance(problem):
        return _by_one_budget(problem, merged)
    changes, proven = [start], True
    bounds: list[Fraction] = []
    for choice in without_choice(problem):
        known = None if not bounds else missed(problem, changes[0])
        found, bound, finished = _search(choice, changes[0], merged, end, known, quick=not ranked)
        value = min(missed(problem, change) for change in (*changes, *found))
        changes = [c for c in (*changes, *found) if missed(problem, c) == value]
        bounds.append(bound)
        proven = proven and finished
    if ranked:
        changes = [_ranked(problem, change, end) for change in changes]
    best = min(changes, key=lambda change: (*traffic(problem, change), _by_symbol(problem, change)))
    value, bound = missed(problem, best), min(bounds)
    proven = proven or _meets(value, bound)
    return Best(best, value, value if proven else min(bound, value), proven)


def _search(
    problem: Household,
    start: Change,
    merged: Callable[[AllocationProblem], Answer],
    end: float,
    known: Fraction | None,
    *,
    quick: bool,
) -> tuple[tuple[Change, ...], Fraction, bool]:
    """Search a household whose caps leave no choice.

    Args:
        start: A change to begin with.
        known: What it misses where it is a change of another choice, which this one need only reach.
        quick: Any change of the least objective does.

    Returns:
        The best changes found, none if nothing reaches what is known; a lower bound; and whether nothing
        better than both is left.
    """
    found = Listed((), Fraction(0), False)
    if listable(problem):
        with problem.work.kept(AFTERWARDS):
            found = best_totals(problem, start, end, known=known, quick=quick)
    if found.proven and (found.changes or known is not None):
        return found.changes, found.bound, True
    best, bound, finished = _by_model(problem, found, start, merged, end)
    value = missed(problem, best)
    finished = finished or _meets(value, bound)
    ties: tuple[Change, ...] = ()
    if finished and listable(problem):
        ties = best_totals(problem, best, end, known=value, least=value).changes
    return (best, *ties), bound, finished


def _by_symbol(problem: Household, change: Change) -> list[int | Fraction]:
    """Return the last rank: most value in the symbol that sorts first comes first."""
    worth = values(problem, change)
    return [-worth[g] for g in sorted(range(len(worth)), key=lambda g: problem.goals[g].symbol)]


def _by_model(
    problem: Household,
    found: Listed,
    start: Change,
    merged: Callable[[AllocationProblem], Answer],
    end: float,
) -> tuple[Change, Fraction, bool]:
    """Search with the solver for what the list of totals left open."""
    if found.changes:
        best, bound = found.changes[0], found.bound
    else:
        # A descent from a plan that is filled already ends elsewhere, and of few positions often farther off.
        if len(problem.positions) > FEW_POSITIONS:
            start = filled(problem, start)
        best = first_plan(problem, start)
        # The descent looks at squares; it is only a start here, and may be worse than doing nothing.
        best = min((best, start), key=lambda change: missed(problem, change))
        bound = max(_merged_bound(problem, merged), found.bound)
    if _meets(missed(problem, best), bound):
        return best, bound, True
    if found.changes and len(problem.positions) > FEW_POSITIONS:
        # What is left are totals just below, which the solver could not settle one by one.
        return best, bound, False
    best, solver_bound, finished = _improve(problem, best, bound, end)
    return best, max(bound, solver_bound), finished


def _nodes(problem: Household) -> int:
    few = problem.power == 2 and len(problem.positions) <= FEW_POSITIONS
    return NODES_OF_FEW if few else NODES[problem.power]


def _meets(value: Fraction, bound: Fraction) -> bool:
    return value - bound <= MEETS * value


def _one_balance(problem: Household) -> bool:
    """Say whether one account pays for all, with one position a goal: then the merged problem is this one."""
    goals = [s.goal for s in problem.positions]
    return (
        len(problem.balances) == 1
        and not problem.spread
        and not problem.caps
        and not problem.idle
        and problem.power == 2
        and problem.most_trades is None
        and len(set(goals)) == len(goals)
        and bool(goals)
        and not any(s.parts or s.continuous for s in problem.positions)
    )


def _by_one_budget(problem: Household, merged: Callable[[AllocationProblem], Answer]) -> Best:
    """Return the best change where one budget is all there is, ranked to the end."""
    lines = []
    for position in problem.positions:
        goal = problem.goals[position.goal]
        lines.append(_line(problem, goal, [position]))
    budget = sum(problem.balances[0]) - problem.reserve
    answer = merged(AllocationProblem(tuple(lines), budget, problem.min_trade))
    traded = {s.goal for s in problem.positions}
    rest = sum(
        (problem.miss(g, Fraction(0)) for n, g in enumerate(problem.goals) if n not in traded), Fraction(0)
    )
    change = Change(answer.steps, answer.sold_out)
    return Best(change, answer.value + rest, answer.bound + rest, answer.proven)


def _line(problem: Household, goal: Goal, rows: list[Position]) -> Line:
    """Return the positions of a goal as one."""
    return Line(
        symbol=goal.symbol,
        price=rows[0].price,
        held=sum(s.held for s in rows),
        odd=sum(s.odd for s in rows),
        target=goal.target,
        divisor=goal.divisor,
        can_buy=any(s.can_buy for s in rows),
        can_sell=any(s.can_sell for s in rows),
        rate=problem.rate,
        floor=problem.floor,
        least_steps=sum(0 if s.can_sell else s.held for s in rows),
    )


def _merged_bound(problem: Household, merged: Callable[[AllocationProblem], Answer]) -> Fraction:
    """Return what one common budget could reach: a lower bound, 0 where merging would forbid too much."""
    lines = []
    if problem.power != 2:
        return Fraction(0)
    for goal, positions in zip(problem.goals, by_goal(problem), strict=True):
        rows = [problem.positions[k] for k in positions]
        if not rows:
            continue
        if any(s.odd and s.can_sell for s in rows) or any(s.continuous for s in rows):
            return Fraction(0)
        lines.append(_line(problem, goal, rows))
    empty = sum(
        (g.target**2 / g.divisor for g, k in zip(problem.goals, by_goal(problem), strict=True) if not k),
        Fraction(0),
    )
    budget = sum(sum(row) for row in problem.balances) - problem.reserve
    try:
        return merged(AllocationProblem(tuple(lines), budget)).bound + empty
    except Infeasible:
        return Fraction(0)


def _improve(problem: Household, best: Change, known: Fraction, end: float) -> tuple[Change, Fraction, bool]:
    """Search for a better change.

    Args:
        best: The incumbent.
        known: A lower bound that needs no proof: a change that reaches it ends the search.
        end: When to stop, on the monotonic clock.

    Returns:
        The best change, a lower bound, and whether the search finished.
    """
    slack, bound, finished = 0.0, Fraction(0), False
    model = BudgetModel(problem, best, missed(problem, best))
    weight = Fraction(model.weight)
    target = float(known) / model.weight * (1 + 1e-12)
    linear = _objective(model, best, slack)
    many = len(problem.positions) > FEW_POSITIONS and listable(problem)
    # Where trades have switches (least costs) only the widest search finds anything.
    searches = "around" if many and not (problem.floor or problem.min_trade) else "all"
    for _ in range(ROUNDS_OF_MANY if many else ROUNDS):
        left = end - monotonic()
        if left <= 0:
            break
        solved = linear.solve(
            work=problem.work, seconds=left, target=target, nodes=_nodes(problem), searches=searches
        )
        if solved.status == "infeasible":
            # No change is as good as the incumbent but the incumbent itself; with money held back that
            # is no proof.
            return best, max(bound, known) if slack else missed(problem, best), slack == 0.0
        if slack == 0.0 and solved.bound > -inf:
            bound = max(bound, Fraction(solved.bound) * weight)
        if not solved.columns:
            break
        found = model.change(solved)
        exact = missed(problem, found)
        good = feasible(problem, found)
        if good and exact < missed(problem, best):
            best = found
        worth = values(problem, found)
        fresh = [
            model.cut(goal, Fraction(value) + shift)
            for goal, value in enumerate(worth)
            if model.goals[goal]
            for shift in model.around(goal)
        ]
        if any(fresh) and exact > Fraction(solved.bound) * weight * (1 + MEETS):
            continue
        if _meets(missed(problem, best), known):
            break
        if not good:
            # The solver overspent within its tolerance: ask again with that much less money.
            slack = 1e-6 if slack == 0.0 else slack * 4
            linear = _objective(model, best, slack)
            continue
        finished = solved.status == "optimal" and slack == 0.0
        break
    return best, min(bound, missed(problem, best)), finished


def _objective(model: BudgetModel, best: Change, slack: float) -> LinearModel:
    """Write the model that minimises the miss among changes at least as good as the best one."""
    problem = model.problem
    linear = model.build(
        missed(problem, best), binaries=bool(problem.floor or problem.min_trade), slack=slack
    )
    problem.work.take(PER_WRITTEN * len(linear.rows))
    for column in (*model.miss, *([] if model.idle is None else [model.idle])):
        linear.cost[column] = 1.0
    return linear


def _ranked(problem: Household, best: Change, end: float) -> Change:
    """Return the change with the same totals and the fewest trades found, then the least turnover."""
    if not any(position.continuous for position in problem.positions):
        best = fewest_trades(problem, best)
        if len(problem.positions) > FEW_POSITIONS:
            return best
    return _ranked_by_model(problem, best, end)


def _ranked_by_model(problem: Household, best: Change, end: float) -> Change:
    """Let the solver find the change with the same totals, fewest trades, then least turnover, by `end`."""
    if all(_needless(problem, stage, best) for stage in ("trades", "turnover")):
        return best
    worth = values(problem, best)
    model = BudgetModel(problem, best, missed(problem, best))
    linear = model.build(missed(problem, best), binaries=True)
    for goal, value in enumerate(worth):
        if model.goals[goal]:
            terms, constant = model.worth_of(goal)
            linear.row(terms, value / model.unit - constant, value / model.unit - constant)
    switches = {s: 1.0 for used in model.used for s in used}
    for stage in ("trades", "turnover"):
        linear.cost = [0.0] * len(linear.cost)
        for column in switches if stage == "trades" else ():
            linear.cost[column] = 1.0
        for index, (bought, sold) in enumerate(model.moved if stage == "turnover" else ()):
            price = problem.positions[index].price * model.size(index) / model.unit
            linear.cost[bought] = linear.cost[sold] = price
        left = end - monotonic()
        if left <= 0 or _needless(problem, stage, best):
            break
        solved = linear.solve(work=problem.work, seconds=left, nodes=_nodes(problem))
        if not solved.columns:
            break
        found = model.change(solved)
        if feasible(problem, found):
            same = missed(problem, found) <= missed(problem, best)
            if same and traffic(problem, found) < traffic(problem, best):
                best = found
        linear.row(switches, upper=float(traffic(problem, best)[0]))
    return best


def _needless(problem: Household, stage: str, best: Change) -> bool:
    """Say whether a rank cannot be improved: one trade an instrument, none against another."""
    sides: dict[int, set[bool]] = {}
    trades = 0
    for k, position in enumerate(problem.positions):
        amount = problem.amount(position, best.steps[k], best.sold_out[k])
        if amount:
            trades += 1
            sides.setdefault(position.goal, set()).add(amount > 0)
    if stage == "turnover":
        return all(len(x) == 1 for x in sides.values())
    return trades == len(sides)
