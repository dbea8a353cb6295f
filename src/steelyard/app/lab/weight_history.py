"""What one policy held, session by session: weights against targets and bands, for a picture or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from steelyard.app.lab.study import Study
from steelyard.engines.arrays import Flags, Floats
from steelyard.engines.backtest import walks
from steelyard.engines.backtest.records import Backtest


@dataclass(frozen=True, slots=True)
class WeightHistory:
    """The weights of one policy of a study.

    Attributes:
        policy: Its text.
        symbols: N instruments. dates: T sessions.
        weights: (T, N) float64, of the managed value, after the session's trades; 0 where none is left.
        targets: (N,) float64. bands: (N,) float64 half-widths, inf where there is none.
        rebalanced: (T,) bool, as in the result.
    """

    policy: str
    symbols: tuple[str, ...]
    dates: Sequence[date]
    weights: Floats = field(repr=False)
    targets: Floats
    bands: Floats
    rebalanced: Flags = field(repr=False)


def weight_history(study: Study, row: int = 0) -> WeightHistory:
    """Follow one policy of a study again, keeping what it held.

    Args:
        study: As `backtest` returns it.
        row: The number of the policy, counted from 0.
    """
    problem = study.problem
    runs = walks.run(_alone(problem, row), holdings=True)
    terms, values = problem.terms, runs.values[0]
    managed = values - (terms.reserve_amount + terms.reserve_weight * values)
    worth = runs.shares[0] * problem.market.prices
    left = managed > 0.0
    weights = np.where(left[:, None], worth / np.where(left, managed, 1.0)[:, None], 0.0)
    return WeightHistory(
        study.results[row].policy,
        study.symbols,
        study.dates,
        weights,
        problem.rules.targets,
        problem.rules.bands[row],
        runs.rebalanced[0],
    )


def _alone(problem: Backtest, row: int) -> Backtest:
    rules = problem.rules
    one = rules._replace(
        schedule=rules.schedule[row : row + 1],
        always=rules.always[row : row + 1],
        bands=rules.bands[row : row + 1],
        max_interval=rules.max_interval[row : row + 1],
        cooldown=rules.cooldown[row : row + 1],
        boxed=rules.boxed[row : row + 1],
        low=rules.low[row : row + 1],
        high=rules.high[row : row + 1],
    )
    return replace(problem, rules=one)
