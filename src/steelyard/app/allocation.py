"""The one place where a portfolio becomes an allocation problem and its answer becomes trades.

Inside, money is counted in integer ticks: a power of ten of the base currency so small that every
price, holding and cash amount is a whole number of them. So the planner computes on integers and
nothing is lost in between. One account with one purse goes to the exact search; several accounts,
or several currencies that cost something to convert, are refused until there is a planner for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.portfolio import Account, Portfolio, Position, Valuation
from steelyard.domain.trades import Conversion, Trade
from steelyard.engines.allocation.problem import Infeasible, Line, Problem
from steelyard.engines.allocation.search import solve
from steelyard.errors import DataError, PlanError

FRACTION_STEP = Decimal("1e-9")
"""A fractional share is traded in billionths, the finest step a broker's API takes (Alpaca: 9 decimals)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the planner is asked to reach.

    Attributes:
        objective: absolute | relative | shortfall.
        targets: Symbol to wanted fraction of the managed value: the destination of the trades.
        cash_flow: New money (+) or money taken out (-), base currency.
        flow_account: Name of the account the money goes to or comes from.
        can_buy, can_sell: Whether the plan may trade that way at all.
        fractional: Whole shares are not required.
    """

    objective: str
    targets: Mapping[str, Decimal]
    cash_flow: Decimal
    flow_account: str
    can_buy: bool = True
    can_sell: bool = True
    fractional: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Trades with the objective they reach, in base currency (squared where the objective is)."""

    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    value: Decimal
    bound: Decimal
    proven: bool
    note: str = ""


class Short(Exception):
    """No allowed plan exists; `amount` (base currency) is missing even after every allowed sale."""

    def __init__(self, amount: Decimal) -> None:
        super().__init__(str(amount))
        self.amount = amount


@dataclass(frozen=True, slots=True)
class Ticks:
    """A tick size: `scale` ticks are one unit of base currency."""

    scale: int

    @classmethod
    def fitting(cls, amounts: Iterable[Decimal]) -> Ticks:
        """Return the coarsest power of ten in which every amount is a whole number of ticks."""
        places = max((-_exponent(a) for a in amounts), default=0)
        return cls(10 ** max(places, 0))

    def whole(self, amount: Decimal) -> int:
        """Return the amount in ticks; it must be a whole number of them."""
        ticks = Fraction(amount) * self.scale
        if ticks.denominator != 1:
            raise ValueError(f"{amount} is not a whole number of ticks")
        return ticks.numerator

    def part(self, amount: Fraction) -> Fraction:
        """Return an amount that need not be whole, in ticks."""
        return amount * self.scale

    def money(self, ticks: int | Fraction, *, power: int = 1) -> Decimal:
        """Return ticks (to the given power) as base currency, exact where 40 digits suffice."""
        amount = Fraction(ticks) / self.scale**power
        return EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))


def _exponent(amount: Decimal) -> int:
    exponent = amount.normalize(EXACT).as_tuple().exponent
    assert isinstance(exponent, int), "amounts are finite"
    return exponent


@dataclass(frozen=True, slots=True)
class Slot:
    """One instrument in one account, ready to be planned.

    Attributes:
        account, symbol: Where and what.
        step: Shares in one step.
        price: One step in base currency.
        shares: Held, odd fraction included.
        worth: What they are worth, base currency.
        steps: Whole steps held.
        odd: What the odd fraction is worth, base currency.
        traded: False for a locked instrument.
    """

    account: str
    symbol: str
    step: Decimal
    price: Decimal
    shares: Decimal
    worth: Decimal
    steps: int
    odd: Decimal
    traded: bool


def slots(portfolio: Portfolio, wish: Wish) -> tuple[Slot, ...]:
    """Return every (account, target) pair that may be held, accounts first, in the order of the file.

    Raises:
        DataError: A target has no price (`price-missing`), all missing ones in one text.
    """
    missing = [s for s in portfolio.targets if not _plannable(portfolio, s, wish)]
    if missing:
        first = missing[0]
        raise DataError(
            "price-missing",
            f"no share price for {', '.join(missing)}, so whole shares cannot be planned",
            f'add price = "..." to the position of {first}, or a line {first} = "..." under [prices]'
            + ("" if wish.fractional else ", or plan in amounts with --fractional"),
        )
    return tuple(
        _slot(portfolio, account, symbol, wish)
        for account in portfolio.accounts
        for symbol in portfolio.targets
    )


def _plannable(portfolio: Portfolio, symbol: str, wish: Wish) -> bool:
    quote = portfolio.quotes.get(symbol)
    if quote is None:
        return symbol in portfolio.constraints.locked or _idle(portfolio, symbol, wish)
    return (
        not quote.by_value or _fractional(portfolio, symbol, wish) or symbol in portfolio.constraints.locked
    )


