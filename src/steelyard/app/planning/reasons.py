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
from steelyard.words import say

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
        return say("target is 0 %: sold out") if not after[trade.symbol] else say("target is 0 %: sold down")
    before = Drift(trade.symbol, held, valuation.managed, target)
    then = Drift(trade.symbol, after[trade.symbol], valuation.managed, target)
    side = say("over") if before.excess > 0 else say("under")
    facts = {"points": points(before.drift), "side": side, "weight": points(then.weight)}
    if trade.side == "buy" and before.excess > 0:
        return say(
            "{points} points {side} target; brings it to {weight} %; the odd money is best here", **facts
        )
    if trade.side == "sell" and before.excess < 0 and wish.cash_flow < 0:
        return say("{points} points {side} target; brings it to {weight} %; sold to raise the money", **facts)
    if trade.side == "sell" and before.excess < 0:
        return say(
            "{points} points {side} target; brings it to {weight} %; sold so that others come nearer", **facts
        )
    return say("{points} points {side} target; brings it to {weight} %", **facts)


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
    side = say("over") if excess > 0 else say("under")
    off = (
        say("{points} points {side}", points=points(drift.drift), side=side)
        if wish.targets[symbol] == portfolio.targets[symbol]
        else say("{points} points {side} its destination", points=points(drift.drift), side=side)
    )
    if symbol in portfolio.constraints.locked:
        return say("{off}, but locked", off=off)
    if not wish.can_buy and not wish.can_sell:
        return say("{off}; no rebalance is due", off=off)
    if excess > 0 and not wish.can_sell:
        return say("{off}, but nothing is sold; new money goes elsewhere", off=off)
    if excess < 0 and not wish.can_buy:
        return say("{off}, but nothing is bought", off=off)
    if portfolio.quotes.get(symbol) is None:
        return say("{off}; no price", off=off)
    if excess < 0 and symbol in wish.blocked:
        return say("{off}, but {blocked}", off=off, blocked=wish.blocked[symbol])
    if excess < 0 and not any(may_hold(a.kind, portfolio.instruments[symbol]) for a in portfolio.accounts):
        return say("{off}, but no account may buy it", off=off)
    price = portfolio.base_price(symbol)
    base = portfolio.base_currency
    whole = not (
        wish.fractional or portfolio.constraints.fractional or portfolio.instruments[symbol].fractional
    )
    if abs(excess) < portfolio.constraints.min_trade:
        return say(
            "{off}, less than the smallest trade of {min_trade} {base}",
            off=off,
            min_trade=plain(portfolio.constraints.min_trade),
            base=base,
        )
    if whole and abs(excess) * 2 <= price:
        return say("{off}, less than half a share", off=off)
    cost = commission(portfolio, price)
    left = EXACT.subtract(settled.cash, valuation.reserve)
    if excess < 0 and whole and left < EXACT.add(price, cost):
        return say(
            "{off}, but the money is better spent elsewhere and what is left does not buy a share", off=off
        )
    if cost > ZERO and abs(excess) <= cost * (ONE + ONE):
        return say("{off}, not worth the commission", off=off)
    if wish.tax is not None and not (wish.tax.max_tax is None and wish.tax.max_gain is None):
        return say("{off}; within the limit on tax or gains no plan is nearer to target", off=off)
    return say("{off}; the whole-share mix is nearest to target this way", off=off)
