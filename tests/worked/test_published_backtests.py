"""Published backtests, from the shared reference data; skipped where that folder is absent.

Each expectation is a number that somebody else printed; the source is in the docstring.
"""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from steelyard.adapters.prices_file import load
from steelyard.app.backtest import Settings, assemble, backtest, candidate, look_mask
from steelyard.engines import statistics
from steelyard.engines.backtest import kernel
from steelyard.engines.price_history import PriceHistory

D = Decimal


def test_all_weather_comes_out_as_the_asset_allocation_package_prints_it(shared):
    """Source: vignette of the R package AssetAllocation 1.1.1, All Weather, month-end, no costs.

    Its first return is that of 2007-02-01, so the purchase is at the close before. Its last month-end
    (2023-05-31) is not a rebalance. Its Sharpe ratio divides the annualised geometric mean of the
    excess returns by their yearly deviation.
    """
    targets = {"SPY": D("0.30"), "TLT": D("0.40"), "IEF": D("0.15"), "GLD": D("0.075"), "DBC": D("0.075")}
    path = shared / "data" / "assetallocation_total_return.csv"
    history = load(path, list(targets), start=date(2007, 1, 31))
    problem = assemble(history, [candidate("calendar monthly last")], Settings(targets))
    looks = problem.rules.looks.copy()
    looks[0, np.flatnonzero(looks[0])[-1]] = False
    runs = kernel.run(replace(problem, rules=replace(problem.rules, looks=looks)))
    with path.open() as rows:
        rates = {row["date"]: float(row["rf_daily"] or 0) for row in csv.DictReader(rows)}
    changes = statistics.returns(runs.values[0], runs.paid[0])
    assert len(changes) == 4267
    excess = changes - np.array([rates[day.isoformat()] for day in history.dates[1:]])
    index = statistics.growth(runs.values[0], runs.paid[0], 10_000.0)
    risk = statistics.volatility(excess)
    assert round(statistics.yearly_growth(float(index[-1]), len(changes) / 252), 4) == 0.0582
    assert round(statistics.volatility(changes), 4) == 0.0798
    assert round(statistics.yearly_growth(float(np.prod(1 + excess)), len(excess) / 252) / risk, 4) == 0.5999
    assert round(-statistics.drawdown(index).depth, 4) == 0.2370


def test_a_hundred_dollars_grow_as_damodaran_says(shared):
    """Source: A. Damodaran, Historical Returns on Stocks, Bonds and Bills, growth of $100 from 1928 on."""
    published = {
        "sp500": 1157009.09,
        "tbill_3m": 2578.30,
        "tbond_10y": 7717.56,
        "corp_baa": 53952.41,
        "real_estate": 5626.02,
        "gold": 21025.41,
    }
    with (shared / "data" / "long_annual.csv").open() as rows:
        years = list(csv.DictReader(rows))
    for name, expected in published.items():
        prices = np.cumprod([1.0] + [1.0 + float(row[name]) for row in years])[:, None]
        dates = (date(1927, 12, 31), *(date(int(row["year"]), 12, 31) for row in years))
        history = PriceHistory((name,), dates, np.ascontiguousarray(prices))
        study = backtest(history, [candidate("hold")], Settings({name: D(1)}, initial=D(100)))
        # The file's returns have eight decimals, so the last cents of a million are not in them.
        assert study.results[0].final_value == pytest.approx(expected, rel=1e-8, abs=0.005)
        exact = float(years[-1][f"g100_{name}"])
        assert study.results[0].final_value == pytest.approx(exact, rel=5e-8)


