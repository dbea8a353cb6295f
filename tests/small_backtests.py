"""Backtests of a few sessions, of one policy, for figures worked by hand."""

import numpy as np
import pytest

from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest
from steelyard.engines.lab.backtest.records import Backtest, Market, PolicyRules, TradingTerms

_KINDS = "kernels of a few sessions, compiled anew for each kind of backtest"
ENGINES = [
    pytest.param(plain_backtest.run, id="plain"),
    pytest.param(compiled_backtest.run, id="compiled", marks=pytest.mark.long(_KINDS)),
]
"""Parameters of a test: the plain loop, and in the long lane the kernel, which equals it bit for bit."""


def happened(prices, **more):
    """A market of some prices, (T, N), without distributions, interest and flows unless given."""
    prices = np.array(prices, dtype=float)
    sessions, n = prices.shape
    nothing = {"distributions": np.empty((0, n)), "interest": np.empty(0), "flows": np.empty(0)}
    return Market(prices=prices, days=np.arange(sessions, dtype=np.int64), **(nothing | more))


def small_backtest(market, targets, looks, *, whole=None, tax=None, **terms):
    """What a policy does that always rebalances on its looks; it starts with 1,000 and pays nothing."""
    n = len(targets)
    rules = PolicyRules(
        targets=np.array(targets),
        looks=np.array([looks]),
        schedule=np.zeros(1, np.int64),
        always=np.ones(1, bool),
        bands=np.full((1, n), np.inf),
        max_interval=np.full(1, -1),
        cooldown=np.zeros(1, np.int64),
        boxed=np.zeros(1, bool),
        low=np.zeros((1, n)),
        high=np.ones((1, n)),
    )
    settings = {"initial": 1000.0, "rate": 0.0, "floor": 0.0, "conversion": np.zeros(n)} | terms
    return Backtest(market, rules, TradingTerms(**settings), whole, tax)
