"""What may be traded, in whole ticks: every instrument in every account that may hold it.

Inside the planner money is counted in integer ticks: a power of ten of the base currency so small that
every price, holding and cash amount is a whole number of them. So it computes on integers and nothing is
lost in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from steelyard.domain.accounts import may_hold
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.portfolio import Account, Portfolio, Position, Valuation
from steelyard.domain.trades import Conversion, Trade
from steelyard.errors import DataError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.books.lots import TaxLot
    from steelyard.domain.tax.planning import Formula

FRACTION_STEP = Decimal("1e-9")
"""A fractional share is traded in billionths, the finest step a broker's API takes (Alpaca: 9 decimals)."""


DEVIATIONS = ("deviation", "relative_deviation")
"""Objectives that sum the sizes of the misses, and idle cash with them, instead of their squares."""


@dataclass(frozen=True, slots=True)
class TaxWish:
    """How a plan looks at tax; all money in base currency.

    Attributes:
        lots: By (account, symbol): the lots held, in the order in which the account sells them.
        gains: Gain on one share of each of those lots at today's price, selling costs taken off.
        buckets: The bucket the gain of each of those lots falls into, None when it is not taxed.
        free_choice: (account, symbol) pairs whose owner chooses the lots.
        taxes: What further gains add to the year's tax.
        max_tax, max_gain: Limits on what the plan may cause and realise.
        accept_drift: How much further from target the plan may be for the sake of tax, fraction of the
            managed value; None does not trade drift against tax.
        wash_groups: Symbol to group; a plan does not buy in a group of which it sells something at a loss.
            None where that is allowed.
        left_out: (account, symbol) to what `taxes` does not know of its sale, for people.
    """

    lots: Mapping[tuple[str, str], tuple[TaxLot, ...]]
    gains: Mapping[tuple[str, str], tuple[Decimal, ...]]
    buckets: Mapping[tuple[str, str], tuple[str | None, ...]]
    free_choice: frozenset[tuple[str, str]]
    taxes: tuple[Formula, ...]
    max_tax: Decimal | None = None
    max_gain: Decimal | None = None
    accept_drift: Decimal | None = None
    wash_groups: Mapping[str, str] | None = None
    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the planner is asked to reach.

    Attributes:
        objective: absolute | relative | shortfall | deviation | relative_deviation.
        targets: Symbol to wanted fraction of the managed value: the destination of the trades.
        cash_flow: New money (+) or money taken out (-), base currency.
        flow_account: Name of the account the money goes to or comes from.
        can_buy, can_sell: Whether the plan may trade that way at all.
        fractional: Whole shares are not required.
        tax: How the plan looks at tax, None when it does not.
        blocked: Symbols that are not bought, in any account, with why.
        taxed_sales: (account, symbol) pairs whose sale is taxed, where others are sheltered: of equally good
            plans the one that sells least of them is taken.
    """

    objective: str
    targets: Mapping[str, Decimal]
    cash_flow: Decimal
    flow_account: str
    can_buy: bool = True
    can_sell: bool = True
    fractional: bool = False
    tax: TaxWish | None = None
    blocked: Mapping[str, str] = field(default_factory=dict)
    taxed_sales: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Trades with the objective they reach, in base currency (squared where the objective is).

    `sold` says by (account, symbol) how many shares each lot gives, where the plan chose them.
    """

    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    value: Decimal
    bound: Decimal
    proven: bool
    note: str = ""
    sold: Mapping[tuple[str, str], tuple[Decimal, ...]] = field(default_factory=dict)


class Short(Exception):
    """No allowed plan exists; `amount` (base currency) is missing even after every allowed sale.

    `accounts` names the accounts that cannot pay for themselves, when there are several.
    """

    def __init__(self, amount: Decimal, accounts: tuple[str, ...] = ()) -> None:
        super().__init__(str(amount))
        self.amount = amount
        self.accounts = accounts


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
        buyable: False where the kind of account may not hold it, or a purchase is blocked.
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
            say(
                "no share price for {missing}, so whole shares cannot be planned", missing=", ".join(missing)
            ),
            say(
                'add price = "..." to the position of {first}, or a line {first} = "..." under [prices]',
                first=first,
            )
            if wish.fractional
            else say(
                'add price = "..." to the position of {first}, or a line {first} = "..." under [prices], '
                "or plan in amounts with --fractional",
                first=first,
            ),
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
    buyable = symbol not in wish.blocked and may_hold(account.kind, portfolio.instruments[symbol])
    return Slot(account.name, symbol, step, price, position.shares, worth, steps, odd, traded, buyable)


def settlement_currency(portfolio: Portfolio, symbol: str) -> str:
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
        if wish.objective in ("relative", "relative_deviation"):
            divisor = target if target > 0 else None
        elif wish.objective == "shortfall":
            short = target - held[symbol]
            divisor = short if short > 0 else None
        result[symbol] = (max(target, Fraction(0)), divisor)
    return result


def sold_first(slot: Slot, wish: Wish, portfolio: Portfolio, divisor: Fraction | None) -> bool:
    """Say whether this holding is sold out before anything else: a zero target under `relative`."""
    if (
        wish.objective not in ("relative", "relative_deviation")
        or divisor is not None
        or not wish.can_sell
        or not slot.traded
    ):
        return False
    cost = commission(portfolio, slot.worth)
    return slot.worth > max(cost, ZERO) and slot.worth >= portfolio.constraints.min_trade


def commission(portfolio: Portfolio, amount: Decimal) -> Decimal:
    """Commission of one trade, base currency: the rate or the minimum, whichever is more."""
    return portfolio.costs.commission_of(amount)


def step_trade(portfolio: Portfolio, slot: Slot, steps: int, sold_out: bool) -> Trade | None:
    """Turn a change of steps (or a complete sale) into a trade, None when nothing changes."""
    if sold_out:
        return trade_of(portfolio, slot, slot.shares, slot.worth, "sell")
    if not steps:
        return None
    shares = EXACT.multiply(slot.step, abs(steps))
    amount = EXACT.multiply(slot.price, abs(steps))
    return trade_of(portfolio, slot, shares, amount, "buy" if steps > 0 else "sell")


def trade_of(portfolio: Portfolio, slot: Slot, shares: Decimal, amount: Decimal, side: str) -> Trade:
    """Return a trade of a slot at today's price with its commission."""
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
