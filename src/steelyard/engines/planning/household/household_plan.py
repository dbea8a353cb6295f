"""The plan of a household: the nearest one with its proof, and the one to follow near it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from steelyard.engines.planning.household.household import Household
from steelyard.engines.planning.household.near_plans import best_near
from steelyard.engines.planning.household.nearest import Nearest, nearest
from steelyard.engines.planning.household.questions import FEW_POSITIONS
from steelyard.engines.planning.household.ranks import Judged, Leeway
from steelyard.engines.planning.household.taxation import Taxation
from steelyard.engines.planning.household.work import MOST, NEAREST, Work
from steelyard.engines.planning.problem import AllocationProblem, Answer


@dataclass(frozen=True, slots=True)
class HouseholdPlan:
    """What to do, and how sure that is.

    Attributes:
        nearest: The nearest plan, its bound and whether it is proven (stage a).
        plan: The plan to follow.
        effort_bound: A lower bound of tax and costs among plans near enough, ticks (stage b).
        effort_proven: Nothing near enough costs less by more than makes a difference.
    """

    nearest: Nearest
    plan: Judged
    effort_bound: Fraction
    effort_proven: bool


def plan_household(
    problem: Household,
    taxation: Taxation | None,
    leeway: Leeway,
    merged: Callable[[AllocationProblem], Answer],
) -> HouseholdPlan:
    """Return the plan to follow by contract section 3b.

    Args:
        problem, taxation: What may be done, and what it costs in tax.
        leeway: How far from the nearest plan it may stay for the sake of tax, cost and leeway.
        merged: The exact one-budget search, for bounds.

    Raises:
        Infeasible: No plan is permitted.
    """
    problem = replace(problem, work=Work(MOST * NEAREST))
    few = len(problem.positions) <= FEW_POSITIONS
    first = nearest(problem, taxation, merged, ranked=few or not leeway.accept)
    problem = replace(problem, work=Work(MOST * (1 - NEAREST) + max(problem.work.left, 0.0)))
    found = best_near(problem, taxation, leeway, first.plan)
    return HouseholdPlan(first, found.plan, found.bound, found.proven)
