"""Compiling on the second core: the first comparison of a version would compile two halves in turn.

numba compiles one function at a time in a process, so the half that resampling needs is compiled by another
process while this one compiles the walk through history. Both keep machine code in the same folder; what
the other made is read from there. Where nothing is kept, or another process cannot be started, this
process compiles all of it, as it would have.

    python -m steelyard.engines.lab.backtest.ahead
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import numpy as np

from steelyard.engines.compilation import cache_folder
from steelyard.engines.lab.backtest import compiled_backtest
from steelyard.engines.lab.backtest.many_policies_kernel import walk_together
from steelyard.engines.lab.backtest.records import Backtest, Market, PolicyRules, TradingTerms

PATIENCE = 120.0
"""Seconds after which this process compiles for itself."""


class Ahead:
    """The other process, if there is one; it ends with the `with` block at the latest."""

    def __init__(self, *, wanted: bool = True) -> None:
        """Start it where something is to be compiled and can be kept.

        Args:
            wanted: False where resampling will not use what it compiles.
        """
        self._process: subprocess.Popen[bytes] | None = None
        folder = cache_folder() if wanted else None
        if folder is None or next(folder.rglob(f"*.{walk_together.__name__}-*.nbi"), None) is not None:
            return
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Return when it has ended, or has taken too long."""
        if self._process is None:
            return
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.stop()

    def stop(self) -> None:
        """End it: nobody waits for it any more."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def smallest() -> Backtest:
    """Return a market of two sessions and as many policies as are walked side by side."""
    policies, sessions, n = 8, 2, 1
    rules = PolicyRules(
        targets=np.ones(n),
        looks=np.ones((1, sessions), dtype=np.bool_),
        schedule=np.zeros(policies, dtype=np.int64),
        always=np.ones(policies, dtype=np.bool_),
        bands=np.full((policies, n), np.inf),
        max_interval=np.full(policies, -1, dtype=np.int64),
        cooldown=np.zeros(policies, dtype=np.int64),
        boxed=np.zeros(policies, dtype=np.bool_),
        low=np.zeros((policies, n)),
        high=np.ones((policies, n)),
    )
    none = np.empty(0)
    market = Market(np.ones((sessions, n)), np.arange(sessions), np.empty((0, n)), none, none)
    return Backtest(market, rules, TradingTerms(1.0, 0.0, 0.0, np.zeros(n)))


if __name__ == "__main__":
    compiled_backtest.tallies(smallest(), seed=0, first=0, count=1, block=1.0)
