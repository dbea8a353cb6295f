"""When a rebalance is due stands in four texts; one table of cases holds them to one another.

The rule is `domain.policy.policies.decide`. The backtest says it again in binary floats: in plain Python
(`engines.lab.backtest.plain_backtest`), compiled for one policy, and compiled for many policies side by side.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from acceptance.calendars import OpenOn
from steelyard.app.lab.backtest import BacktestSettings, assemble, candidate
from steelyard.domain.policy.drift import measure
from steelyard.domain.policy.policies import decide
from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest
from steelyard.engines.lab.backtest.records import TALLIES
from steelyard.engines.market.price_history import PriceHistory

D = Decimal
FIRST = date(2026, 11, 25)
TARGETS = {"A": D("0.5"), "B": D("0.5")}
# Weights are parts of 64, and so are the bands: exactly on the band is exact in binary floats, too.
CASES = [
    # policy, weight of A in 1/64 (its target is 32), days since the last rebalance, due
    ("threshold 6.25%", 36, 1, False),  # 4/64 = 6.25 %: on the edge is inside
    ("threshold 6.25%", 37, 1, True),
    ("threshold 6.25%", 27, 1, True),  # below, and B as far above
    ("threshold 6.25%", 28, 1, False),
    ("threshold relative 25%", 40, 1, False),  # a quarter of 32/64 is 8/64
    ("threshold relative 25%", 41, 1, True),
    ("threshold 6.25% relative 25%", 37, 1, True),  # the tighter of both
    ("threshold 12.5% relative 12.5%", 37, 1, True),
    ("threshold 6.25% cooldown 10d", 37, 9, False),
    ("threshold 6.25% cooldown 10d", 37, 10, True),
    ("hybrid daily 6.25% 30d", 33, 30, False),  # as long as allowed is not longer
    ("hybrid daily 6.25% 30d", 33, 31, True),
    ("hybrid daily 6.25% 30d", 37, 1, True),
    ("hybrid daily 6.25% 30d cooldown 40d", 33, 31, False),  # too long ago, and too soon: too soon wins
    ("hybrid daily 6.25%", 33, 400, False),  # never overdue
    ("calendar monthly", 33, 9, True),  # 4 December: the look of December
    ("calendar monthly cooldown 10d", 33, 9, False),
    ("calendar monthly cooldown 9d", 33, 9, True),
    ("hold", 60, 400, False),
    ("threshold 50% with A 6.25%", 36, 1, False),  # a band of its own
    ("threshold 50% with A 6.25%", 37, 1, True),
    ("threshold 6.25% with A 50%, B 50%", 40, 1, False),  # in place of the tighter one
]


@pytest.mark.parametrize(("text", "weight", "days", "due"), CASES)
def test_all_texts_of_the_rule_say_the_same(text, weight, days, due):
    """Expected: worked by hand, see the remarks beside the cases."""
    chosen, last = candidate(text), FIRST + timedelta(days=days)

    # Bought half and half at price 1; the prices of the second day bring A to its weight of the same money.
    values = {"A": D(1024) * weight / 64, "B": D(1024) * (64 - weight) / 64}
    policy = replace(chosen.policy, last_rebalance=FIRST)
    drifts = measure(values, D(1024), TARGETS)
    live = decide(drifts, policy, as_of=last, sessions=OpenOn(FIRST, last), exchanges=("X",))
    assert live.due is due

    prices = np.array([[1.0, 1.0], [weight / 32, (64 - weight) / 32]])
    history = PriceHistory(("A", "B"), (FIRST, last), prices)
    problem = assemble(history, [chosen] * 4, BacktestSettings(TARGETS, initial=D(1024)))
    for engine in (plain_backtest, compiled_backtest):
        assert engine.run(problem).rebalanced[:, 1].tolist() == [due] * 4
    side_by_side = compiled_backtest.history_tallies(problem)[:, TALLIES.index("rebalances")]
    assert side_by_side.tolist() == [float(due)] * 4
