"""Prices as a backtest needs them: sessions by symbols, complete, with what was done to get there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from steelyard.engines.backtest.problem import Floats


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Closing prices without holes.

    Attributes:
        symbols: N names, one a column.
        dates: T dates, strictly rising.
        prices: (T, N) float64, > 0, C-contiguous.
        rates: Currency pair (`USDKRW`) to (T,) float64, > 0, for those the source has.
        notes: What was sorted, filled or cut, and what looks odd, one sentence each.
        source: Where they come from, for messages.
        simulated: They are no history but made up.
    """

    symbols: tuple[str, ...]
    dates: tuple[date, ...]
    prices: Floats
    rates: dict[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = "prices"
    simulated: bool = False
