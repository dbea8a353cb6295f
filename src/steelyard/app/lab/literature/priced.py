"""Results on past prices that a person points to: daily total-return closes of SPY and IEF."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from steelyard.app.lab.literature.findings import PRICES, Finding, found, needs_prices
from steelyard.engines.arrays import Floats, Ints
from steelyard.engines.lab.saver import T_95
from steelyard.engines.market.price_history import PriceHistory
from steelyard.words import join, say

FUNDS = ("SPY", "IEF")
_TARGET = 0.6
_HARVEY = say("Harvey, Mazzoleni and Melone 2025 (cxoadvisory.com): -17 on futures 1997-2023")
_HOFFSTEIN = say("Hoffstein et al. 2019 (ssrn 3319045); figure for SPY and IEF 2003-2025 measured apart")
_RATTRAY = say("Rattray et al. 2020 (man.com): about 5 points deeper, other funds")
_BOOTH = say("Booth and Fama 1992: the formula on the same prices")


def missing() -> list[Finding]:
    """Return the findings that wait for prices."""
    funds = join(say(" and "), FUNDS)
    return [
        needs_prices(
            "rattray", say("monthly 60/40 falls deeper than holding, 2007-09, points"), _RATTRAY, 5.0, funds
        ),
        needs_prices(
            "harvey", say("next day after a standard deviation of drift, bp"), _HARVEY, -17.0, funds
        ),
        needs_prices(
            "timing-luck-prices", say("annual 60/40, rms over start months, bp"), _HOFFSTEIN, 52.4, funds
        ),
        needs_prices("booth-fama-prices", say("diversification return, bp"), _BOOTH, 57.2, funds),
    ]


def findings(history: PriceHistory) -> list[Finding]:
    """Return them for prices that reach from 2003 to 2025, or what of them the prices allow."""
    prices = history.prices[:, [history.symbols.index(s) for s in FUNDS]]
    days = list(history.dates)
    months = np.array([d.year * 12 + d.month for d in days])
    ends = np.flatnonzero(np.append(months[1:] != months[:-1], True))
    return [
        *_rattray(prices, days, ends),
        _harvey(prices, months),
        *_timing_luck(prices[ends], months[ends]),
        _booth_fama(prices),
    ]


def _rattray(prices: Floats, days: list[date], ends: Ints) -> list[Finding]:
    begin = next((e for e in ends if (days[e].year, days[e].month) == (2007, 10)), None)
    until = next((e for e in ends if (days[e].year, days[e].month) == (2009, 12)), None)
    if begin is None or until is None:
        return [f for f in missing() if f.name == "rattray"]
    part = prices[begin : until + 1] / prices[begin]
    held = part @ np.array([_TARGET, 1 - _TARGET])
    shares, steady = np.array([_TARGET, 1 - _TARGET]), []
    marks = set((ends - begin).tolist())
    for n, row in enumerate(part):
        steady.append(float(shares @ row))
        if n in marks:
            shares = steady[-1] * np.array([_TARGET, 1 - _TARGET]) / row
    falls = [100 * float((v / np.maximum.accumulate(v) - 1).min()) for v in (np.array(steady), held)]
    return [
        found(
            "rattray",
            say("monthly 60/40 falls deeper than holding, 2007-09, points"),
            _RATTRAY,
            5.0,
            falls[1] - falls[0],
            within=3.0,
            basis=PRICES,
            why=say(
                "{steady:.1f} against {held:.1f} % from 2007-10: {times:.2f} times",
                steady=falls[0],
                held=falls[1],
                times=falls[0] / falls[1],
            ),
        )
    ]


def _harvey(prices: Floats, months: Ints) -> Finding:
    returns = prices[1:] / prices[:-1]
    drifts = np.array([_drift(returns, limit) for limit in (0.0, 0.005, 0.010, 0.015, 0.020, 0.025)])
    signal = drifts.mean(axis=0)
    monthly = _drift(returns, math.inf, months[1:])
    # Sessions left in the month, of which the last five count.
    left = np.array([np.sum(months[n + 1 :][:6] == months[n]) for n in range(1, len(months))])
    calendar = np.where(left < 5, monthly, 0.0)
    after = (returns[1:, 0] - returns[1:, 1]) * 1e4
    columns = np.stack([np.ones(len(after)), _scaled(signal[:-1]), _scaled(calendar[:-1])], axis=1)
    inverse = np.linalg.inv(columns.T @ columns)
    slopes = inverse @ columns.T @ after
    residual = after - columns @ slopes
    # White: each day has a variance of its own.
    errors = np.sqrt(np.diag(inverse @ (columns.T * residual**2) @ columns @ inverse))
    return found(
        "harvey",
        say("next day, stocks less bonds, after a standard deviation of drift, bp"),
        _HARVEY,
        -17.0,
        float(slopes[1]),
        within=6.0,
        half=float(T_95 * errors[1]),
        basis=PRICES,
        why=say(
            "t {t:.1f}; month ends {month:.1f} (t {month_t:.1f})",
            t=slopes[1] / errors[1],
            month=slopes[2],
            month_t=slopes[2] / errors[2],
        ),
    )


def _scaled(values: Floats) -> Floats:
    found: Floats = values / values.std()
    return found


def _drift(returns: Floats, limit: float, months: Ints | None = None) -> Floats:
    """Return how far the stock weight is off at each close, set right beyond the limit or at month ends."""
    weight, off = _TARGET, np.empty(len(returns))
    for n, (stock, bond) in enumerate(returns):
        weight = weight * stock / (weight * stock + (1 - weight) * bond)
        off[n] = weight - _TARGET
        ends = months is not None and n + 1 < len(months) and months[n + 1] != months[n]
        if abs(off[n]) > limit or ends:
            weight = _TARGET
    return off


def _timing_luck(closes: Floats, months: Ints) -> list[Finding]:
    moves = closes[1:] / closes[:-1]
    stock, bond = np.full(12, _TARGET), np.full(12, 1 - _TARGET)
    yearly, at = [], []
    for move, month in zip(moves, months[1:], strict=True):
        stock, bond = stock * move[0], bond * move[1]
        due, whole = np.arange(12) == month % 12, stock + bond
        stock = np.where(due, _TARGET * whole, stock)
        bond = np.where(due, (1 - _TARGET) * whole, bond)
        if month % 12 == 0:
            yearly.append(stock + bond)
            at.append(month // 12 - 1)
    wealth = np.array(yearly)
    # From the second year on every start month has been.
    returns = (wealth[1:] / wealth[:-1] - 1.0)[1:] if len(wealth) > 3 else np.zeros((1, 12))
    single = math.sqrt(float(np.var(returns, axis=1).mean())) * 1e4
    tranches = returns.reshape(len(returns), 4, 3).mean(axis=1)
    four = math.sqrt(float(np.var(tranches, axis=1).mean())) * 1e4
    return [
        found(
            "timing-luck-prices",
            say("annual 60/40, rms over start months, bp"),
            _HOFFSTEIN,
            52.4,
            single,
            within=5.0,
            basis=PRICES,
            why=say("four tranches leave {four:.1f}; over {years} years", four=four, years=len(returns)),
        )
    ]


def _booth_fama(prices: Floats) -> Finding:
    logs = np.diff(np.log(prices), axis=0)
    covariance = np.cov(logs, rowvar=False) * 252.0
    weights = np.array([_TARGET, 1 - _TARGET])
    formula = 0.5 * float(weights @ np.diag(covariance) - weights @ covariance @ weights) * 1e4
    realised = float(np.log(np.exp(logs) @ weights).mean() - (logs @ weights).mean()) * 252.0 * 1e4
    return found(
        "booth-fama-prices",
        say("diversification return, bp"),
        _BOOTH,
        formula,
        realised,
        within=0.5,
        basis=PRICES,
    )
