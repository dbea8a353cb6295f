"""Made-up prices for a demonstration: correlated geometric random walks from a seed.

They are no forecast and no history; everything computed from them says that it is simulated.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from steelyard.engines.market.price_history import PriceHistory
from steelyard.words import say

# Growth and volatility a year, in turn by column: stocks at home and abroad, bonds, gold.
_KINDS = ((0.070, 0.17), (0.080, 0.16), (0.035, 0.11), (0.060, 0.15), (0.030, 0.05))
_COMMON = 0.45
_FIRST = date(2004, 1, 2)
SESSIONS_A_YEAR = 252
"""Of which each has its part of a year's growth. The dates have as many: see `_HOLIDAY`."""
_HOLIDAY = 29
"""Every so-manieth weekday is one: 261 a year become 252."""


def simulate(symbols: tuple[str, ...], *, years: int = 20, seed: int = 1) -> PriceHistory:
    """Return simulated closes on weekdays, of which some nine a year are holidays.

    Each session's log return is part common shock, part own; the same seed gives the same prices.

    Args:
        symbols: Column names, at least one.
        years: Length, in years of 252 sessions.
        seed: 0 .. 2**63 - 1.
    """
    sessions, columns = years * SESSIONS_A_YEAR + 1, len(symbols)
    random = np.random.Generator(np.random.PCG64(seed))
    shocks = random.standard_normal((sessions - 1, columns + 1))
    growth = np.array([_KINDS[i % len(_KINDS)][0] for i in range(columns)])
    risk = np.array([_KINDS[i % len(_KINDS)][1] for i in range(columns)])
    mixed = _COMMON * shocks[:, :1] + np.sqrt(1.0 - _COMMON**2) * shocks[:, 1:]
    steps = (growth - risk**2 / 2.0) / SESSIONS_A_YEAR + risk / np.sqrt(SESSIONS_A_YEAR) * mixed
    prices = np.empty((sessions, columns))
    prices[0] = 100.0
    prices[1:] = 100.0 * np.exp(np.cumsum(steps, axis=0))
    days: list[date] = []
    day, weekdays = _FIRST, 0
    while len(days) < sessions:
        if day.weekday() < 5:
            weekdays += 1
            if weekdays % _HOLIDAY:
                days.append(day)
        day += timedelta(days=1)
    note = say(
        "prices are SIMULATED (seed {seed}): they show how the comparison works, not what markets did",
        seed=seed,
    )
    return PriceHistory(symbols, tuple(days), prices, {}, (note,), "simulation", simulated=True)
