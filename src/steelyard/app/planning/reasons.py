"""The one-line reason behind every trade, and behind every drifting instrument left alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.app.planning.slots import Outcome, Wish, commission
from steelyard.domain.accounts import may_hold
from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.policy.drift import Drift
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import Settled, Trade, Untraded

_TENTH = Decimal("0.1")


def points(fraction: Decimal) -> str:
    """Return a fraction in percent points with one decimal, without a sign."""
    return str(abs(fraction.scaleb(2, EXACT)).quantize(_TENTH))


def explain(
    portfolio: Portfolio, valuation: Valuation, trade: Trade, wish: Wish, after: Mapping[str, Decimal]
) -> str:
    """Say why a trade is made: where the instrument stands and where the trade takes it."""
    target = portfolio.targets[trade.symbol]
    held = next(h.value for h in valuation.holdings if h.symbol == trade.symbol)
    if not target:
        return "target is 0 %: sold out" if not after[trade.symbol] else "target is 0 %: sold down"
    before = Drift(trade.symbol, held, valuation.managed, target)
    then = Drift(trade.symbol, after[trade.symbol], valuation.managed, target)
    side = "over" if before.excess > 0 else "under"
    text = f"{points(before.drift)} points {side} target; brings it to {points(then.weight)} %"
    if trade.side == "buy" and before.excess > 0:
        text += "; the odd money is best here"
    elif trade.side == "sell" and before.excess < 0:
        text += "; sold to raise the money" if wish.cash_flow < 0 else "; sold so that others come nearer"
    return text


def untraded(
    portfolio: Portfolio, valuation: Valuation, outcome: Outcome, wish: Wish, settled: Settled
) -> tuple[Untraded, ...]:
    """Return every target that is off and yet not traded, with the reason, in the order of the targets."""
    traded = {t.symbol for t in outcome.trades}
    rows = []
    for holding in valuation.holdings:
        if holding.symbol in traded:
            continue
        drift = Drift(holding.symbol, holding.value, valuation.managed, wish.targets[holding.symbol])
        if drift.excess:
            rows.append(Untraded(holding.symbol, _why_not(portfolio, valuation, wish, settled, drift)))
    return tuple(rows)


def _why_not(portfolio: Portfolio, valuation: Valuation, wish: Wish, settled: Settled, drift: Drift) -> str:
    symbol, excess = drift.symbol, drift.excess
    off = f"{points(drift.drift)} points {'over' if excess > 0 else 'under'}"
    if wish.targets[symbol] != portfolio.targets[symbol]:
        off += " its destination"
    if symbol in portfolio.constraints.locked:
        return f"{off}, but locked"
    if not wish.can_buy and not wish.can_sell:
        return f"{off}; no rebalance is due"
    if excess > 0 and not wish.can_sell:
        return f"{off}, but nothing is sold; new money goes elsewhere"
    if excess < 0 and not wish.can_buy:
        return f"{off}, but nothing is bought"
    if portfolio.quotes.get(symbol) is None:
        return f"{off}; no price"
    if excess < 0 and symbol in wish.blocked:
        return f"{off}, but {wish.blocked[symbol]}"
    if excess < 0 and not any(may_hold(a.kind, portfolio.instruments[symbol]) for a in portfolio.accounts):
        return f"{off}, but no account may buy it"
    price = portfolio.base_price(symbol)
    base = portfolio.base_currency
    whole = not (
        wish.fractional or portfolio.constraints.fractional or portfolio.instruments[symbol].fractional
    )
    if abs(excess) < portfolio.constraints.min_trade:
        return f"{off}, less than the smallest trade of {plain(portfolio.constraints.min_trade)} {base}"
    if whole and abs(excess) * 2 <= price:
        return f"{off}, less than half a share"
    cost = commission(portfolio, price)
    left = EXACT.subtract(settled.cash, valuation.reserve)
    if excess < 0 and whole and left < EXACT.add(price, cost):
        return f"{off}, but the money is better spent elsewhere and what is left does not buy a share"
    if cost > ZERO and abs(excess) <= cost * (ONE + ONE):
        return f"{off}, not worth the commission"
    if wish.tax is not None and not (wish.tax.max_tax is None and wish.tax.max_gain is None):
        return f"{off}; within the limit on tax or gains no plan is nearer to target"
    return f"{off}; the whole-share mix is nearest to target this way"
