"""Among plans of equal objective the one that sells least where sales are taxed, then the fewest trades.

What an instrument is worth over all accounts decides the objective; in which account it is sold does not. So
there is a choice, and it is made for the accounts whose sales are not taxed. The objective is frozen, then
the taxed sales, then the number of trades, then the turnover; every claim is checked in exact numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from time import monotonic

from steelyard.engines.allocation.household.budget_model import BudgetModel
from steelyard.engines.allocation.household.household import (
    Change,
    Household,
    feasible,
    missed,
    traffic,
    values,
)
from steelyard.engines.allocation.household.linear_model import LinearModel

SECONDS = 2.0
"""A backstop; such a question takes milliseconds."""

ROUNDS = 8


def sold_where(problem: Household, change: Change, seats: Collection[int]) -> int:
    """Return the ticks that a change sells at some seats."""
    return sum(max(-problem.amount(problem.seats[k], change.steps[k], change.sold_out[k]), 0) for k in seats)


def shelter_first(
    problem: Household, best: Change, taxed: Collection[int], *, seconds: float = SECONDS
) -> Change:
    """Return a change with the same objective that sells least at the taxed seats.

    Args:
        problem: See there.
        best: An allowed change.
        taxed: Seats whose sales are taxed.
        seconds: Time limit; what was found by then is returned.

    Returns:
        Of equally little taxed selling the fewest trades, then the least turnover, totals frozen.
    """
    if not sold_where(problem, best, taxed):
        return best
    end = monotonic() + seconds
    less = _least_taxed(problem, best, taxed, end)
    if sold_where(problem, less, taxed) == sold_where(problem, best, taxed):
        return best  # ranked already
    return fewest_trades(problem, less, taxed, end=end)


def _least_taxed(problem: Household, best: Change, taxed: Collection[int], end: float) -> Change:
    """Return the change as good as the best one that sells least: with its totals, then with any."""
    model, linear = _same_totals(problem, best)
    sales = _sales(model, taxed)
    linear.cost = [sales.get(column, 0.0) for column in range(len(linear.lower))]
    solved = linear.solve(seconds=max(end - monotonic(), 0.01))
    if solved.columns:
        found = model.change(solved)
        if feasible(problem, found) and values(problem, found) == values(problem, best):
            best = min(best, found, key=lambda change: sold_where(problem, change, taxed))
    value = missed(problem, best)
    # Where nothing is missed the totals are the targets, and there are no others as good.
    return _any_totals(problem, best, taxed, end) if value and sold_where(problem, best, taxed) else best


def _any_totals(problem: Household, best: Change, taxed: Collection[int], end: float) -> Change:
    value = missed(problem, best)
    model = BudgetModel(problem, best, value)
    linear = model.build(value, binaries=True)
    linear.row(dict.fromkeys(model.objective(), 1.0), upper=float(value) / model.weight * (1 + 1e-12))
    for column, amount in _sales(model, taxed).items():
        linear.cost[column] = amount
    for _ in range(ROUNDS):
        left = end - monotonic()
        if left <= 0:
            break
        solved = linear.solve(seconds=left)
        if not solved.columns:
            break
        found = model.change(solved)
        if feasible(problem, found) and missed(problem, found) <= value:
            return min(best, found, key=lambda change: sold_where(problem, change, taxed))
        # The model took a miss for less than it is: put in the chords it has not seen.
        fresh = [
            model.cut(goal, Fraction(worth) + shift)
            for goal, worth in enumerate(values(problem, found))
            if model.goals[goal]
            for shift in model.around(goal)
        ]
        if not any(fresh):
            break
    return best


def _same_totals(problem: Household, change: Change) -> tuple[BudgetModel, LinearModel]:
    """Return the model of all changes that end with the same worth of every instrument."""
    model = BudgetModel(problem, change, missed(problem, change))
    linear = model.build(missed(problem, change), binaries=True)
    for goal, worth in enumerate(values(problem, change)):
        if model.goals[goal]:
            terms, constant = model.worth_of(goal)
            linear.row(terms, worth / model.unit - constant, worth / model.unit - constant)
    return model, linear


def fewest_trades(
    problem: Household, best: Change, taxed: Collection[int], *, end: float, kept: Collection[int] = ()
) -> Change:
    """Return a change with the same totals and no more taxed sales, fewest trades, then least turnover.

    Args:
        problem, best, taxed: As for `shelter_first`.
        end: When to stop, on the monotonic clock.
        kept: Seats that sell exactly what they sell in `best`, because it was chosen lot by lot.
    """
    model, linear = _same_totals(problem, best)
    for k in kept:
        sold = max(problem.seats[k].held - best.steps[k], 0) / model.size(k)
        linear.row({model.moved[k][1]: 1.0}, sold, sold)
        if k in model.gone:
            linear.row({model.gone[k]: 1.0}, float(best.sold_out[k]), float(best.sold_out[k]))
    sales = _sales(model, taxed)
    if sales:
        linear.row(sales, upper=sold_where(problem, best, taxed) / model.unit + 1e-9)
    switches = {s: 1.0 for used in model.used for s in used}
    amounts = {
        column: problem.seats[k].price * model.size(k) / model.unit
        for k, columns in enumerate(model.moved)
        for column in columns
    }
    for stage, cost in enumerate((switches, amounts)):
        left = end - monotonic()
        if left <= 0:
            break
        linear.cost = [cost.get(column, 0.0) for column in range(len(linear.lower))]
        solved = linear.solve(seconds=left)
        if not solved.columns:
            break
        found = model.change(solved)
        same = feasible(problem, found) and values(problem, found) == values(problem, best)
        same = same and sold_where(problem, found, taxed) <= sold_where(problem, best, taxed)
        same = same and all(sold_where(problem, found, (k,)) == sold_where(problem, best, (k,)) for k in kept)
        if same and traffic(problem, found) < traffic(problem, best):
            best = found
        if stage == 0:
            linear.row(switches, upper=float(traffic(problem, best)[0]))
    return best


def _sales(model: BudgetModel, taxed: Collection[int]) -> dict[int, float]:
    """Return the terms of what is sold at some seats, in the model's unit."""
    terms: dict[int, float] = {}
    for k in taxed:
        seat = model.problem.seats[k]
        terms[model.moved[k][1]] = seat.price * model.size(k) / model.unit
        if k in model.gone:
            terms[model.gone[k]] = seat.odd / model.unit
    return terms
