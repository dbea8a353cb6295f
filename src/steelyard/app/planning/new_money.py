"""How much new money would bring everything inside its band without selling anything.

For given purchases everything that must hold is a bound on the new money m: it pays for them and leaves the
reserve, it is so much that nothing stays above its band, and so little that nothing is below its band yet.
More purchases only raise these bounds, so the search walks upward from the purchases that any answer has.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from steelyard.domain.money import ONE, ZERO, minor_digits
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio, value
from steelyard.records import dataclass

ROUNDS = 10_000
"""More rounds than any real portfolio needs; one share is added a round at the least."""
STATES = 2_000
"""Combinations of purchases that are tried for less than what is known to be enough."""

Amounts = tuple[Fraction, ...]


def money_to_bands(portfolio: Portfolio, *, fractional: bool = False) -> Decimal | None:
    """Return the least new money that brings every instrument inside its band by buying alone.

    All cash counts as one balance, and every purchase in another currency as converted. With divisible
    shares that cost something to trade the answer is enough, and at most those costs more than the least.

    Args:
        portfolio: Without problems.
        fractional: Shares need not be whole.

    Returns:
        Base currency, rounded up to its minor unit; 0 when everything is inside already with the
        cash there is; None when the policy has no bands, or no amount does it (a holding with a
        target and band of zero, a locked instrument, a missing price).
    """
    bands = {s: band(s, w, portfolio.policy) for s, w in portfolio.targets.items()}
    if any(goal.is_class for goal in portfolio.goals):
        return None  # several funds meet a class, and which is bought depends on the account
    if portfolio.policy.kind not in ("threshold", "hybrid") or any(b is None for b in bands.values()):
        return None
    balance = _balance(portfolio, {s: b or ZERO for s, b in bands.items()}, fractional)
    enough = _enough(balance)
    if enough is None:
        return None
    digits = minor_digits(portfolio.base_currency)
    least = enough if any(line.step is None for line in balance.lines) else _least(balance, enough)
    return Decimal(int(least / balance.unit)).scaleb(-digits).quantize(ONE.scaleb(-digits))


@dataclass(frozen=True, slots=True)
class _Purchasable:
    """One instrument. `step` is the value of a share, None where any amount can be bought."""

    held: Fraction
    lower: Fraction
    upper: Fraction
    can_buy: bool
    step: Fraction | None
    smallest: Fraction
    rate: Fraction
    floor: Fraction
    spread: Fraction

    def purchase(self, short: Fraction) -> Fraction | None:
        """Return the smallest purchase that covers a shortfall, None when nothing can be bought."""
        if short <= 0:
            return Fraction(0)
        if not self.can_buy:
            return None
        amount = max(short, self.smallest)
        return amount if self.step is None else ceil(amount / self.step) * self.step

    def cost(self, amount: Fraction) -> Fraction:
        """Return what a purchase costs on top."""
        return max(self.floor, self.rate * amount) + self.spread * amount if amount else Fraction(0)


@dataclass(frozen=True, slots=True)
class _Balance:
    """The instruments and the money: `gross` is all value, cash included, `kept` and `share` the reserve."""

    lines: tuple[_Purchasable, ...]
    gross: Fraction
    cash: Fraction
    kept: Fraction
    share: Fraction
    unit: Fraction

    @property
    def nothing(self) -> Amounts:
        """No purchases."""
        return (Fraction(0),) * len(self.lines)

    def managed(self, money: Fraction, costs: Fraction) -> Fraction:
        """Return what the weights refer to once `money` is in and `costs` are paid."""
        return (1 - self.share) * (self.gross + money - costs) - self.kept

    def money(self, managed: Fraction, costs: Fraction) -> Fraction:
        """Return the new money that makes the managed value what it is; the inverse of `managed`."""
        return (managed + self.kept) / (1 - self.share) - self.gross + costs

    def costs(self, bought: Sequence[Fraction]) -> Fraction:
        """Return what purchases cost."""
        return sum((line.cost(b) for line, b in zip(self.lines, bought, strict=True)), Fraction(0))

    def needs(self, bought: Sequence[Fraction]) -> Fraction | None:
        """Return the least money, perhaps negative, that pays for purchases and has nothing above its band.

        None when no money can: something is held that should not be there at all.
        """
        costs = self.costs(bought)
        paid = (sum(bought) + costs + self.kept + self.share * self.gross - self.cash) / (1 - self.share)
        top = Fraction(0)
        for line, amount in zip(self.lines, bought, strict=True):
            if line.held + amount > 0:
                if line.upper <= 0:
                    return None
                top = max(top, (line.held + amount) / line.upper)
        return max(paid, self.money(top, costs))

    def required(self, managed: Fraction) -> Amounts | None:
        """Return the smallest purchases that have nothing below its band, None when one is not possible."""
        found = []
        for line in self.lines:
            amount = line.purchase(line.lower * managed - line.held)
            if amount is None:
                return None
            found.append(amount)
        return tuple(found)

    def rounded(self, money: Fraction) -> Fraction:
        """Return money as it can be paid in: not below zero, in whole minor units."""
        return max(ceil(money / self.unit), 0) * self.unit


def _balance(portfolio: Portfolio, bands: dict[str, Decimal], fractional: bool) -> _Balance:
    valuation, limits, costs = value(portfolio), portfolio.constraints, portfolio.costs
    lines = []
    for holding in valuation.holdings:
        symbol = holding.symbol
        quote, instrument = portfolio.quotes.get(symbol), portfolio.instruments[symbol]
        weight, half = Fraction(portfolio.targets[symbol]), Fraction(bands[symbol])
        whole = not (fractional or limits.fractional or instrument.fractional)
        whole = whole and quote is not None and not quote.by_value
        foreign = instrument.currency != portfolio.base_currency
        lines.append(
            _Purchasable(
                held=Fraction(holding.value),
                lower=weight - half,
                upper=weight + half,
                can_buy=quote is not None and symbol not in limits.locked,
                step=Fraction(portfolio.base_price(symbol)) if whole else None,
                smallest=Fraction(limits.min_trade),
                rate=Fraction(costs.commission),
                floor=Fraction(costs.min_commission),
                spread=Fraction(costs.fx_spread) if foreign else Fraction(0),
            )
        )
    return _Balance(
        tuple(lines),
        gross=Fraction(valuation.total),
        cash=Fraction(valuation.cash),
        kept=Fraction(limits.reserve_amount),
        share=Fraction(0) if limits.reserve_amount else Fraction(limits.reserve_weight),
        unit=Fraction(1, 10 ** minor_digits(portfolio.base_currency)),
    )


def _enough(balance: _Balance) -> Fraction | None:
    """Return money that is enough, None when none is.

    Asking again and again what the money requires climbs to the smallest amount that satisfies itself, if
    costs are left aside: they lower what is required, and what an earlier round bought is not taken back.
    """
    money, bought = Fraction(0), balance.nothing
    for _ in range(ROUNDS):
        required = balance.required(balance.managed(money, balance.costs(bought)))
        if required is None:
            return None
        bought = tuple(map(max, bought, required))
        needed = balance.needs(bought)
        if needed is None:
            return None
        managed = balance.managed(balance.rounded(needed), balance.costs(bought))
        if balance.rounded(needed) == money and _below(balance, managed, bought) is None:
            return money
        money = balance.rounded(needed)
    return None


def _least(balance: _Balance, enough: Fraction) -> Fraction:
    """Return the least money for whole shares, or `enough` where looking for less takes too long.

    The first purchases are part of every answer: what must be bought even if all the money at hand went
    into costs. From there the cheapest combination is looked at first and grown by one share: of what is
    below its band, or of anything whose costs would make everything else worth less of the whole.
    """
    dearest = max((line.rate + line.spread for line in balance.lines), default=Fraction(0))
    most = dearest * max(balance.cash + enough, Fraction(0)) + sum(line.floor for line in balance.lines)
    start = _common(balance, most)
    waiting, seen = [(balance.rounded(balance.needs(start) or Fraction(0)), start)], {start}
    for _ in range(STATES):
        if not waiting:
            break
        money, bought = heapq.heappop(waiting)
        if money >= enough:
            break
        lowest = _below(balance, balance.managed(money, balance.costs(bought)), bought)
        if lowest is None:
            return money
        for grown in _grown(balance, bought, lowest):
            needed = None if grown in seen else balance.needs(grown)
            seen.add(grown)
            if needed is not None:
                heapq.heappush(waiting, (balance.rounded(needed), grown))
    return enough


def _common(balance: _Balance, most: Fraction) -> Amounts:
    """Return purchases that every answer has, if no answer costs more than `most`."""
    bought = balance.nothing
    while True:
        needed = balance.needs(bought) or Fraction(0)
        required = balance.required(
            max(balance.managed(needed, balance.costs(bought)), balance.managed(Fraction(0), most))
        )
        assert required is not None, "there is enough money, so what it must buy can be bought"
        more = tuple(map(max, bought, required))
        if more == bought:
            return bought
        bought = more


def _below(balance: _Balance, managed: Fraction, bought: Amounts) -> int | None:
    """Return the instrument furthest below its band, None when all are inside."""
    short = [line.lower * managed - line.held - b for line, b in zip(balance.lines, bought, strict=True)]
    worst = max(range(len(short)), key=short.__getitem__)
    return worst if short[worst] > 0 else None


def _grown(balance: _Balance, bought: Amounts, lowest: int) -> Iterator[Amounts]:
    """Yield the purchases with one share more."""
    for n, line in enumerate(balance.lines):
        if line.step is None or not line.can_buy:
            continue
        amount = bought[n] + line.step if bought[n] else line.purchase(line.step)
        if amount is not None and (n == lowest or line.cost(amount) > line.cost(bought[n])):
            yield (*bought[:n], amount, *bought[n + 1 :])
