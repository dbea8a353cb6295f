"""Walks policies by whichever engine has the answer first; both give the same bits."""

from __future__ import annotations

import time

from steelyard.engines import loading
from steelyard.engines.lab.backtest import plain_backtest
from steelyard.engines.lab.backtest.records import Backtest, Runs

_COMPILED = loading.Kernels("steelyard.engines.lab.backtest.compiled_backtest")
_SESSION = 4e-6
"""Seconds that a session takes the plain loop at most, an instrument: one that trades daily."""


def run(problem: Backtest, *, holdings: bool = True, details: bool = True) -> Runs:
    """Return what every policy of a problem did; see `compiled_backtest.run`."""
    policies, sessions, instruments = problem.shape
    # The book of taxes is as much again. Whole shares are planned by a search that is compiled anyway.
    most = policies * sessions * (instruments + 1) * _SESSION * (1.0 if problem.tax is None else 2.0)
    compiled = _COMPILED.at_hand(most if problem.whole is None else float("inf"))
    if compiled is not None:
        done: Runs = compiled.run(problem, holdings=holdings, details=details)
        return done
    began = time.perf_counter()
    runs = plain_backtest.run(problem, holdings=holdings)
    loading.spent(time.perf_counter() - began)
    return runs
