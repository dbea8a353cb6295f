"""What the objective asks of a portfolio: the wanted value of every goal, and what is sold before all else.

The objectives themselves are records of `domain/objective`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from steelyard.app.planning.plan_request import PlanRequest
from steelyard.app.planning.tradables import Tradable
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio, Valuation


def wanted(
    portfolio: Portfolio, valuation: Valuation, request: PlanRequest
) -> dict[str, tuple[Fraction, Fraction | None]]:
    """Return wanted value and divisor of every goal, base currency.

    The divisor is None for a goal that the objective leaves out, see `Objective.divisor`.
    """
    above, below = valuation.managed.as_integer_ratio()
    held = goal_values(portfolio, {h.symbol: Fraction(h.value) for h in valuation.holdings})
    result: dict[str, tuple[Fraction, Fraction | None]] = {}
    for name, weight in request.targets.items():
        part, of = weight.as_integer_ratio()
        target = Fraction(part * above, of * below)
        result[name] = (
            target if part * above > 0 else Fraction(0),
            request.objective.divisor(target, held[name]),
        )
    return result


def goal_values(portfolio: Portfolio, values: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Return the value of every goal from the values of the instruments that count for it."""
    nothing = Fraction(0)
    return {
        goal.name: sum((Fraction(part) * values.get(s, nothing) for s, part in goal.parts.items()), nothing)
        if goal.is_class
        else values.get(goal.name, nothing)
        for goal in portfolio.goals
    }


def sold_first(one: Tradable, request: PlanRequest, portfolio: Portfolio, *, left_out: bool) -> bool:
    """Say whether this holding is sold out before anything else, see `Objective.sells_out_first`.

    Args:
        left_out: The objective counts no goal that it is part of.
    """
    may = one.traded and request.may_sell(one.account, one.symbol)
    if not request.objective.sells_out_first or not left_out or not may:
        return False
    cost = portfolio.costs.commission_of(one.worth)
    return one.worth > max(cost, ZERO) and one.worth >= portfolio.constraints.min_trade
