"""Backtests against engines that others wrote: bt, vectorbt and cvxportfolio, and their statistics.

The peers live in an environment of their own (`make peers`) and are run by its interpreter; without it these
tests skip. Prices are made here, from seeds.
"""

import json
import os
import subprocess
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

import steelyard
from peers import conventions
from steelyard.engines import statistics

ROOT = Path(__file__).parent.parent.parent
INITIAL = 1_000_000
SETTINGS = 220


@pytest.fixture(scope="session")
def peer(tmp_path_factory):
    """Runs an engine on cases: `peer("bt", [(case, prices), ...])`."""
    python = Path(os.environ.get("STEELYARD_PEERS", ROOT / ".venv-peers" / "bin" / "python"))
    if not python.is_file():
        pytest.skip("needs the other engines: make peers")
    folder = tmp_path_factory.mktemp("peers")

    def ask(engine, cases):
        source, target = folder / f"{engine}-in.npz", folder / f"{engine}-out.npz"
        arrays = {f"prices{k}": prices for k, (_, prices) in enumerate(cases)}
        np.savez(source, cases=np.array(json.dumps([case for case, _ in cases])), **arrays)
        command = [str(python), str(Path(__file__).parent / "engines.py"), engine, str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(target) as out:
            return [(out[f"values{k}"], out[f"traded{k}"].tolist()) for k in range(len(cases))]

    return ask


def weekdays(rng, sessions):
    """Return dates as strings: weekdays, three in a hundred closed."""
    day, days = date(2009, 1, 1) + timedelta(days=int(rng.integers(0, 3000))), []
    while len(days) < sessions:
        day += timedelta(days=1)
        if day.weekday() < 5 and rng.random() > 0.03:
            days.append(day.isoformat())
    return days


def walk_of_prices(rng, sessions, instruments):
    steps = rng.normal(0.0003, rng.uniform(0.004, 0.02, instruments), (sessions, instruments))
    return 100.0 * np.exp(np.cumsum(steps, axis=0)) * rng.uniform(0.2, 5.0, instruments)


def percents(rng, instruments):
    """Return whole percentages above zero that come to 100."""
    cuts = np.sort(rng.choice(np.arange(1, 100), instruments - 1, replace=False))
    return np.diff([0, *cuts, 100]).tolist()


def setting(number):
    """Return a case in the words of `engines.py`, its prices, and our policy text."""
    rng = np.random.default_rng([4, number])
    instruments, sessions = int(rng.integers(2, 7)), int(rng.integers(260, 1500))
    parts = percents(rng, instruments)
    kind = ("calendar", "absolute", "relative", "calendar", "absolute", "relative", "calendar", "hold")[
        number % 8
    ]
    look = ("weekly", "monthly", "quarterly", "annual")[int(rng.integers(4))]
    band = int(rng.integers(10, 40)) if kind == "relative" else int(rng.integers(1, 11))
    if number >= 200:
        kind, look = "hybrid", ("monthly", "quarterly")[number % 2]
    case = {
        "dates": weekdays(rng, sessions),
        "targets": [p / 100 for p in parts],
        "kind": kind,
        "look": look,
        "band": band / 100,
        "max_interval": 180,
    }
    text = {
        "hold": "hold",
        "calendar": f"calendar {look}",
        "absolute": f"threshold {band}%",
        "relative": f"threshold relative {band}%",
        "hybrid": f"hybrid {look} {band}% 180d",
    }[kind]
    return case, walk_of_prices(rng, sessions, instruments), text, parts


def ours(case, prices, text, parts, *, commission="0%"):
    names = "ABCDEFGH"[: len(parts)]
    targets = {name: f"{part}%" for name, part in zip(names, parts, strict=True)}
    study = steelyard.backtest(
        prices, targets, text, dates=case["dates"], initial=INITIAL, commission=commission
    )
    return study.results[0]


@pytest.fixture(scope="session")
def settings():
    made = [setting(number) for number in range(SETTINGS)]
    return made, [ours(*one) for one in made]


@pytest.mark.parametrize(("engine", "count"), [("bt", SETTINGS), ("vectorbt", 200)])
def test_without_cost_every_day_and_every_rebalance_is_the_peers(peer, settings, engine, count):
    """Source: the peer itself. Left to itself bt never trades on the last row: dates before it count."""
    made, results = settings
    answers = peer(engine, [(case, prices) for case, prices, _, _ in made[:count]])
    rebalances = 0
    for number, ((values, traded), result) in enumerate(zip(answers, results, strict=False)):
        assert result.values == pytest.approx(values, rel=1e-9, abs=0.0), number
        last = len(values) - 1
        expected = [t for t in traded if 0 < t < last]
        assert [t for t in np.flatnonzero(result.rebalanced).tolist() if t < last] == expected, number
        assert traded[0] == 0
        rebalances += len(expected)
    # Settings that never trade would agree about nothing.
    assert rebalances > 10 * count


def costly(count, looks=("monthly", "quarterly", "annual")):
    made = []
    for number in range(count):
        rng = np.random.default_rng([5, number])
        instruments, sessions = int(rng.integers(2, 5)), int(rng.integers(260, 700))
        case = {
            "dates": weekdays(rng, sessions),
            "targets": [p / 100 for p in percents(rng, instruments)],
            "kind": "calendar",
            "look": looks[number % len(looks)],
            "rate": (0.0005, 0.001, 0.0025, 0.01)[number % 4],
        }
        made.append((case, walk_of_prices(rng, sessions, instruments)))
    return made


def looks_of(case):
    """Return the first session of every period, from the dates alone."""
    key = {"monthly": lambda d: d[:7], "annual": lambda d: d[:4]}
    key["quarterly"] = lambda d: (d[:4], (int(d[5:7]) - 1) // 3)
    periods = [key[case["look"]](d) for d in case["dates"]]
    return [t == 0 or periods[t] != periods[t - 1] for t in range(len(periods))]


def followed(case, prices, sizes):
    return conventions.walk(prices.tolist(), looks_of(case), case["targets"], sizes, case["rate"])


@pytest.mark.parametrize(
    ("whole", "sizes"),
    [(False, conventions.bt_sizes), (True, conventions.bt_whole_sizes)],
    ids=["fractional", "whole"],
)
def test_with_cost_bt_is_the_plain_loop_with_its_own_sizing(peer, whole, sizes):
    """Source: bt itself, 40 settings a kind; the last row is left out because bt does not trade there."""
    made = [({**case, "whole": whole}, prices) for case, prices in costly(40)]
    for (case, prices), (values, traded) in zip(made, peer("bt", made), strict=True):
        _, after, sessions = followed(case, prices, sizes)
        assert after[:-1] == pytest.approx(values[:-1].tolist(), rel=1e-12, abs=0.0)
        assert [t for t in sessions if t < len(values) - 1] == [t for t in traded if t < len(values) - 1]


def test_with_cost_cvxportfolio_is_the_plain_loop_that_pays_from_cash(peer):
    """Source: cvxportfolio itself, 6 settings; its values are those before the session's trades."""
    made = costly(6, looks=("monthly", "quarterly"))
    for (case, prices), (values, _) in zip(made, peer("cvxportfolio", made), strict=True):
        before, _, _ = followed(case, prices, conventions.cash_sizes)
        assert values.tolist() == pytest.approx(before[: len(values)], rel=1e-12, abs=0.0)


def test_with_cost_ours_is_the_plain_loop_with_the_documented_sizing():
    """The same loop, sized by halving: between a peer and us there is the sizing rule and nothing else."""
    for case, prices in costly(40):
        _, after, sessions = followed(case, prices, conventions.exact_sizes)
        parts = [round(100 * w) for w in case["targets"]]
        rate = f"{100 * case['rate']:.2f}%"
        result = ours(case, prices, f"calendar {case['look']}", parts, commission=rate)
        assert result.values.tolist() == pytest.approx(after, rel=1e-12, abs=0.0)
        assert [0, *np.flatnonzero(result.rebalanced).tolist()] == sessions


def test_the_sizing_rules_differ_by_the_order_of_the_cost_squared():
    """By the theory: of a trade of a part x, at cost c, the rules differ by about c^2 x, and cash by c x."""
    for case, prices in costly(12):
        ends = [
            followed(case, prices, rule)[1][-1]
            for rule in (conventions.exact_sizes, conventions.bt_sizes, conventions.cash_sizes)
        ]
        assert ends[0] == pytest.approx(ends[1], rel=2.0 * case["rate"])
        assert ends[0] != ends[1]
        assert ends[0] == pytest.approx(ends[2], rel=5.0 * case["rate"])


def test_the_statistics_are_those_of_kept_libraries(peer):
    """Source: empyrical-reloaded for the ratios, ffn for the deepest fall and its low, 30 series each."""
    cases = []
    for number in range(30):
        rng = np.random.default_rng([6, number])
        case = {"risk_free": float(rng.uniform(0.0, 0.0002)), "dates": weekdays(rng, 1001)}
        cases.append((case, rng.normal(0.0004, 0.01, (1000, 2))))
    grown = [np.concatenate([[1.0], np.cumprod(1.0 + changes[:, 0])]) for _, changes in cases]
    falls = peer("ffn", [(case, index[:, None]) for (case, _), index in zip(cases, grown, strict=True)])
    ratios = peer("empyrical", cases)
    for (case, changes), index, (numbers, _), (fall, _) in zip(cases, grown, ratios, falls, strict=True):
        returns, risk_free = np.ascontiguousarray(changes[:, 0]), case["risk_free"]
        found = statistics.drawdown(index)
        assert [
            statistics.yearly_growth(float(index[-1]), 1000 / 252),
            statistics.volatility(returns, 252),
            statistics.sharpe(returns, risk_free, a_year=252),
            statistics.sortino(returns, risk_free, a_year=252),
            found.depth,
            statistics.tracking_error(returns, np.ascontiguousarray(changes[:, 1]), 252),
        ] == pytest.approx(numbers.tolist(), rel=1e-10)
        assert found.depth == pytest.approx(fall[0], rel=1e-12)
        assert date.fromisoformat(case["dates"][found.trough]).toordinal() == fall[1]


def test_the_money_weighted_return_is_that_of_a_kept_library(peer):
    """Source: pyxirr, 30 savers and spenders."""
    cases, answers = [], []
    for number in range(30):
        rng = np.random.default_rng([7, number])
        days = weekdays(rng, 400)
        paid = np.where(rng.random(400) < 0.05, rng.uniform(-200, 900, 400), 0.0)
        values = 10_000.0 + np.cumsum(paid) + np.abs(rng.normal(0.0, 3000.0, 400))
        numbers = np.array([date.fromisoformat(d).toordinal() for d in days])
        answers.append(statistics.money_weighted(values, paid, numbers, 10_000.0))
        amounts = -paid
        amounts[0] -= 10_000.0
        amounts[-1] += values[-1]
        cases.append(({"dates": days, "amounts": amounts.tolist()}, np.ones((1, 1))))
    assert answers == pytest.approx([float(rate[0]) for rate, _ in peer("pyxirr", cases)], abs=1e-8)
