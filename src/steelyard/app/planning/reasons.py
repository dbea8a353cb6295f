"""The one-line reason behind every trade, and which stage of the ranking made it this one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.app.planning.plan_request import Outcome, PlanRequest
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.goals import Goal, worth_by_goal
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import DecidedBy, Trade
from steelyard.words import join, say

_TENTH = Decimal("0.1")


def points(fraction: Decimal) -> str:
    """Return a fraction in percent points with one decimal, without a sign."""
    return str(abs(fraction.scaleb(2, EXACT)).quantize(_TENTH))


def signed(fraction: Decimal) -> str:
    """Return a fraction in percent points with one decimal and its sign."""
    return f"{fraction.scaleb(2, EXACT).quantize(_TENTH):+}"


def goals_of(portfolio: Portfolio, symbol: str) -> tuple[Goal, ...]:
    """Return the goals an instrument counts for, in their order."""
    return tuple(goal for goal in portfolio.goals if symbol in goal.parts)


def goal_worth(portfolio: Portfolio, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the value of every goal, from the values of instruments."""
    return worth_by_goal(portfolio.goals, values)


def explain(
    portfolio: Portfolio,
    valuation: Valuation,
    trade: Trade,
    request: PlanRequest,
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
) -> str:
    """Say why a trade is made: how far its goal is off, and where the trades take it (`+5.4 -> 9.6 %`).

    Args:
        portfolio, valuation, trade, request: Of the plan.
        before, after: Value of every goal without the trades and with them.
    """
    goal = goals_of(portfolio, trade.symbol)[0]
    held, worth = before[goal.name], after[goal.name]
    if not goal.weight:
        return say("target is 0 %: sold down") if worth else say("target is 0 %: sold out")
    now = Drift(goal.name, held, valuation.managed, goal.weight)
    then = Drift(goal.name, worth, valuation.managed, goal.weight)
    text = say("{drift} -> {weight} %", drift=signed(now.drift), weight=points(then.weight))
    if goal.is_class:
        text = say("{goal} {text}", goal=goal.name, text=text)
    if trade.side == "buy" and now.excess > 0:
        return join("; ", [text, say("odd money")])
    if trade.side == "sell" and now.excess < 0:
        if request.cash_flow < 0:
            return join("; ", [text, say("raises money")])
        return join("; ", [text, say("others come nearer")])
    return text


def decided_by(request: PlanRequest, outcome: Outcome, trade: Trade) -> DecidedBy:
    """Return the stage that made a trade what it is: nearness where the nearest plan trades that way too."""
    if outcome.nearest is None or any(
        (t.account, t.symbol, t.side) == (trade.account, trade.symbol, trade.side)
        for t in outcome.nearest_trades
    ):
        return "nearness"
    return stage(request, outcome)


def stage(request: PlanRequest, outcome: Outcome) -> DecidedBy:
    """Return the first stage in which the plan is better than the nearest one."""
    tolerance = ZERO
    if outcome.effort is not None:
        if request.tax is not None and outcome.nearest_tax > (outcome.effort.tax or ZERO) + tolerance:
            return "tax"
        if outcome.nearest_costs > outcome.effort.costs:
            return "tax"
    if len(outcome.nearest_trades) > len(outcome.trades):
        return "trades"
    return "place"