def _idle(portfolio: Portfolio, symbol: str, wish: Wish) -> bool:
    """An instrument nobody holds and nobody wants needs no price."""
    held = any(p.symbol == symbol and p.shares for a in portfolio.accounts for p in a.positions)
    return not held and (not wish.targets[symbol] or not wish.can_buy)


def _fractional(portfolio: Portfolio, symbol: str, wish: Wish) -> bool:
    return wish.fractional or portfolio.constraints.fractional or portfolio.instruments[symbol].fractional


def _slot(portfolio: Portfolio, account: Account, symbol: str, wish: Wish) -> Slot:
    position = next((p for p in account.positions if p.symbol == symbol), Position(symbol, ZERO))
    step = FRACTION_STEP if _fractional(portfolio, symbol, wish) else ONE
    priced = symbol in portfolio.quotes
    price = EXACT.multiply(portfolio.base_price(symbol), step) if priced else ONE
    steps = int(EXACT.divide_int(position.shares, step))
    worth = portfolio.position_value(position)
    odd = max(EXACT.subtract(worth, EXACT.multiply(price, steps)), ZERO)
    traded = priced and symbol not in portfolio.constraints.locked
    if portfolio.quotes.get(symbol) is not None and portfolio.quotes[symbol].by_value and step == ONE:
        traded = False
    return Slot(account.name, symbol, step, price, position.shares, worth, steps, odd, traded)


def needs_household(portfolio: Portfolio, wish: Wish) -> bool:
    """Say whether more than one budget couples: several accounts, or currencies that cost to convert.

    One account that only buys and holds no foreign cash converts exactly what it spends, so there
    the spread is simply part of the price and one budget is enough.
    """
    if len(portfolio.accounts) > 1:
        return True
    if not portfolio.costs.fx_spread:
        return False
    base = portfolio.base_currency
    account = portfolio.accounts[0]
    foreign_cash = any(amount for currency, amount in account.cash.items() if currency != base)
    foreign = foreign_cash or any(_quote_currency(portfolio, s) != base for s in portfolio.targets)
    return foreign and (wish.can_sell or foreign_cash)


def _quote_currency(portfolio: Portfolio, symbol: str) -> str:
    """The currency an instrument settles in; a price typed in another one does not change that."""
    return portfolio.instruments[symbol].currency


def wanted(
    portfolio: Portfolio, valuation: Valuation, wish: Wish
) -> dict[str, tuple[Fraction, Fraction | None]]:
    """Return wanted value and divisor of every target, base currency.

    The divisor is None for an instrument that the objective leaves out: without a target under
    `relative`, without a shortfall under `shortfall`.
    """
    total = Fraction(valuation.managed)
    held = {h.symbol: Fraction(h.value) for h in valuation.holdings}
    result: dict[str, tuple[Fraction, Fraction | None]] = {}
    for symbol, weight in wish.targets.items():
        target = Fraction(weight) * total
        divisor: Fraction | None = Fraction(1)
        if wish.objective == "relative":
            divisor = target if target > 0 else None
        elif wish.objective == "shortfall":
            short = target - held[symbol]
            divisor = short if short > 0 else None
        result[symbol] = (max(target, Fraction(0)), divisor)
    return result


def allocate(portfolio: Portfolio, valuation: Valuation, wish: Wish) -> Outcome:
    """Find the best trades for a wish.

    Args:
        portfolio: Without problems.
        valuation: Of the portfolio with the wish's cash flow counted in.
        wish: What to reach and how.

    Raises:
        DataError: A price is missing.
        PlanError: More than one budget couples (`several-budgets`).
        Short: No allowed plan exists.
    """
    every = slots(portfolio, wish)
    amounts = [s.price for s in every] + [s.odd for s in every] + [valuation.cash, valuation.reserve]
    amounts += [portfolio.constraints.min_trade, portfolio.costs.min_commission, wish.cash_flow]
    amounts += [
        EXACT.multiply(amount, portfolio.rate(currency))
        for account in portfolio.accounts
        for currency, amount in account.cash.items()
    ]
    ticks = Ticks.fitting(amounts)
    try:
        if needs_household(portfolio, wish):
            raise PlanError(
                "several-budgets",
                "several accounts, or currencies that cost something to convert, "
                "cannot be planned together yet",
                "plan one account at a time in a file of its own, and set fx_spread to 0 for an estimate",
            )
        return _allocate_one(portfolio, valuation, wish, every, ticks)
    except Infeasible as error:
        raise Short(ticks.money(error.short)) from error