def test_the_spy_agg_example_of_bt_comes_out(shared):
    """Source: bt 1.4.1 run on this very file, fractional, first session of the month, calendar years.

    The documentation's run prints 152.64 %, 7.70 %, -18.41 %, 8.62 % and 0.90 on another vintage of
    adjusted closes; bt itself gives the numbers below on the corrected ones of the file.
    """
    targets = {"SPY": D("0.5"), "AGG": D("0.5")}
    history = load(
        shared / "data" / "etf_daily.csv", list(targets), start=date(2010, 1, 4), end=date(2022, 7, 1)
    )
    result = backtest(history, [candidate("calendar monthly")], Settings(targets)).results[0]
    # It counts from the day before the first row.
    years = ((history.dates[-1] - history.dates[0]).days + 1) / 365.25
    growth = float(result.index[-1])
    assert growth - 1 == pytest.approx(1.5233928926084888, rel=1e-12)
    assert statistics.yearly_growth(growth, years) == pytest.approx(0.07692223453654146, rel=1e-12)
    assert result.max_drawdown == pytest.approx(-0.18416836371986245, rel=1e-12)
    # It counts the purchase as a session without return.
    changes = np.concatenate([[0.0], statistics.returns(result.values, np.zeros(len(result.values)))])
    assert statistics.volatility(changes) == pytest.approx(0.0862183126253137, rel=1e-12)
    assert statistics.sharpe(changes) == pytest.approx(0.9033118736768131, rel=1e-12)
    printed = [growth - 1, result.max_drawdown, result.volatility, result.sharpe]
    assert printed == pytest.approx([1.5264, -0.1841, 0.0862, 0.90], rel=0.004)


def test_bt_agrees_day_by_day_without_cost(shared):
    """Where bt is installed, its own values on 60 settings: within 1e-9, same rebalance dates."""
    bt = pytest.importorskip("bt")
    pandas = pytest.importorskip("pandas")
    names = ["SPY", "AGG", "GLD", "VNQ", "EFA", "IEF"]
    history = load(shared / "data" / "etf_daily.csv", names, start=date(2008, 1, 2), end=date(2025, 9, 26))
    rng = np.random.default_rng(4)
    algos = {
        "calendar monthly": bt.algos.RunMonthly,
        "calendar quarterly": bt.algos.RunQuarterly,
        "calendar annual": bt.algos.RunYearly,
    }
    for number in range(60):
        chosen = sorted(rng.choice(len(names), int(rng.integers(2, 6)), replace=False).tolist())
        parts = rng.integers(1, 10, len(chosen))
        first = int(rng.integers(0, 2000))
        last = first + int(rng.integers(300, 1500))
        symbols = tuple(names[n] for n in chosen)
        targets = {s: D(int(p)) / D(int(parts.sum())) for s, p in zip(symbols, parts, strict=True)}
        dates, prices = history.dates[first:last], np.ascontiguousarray(history.prices[first:last, chosen])
        line = list(algos)[number % 3]
        part = PriceHistory(symbols, dates, prices)
        ours = backtest(part, [candidate(line)], Settings(targets, initial=D(1_000_000))).results[0]
        frame = pandas.DataFrame(prices, index=pandas.DatetimeIndex(dates), columns=list(symbols))
        weights = {s: float(w) for s, w in targets.items()}
        steps = [
            algos[line](run_on_last_date=True),
            bt.algos.SelectAll(),
            bt.algos.WeighSpecified(**weights),
            bt.algos.Rebalance(),
        ]
        test = bt.Backtest(
            bt.Strategy("s", steps), frame, initial_capital=1e6, integer_positions=False, progress_bar=False
        )
        test.run()
        theirs = test.strategy.values.to_numpy()[1:]
        assert ours.values == pytest.approx(theirs, rel=1e-9)
        trades = test.strategy.outlays.abs().sum(axis=1).to_numpy()[1:] > 1e-3
        # Told to run on the last date, bt trades there whatever the calendar says.
        trades[[0, -1]] = ours.rebalanced[[0, -1]]
        assert np.flatnonzero(ours.rebalanced).tolist() == np.flatnonzero(trades).tolist()


def test_a_look_is_the_first_or_last_session_of_its_period_among_the_data():
    """By hand, for a January that begins on the 2nd and a file that ends within February."""
    dates = [date(2026, 1, 2), date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 27)]
    assert look_mask(dates, "monthly", "first").tolist() == [True, False, True, False]
    assert look_mask(dates, "monthly", "last").tolist() == [False, True, False, False]
