"""The one place where a portfolio becomes an allocation problem and its answer becomes trades.

One account with one balance goes to the exact search; several accounts, or several currencies that cost
something to convert, go to the household planner, which alone imports a solver.
"""

from __future__ import annotations

from steelyard.app.planning.coarse_steps import MOST_SHARED_STEPS, MOST_STEPS, coarser, factor_of, unproven
from steelyard.app.planning.one_budget import allocate_one
from steelyard.app.planning.plan_request import NotEnoughMoney, Outcome, PlanRequest
from steelyard.app.planning.tradables import Ticks, Tradable, settlement_currency, tradables
from steelyard.domain.money import EXACT, ONE
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.engines.planning.problem import Infeasible
from steelyard.errors import InputError
from steelyard.words import say

MOST_TARGETS, MOST_ACCOUNTS, MOST_PLACES = 1000, 30, 600
"""What one plan holds: targets of one account, accounts, and targets times accounts where there are several.
Beyond that the search, which counts its work, still takes longer than somebody waits; many people's accounts
belong into files of their own."""


def needs_household(portfolio: Portfolio, request: PlanRequest) -> bool:
    """Say whether more than one budget couples: several accounts, a cap, or currencies that cost to convert.

    One account that only buys and holds no foreign cash converts exactly what it spends, so there
    the spread is simply part of the price and one budget is enough.
    """
    if len(portfolio.accounts) > 1 or any(a.rules.risky_cap for a in portfolio.accounts):
        return True
    if not portfolio.costs.fx_spread:
        return False
    base = portfolio.base_currency
    account = portfolio.accounts[0]
    foreign_cash = any(amount for currency, amount in account.cash.items() if currency != base)
    foreign = foreign_cash or any(settlement_currency(portfolio, s) != base for s in portfolio.counted)
    return foreign and (request.can_sell or foreign_cash)


def divisible_choices(portfolio: Portfolio, every: tuple[Tradable, ...], request: PlanRequest) -> bool:
    """Say whether divisible shares come with choices: whole shares beside them, or least costs and trades.

    Divisible shares alone are a convex problem that one multiplier solves; with choices it takes the solver.
    """
    steps = {s.step for s in every if s.traded}
    if all(step >= ONE for step in steps):
        return False
    choices = portfolio.costs.min_commission or portfolio.constraints.min_trade
    return ONE in steps or bool(choices) or (request.can_sell and any(s.odd for s in every if s.traded))


def allocate(portfolio: Portfolio, valuation: Valuation, request: PlanRequest) -> Outcome:
    """Find the best trades for a request.

    Args:
        portfolio: Without problems.
        valuation: Of the portfolio with the request's cash flow counted in.
        request: What to reach and how.

    Raises:
        InputError: There are too many accounts or targets for one plan (`plan-too-large`).
        DataError: A price is missing.
        Short: No allowed plan exists.
    """
    _check_size(portfolio)
    every = tradables(portfolio, request)
    shared = _takes_a_solver(portfolio, request, every)
    factor = factor_of(every, valuation.managed, MOST_SHARED_STEPS if shared else MOST_STEPS)
    if factor > 1:
        return unproven(_allocated(portfolio, valuation, request, coarser(every, factor)), factor)
    return _allocated(portfolio, valuation, request, every)


def _check_size(portfolio: Portfolio) -> None:
    accounts, targets = len(portfolio.accounts), len(portfolio.counted)
    places = accounts * targets
    if targets <= MOST_TARGETS and accounts <= MOST_ACCOUNTS and (accounts == 1 or places <= MOST_PLACES):
        return
    raise InputError(
        "plan-too-large",
        say(
            "{accounts} {accounts:account|accounts} and {targets} targets are more than one plan can hold",
            accounts=accounts,
            targets=targets,
        ),
        say(
            "one account may have {most} targets; a household {accounts} accounts, and {places} accounts "
            "times targets; write a file for each household",
            most=MOST_TARGETS,
            accounts=MOST_ACCOUNTS,
            places=MOST_PLACES,
        ),
    )


def _takes_a_solver(portfolio: Portfolio, request: PlanRequest, every: tuple[Tradable, ...]) -> bool:
    return (
        bool(request.tax and request.can_sell)
        or request.objective.counts_idle
        or needs_household(portfolio, request)
        or divisible_choices(portfolio, every, request)
        or any(goal.is_class for goal in portfolio.goals)
        or portfolio.constraints.max_trades is not None
    )


def _allocated(
    portfolio: Portfolio, valuation: Valuation, request: PlanRequest, every: tuple[Tradable, ...]
) -> Outcome:
    amounts = [s.price for s in every] + [s.odd for s in every] + [valuation.cash, valuation.reserve]
    amounts += [portfolio.constraints.min_trade, portfolio.costs.min_commission, request.cash_flow]
    amounts += [
        EXACT.multiply(amount, portfolio.rate(currency))
        for account in portfolio.accounts
        for currency, amount in account.cash.items()
    ]
    ticks = Ticks.fitting(amounts)
    try:
        if _takes_a_solver(portfolio, request, every):
            from steelyard.app.planning.household import allocate_household

            return allocate_household(portfolio, valuation, request, every, ticks)
        return allocate_one(portfolio, valuation, request, every, ticks)
    except Infeasible as error:
        names = tuple(portfolio.accounts[a].name for a in error.accounts)
        raise NotEnoughMoney(ticks.money(error.short), names) from error
