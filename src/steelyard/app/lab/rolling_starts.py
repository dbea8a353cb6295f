"""The same policies started anew every quarter and followed for some years each: does the start decide?

Stretches overlap, so they are not independent and no interval is computed from them; what they show is how
much of a difference belongs to one start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from steelyard.app.lab.backtest import BacktestSettings, BacktestSetup, Candidate
from steelyard.app.lab.look_sessions import look_mask
from steelyard.engines import statistics
from steelyard.engines.arrays import Floats
from steelyard.engines.lab.backtest import walks
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.engines.market.spacing import years_between
from steelyard.errors import DataError
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Spread:
    """Worst, median and best growth a year less that of the first, and on how many stretches it was more."""

    worst: float
    median: float
    best: float
    wins: int


@dataclass(frozen=True, slots=True)
class RollingStarts:
    """Growth of policies over stretches of equal length.

    Attributes:
        years: Length of a stretch.
        starts, ends: First and last session of each of K stretches.
        rates: (K, P) float64, growth a year, time-weighted, first costs included; after tax as if sold at the
            end and all tax paid.
    """

    years: int
    starts: tuple[date, ...]
    ends: tuple[date, ...]
    rates: Floats = field(repr=False)

    def to_dict(self, policies: Sequence[str]) -> dict[str, Any]:
        """Return it as in the document of `compare`, with the texts of the comparison's policies."""
        return {
            "years": self.years,
            "stretches": [
                {
                    "start": start.isoformat(),
                    "end": end.isoformat(),
                    "cagr": dict(zip(policies, row, strict=True)),
                }
                for start, end, row in zip(self.starts, self.ends, self.rates.tolist(), strict=True)
            ],
        }

    def gaps(self) -> Floats:
        """Return the growth a year of every policy less that of the first, (K, P) float64."""
        gaps: Floats = self.rates - self.rates[:, :1]
        return gaps

    def spreads(self) -> list[Spread]:
        """Return how the gaps of each policy are spread, in the order of the policies."""
        gaps = self.gaps()
        return [
            Spread(float(g.min()), float(np.median(g)), float(g.max()), int((g > 0.0).sum())) for g in gaps.T
        ]


def rolling_starts(
    history: PriceHistory,
    candidates: Sequence[Candidate],
    settings: BacktestSettings,
    *,
    years: int,
    progress: Callable[[int], None] | None = None,
) -> RollingStarts:
    """Run policies from the first session of every quarter that has enough years after it.

    An interrupt keeps the starts that are done, where there are any.

    Args:
        history: Complete prices.
        candidates: At least one.
        settings: Of every stretch alike; each starts with `settings.initial`.
        years: Length of a stretch, >= 1.
        progress: Told how many starts are done.

    Raises:
        DataError: The history is shorter than one stretch (`price-short`).
    """
    dates = history.dates
    starts, stops = _stretches(history, years)
    rates, setup = np.empty((len(starts), len(candidates))), BacktestSetup(tuple(candidates), settings)
    done = 0
    try:
        for first, stop in zip(starts, stops, strict=True):
            rates[done] = _rates(setup, history.between(first, stop))
            done += 1
            if progress is not None:
                progress(done)
    except KeyboardInterrupt:
        if not done:
            raise
    starts, stops = starts[:done], stops[:done]
    days = tuple(dates[n] for n in starts), tuple(dates[n - 1] for n in stops)
    return RollingStarts(years, *days, rates[:done])


def count_starts(history: PriceHistory, years: int) -> int:
    """Return how many stretches there are; see `rolling_starts`."""
    return len(_stretches(history, years)[0])


def _rates(setup: BacktestSetup, history: PriceHistory) -> list[float]:
    """Return the growth a year of every policy on one stretch."""
    problem = setup.problem(history)
    runs = walks.run(problem, holdings=False)
    length = years_between(int(problem.market.days[0]), int(problem.market.days[-1]))
    rates = []
    for p in range(len(setup.candidates)):
        grown = statistics.growth(runs.values[p], runs.paid[p], problem.terms.initial)
        final = float(runs.values[p, -1])
        left = float(runs.ending[p, 0]) / final if problem.tax is not None and final > 0.0 else 1.0
        rates.append(statistics.yearly_growth(float(grown[-1]) * left, length))
    return rates


def _stretches(history: PriceHistory, years: int) -> tuple[list[int], list[int]]:
    """Return the first session of each stretch and the one after its last."""
    dates = history.dates
    starts: list[int] = []
    stops: list[int] = []
    for first in np.flatnonzero(look_mask(day_numbers(dates), "quarterly", "first", history.opened)).tolist():
        end = _later(dates[first], years)
        if end <= dates[-1]:
            starts.append(first)
            stops.append(bisect_right(dates, end))
    if not starts:
        raise DataError(
            "price-short",
            say(
                "{source} has no {years} years in a row: {first} to {last}",
                source=history.source,
                years=years,
                first=dates[0],
                last=dates[-1],
            ),
            say("give more history, or a smaller --rolling"),
        )
    return starts, stops


def _later(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))
