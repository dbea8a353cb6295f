"""What a rebalancing rule costs, in closed form: one small model that holds most of the literature together.

Two funds, of which the first should be `target` of the money. The weight's distance x from it moves like
Brownian motion with the speed s = sigma w (1 - w) a root year. Standing off costs a E[x^2] a year, with
a = aversion sigma^2 / 2; moving a weight q costs C(q), a fraction of wealth. The rule "trigger b, trade back
to d" then trades s^2 / (b^2 - d^2) times a year and has the mean square (b^2 + d^2) / 6. All weights, costs
and distances are fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CostOfMove = Callable[[float], float]
"""What moving so much of the weight from one fund to the other costs, a fraction of wealth."""

_OVERSHOOT = 0.5825971579390106
"""-zeta(1/2) / sqrt(2 pi): how far beyond a line a walk is, in steps, when looks first see it there.

Source: Chernoff (1965); Broadie, Glasserman and Kou (1997), "A continuity correction for discrete barrier
options".
"""

_HALF_NORMAL = 4000
"""Points of a mean over half a normal distribution, eight deviations long."""
_EDGE = 1e-7
"""A best move below this is none: the band is walked along its edge."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How a weight strays, and what straying costs.

    Attributes:
        speed: s, of the weight's distance, a root year, > 0.
        dislike: a, cost a year of a squared distance of 1, > 0.
    """

    speed: float
    dislike: float


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """What a rule costs a year, fractions of wealth, and what it does.

    Attributes:
        tracking: Of standing off the target.
        trading: Of trades.
        trades: Rebalances a year.
        turnover: Weight moved a year, one leg.
        deviation: Root of the mean squared distance.
    """

    tracking: float
    trading: float
    trades: float
    turnover: float
    deviation: float

    @property
    def total(self) -> float:
        """Both costs."""
        return self.tracking + self.trading


@dataclass(frozen=True, slots=True)
class Band:
    """A rule: due beyond `trigger`, traded back to `destination`, both distances from the target."""

    trigger: float
    destination: float


def drift_of(target: float, volatility: float, aversion: float) -> Drift:
    """Return how the weight of one of two funds strays.

    Args:
        target: Of the first fund, in (0, 1).
        volatility: Of the one fund's return less the other's, a root year.
        aversion: Relative risk aversion, > 0: 1 is log utility.
    """
    return Drift(volatility * target * (1.0 - target), aversion * volatility**2 / 2.0)


def affine(move: float, fixed: float) -> CostOfMove:
    """Return the cost of a move of `move` a unit of weight and `fixed` a time."""
    return lambda weight: fixed + move * weight


def band_cost(drift: Drift, cost: CostOfMove, band: Band) -> YearlyCost:
    """Return what a band costs, watched all the time.

    >>> drift = drift_of(0.6, 0.15, 4.0)
    >>> round(band_cost(drift, affine(0.001, 1 / 50_000), Band(0.02, 0.0175)).total * 1e4, 2)
    3.16
    """
    b, d, s2 = band.trigger, band.destination, drift.speed**2
    square = (b * b + d * d) / 6.0
    if b == d:
        # The edge is walked along: infinitely many trades, and only what is proportional can be paid.
        if cost(0.0) > 0.0:
            return YearlyCost(drift.dislike * square, math.inf, math.inf, s2 / (2 * b), math.sqrt(square))
        step = b * 1e-6
        return YearlyCost(
            drift.dislike * square,
            s2 / (2 * b) * cost(step) / step,
            math.inf,
            s2 / (2 * b),
            math.sqrt(square),
        )
    trades = s2 / (b * b - d * d)
    return YearlyCost(
        drift.dislike * square, trades * cost(b - d), trades, trades * (b - d), math.sqrt(square)
    )


def periodic_cost(drift: Drift, cost: CostOfMove, years: float) -> YearlyCost:
    """Return what trading back to the target every `years` costs, whatever the distance."""
    turnover = drift.speed * math.sqrt(2.0 / (math.pi * years))
    square = drift.speed**2 * years / 2.0
    # The mean over what the weight has strayed by then, half a normal distribution, by the midpoint rule.
    strayed = drift.speed * math.sqrt(years)
    width = 8.0 / _HALF_NORMAL
    mean = sum(
        cost(strayed * width * (n + 0.5)) * math.exp(-((width * (n + 0.5)) ** 2) / 2.0)
        for n in range(_HALF_NORMAL)
    )
    paid = mean * width * math.sqrt(2.0 / math.pi) / years
    return YearlyCost(drift.dislike * square, paid, 1.0 / years, turnover, math.sqrt(square))


def best_band(drift: Drift, cost: CostOfMove) -> tuple[Band, YearlyCost]:
    """Return the band that costs least, whatever a move costs, as long as a larger one is not cheaper.

    For a given move q = b - d the best place y = b + d is known: y^3 = 6 s^2 C(q) / (a q), at least q, where
    d is 0. What is left is one dimension, searched on a grid and then by sections. Where nothing is fixed, q
    becomes 0 and the band is walked along its edge.

    >>> drift = drift_of(0.6, 0.15, 4.0)
    >>> band, year = best_band(drift, affine(0.001, 1 / 50_000))
    >>> [round(v * 100, 2) for v in (band.trigger, band.destination)], round(year.total * 1e4, 3)
    ([5.1, 1.32], 0.517)
    """
    s2, a = drift.speed**2, drift.dislike

    def place(q: float) -> float:
        return max(q, math.cbrt(6.0 * s2 * cost(q) / (a * q)))

    def value(log_q: float) -> float:
        q = math.exp(log_q)
        y = place(q)
        return a * (y * y + q * q) / 12.0 + s2 * cost(q) / (q * y)

    grid = [math.log(1e-9) + k * (math.log(2.0) - math.log(1e-9)) / 2000 for k in range(2001)]
    values = [value(x) for x in grid]
    at = min(range(len(grid)), key=values.__getitem__)
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]
    third = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(80):
        left, right = high - third * (high - low), low + third * (high - low)
        if value(left) <= value(right):
            high = right
        else:
            low = left
    q = math.exp((low + high) / 2.0)
    y = place(q)
    if q < _EDGE:
        q = 0.0
    band = Band((y + q) / 2.0, (y - q) / 2.0)
    return band, band_cost(drift, cost, band)


def costs_that_make_right(drift: Drift, band: Band) -> tuple[float, float]:
    """Return the proportional and the fixed cost for which a band is the best one: the inverse question.

    Args:
        drift: See there.
        band: With destination at most trigger.

    Returns:
        Cost of a unit of weight moved, and of a rebalance, fractions of wealth.

    >>> move, fixed = costs_that_make_right(drift_of(0.6, 0.15, 4.0), Band(0.02, 0.0175))
    >>> round(move * 1e4, 1), round(fixed * 1e9)
    (3.0, 3)
    """
    b, d, s2, a = band.trigger, band.destination, drift.speed**2, drift.dislike
    move = 2.0 * a * b * d * (b + d) / (3.0 * s2)
    fixed = a * (b - d) * (b * b - d * d) ** 2 / (6.0 * s2 * (b + d))
    return move, fixed


def costs_that_make_periodic_right(drift: Drift, years: float) -> tuple[float, float]:
    """Return the costs for which trading back every `years` is the best rhythm of all.

    Returns:
        Cost of a unit of weight moved with nothing fixed, and the fixed cost with nothing else.
    """
    move = drift.dislike * drift.speed * years**1.5 * math.sqrt(math.pi / 2.0)
    return move, drift.dislike * drift.speed**2 * years**2 / 2.0


def seen_at_looks(drift: Drift, band: Band, looks: float) -> Band:
    """Return the band, watched all the time, that trades as often as this one does at `looks` a year."""
    return Band(band.trigger + _OVERSHOOT * drift.speed / math.sqrt(looks), band.destination)


def for_looks(drift: Drift, band: Band, looks: float) -> Band:
    """Return the band to write for `looks` a year where `band` is the best one watched all the time."""
    step = _OVERSHOOT * drift.speed / math.sqrt(looks)
    trigger = max(band.trigger - step, 0.0)
    return Band(trigger, min(band.destination, trigger))


def deposits_deviation(drift: Drift, target: float, deposits: float) -> float:
    """Return the deviation (root mean square) where nothing is ever sold and deposits buy what is short.

    The distance is pulled back at the speed c w from above and c (1 - w) from below, so that it is spread
    by two exponentials.

    Args:
        drift: See there.
        target: Of the first fund.
        deposits: Paid in a year, fraction of the portfolio, > 0.

    >>> round(deposits_deviation(drift_of(0.6, 0.15, 4.0), 0.6, 0.10) * 100, 2)
    2.02
    """
    above = drift.speed**2 / (2.0 * deposits * target)
    below = drift.speed**2 / (2.0 * deposits * (1.0 - target))
    return math.sqrt(2.0 * (above**3 + below**3) / (above + below))


def deposits_as_tight_as(drift: Drift, target: float, deviation: float) -> float:
    """Return the yearly deposits, fraction of the portfolio, that hold it as tight as `deviation`."""
    # The deviation falls as one over the deposits.
    return deposits_deviation(drift, target, 1.0) / deviation


def whole_share_deviation(price: float, value: float) -> float:
    """Return how far off whole shares leave a fund, root mean square: the rest is even within a share."""
    return price / (value * math.sqrt(12.0))
