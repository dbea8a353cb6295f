"""What one policy held, session by session: weights against targets and bands, for a picture or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from steelyard.app.lab.stages import policy_rules
from steelyard.app.lab.study import Study
from steelyard.engines.arrays import Flags, Floats
from steelyard.engines.lab.backtest import walks
from steelyard.engines.lab.backtest.records import Backtest


@dataclass(frozen=True, slots=True)
class WeightHistory:
    """The weights of one policy of a study.

    Attributes:
        policy: Its text.
        symbols: N instruments. dates: T sessions.
        weights: (T, N) float64, of the managed value, after the session's trades; 0 where none is left.
        targets: (T, N) float64; they change only where an instrument joins or leaves.
        bands: (T, N) float64 half-widths, inf where there is none.
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
    at = np.zeros(len(values), np.int64) if problem.stages is None else problem.stages
    weights = np.where(left[:, None], worth / np.where(left, managed, 1.0)[:, None], 0.0)
    return WeightHistory(
        study.results[row].policy,
        study.symbols,
        study.dates,
        weights,
        problem.rules.targets.reshape(-1, len(study.symbols))[at],
        problem.rules.bands[at * problem.shape[0] + row],
        runs.rebalanced[0],
    )


def _alone(problem: Backtest, row: int) -> Backtest:
    return replace(problem, rules=policy_rules(problem, row, lambda own: own, None))