def sold_first(slot: Slot, wish: Wish, portfolio: Portfolio, divisor: Fraction | None) -> bool:
    """Say whether this holding is sold out before anything else: a zero target under `relative`."""
    if wish.objective != "relative" or divisor is not None or not wish.can_sell or not slot.traded:
        return False
    cost = commission(portfolio, slot.worth)
    return slot.worth > max(cost, ZERO) and slot.worth >= portfolio.constraints.min_trade


def commission(portfolio: Portfolio, amount: Decimal) -> Decimal:
    """Commission of one trade, base currency: the rate or the minimum, whichever is more."""
    costs = portfolio.costs
    return max(costs.min_commission, EXACT.multiply(costs.commission, amount))


def _allocate_one(
    portfolio: Portfolio, valuation: Valuation, wish: Wish, every: tuple[Slot, ...], ticks: Ticks
) -> Outcome:
    goals = wanted(portfolio, valuation, wish)
    first = [s for s in every if sold_first(s, wish, portfolio, goals[s.symbol][1])]
    # What the objective leaves out cannot move, so it is no line of the problem at all.
    rest = [s for s in every if goals[s.symbol][1] is not None and (s.worth or s.traded)]
    budget = EXACT.subtract(valuation.cash, valuation.reserve)
    freed = Fraction(0)
    for slot in first:
        freed += Fraction(slot.worth) - Fraction(commission(portfolio, slot.worth))
    extra = Fraction(0)
    if portfolio.costs.fx_spread and not wish.can_sell:
        extra = Fraction(portfolio.costs.fx_spread)
    ticks = Ticks(ticks.scale * ticks.part(freed).denominator)
    lines = []
    for slot in rest:
        target, divisor = goals[slot.symbol]
        foreign = _quote_currency(portfolio, slot.symbol) != portfolio.base_currency
        assert divisor is not None
        lines.append(
            Line(
                symbol=slot.symbol,
                price=ticks.whole(slot.price),
                held=slot.steps,
                odd=ticks.whole(slot.odd),
                target=ticks.part(target),
                divisor=Fraction(1) if wish.objective == "absolute" else ticks.part(divisor),
                can_buy=slot.traded and wish.can_buy,
                can_sell=slot.traded and wish.can_sell,
                rate=Fraction(portfolio.costs.commission),
                floor=ticks.whole(portfolio.costs.min_commission),
                extra_rate=extra if foreign else Fraction(0),
                continuous=slot.step != ONE,
            )
        )
    problem = Problem(
        lines=tuple(lines),
        budget=ticks.whole(budget) + int(ticks.part(freed)),
        min_trade=ticks.whole(portfolio.constraints.min_trade),
    )
    answer = solve(problem)
    trades = [_trade(portfolio, s, s.shares, s.worth, "sell") for s in first]
    conversions = []
    for slot, line, steps, sold_out in zip(rest, problem.lines, answer.steps, answer.sold_out, strict=True):
        trade = step_trade(portfolio, slot, steps - slot.steps, sold_out)
        if trade is None:
            continue
        trades.append(trade)
        if line.extra_rate:
            spread = EXACT.multiply(portfolio.costs.fx_spread, trade.amount)
            conversions.append(
                Conversion(slot.account, portfolio.base_currency, trade.currency, trade.amount, spread)
            )
    power = 2 if wish.objective == "absolute" else 1
    return Outcome(
        trades=tuple(trades),
        conversions=tuple(conversions),
        value=ticks.money(answer.value, power=power),
        bound=ticks.money(max(answer.bound, Fraction(0)), power=power),
        proven=answer.proven,
        note="" if answer.proven else "the search stopped at its limit; the gap to the bound is certified",
    )


def step_trade(portfolio: Portfolio, slot: Slot, steps: int, sold_out: bool) -> Trade | None:
    """Turn a change of steps (or a complete sale) into a trade, None when nothing changes."""
    if sold_out:
        return _trade(portfolio, slot, slot.shares, slot.worth, "sell")
    if not steps:
        return None
    shares = EXACT.multiply(slot.step, abs(steps))
    amount = EXACT.multiply(slot.price, abs(steps))
    return _trade(portfolio, slot, shares, amount, "buy" if steps > 0 else "sell")


def _trade(portfolio: Portfolio, slot: Slot, shares: Decimal, amount: Decimal, side: str) -> Trade:
    quote = portfolio.quotes[slot.symbol]
    return Trade(
        account=slot.account,
        symbol=slot.symbol,
        side=side,
        shares=shares,
        price=quote.price,
        currency=quote.currency,
        amount=amount,
        cost=commission(portfolio, amount),
    )
