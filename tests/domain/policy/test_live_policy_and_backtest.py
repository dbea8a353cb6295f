"""The policy that runs live and the compiled backtest agree on every decision along random paths."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from acceptance.calendars import OpenOn
from lanes import sizes
from steelyard.app.lab.backtest import BacktestSettings, assemble, candidate
from steelyard.domain.policy.destination import destination
from steelyard.domain.policy.drift import measure
from steelyard.domain.policy.looks import look_in
from steelyard.domain.policy.policies import decide
from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest
from steelyard.engines.market.price_history import PriceHistory

D = Decimal

TEXTS = (
    "hold",
    "calendar weekly",
    "calendar monthly cooldown 40d",
    "threshold 3%",
    "threshold 4% relative 15% look weekly",
    "threshold relative 20% look biweekly to halfway",
    "hybrid weekly 5% 20d",
    "hybrid monthly 2% 45d to edge cooldown 10d",
)
SESSIONS = 30


def random_history(rng):
    """Prices on most weekdays of some weeks; and as many columns as targets."""
    days, day = [], date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 700)))
    while len(days) < SESSIONS:
        if day.weekday() < 5 and rng.random() < 0.93:
            days.append(day)
        day += timedelta(days=1)
    parts = rng.integers(1, 8, int(rng.integers(2, 5)))
    symbols = tuple("ABCDE"[: len(parts)])
    weights = [D(int(p)) / D(100) for p in parts]
    weights[0] += 1 - sum(weights)
    moves = rng.normal(0, rng.choice([0.01, 0.03]), (SESSIONS, len(parts)))
    prices = np.round(100 * np.exp(np.cumsum(moves, axis=0)), 2)
    return PriceHistory(symbols, tuple(days), prices), dict(zip(symbols, weights, strict=True))


def live_decisions(history, chosen, targets, shares):
    """Ask the live policy at every look session, with the shares that the backtest held before it."""
    policy = replace(chosen.policy, last_rebalance=history.dates[0])
    sessions = OpenOn(*history.dates)
    found = []
    for t in range(1, len(history.dates)):
        as_of = history.dates[t]
        due = False
        if (
            policy.kind != "hold"
            and look_in(policy.look, policy.look_at, as_of, sessions.days.__contains__) == as_of
        ):
            pairs = zip(targets, shares[t - 1], history.prices[t], strict=True)
            values = {s: D(float(held)) * D(float(price)) for s, held, price in pairs}
            drifts = measure(values, sum(values.values()), targets)
            due = decide(drifts, policy, as_of=as_of, sessions=sessions, exchanges=("X",)).due
            # Overdue inside the bands with nothing to trade to their edge: no clock restarts.
            wanted = destination({d.symbol: d.weight for d in drifts}, targets, policy)
            due = due and any(abs(wanted[d.symbol] - d.weight) > D("1e-12") for d in drifts)
        found.append(due)
        if due:
            policy = replace(policy, last_rebalance=as_of)
    return found


@pytest.mark.parametrize("paths", sizes(200, 10_000, "ten thousand random paths, every policy"))
def test_live_policy_and_backtest_agree_on_every_decision_along_random_paths(paths):
    """Expected: domain.policies.decide, in exact decimals, on its own look dates."""
    rng = np.random.default_rng(2026)
    counted = 0
    for number in range(paths):
        history, targets = random_history(rng)
        chosen = candidate(TEXTS[number % len(TEXTS)])
        runs = compiled_backtest.run(assemble(history, [chosen], BacktestSettings(targets)))
        found = live_decisions(history, chosen, targets, runs.shares[0])
        assert runs.rebalanced[0, 1:].tolist() == found, (number, chosen.text)
        counted += sum(found)
    assert counted > paths


@pytest.mark.parametrize("word", ["edge", "halfway"])
def test_the_destination_in_floats_is_the_exact_one(word):
    """Expected: domain.destination, in fractions."""
    rng = np.random.default_rng(5)
    for _ in range(300):
        n = int(rng.integers(2, 7))
        parts = [D(int(p)) for p in rng.integers(0, 9, n)]
        parts[0] += 1
        targets = {f"S{i}": p / sum(parts) for i, p in enumerate(parts)}
        targets["S0"] += 1 - sum(targets.values())
        drawn = rng.dirichlet(np.ones(n)) * rng.choice([1.0, 0.95])
        chosen = candidate(f"threshold 5% to {word}")
        history = PriceHistory(tuple(targets), (date(2026, 1, 1), date(2026, 1, 2)), np.ones((2, n)))
        rules = assemble(history, [chosen], BacktestSettings(targets)).rules
        exact = destination(
            {s: D(float(w)) for s, w in zip(targets, drawn, strict=True)}, targets, chosen.policy
        )
        floats = plain_backtest.project(drawn.tolist(), rules.low[0].tolist(), rules.high[0].tolist())
        assert floats == pytest.approx([float(w) for w in exact.values()], abs=1e-13)
