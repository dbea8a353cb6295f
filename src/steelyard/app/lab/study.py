"""What policies did, as a caller reads it: wealth at once, statistics when they are asked for.

The series of a backtest takes less time than its sixteen statistics, so each is computed on first access
and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from steelyard.engines import statistics
from steelyard.engines.arrays import Flags, Floats
from steelyard.engines.lab.backtest import walks
from steelyard.engines.lab.backtest.records import Backtest, PolicyRules, Runs, TradingTerms
from steelyard.engines.market.price_history import PriceHistory
from steelyard.engines.market.spacing import Spacing
from steelyard.words import say

STATISTICS = (
    "policy",
    "final_value",
    "cagr",
    "cagr_if_sold",
    "money_weighted",
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "drawdown_from",
    "drawdown_to",
    "turnover",
    "rebalances",
    "costs",
    "taxes",
    "liquidation_value",
    "average_drift",
    "worst_drift",
    "tracking_error",
    "ruined_on",
)
"""What a result says in one value each, in the order of tables."""
_WORDS = ("policy", "drawdown_from", "drawdown_to", "ruined_on")
_NUMBERS = tuple(name for name in STATISTICS if name not in _WORDS)


@dataclass(frozen=True, eq=False)
class Walk:
    """Policies walked through prices: what a study and its results are read from.

    Attributes:
        history: The prices.
        problem: The arrays, for resampling.
        recorded: What was recorded, all or wealth and rebalances only; see `runs`.
        yearly_risk_free: What ratios compare with, a fraction a year.
    """

    history: PriceHistory
    problem: Backtest = field(repr=False)
    recorded: Runs = field(repr=False)
    yearly_risk_free: float

    @cached_property
    def spacing(self) -> Spacing:
        """How far apart the closes are, and how long it all is."""
        return self.history.spacing

    @cached_property
    def risk_free(self) -> Floats:
        """What ratios compare with, by the days of each session, (T - 1,) float64."""
        # As cash earns it: all of it at the risk-free rate then has no excess, weekends included.
        earned: Floats = (1.0 + self.yearly_risk_free) ** (np.diff(self.problem.market.days) / 365.0) - 1.0
        return earned

    @cached_property
    def runs(self) -> Runs:
        """Everything that the walk of every policy records, holdings apart."""
        if self.recorded.costs.shape == self.recorded.values.shape:
            return self.recorded
        return walks.run(self.problem, holdings=False)

    @cached_property
    def ideal_changes(self) -> Floats:
        """Session returns of the mix rebalanced every session at no cost, (T - 1,) float64."""
        ideal = walks.run(_ideal(self.problem, self.history.opened), holdings=False)
        return statistics.returns(ideal.values[0], ideal.paid[0])


@dataclass(frozen=True, eq=False)
class Study:
    """Results of several policies on the same prices.

    Attributes:
        walk: What they are read from.
        results: One a policy, in the order asked for.
        terms: What the result rests on, one sentence each.
        again: Walks the same policies through another part of the history.
    """

    walk: Walk
    results: tuple[Result, ...]
    terms: tuple[str, ...]
    again: Callable[[PriceHistory], Study] = field(repr=False)

    @property
    def policies(self) -> tuple[str, ...]:
        """The text of each policy, in the order asked for."""
        return tuple(r.policy for r in self.results)

    @property
    def history(self) -> PriceHistory:
        """The prices."""
        return self.walk.history

    @cached_property
    def together(self) -> Study:
        """The same policies over the time in which all instruments are there: what can be resampled.

        Raises:
            DataError: They never are (`price-short`).
        """
        return self if self.history.present is None else self.again(self.history.together())

    @property
    def problem(self) -> Backtest:
        """The arrays of the backtest, for resampling."""
        return self.walk.problem

    @property
    def dates(self) -> Sequence[date]:
        """T sessions."""
        return self.history.dates

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments, in the order of the arrays' columns."""
        return self.history.symbols

    @property
    def simulated(self) -> bool:
        """Whether the prices are made up."""
        return self.history.simulated

    @property
    def whole(self) -> bool:
        """Whether trades were in whole shares."""
        return self.problem.whole is not None

    @property
    def after_tax(self) -> bool:
        """Whether gains were taxed."""
        return self.problem.tax is not None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was done to the prices, what looks odd in them, and what to keep in mind."""
        notes = [*self.history.notes, *self.terms]
        unproven = int(self.walk.recorded.ending[:, 1].sum())
        if unproven:
            notes.append(
                say(
                    "{unproven} plans of whole shares stopped at the search's limit: good, not proven best",
                    unproven=unproven,
                )
            )
        return tuple(notes)

    @property
    def years(self) -> float:
        """How long it is, in years of the calendar."""
        return self.walk.spacing.years

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `backtest --json` (`steelyard/backtest/1`); statistics are JSON numbers."""
        return {
            "schema": "steelyard/backtest/1",
            "period": {
                "start": self.dates[0].isoformat(),
                "end": self.dates[-1].isoformat(),
                "sessions": len(self.dates),
                "years": self.years,
                "spacing": self.walk.spacing.kind,
                "sessions_a_year": self.walk.spacing.a_year,
            },
            "simulated": self.simulated,
            "whole_shares": self.whole,
            "after_tax": self.after_tax,
            "initial": self.problem.terms.initial,
            "lives": [
                {
                    "symbol": life.symbol,
                    "joined": None if life.joined is None else life.joined.isoformat(),
                    "left": None if life.left is None else life.left.isoformat(),
                }
                for life in self.history.lives
            ],
            "results": [r.to_dict() for r in self.results],
            "notes": list(self.notes),
        }

    def summary(self, frame: Callable[[dict[str, list[Any]]], Any] = dict) -> Any:
        """Return the statistics, a row a policy, as whatever `frame` makes of columns.

        Args:
            frame: For example `pandas.DataFrame` or `polars.DataFrame`; plain lists unless given.
        """
        return frame({name: [getattr(r, name) for r in self.results] for name in STATISTICS})

    def daily(self, frame: Callable[[dict[str, list[Any]]], Any] = dict) -> Any:
        """Return wealth at every close: `date` and a column a policy, as whatever `frame` makes of it."""
        columns: dict[str, list[Any]] = {"date": list(self.dates)}
        return frame(columns | {r.policy: r.values.tolist() for r in self.results})


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What one policy did. Rates are fractions a year; nan where a number does not exist.

    It holds what it is read from and not the study, which holds its results: a circle would keep the arrays
    of every backtest of a long loop until the collector comes by.

    Attributes:
        walk: What it is read from.
        row: Which row of it.
        policy: Its text, as `domain.policy_text` prints it.
    """

    walk: Walk
    row: int
    policy: str

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in STATISTICS)
        return f"Result({said})"

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of its study; None where a number does not exist."""
        row: dict[str, Any] = {"policy": self.policy}
        for name in _NUMBERS:
            value = getattr(self, name)
            row[name] = None if math.isnan(value) else value
        row["drawdown_from"] = self.drawdown_from.isoformat()
        row["drawdown_to"] = self.drawdown_to.isoformat()
        row["ruined_on"] = None if self.ruined_on is None else self.ruined_on.isoformat()
        return row

    @property
    def drawdowns(self) -> Floats:
        """How far below its highest so far it is at every close, (T,) float64, 0 or less."""
        return statistics.drawdowns(self.index)

    @property
    def values(self) -> Floats:
        """Wealth at the close of every session, (T,) float64, base currency."""
        values: Floats = self.walk.recorded.values[self.row]
        return values

    @property
    def rebalanced(self) -> Flags:
        """Sessions on which the policy traded, (T,) bool; not the first, and not what deposits bought."""
        flags: Flags = self.walk.recorded.rebalanced[self.row]
        return flags

    @property
    def final_value(self) -> float:
        """Wealth at the end, base currency."""
        return float(self.values[-1])

    @property
    def rebalances(self) -> int:
        """How often the policy traded, see `rebalanced`."""
        return int(self.rebalanced.sum())

    @property
    def ruined_on(self) -> date | None:
        """When a withdrawal could not be paid in full, None otherwise."""
        session = int(self.walk.recorded.ruined[self.row])
        return self.walk.history.dates[session] if session >= 0 else None

    @property
    def liquidation_value(self) -> float:
        """What is left of `final_value` after selling everything and paying all tax."""
        return float(self.walk.recorded.ending[self.row, 0])

    @cached_property
    def index(self) -> Floats:
        """Time-weighted growth of one unit, (T,) float64, first costs included."""
        return statistics.growth(self.values, self._paid, self.walk.problem.terms.initial)

    @cached_property
    def cagr(self) -> float:
        """Time-weighted growth a year, first costs included."""
        return statistics.yearly_growth(float(self.index[-1]), self.walk.spacing.years)

    @cached_property
    def cagr_if_sold(self) -> float:
        """The same if all is sold at the last close and all tax paid; after tax policies compare by it."""
        left = self.liquidation_value / self.final_value if self.final_value > 0.0 else 0.0
        return statistics.yearly_growth(float(self.index[-1]) * left, self.walk.spacing.years)

    @cached_property
    def money_weighted(self) -> float:
        """The yearly rate at which all money paid in grew to the end."""
        problem = self.walk.problem
        return statistics.money_weighted(self.values, self._paid, problem.market.days, problem.terms.initial)

    @cached_property
    def volatility(self) -> float:
        """Standard deviation of session returns, times the root of the sessions a year."""
        return statistics.volatility(self._changes, self._a_year)

    @cached_property
    def sharpe(self) -> float:
        """Mean session return above the risk-free one over its deviation, times the same root."""
        return statistics.sharpe(self._changes, self.walk.risk_free, a_year=self._a_year)

    @cached_property
    def sortino(self) -> float:
        """The same over the root mean square of what was lost."""
        return statistics.sortino(self._changes, self.walk.risk_free, a_year=self._a_year)

    @property
    def max_drawdown(self) -> float:
        """The deepest fall from a high of `index`, a negative fraction."""
        return self._fall.depth

    @property
    def drawdown_from(self) -> date:
        """The high before the deepest fall."""
        return self.walk.history.dates[self._fall.peak]

    @property
    def drawdown_to(self) -> date:
        """The low of the deepest fall."""
        return self.walk.history.dates[self._fall.trough]

    @cached_property
    def turnover(self) -> float:
        """Yearly sum of traded value / 2 over wealth, without the first purchase."""
        runs = self.walk.runs
        wealth = self.values + runs.costs[self.row]
        return statistics.turnover(runs.traded[self.row], wealth, self.walk.spacing.years)

    @cached_property
    def costs(self) -> float:
        """All that trading cost, base currency."""
        return float(self.walk.runs.costs[self.row].sum())

    @cached_property
    def taxes(self) -> float:
        """Tax that left during the time, base currency."""
        return float(self.walk.runs.taxes[self.row].sum())

    @cached_property
    def average_drift(self) -> float:
        """Mean of the largest drift of each session before its trades."""
        drifts = self.walk.runs.drifts[self.row, 1:]
        return float(drifts.mean()) if len(drifts) else math.nan

    @cached_property
    def worst_drift(self) -> float:
        """Largest drift of any session before its trades."""
        drifts = self.walk.runs.drifts[self.row, 1:]
        return float(drifts.max()) if len(drifts) else math.nan

    @cached_property
    def tracking_error(self) -> float:
        """Standard deviation of session returns less those of the free daily mix, times the same root."""
        return statistics.tracking_error(self._changes, self.walk.ideal_changes, self._a_year)

    @property
    def _a_year(self) -> float:
        return self.walk.spacing.a_year

    @property
    def _paid(self) -> Floats:
        paid: Floats = self.walk.runs.paid[self.row]
        return paid

    @cached_property
    def _changes(self) -> Floats:
        return statistics.returns(self.values, self._paid)

    @cached_property
    def _fall(self) -> statistics.Drawdown:
        return statistics.drawdown(self.index)


def _ideal(problem: Backtest, opened: Flags | None) -> Backtest:
    """Return the mix that is rebalanced every session at no cost, deposits included."""
    rules, terms = problem.rules, problem.terms
    n, stages = problem.shape[2], len(rules.targets) // problem.shape[2]
    daily = PolicyRules(
        targets=rules.targets,
        looks=np.ones((1, len(problem.market.days)), dtype=np.bool_)
        if opened is None
        else opened[np.newaxis],
        schedule=np.zeros(stages, dtype=np.int64),
        always=np.ones(stages, dtype=np.bool_),
        bands=np.full((stages, n), np.inf),
        max_interval=np.full(stages, -1, dtype=np.int64),
        cooldown=np.zeros(stages, dtype=np.int64),
        boxed=np.zeros(stages, dtype=np.bool_),
        low=np.zeros((stages, n)),
        high=np.ones((stages, n)),
    )
    free = TradingTerms(terms.initial, 0.0, 0.0, np.zeros(n), terms.reserve_amount, terms.reserve_weight)
    return Backtest(problem.market, daily, free, stages=problem.stages)
