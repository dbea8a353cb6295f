"""What may be traded, in whole ticks: every instrument in every account that may hold it.

Inside the planner money is counted in integer ticks: a power of ten of the base currency so small that
every price, holding and cash amount is a whole number of them. So it computes on integers and nothing is
lost in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from steelyard.app.planning.plan_request import PlanRequest
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.portfolio import Account, Portfolio, Position
from steelyard.domain.trades import Side, Trade
from steelyard.errors import DataError
from steelyard.records import dataclass
from steelyard.words import say

FRACTION_STEP = Decimal("1e-9")
"""A fractional share is traded in billionths, the finest step a broker's API takes (Alpaca: 9 decimals)."""


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
        above, below = amount.as_integer_ratio()
        ticks, rest = divmod(above * self.scale, below)
        if rest:
            raise ValueError(f"{amount} is not a whole number of ticks")
        return ticks

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
class Tradable:
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
        buyable: False where the account may not hold it, another fund of its goal is bought instead, or a
            purchase is blocked.
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
    buyable: bool = True


def tradables(portfolio: Portfolio, request: PlanRequest) -> tuple[Tradable, ...]:
    """Return every (account, instrument that counts) pair, accounts first, in the order of the file.

    Raises:
        DataError: An instrument has no price (`price-missing`), all missing ones in one text.
    """
    missing = [s for s in portfolio.counted if not _plannable(portfolio, s, request)]
    if missing:
        first = missing[0]
        raise DataError(
            "price-missing",
            say(
                "no share price for {missing}, so whole shares cannot be planned", missing=", ".join(missing)
            ),
            say(
                'add price = "..." to the position of {first}, or a line {first} = "..." under [prices]',
                first=first,
            )
            if request.fractional
            else say(
                'add price = "..." to the position of {first}, or a line {first} = "..." under [prices], '
                "or plan in amounts with --fractional",
                first=first,
            ),
        )
    return tuple(
        _tradable(portfolio, account, symbol, request, bought)
        for account in portfolio.accounts
        for bought in [_bought(portfolio, account, request)]
        for symbol in portfolio.counted
    )


def _bought(portfolio: Portfolio, account: Account, request: PlanRequest) -> frozenset[str]:
    """Return what may be bought in an account: of every goal the first that it may hold."""
    found = set()
    for goal in portfolio.goals:
        for symbol in goal.buy:
            priced = symbol in portfolio.quotes
            if priced and symbol not in request.blocked and may_buy(portfolio, account, symbol):
                found.add(symbol)
                break
    return frozenset(found)


def may_buy(portfolio: Portfolio, account: Account, symbol: str) -> bool:
    """Say whether an account may buy an instrument: by its kind, its menu, and what is locked.

    A fund that counts in parts is bought only when all of it counts.
    """
    exposure = portfolio.exposures.get(symbol)
    if exposure is not None and sum(g.parts.get(symbol, ZERO) for g in portfolio.goals) != ONE:
        return False
    return (
        (account.menu is None or symbol in account.menu)
        and symbol not in account.locked
        and symbol not in portfolio.constraints.locked
        and account.rules.may_hold(portfolio.instruments[symbol])
    )


def _plannable(portfolio: Portfolio, symbol: str, request: PlanRequest) -> bool:
    quote = portfolio.quotes.get(symbol)
    if quote is None:
        return symbol in portfolio.constraints.locked or _idle(portfolio, symbol, request)
    return (
        not quote.by_value
        or all(_fractional(portfolio, a, symbol, request) for a in portfolio.accounts)
        or symbol in portfolio.constraints.locked
    )


def _idle(portfolio: Portfolio, symbol: str, request: PlanRequest) -> bool:
    """An instrument nobody holds needs no price where nobody wants it, or another of its class has one."""
    held = any(p.symbol == symbol and p.shares for a in portfolio.accounts for p in a.positions)
    wanted = any(
        request.targets[g.name]
        for g in portfolio.goals
        if symbol in g.buy and not any(s in portfolio.quotes for s in g.buy)
    )
    return not held and (not wanted or not request.can_buy)


def _fractional(portfolio: Portfolio, account: Account, symbol: str, request: PlanRequest) -> bool:
    return (
        request.fractional
        or portfolio.constraints.fractional
        or account.fractional
        or portfolio.instruments[symbol].fractional
    )


def _tradable(
    portfolio: Portfolio, account: Account, symbol: str, request: PlanRequest, bought: frozenset[str]
) -> Tradable:
    position = next((p for p in account.positions if p.symbol == symbol), Position(symbol, ZERO))
    step = FRACTION_STEP if _fractional(portfolio, account, symbol, request) else ONE
    priced = symbol in portfolio.quotes
    price = EXACT.multiply(portfolio.base_price(symbol), step) if priced else ONE
    steps = int(EXACT.divide_int(position.shares, step))
    worth = portfolio.position_value(position)
    odd = max(EXACT.subtract(worth, EXACT.multiply(price, steps)), ZERO)
    traded = priced and symbol not in portfolio.constraints.locked and symbol not in account.locked
    if portfolio.quotes.get(symbol) is not None and portfolio.quotes[symbol].by_value and step == ONE:
        traded = False
    return Tradable(
        account.name, symbol, step, price, position.shares, worth, steps, odd, traded, symbol in bought
    )


def settlement_currency(portfolio: Portfolio, symbol: str) -> str:
    """The currency an instrument settles in; a price typed in another one does not change that."""
    return portfolio.instruments[symbol].currency


def step_trade(portfolio: Portfolio, one: Tradable, steps: int, sold_out: bool) -> Trade | None:
    """Turn a change of steps (or a complete sale) into a trade, None when nothing changes."""
    if sold_out:
        return trade_of(portfolio, one, one.shares, one.worth, "sell")
    if not steps:
        return None
    shares = EXACT.multiply(one.step, abs(steps))
    amount = EXACT.multiply(one.price, abs(steps))
    return trade_of(portfolio, one, shares, amount, "buy" if steps > 0 else "sell")


def trade_of(portfolio: Portfolio, one: Tradable, shares: Decimal, amount: Decimal, side: Side) -> Trade:
    """Return a trade of it at today's price with its commission."""
    quote = portfolio.quotes[one.symbol]
    return Trade(
        account=one.account,
        symbol=one.symbol,
        side=side,
        shares=shares,
        price=quote.price,
        currency=quote.currency,
        amount=amount,
        cost=portfolio.costs.commission_of(amount),
    )
