"""Several accounts, or currencies that cost something to convert, planned together against one target.

Every account pays for its own buys. A trade settles in the purse of the instrument's currency, its
commission in base currency; what a purse lacks is converted inside the account, as little as possible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, lcm

from steelyard.app.planning.slots import (
    DEVIATIONS,
    Outcome,
    Slot,
    Ticks,
    Wish,
    commission,
    settlement_currency,
    sold_first,
    step_trade,
    trade_of,
    wanted,
)
from steelyard.domain.accounts import is_risky, risky_cap
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import Conversion
from steelyard.engines.allocation.household.household import Cap, Change, Goal, Household, Seat, settle
from steelyard.engines.allocation.household.several_budgets import Best, solve_household
from steelyard.engines.allocation.one_budget.search import solve
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Setting:
    """A portfolio as the engine sees it.

    Attributes:
        problem: Accounts, purses and seats in ticks.
        seats: The slot behind every seat.
        first: Slots that are sold out before anything else.
        currencies: Name of every purse's currency.
        ticks: What a tick is.
    """

    problem: Household
    seats: tuple[Slot, ...]
    first: tuple[Slot, ...]
    currencies: tuple[str, ...]
    ticks: Ticks


def allocate_household(
    portfolio: Portfolio, valuation: Valuation, wish: Wish, every: tuple[Slot, ...], ticks: Ticks
) -> Outcome:
    """Find the best trades when more than one budget couples the instruments, or tax does.

    Args:
        portfolio, valuation, wish: As for `allocate`.
        every: All slots of the portfolio.
        ticks: A tick in which all amounts are whole.

    Raises:
        Infeasible: No allowed plan exists.
    """
    setting = _setting(portfolio, valuation, wish, every, ticks)
    if wish.tax is not None:
        from steelyard.app.planning.taxed import allocate_taxed

        best, sold = allocate_taxed(valuation, wish.tax, setting.problem, setting.seats, setting.ticks)
    else:
        best, sold = _sheltered_first(setting, wish, solve_household(setting.problem, solve)), {}
    trades = [trade_of(portfolio, s, s.shares, s.worth, "sell") for s in setting.first]
    for slot, steps, gone in zip(setting.seats, best.change.steps, best.change.sold_out, strict=True):
        trade = step_trade(portfolio, slot, steps - slot.steps, gone)
        if trade is not None:
            trades.append(trade)
    power = {"absolute": 2, "relative_deviation": 0}.get(wish.objective, 1)
    return Outcome(
        trades=tuple(trades),
        conversions=_conversions(portfolio, setting, best.change),
        value=setting.ticks.money(best.value, power=power),
        bound=setting.ticks.money(max(best.bound, Fraction(0)), power=power),
        proven=best.proven,
        note="" if best.proven else say("the search stopped at its limit; the gap to the bound is certified"),
        sold=sold,
    )


def _sheltered_first(setting: Setting, wish: Wish, best: Best) -> Best:
    """Of plans as good as the best one take that which sells least where sales are taxed."""
    taxed = [k for k, s in enumerate(setting.seats) if (s.account, s.symbol) in wish.taxed_sales]
    if not taxed:
        return best
    from steelyard.engines.allocation.household.sheltered_first import shelter_first

    return replace(best, change=shelter_first(setting.problem, best.change, taxed))


def _setting(
    portfolio: Portfolio, valuation: Valuation, wish: Wish, every: tuple[Slot, ...], ticks: Ticks
) -> Setting:
    goals = wanted(portfolio, valuation, wish)
    first = tuple(s for s in every if sold_first(s, wish, portfolio, goals[s.symbol][1]))
    currencies = _currencies(portfolio)
    accounts = {a.name: index for index, a in enumerate(portfolio.accounts)}
    purses, ticks = _purses(portfolio, wish, first, currencies, ticks)
    symbols = [s for s in portfolio.targets if goals[s][1] is not None]
    place = {symbol: index for index, symbol in enumerate(symbols)}
    rest = tuple(s for s in every if s.symbol in place and (s.worth or s.traded))
    seats = tuple(
        Seat(
            account=accounts[slot.account],
            goal=place[slot.symbol],
            currency=currencies.index(settlement_currency(portfolio, slot.symbol)),
            price=ticks.whole(slot.price),
            held=slot.steps,
            odd=ticks.whole(slot.odd),
            can_buy=slot.traded and slot.buyable and wish.can_buy,
            can_sell=slot.traded and wish.can_sell,
            continuous=slot.step != ONE,
        )
        for slot in rest
    )
    problem = Household(
        goals=tuple(_goal(symbol, goals[symbol], wish, ticks) for symbol in symbols),
        seats=seats,
        purses=purses,
        reserve=ticks.whole(valuation.reserve),
        rate=Fraction(portfolio.costs.commission),
        floor=ticks.whole(portfolio.costs.min_commission),
        spread=Fraction(portfolio.costs.fx_spread),
        min_trade=ticks.whole(portfolio.constraints.min_trade),
        caps=_caps(portfolio, seats, symbols, ticks),
        power=1 if wish.objective in DEVIATIONS else 2,
        idle=_idle(valuation, wish, ticks),
    )
    return Setting(problem, rest, first, currencies, ticks)


def _idle(valuation: Valuation, wish: Wish, ticks: Ticks) -> Fraction:
    """Return what a tick of idle money counts: as much as a misplaced one, where sizes are summed."""
    if wish.objective == "deviation":
        return Fraction(1)
    if wish.objective == "relative_deviation" and valuation.managed > 0:
        return 1 / ticks.part(Fraction(valuation.managed))
    return Fraction(0)


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
                cost=EXACT.multiply(portfolio.costs.fx_spread, amount),
            )
        )
    return tuple(conversions)


def _caps(portfolio: Portfolio, seats: tuple[Seat, ...], symbols: list[str], ticks: Ticks) -> tuple[Cap, ...]:
    """Return the caps on risky assets; what is held outside the plan counts too."""
    caps = []
    for index, account in enumerate(portfolio.accounts):
        cap = risky_cap(account.kind)
        if cap is None:
            continue
        counted = other = ZERO
        for position in account.positions:
            if position.symbol in symbols or position.symbol not in portfolio.quotes:
                continue
            worth = portfolio.position_value(position)
            if is_risky(portfolio.instruments[position.symbol]):
                counted = EXACT.add(counted, worth)
            else:
                other = EXACT.add(other, worth)
        members = tuple(
            k
            for k, seat in enumerate(seats)
            if seat.account == index and is_risky(portfolio.instruments[symbols[seat.goal]])
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
    found = {settlement_currency(portfolio, symbol) for symbol in portfolio.targets}
    found |= {c for a in portfolio.accounts for c, amount in a.cash.items() if amount}
    return (portfolio.base_currency, *sorted(found - {portfolio.base_currency}))


def _purses(
    portfolio: Portfolio, wish: Wish, first: tuple[Slot, ...], currencies: tuple[str, ...], ticks: Ticks
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
        if account.name == wish.flow_account:
            row[0] += Fraction(wish.cash_flow)
        for slot in first:
            if slot.account == account.name:
                row[currencies.index(settlement_currency(portfolio, slot.symbol))] += Fraction(slot.worth)
                row[0] -= Fraction(commission(portfolio, slot.worth))
        rows.append(row)
    finer = lcm(*(ticks.part(x).denominator for row in rows for x in row))
    ticks = Ticks(ticks.scale * finer)
    return tuple(tuple(int(ticks.part(x)) for x in row) for row in rows), ticks


def _goal(symbol: str, goal: tuple[Fraction, Fraction | None], wish: Wish, ticks: Ticks) -> Goal:
    target, divisor = goal
    assert divisor is not None, "what the objective leaves out is no goal"
    weighted = wish.objective not in ("absolute", "deviation")
    return Goal(symbol, ticks.part(target), ticks.part(divisor) if weighted else Fraction(1))
