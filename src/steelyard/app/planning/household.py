"""Several accounts, or currencies that cost something to convert, planned together against one target.

Every account pays for its own buys. A trade settles in the balance of the instrument's currency, its
commission in base currency; what a balance lacks is converted inside the account, as little as possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm

from steelyard.app.planning.objective import sold_first, wanted
from steelyard.app.planning.places import places
from steelyard.app.planning.plan_request import Outcome, PlanRequest
from steelyard.app.planning.taxed import cautious, lots_sold, taxation
from steelyard.app.planning.tradables import (
    Ticks,
    Tradable,
    settlement_currency,
    step_trade,
    trade_of,
)
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import Conversion, Effort, Trade
from steelyard.engines.planning.household.household import Cap, Change, Goal, Household, Position, settle
from steelyard.engines.planning.household.household_plan import HouseholdPlan, plan_household
from steelyard.engines.planning.household.ranks import Leeway
from steelyard.engines.planning.household.taxation import Taxation
from steelyard.engines.planning.one_budget.search import solve
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Setting:
    """A portfolio as the engine sees it.

    Attributes:
        problem: Accounts, balances and positions in ticks.
        positions: What stands behind every position.
        first: What is sold out before anything else.
        currencies: Name of every balance's currency.
        ticks: What a tick is.
        apart: Square of ticks that goals outside the problem miss whatever is done.
    """

    problem: Household
    positions: tuple[Tradable, ...]
    first: tuple[Tradable, ...]
    currencies: tuple[str, ...]
    ticks: Ticks
    apart: Fraction


def allocate_household(
    portfolio: Portfolio,
    valuation: Valuation,
    request: PlanRequest,
    every: tuple[Tradable, ...],
    ticks: Ticks,
) -> Outcome:
    """Find the best trades when more than one budget couples the instruments, or tax does.

    Args:
        portfolio, valuation, request: As for `allocate`.
        every: All there is to trade.
        ticks: A tick in which all amounts are whole.

    Raises:
        Infeasible: No allowed plan exists.
    """
    setting = _setting(portfolio, valuation, request, every, ticks)
    taxes: Taxation | None = None
    if request.tax is not None:
        taxes = taxation(request.tax, setting.positions, setting.ticks)
    elif request.can_sell:
        taxes = cautious(request, setting.problem, setting.positions)
    leeway = _leeway(portfolio, valuation, request, setting)
    found = plan_household(setting.problem, taxes, leeway, solve)
    return _outcome(portfolio, valuation, request, setting, found)


def _outcome(
    portfolio: Portfolio, valuation: Valuation, request: PlanRequest, setting: Setting, found: HouseholdPlan
) -> Outcome:
    money = setting.ticks.money
    power = request.objective.money_power
    first = found.nearest
    other = found.plan.miss != first.plan.miss
    known = request.tax is not None
    effort = None
    if request.accept_drift or known:
        effort = Effort(
            tax=money(found.plan.tax) if known else None,
            costs=money(found.plan.costs),
            bound=money(found.effort_bound if known else max(found.effort_bound, Fraction(0))),
            proven=found.effort_proven,
        )
    return Outcome(
        trades=_trades(portfolio, setting, found.plan.change),
        conversions=_conversions(portfolio, setting, found.plan.change),
        value=money(found.plan.miss, power=power),
        bound=money(max(first.bound, Fraction(0)), power=power),
        proven=first.proven,
        note=""
        if first.proven
        else say("the search stopped at its limit; the gap to the bound is certified"),
        sold=lots_sold(setting.positions, found.plan.sold) if known else {},
        nearest=money(first.plan.miss, power=power) if other else None,
        nearest_trades=_trades(portfolio, setting, first.plan.change) if other else (),
        nearest_tax=money(first.plan.tax) if known else ZERO,
        nearest_costs=money(first.plan.costs),
        nearest_square=money(first.plan.square + setting.apart, power=2),
        square=money(found.plan.square + setting.apart, power=2),
        managed=valuation.managed,
        effort=effort,
    )


def _trades(portfolio: Portfolio, setting: Setting, change: Change) -> tuple[Trade, ...]:
    trades = [trade_of(portfolio, s, s.shares, s.worth, "sell") for s in setting.first]
    for one, steps, gone in zip(setting.positions, change.steps, change.sold_out, strict=True):
        trade = step_trade(portfolio, one, steps - one.steps, gone)
        if trade is not None:
            trades.append(trade)
    return tuple(trades)


def _leeway(portfolio: Portfolio, valuation: Valuation, request: PlanRequest, setting: Setting) -> Leeway:
    """Return how far from the nearest plan one may stay, in ticks."""
    part = setting.ticks.part
    total = part(Fraction(valuation.managed))
    bands: list[tuple[Fraction, Fraction] | None] = []
    for goal in setting.problem.goals:
        weight = portfolio.targets[goal.symbol]
        half = band(goal.symbol, weight, portfolio.policy)
        low_high = None
        if half is not None:
            low_high = (Fraction(weight - half) * total, Fraction(weight + half) * total)
        bands.append(low_high)
    paying = {
        n
        for n, account in enumerate(portfolio.accounts)
        if any(amount < 0 for amount in account.cash.values())
        or (account.name == request.flow_account and request.cash_flow < 0)
    }
    return Leeway(
        total=max(total, Fraction(0)),
        accept=Fraction(request.accept_drift) * max(total, Fraction(0)),
        apart=setting.apart,
        bands=tuple(bands),
        new_money=request.cash_flow > 0,
        relocate=request.relocate,
        paying=frozenset(paying),
        places=places(portfolio, setting.positions),
    )


def _setting(
    portfolio: Portfolio,
    valuation: Valuation,
    request: PlanRequest,
    every: tuple[Tradable, ...],
    ticks: Ticks,
) -> Setting:
    goals = wanted(portfolio, valuation, request)
    names = [g.name for g in portfolio.goals if goals[g.name][1] is not None]
    index = {name: n for n, name in enumerate(names)}
    parts = _parts(portfolio, index)
    first = tuple(s for s in every if sold_first(s, request, portfolio, left_out=not parts[s.symbol]))
    currencies = _currencies(portfolio)
    accounts = {a.name: n for n, a in enumerate(portfolio.accounts)}
    balances, ticks = _balances(portfolio, request, first, currencies, ticks)
    rest = tuple(s for s in every if parts[s.symbol] and (s.worth or s.traded))
    positions = tuple(
        _position(portfolio, request, one, accounts, currencies, parts[one.symbol], ticks) for one in rest
    )
    gone = {id(s) for s in first}
    away = Fraction(0)
    for goal in portfolio.goals:
        if goal.name not in index:
            left = sum(
                (
                    Fraction(goal.parts[s.symbol]) * Fraction(s.worth)
                    for s in every
                    if s.symbol in goal.parts and id(s) not in gone
                ),
                Fraction(0),
            )
            away += (left - goals[goal.name][0]) ** 2
    problem = Household(
        goals=tuple(_goal(name, goals[name], request, ticks) for name in names),
        positions=positions,
        balances=balances,
        reserve=ticks.whole(valuation.reserve),
        rate=Fraction(portfolio.costs.commission),
        floor=ticks.whole(portfolio.costs.min_commission),
        spread=Fraction(portfolio.costs.fx_spread),
        min_trade=ticks.whole(portfolio.constraints.min_trade),
        caps=_caps(portfolio, rest, ticks),
        power=request.objective.power,
        idle=_idle(valuation, request, ticks),
        most_trades=portfolio.constraints.max_trades,
    )
    return Setting(problem, rest, first, currencies, ticks, ticks.part(ticks.part(away)))


def _parts(portfolio: Portfolio, index: Mapping[str, int]) -> dict[str, tuple[tuple[int, Fraction], ...]]:
    """Return by instrument the goals of the problem that it counts for, and with what part."""
    found: dict[str, list[tuple[int, Fraction]]] = {s: [] for s in portfolio.counted}
    for goal in portfolio.goals:
        for symbol, part in goal.parts.items() if goal.name in index else ():
            found[symbol].append((index[goal.name], Fraction(part)))
    return {s: tuple(rows) for s, rows in found.items()}


def _position(
    portfolio: Portfolio,
    request: PlanRequest,
    one: Tradable,
    accounts: Mapping[str, int],
    currencies: tuple[str, ...],
    parts: tuple[tuple[int, Fraction], ...],
    ticks: Ticks,
) -> Position:
    whole = len(parts) == 1 and parts[0][1] == 1
    return Position(
        account=accounts[one.account],
        goal=parts[0][0],
        currency=currencies.index(settlement_currency(portfolio, one.symbol)),
        price=ticks.whole(one.price),
        held=one.steps,
        odd=ticks.whole(one.odd),
        can_buy=one.traded and one.buyable and request.may_buy(one.account),
        can_sell=one.traded and request.may_sell(one.account, one.symbol),
        continuous=one.step < ONE,
        parts=() if whole else parts,
        symbol=one.symbol,
    )


def _idle(valuation: Valuation, request: PlanRequest, ticks: Ticks) -> Fraction:
    """Return what a tick of idle money counts."""
    return request.objective.idle(ticks.part(Fraction(valuation.managed)))


def _conversions(portfolio: Portfolio, setting: Setting, change: Change) -> tuple[Conversion, ...]:
    """Return the money changed inside the accounts; without a spread nobody needs to know."""
    if not portfolio.costs.fx_spread:
        return ()
    conversions = []
    for exchange in settle(setting.problem, change).exchanges:
        amount = setting.ticks.money(abs(exchange.amount))
        foreign, base = setting.currencies[exchange.currency], portfolio.base_currency
        conversions.append(
            Conversion(
                account=portfolio.accounts[exchange.account].name,
                from_currency=base if exchange.amount > 0 else foreign,
                to_currency=foreign if exchange.amount > 0 else base,
                amount=amount,
                cost=portfolio.costs.conversion_of(amount),
            )
        )
    return tuple(conversions)


def _caps(portfolio: Portfolio, positions: tuple[Tradable, ...], ticks: Ticks) -> tuple[Cap, ...]:
    """Return the caps on risky assets; what is held outside the plan counts too."""
    caps = []
    for index, account in enumerate(portfolio.accounts):
        cap = account.rules.risky_cap
        if cap is None:
            continue
        inside = {s.symbol for s in positions if s.account == account.name}
        outside = [
            (portfolio.instruments[kept.symbol], portfolio.position_value(kept))
            for kept in account.positions
            if kept.symbol not in inside and kept.symbol in portfolio.quotes
        ]
        counted = account.rules.risky_worth(outside)
        other = EXACT.subtract(exact_sum(worth for _, worth in outside), counted)
        members = tuple(
            k
            for k, one in enumerate(positions)
            if one.account == account.name and account.rules.is_risky(portfolio.instruments[one.symbol])
        )
        # Rounded against the purchase: up what counts, down what does not.
        caps.append(
            Cap(
                index,
                members,
                Fraction(cap),
                ceil(ticks.part(Fraction(counted))),
                int(ticks.part(Fraction(other))),
            )
        )
    return tuple(caps)


def _currencies(portfolio: Portfolio) -> tuple[str, ...]:
    """Return the base currency and every other one with cash or instruments, in alphabetical order."""
    found = {settlement_currency(portfolio, symbol) for symbol in portfolio.counted}
    found |= {c for a in portfolio.accounts for c, amount in a.cash.items() if amount}
    return (portfolio.base_currency, *sorted(found - {portfolio.base_currency}))


def _balances(
    portfolio: Portfolio,
    request: PlanRequest,
    first: tuple[Tradable, ...],
    currencies: tuple[str, ...],
    ticks: Ticks,
) -> tuple[tuple[tuple[int, ...], ...], Ticks]:
    """Return cash by account and currency in ticks, with the cash flow and what is sold before anything else.

    A commission may be a fraction of a tick; then the tick is made finer.
    """
    rows = []
    for account in portfolio.accounts:
        row = [Fraction(0)] * len(currencies)
        for currency, amount in account.cash.items():
            if amount:
                row[currencies.index(currency)] += Fraction(EXACT.multiply(amount, portfolio.rate(currency)))
        if account.name == request.flow_account:
            row[0] += Fraction(request.cash_flow)
        for one in first:
            if one.account == account.name:
                row[currencies.index(settlement_currency(portfolio, one.symbol))] += Fraction(one.worth)
                row[0] -= Fraction(portfolio.costs.commission_of(one.worth))
        rows.append(row)
    finer = lcm(*(ticks.part(x).denominator for row in rows for x in row))
    ticks = Ticks(ticks.scale * finer)
    return tuple(tuple(int(ticks.part(x)) for x in row) for row in rows), ticks


def _goal(name: str, goal: tuple[Fraction, Fraction | None], request: PlanRequest, ticks: Ticks) -> Goal:
    target, divisor = goal
    assert divisor is not None, "what the objective leaves out is no goal"
    weighted = request.objective.weighting != "none"
    return Goal(name, ticks.part(target), ticks.part(divisor) if weighted else divisor)
