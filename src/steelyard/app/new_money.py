"""How much new money would bring everything inside its band without selling anything.

Let T be the managed value once the money is in. Nothing may stay above its band, so T >= v / (w + b)
for every instrument; and each must be bought up to its lower edge (w - b) T, in whole shares, out of
the money there is. Both sides only grow with T, so repeating "what does this T require?" from below
climbs to the smallest T that satisfies itself, exactly.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import ceil

from steelyard.app.slots import commission
from steelyard.domain.money import EXACT, ONE, ZERO, minor_digits
from steelyard.domain.policies import band
from steelyard.domain.portfolio import Portfolio, Valuation, value

ROUNDS = 10_000
"""More rounds than any real portfolio needs; one share is added a round at the least."""


def money_to_bands(portfolio: Portfolio, *, fractional: bool = False) -> Decimal | None:
    """Return the least new money that brings every instrument inside its band by buying alone.

    Args:
        portfolio: Without problems.
        fractional: Shares need not be whole.

    Returns:
        Base currency, rounded up to its minor unit; 0 when everything is inside already with the
        cash there is; None when the policy has no bands, or no amount does it (a holding with a
        target and band of zero, a locked instrument, a missing price).
    """
    bands = {s: band(w, portfolio.policy) for s, w in portfolio.targets.items()}
    if portfolio.policy.kind not in ("threshold", "hybrid") or any(b is None for b in bands.values()):
        return None
    valuation = value(portfolio)
    edges = {s: (w, Fraction(bands[s] or ZERO)) for s, w in portfolio.targets.items()}
    unit = Fraction(1, 10 ** minor_digits(portfolio.base_currency))
    start = Fraction(valuation.managed)
    total = max(start, Fraction(0))
    for _ in range(ROUNDS):
        needed = _required(portfolio, valuation, edges, total, fractional)
        if needed is None:
            return None
        needed = max(total, start + ceil((needed - start) / unit) * unit)
        if needed == total:
            money = EXACT.divide(Decimal((total - start).numerator), Decimal((total - start).denominator))
            return money.quantize(ONE.scaleb(-minor_digits(portfolio.base_currency)), ROUND_CEILING)
        total = needed
    return None


def _required(
    portfolio: Portfolio,
    valuation: Valuation,
    edges: dict[str, tuple[Decimal, Fraction]],
    total: Fraction,
    fractional: bool,
) -> Fraction | None:
    """Return the managed value that a managed value of `total` asks for, None when none can do."""
    start = Fraction(valuation.managed)
    cash = Fraction(valuation.cash) - Fraction(valuation.reserve)
    least = Fraction(0)
    spent = Fraction(0)
    costs = Fraction(0)
    for holding in valuation.holdings:
        weight, half = edges[holding.symbol]
        held, upper, lower = Fraction(holding.value), Fraction(weight) + half, Fraction(weight) - half
        short = lower * total - held
        after = held
        if short > 0:
            bought = _purchase(portfolio, holding.symbol, short, fractional)
            if bought is None:
                return None
            amount, cost = bought
            spent += amount
            costs += cost
            after = held + amount
        if after > 0:
            if upper <= 0:
                return None
            least = max(least, after / upper)
    # Money to spend is the cash there is plus the new money, total - start.
    # Costs leave the portfolio, so an upper edge must hold for what remains; a lower edge that holds
    # before costs holds after them all the more.
    return max(least, start + spent - cash) + costs


def _purchase(
    portfolio: Portfolio, symbol: str, short: Fraction, fractional: bool
) -> tuple[Fraction, Fraction] | None:
    """Return amount and cost of the smallest purchase that covers a shortfall, None when impossible."""
    quote = portfolio.quotes.get(symbol)
    if symbol in portfolio.constraints.locked or quote is None:
        return None
    amount = max(short, Fraction(portfolio.constraints.min_trade))
    price = Fraction(portfolio.base_price(symbol))
    divisible = fractional or portfolio.constraints.fractional or portfolio.instruments[symbol].fractional
    if not divisible and not quote.by_value:
        amount = ceil(amount / price) * price
    cost = Fraction(
        commission(portfolio, EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator)))
    )
    foreign = portfolio.instruments[symbol].currency != portfolio.base_currency
    if foreign:
        cost += Fraction(portfolio.costs.fx_spread) * amount
    return amount, cost
