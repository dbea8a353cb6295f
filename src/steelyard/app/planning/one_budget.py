"""One account with one balance: the exact search, without any solver."""

from __future__ import annotations

from fractions import Fraction

from steelyard.app.planning.objective import sold_first, wanted
from steelyard.app.planning.plan_request import Outcome, PlanRequest
from steelyard.app.planning.tradables import (
    Ticks,
    Tradable,
    settlement_currency,
    step_trade,
    trade_of,
)
from steelyard.domain.money import EXACT, ONE
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import Conversion
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Line
from steelyard.words import say


def allocate_one(
    portfolio: Portfolio,
    valuation: Valuation,
    request: PlanRequest,
    every: tuple[Tradable, ...],
    ticks: Ticks,
) -> Outcome:
    """Find the best trades when one budget is all that couples the instruments."""
    goals = wanted(portfolio, valuation, request)
    first = [s for s in every if sold_first(s, request, portfolio, left_out=goals[s.symbol][1] is None)]
    # What the objective leaves out cannot move, so it is no line of the problem at all. What is locked and
    # not held cannot move either, but its whole target is missed and that counts.
    rest = [s for s in every if goals[s.symbol][1] is not None]
    budget = EXACT.subtract(valuation.cash, valuation.reserve)
    freed = Fraction(0)
    for one in first:
        freed += Fraction(one.worth) - Fraction(portfolio.costs.commission_of(one.worth))
    extra = Fraction(0)
    if portfolio.costs.fx_spread and not request.can_sell:
        extra = Fraction(portfolio.costs.fx_spread)
    ticks = Ticks(ticks.scale * ticks.part(freed).denominator)
    rate, least = Fraction(portfolio.costs.commission), ticks.whole(portfolio.costs.min_commission)
    lines = []
    for one in rest:
        target, divisor = goals[one.symbol]
        foreign = settlement_currency(portfolio, one.symbol) != portfolio.base_currency
        assert divisor is not None
        lines.append(
            Line(
                symbol=one.symbol,
                price=ticks.whole(one.price),
                held=one.steps,
                odd=ticks.whole(one.odd),
                target=ticks.part(target),
                divisor=divisor if request.objective.weighting == "none" else ticks.part(divisor),
                can_buy=one.traded and one.buyable and request.may_buy(one.account),
                can_sell=one.traded and request.may_sell(one.account, one.symbol),
                rate=rate,
                floor=least,
                extra_rate=extra if foreign else Fraction(0),
                continuous=one.step < ONE,
            )
        )
    problem = AllocationProblem(
        lines=tuple(lines),
        budget=ticks.whole(budget) + int(ticks.part(freed)),
        min_trade=ticks.whole(portfolio.constraints.min_trade),
    )
    answer = solve(problem)
    trades = [trade_of(portfolio, s, s.shares, s.worth, "sell") for s in first]
    conversions = []
    for one, line, steps, sold_out in zip(rest, problem.lines, answer.steps, answer.sold_out, strict=True):
        trade = step_trade(portfolio, one, steps - one.steps, sold_out)
        if trade is None:
            continue
        trades.append(trade)
        if line.extra_rate:
            spread = portfolio.costs.conversion_of(trade.amount)
            conversions.append(
                Conversion(one.account, portfolio.base_currency, trade.currency, trade.amount, spread)
            )
    power = request.objective.money_power
    return Outcome(
        trades=tuple(trades),
        conversions=tuple(conversions),
        value=ticks.money(answer.value, power=power),
        bound=ticks.money(max(answer.bound, Fraction(0)), power=power),
        proven=answer.proven,
        note=""
        if answer.proven
        else say("the search stopped at its limit; the gap to the bound is certified"),
    )
