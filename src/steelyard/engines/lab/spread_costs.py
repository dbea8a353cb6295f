"""Proportional costs without a horizon, exactly: the no-trade region of a CRRA investor by one ODE.

One risky and one safe asset, mean excess return mu, volatility sigma, relative risk aversion gamma, relative
bid-ask spread epsilon. The shadow rate lambda is the number for which the solution of a Riccati equation that
starts at the buying boundary ends at the selling boundary.

Source: Gerhold, Guasoni, Muhle-Karbe and Schachermayer (2014), "Transaction costs, trading volume, and the
liquidity premium", Finance and Stochastics 18, theorem 3.1; its asymptotics in theorem 2.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = 400
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Spread:
    """A market with a spread: excess return, volatility, aversion, spread; fractions, a year."""

    mean: float
    volatility: float
    aversion: float
    spread: float


@dataclass(frozen=True, slots=True)
class NoTrade:
    """What is exact for it.

    Attributes:
        buy, sell: Risky weight below which is bought, above which is sold, at the ask and the bid in turn.
        liquidity_premium: Return a year that one would give for trading without the spread.
        share_turnover: Shares traded a year, part of those held.
    """

    buy: float
    sell: float
    liquidity_premium: float
    share_turnover: float


def no_trade(market: Spread) -> NoTrade:
    """Return the exact region."""
    mu, s2, gamma = market.mean, market.volatility**2, market.aversion
    low, high = 0.0, min(mu, abs(mu - gamma * s2)) * (1.0 - 1e-9)
    if _miss(market, high) * _miss(market, high * 1e-6) > 0:
        raise ValueError("the spread is too large for a region that holds some of both")
    low = high * 1e-6
    sign = _miss(market, low)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2.0
        if (_miss(market, middle) > 0) == (sign > 0):
            low = middle
        else:
            high = middle
    gap = (low + high) / 2.0
    buy, sell = (mu - gap) / (gamma * s2), (mu + gap) / (gamma * s2)
    power = 2.0 * mu / s2 - 1.0
    ratio = math.exp(_length(market, gap))
    turnover = s2 / 2.0 * power * ((1.0 - buy) / (ratio**power - 1.0) - (1.0 - sell) / (ratio**-power - 1.0))
    return NoTrade(buy, sell, mu - math.sqrt(mu * mu - gap * gap), turnover)


def asymptotic(market: Spread) -> NoTrade:
    """Return the first terms of the expansions in the spread."""
    mu, s2, gamma = market.mean, market.volatility**2, market.aversion
    target = mu / (gamma * s2)
    inside = 3.0 / (4.0 * gamma) * target**2 * (1.0 - target) ** 2
    half = (inside * market.spread) ** (1.0 / 3.0)
    premium = mu / (2.0 * target**2) * (inside * market.spread) ** (2.0 / 3.0)
    turnover = s2 / 2.0 * (1.0 - target) ** 2 * target * (inside * market.spread) ** (-1.0 / 3.0)
    return NoTrade(target - half, target + half, premium, turnover)


def _length(market: Spread, gap: float) -> float:
    """Return the logarithm of how far the price runs between the two boundaries."""
    mu, risk = market.mean, market.aversion * market.volatility**2
    top, bottom = (mu + gap) * (mu - gap - risk), (mu - gap) * (mu + gap - risk)
    return math.log(top / bottom / (1.0 - market.spread))


def _miss(market: Spread, gap: float) -> float:
    """Return by how much the solution misses the selling boundary, by fourth-order Runge-Kutta."""
    mu, s2, gamma = market.mean, market.volatility**2, market.aversion
    length = _length(market, gap)
    linear, constant = 2.0 * mu / s2 - 1.0, (mu * mu - gap * gap) / (gamma * s2 * s2)

    def slope(w: float) -> float:
        return -(1.0 - gamma) * w * w - linear * w + constant

    w, step = (mu - gap) / (gamma * s2), length / _STEPS
    for _ in range(_STEPS):
        one = slope(w)
        two = slope(w + step / 2.0 * one)
        three = slope(w + step / 2.0 * two)
        four = slope(w + step * three)
        w += step / 6.0 * (one + 2.0 * two + 2.0 * three + four)
    return w - (mu + gap) / (gamma * s2)
