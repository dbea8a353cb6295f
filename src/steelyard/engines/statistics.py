"""What a series of values says: growth, risk and trading, in the field's usual definitions.

Every formula is a line of NumPy; the tests hold them to a library that others keep. Returns are
time-weighted: money paid in or out at a close is taken out of that session's return. How long a year is comes
from the dates (`engines.market.spacing`), and is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard.engines.arrays import Floats, Ints

NO_RISK = 1e-14
"""A deviation of session returns below this is the rounding of cash that earns a fixed rate."""
_FARTHEST = 690.0
"""Log growth over the whole time that is looked for: beyond it a float overflows."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a high.

    Attributes:
        depth: Negative fraction, 0 when there never was one.
        peak, trough: Sessions of the high and of the low.
        recovered: Session that first is back at the high, None when none is.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


def returns(values: Floats, paid: Floats) -> Floats:
    """Return the time-weighted return of every session after the first, (T - 1,) float64.

    Args:
        values: (T,) wealth at the close, after flows and costs.
        paid: (T,) money paid in at that close (negative: out).

    Returns:
        (value less what was paid in) / value before - 1; 0 after the money ran out.
    """
    before = values[:-1]
    lasting = before > 0.0
    return np.where(lasting, (values[1:] - paid[1:]) / np.where(lasting, before, 1.0) - 1.0, 0.0)


def growth(values: Floats, paid: Floats, initial: float) -> Floats:
    """Return what one unit grew to, time-weighted, (T,) float64; the first entry has the first costs."""
    steps = np.concatenate([[values[0] / initial], 1.0 + returns(values, paid)])
    return np.cumprod(steps)


def yearly_growth(final: float, years: float) -> float:
    """Return the compound growth rate a year (CAGR) of one unit that became `final`; nan without time."""
    return final ** (1.0 / years) - 1.0 if years > 0.0 and final >= 0.0 else math.nan


def volatility(changes: Floats, a_year: float) -> float:
    """Return the yearly standard deviation of session returns, by T - 1, with so many sessions a year."""
    if len(changes) < 2:
        return math.nan
    return float(np.std(changes, ddof=1)) * math.sqrt(a_year)


def sharpe(changes: Floats, risk_free: Floats | float = 0.0, *, a_year: float) -> float:
    """Return the Sharpe ratio a year: mean excess return over its standard deviation; nan without risk.

    Args:
        changes: (R,) session returns.
        risk_free: What cash earned, a session; one number or (R,).
        a_year: Sessions a year.

    Source: Sharpe (1994), The Sharpe Ratio, with arithmetic means and the root of the sessions a year.
    """
    excess = changes - risk_free
    if len(excess) < 2:
        return math.nan
    deviation = float(np.std(excess, ddof=1))
    return float(np.mean(excess)) / deviation * math.sqrt(a_year) if deviation > NO_RISK else math.nan


def sortino(changes: Floats, risk_free: Floats | float = 0.0, *, a_year: float) -> float:
    """Return the Sortino ratio a year: mean excess return over the root mean square of its losses.

    The mean square is over all sessions, gains counting zero; nan when nothing was lost.
    """
    excess = changes - risk_free
    if not len(excess):
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0.0) ** 2)))
    return float(np.mean(excess)) / downside * math.sqrt(a_year) if downside > NO_RISK else math.nan


def drawdown(index: Floats) -> Drawdown:
    """Return the deepest fall of a growth index (T,), the first of equals."""
    peaks = np.maximum.accumulate(index)
    falls = index / peaks - 1.0
    trough = int(np.argmin(falls))
    depth = float(falls[trough])
    if depth >= 0.0:
        return Drawdown(0.0, 0, 0, 0)
    peak = int(np.argmax(index[: trough + 1]))
    after = np.flatnonzero(index[trough:] >= index[peak])
    return Drawdown(depth, peak, trough, trough + int(after[0]) if len(after) else None)


def drawdowns(index: Floats) -> Floats:
    """Return how far each session is below the highest so far, (T,) float64 <= 0."""
    return index / np.maximum.accumulate(index) - 1.0


def money_weighted(values: Floats, paid: Floats, days: Ints, initial: float) -> float:
    """Return the yearly rate at which all money paid in grows to the end (XIRR, 365 days a year).

    Solved by bisection of the force of interest, up to 1,000,000 % a year and down to all but nothing left;
    -1 when nothing comes back, nan when no rate there fits. Where several fit, as they may when money goes in
    and out in turn, it is the one that the halving meets.

    Args:
        values: (T,) wealth; the last counts as taken out at the end.
        paid: (T,) money paid in (negative: out); that of the first session is on top of `initial`.
        days: (T,) dates as day numbers.
        initial: Money on the first session.
    """
    years = (days - days[0]) / 365.0
    amounts = paid.copy()
    amounts[0] += initial
    amounts[-1] -= values[-1]
    used = np.flatnonzero(amounts)
    amounts, years = amounts[used], years[used]
    if len(used) and days[-1] > days[0] and np.all(amounts >= 0.0):
        return -1.0
    if not len(used) or years[-1] <= 0.0:
        return math.nan

    def worth(force: float) -> float:
        # At the end, not at the start: a rate near -100 % then overflows nothing.
        return float(np.sum(amounts * np.exp(force * (years[-1] - years))))

    # log(1 + rate): a loss of 60 % in a day is no rate that decimals tell from -100 %, and a force of -334.
    low, high = -_FARTHEST / years[-1], min(math.log(10_001.0), _FARTHEST / years[-1])
    at_low = worth(low)
    if at_low * worth(high) > 0.0:
        return math.nan
    if worth(0.0) == 0.0:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if worth(middle) * at_low > 0.0:
            low = middle
        else:
            high = middle
    return math.expm1((low + high) / 2.0)


def turnover(traded: Floats, wealth: Floats, years: float) -> float:
    """Return the yearly sum of traded value / 2 over wealth, the first purchase apart; nan without time.

    Args:
        traded: (T,) bought plus sold.
        wealth: (T,) wealth before the session's costs.
        years: How long it took.
    """
    if years <= 0.0:
        return math.nan
    moving = np.flatnonzero(traded[1:]) + 1
    return float(np.sum(traded[moving] / 2.0 / wealth[moving])) / years


def tracking_error(changes: Floats, ideal: Floats, a_year: float) -> float:
    """Return the yearly standard deviation of the difference of two series of session returns."""
    return volatility(changes - ideal, a_year)
