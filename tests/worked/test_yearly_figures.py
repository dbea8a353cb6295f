"""Yearly figures of backtests come from dates: closes of months, of weeks and of two markets.

The numbers are worked by hand or with the csv module and plain arithmetic.
"""

import csv
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from steelyard.adapters.prices.file import load
from steelyard.app.lab.backtest import BacktestSettings, backtest, candidate
from steelyard.app.lab.compare import a_month, compare
from steelyard.engines.market.price_history import PriceHistory

D = Decimal


def history(dates, *columns):
    return PriceHistory(
        tuple("ABC"[: len(columns)]), tuple(dates), np.ascontiguousarray(np.column_stack(columns))
    )


def month_ends(count):
    firsts = [date(2010 + n // 12, n % 12 + 1, 1) for n in range(1, count + 1)]
    return [d - timedelta(days=1) for d in firsts]


def one(prices, *, policy="hold", **settings):
    return backtest(prices, [candidate(policy)], BacktestSettings({"A": D(1)}, **settings)).results[0]


def test_month_ends_that_grow_by_one_percent_grow_by_12_68_percent_a_year():
    """By hand: 1.01^12 - 1 = 12.6825 %; the eleven months of the last year have 334 of 365 days."""
    dates = month_ends(121)
    result = one(history(dates, 100 * 1.01 ** np.arange(121)))
    assert result.cagr == pytest.approx(1.01**12 - 1, rel=1e-12)
    rest = one(history(dates[:120], 100 * 1.01 ** np.arange(120)))
    assert rest.cagr == pytest.approx(1.01 ** (119 / (9 + 334 / 365)) - 1, rel=1e-12)
    assert round(100 * rest.cagr, 2) == 12.68


def test_risk_of_month_ends_is_that_of_twelve_a_year():
    """By hand: +4 % and -2 % in turn deviate by 3 % (by T - 1 a little more), times the root of 12."""
    steps = np.tile([1.04, 0.98], 60)
    result = one(history(month_ends(121), 100 * np.cumprod([1.0, *steps])))
    deviation = 0.03 * (120 / 119) ** 0.5
    assert result.volatility == pytest.approx(deviation * 12**0.5, rel=1e-12)
    assert result.sharpe == pytest.approx(0.01 / deviation * 12**0.5, rel=1e-12)


def test_weekly_closes_count_52_a_year():
    """By hand: a price that grows by 10 % a year of 365.25 days, seen every seventh day for eight years."""
    dates = [date(2015, 1, 2) + timedelta(days=7 * n) for n in range(418)]
    result = one(history(dates, 100 * 1.1 ** (7 * np.arange(418) / 365.25)))
    assert result.cagr == pytest.approx(0.10, abs=2e-5)


def test_turnover_and_risk_free_of_month_ends_are_a_year_s():
    """By hand: A doubles within the first month and rests; half of what it gained above 50 % is sold.

    Of 160 in all 120 are in A: 24 too much. 24 / 160 over ten years is 1.5 % a year. Cash that earns what
    ratios compare with has no excess, and so no ratio.
    """
    dates = month_ends(121)
    prices = history(dates, np.where(np.arange(121) > 0, 200.0, 100.0), np.full(121, 50.0))
    settings = BacktestSettings({"A": D("0.6"), "B": D("0.4")})
    (result,) = backtest(prices, [candidate("threshold 5%")], settings).results
    assert result.turnover == pytest.approx(24 / 160 / 10, rel=1e-12)
    rest = one(
        history(dates, np.full(121, 7.0)), reserve_amount=D(20_000), cash_rate=D("0.03"), risk_free=D("0.03")
    )
    # Cash earns 3 % in 365 days, and two or three years of the ten have a day more.
    assert rest.cagr == pytest.approx(0.03, abs=3e-5)
    assert np.isnan(rest.sharpe)
    assert (rest.turnover, rest.rebalances, rest.costs) == (0.0, 0, 0.0)


def test_resampling_draws_pieces_of_a_month_whatever_the_rhythm():
    """By hand: a twelfth of 12, of 52 and of some 261 closes, whole ones."""
    steps = 1.0 + 0.01 * np.sin(np.arange(1000))
    weekly = [date(2000, 1, 7) + timedelta(days=7 * n) for n in range(1000)]
    daily = [d for n in range(1400) if (d := date(2015, 1, 1) + timedelta(days=n)).weekday() < 5]
    for dates, sessions in ((month_ends(240), 1), (weekly, 4), (daily, 22)):
        prices = history(dates, 100 * np.cumprod(steps[: len(dates)]))
        study = backtest(prices, [candidate("hold")], BacktestSettings({"A": D(1)}))
        assert a_month(study) == sessions
        drawn = compare(prices, [candidate("hold")], BacktestSettings({"A": D(1)}), paths=3)
        given = compare(prices, [candidate("hold")], BacktestSettings({"A": D(1)}), paths=3, block=sessions)
        assert np.array_equal(drawn.tallies, given.tallies)


def test_two_markets_that_close_on_different_days_count_259_sessions_a_year(shared, tmp_path):
    """Recomputed from the files: growth over the days between, not over 252 rows a year."""
    closes = {}
    for file, name in (("kr_etf_daily.csv", "069500"), ("etf_daily.csv", "VOO")):
        with (shared / "data" / file).open() as rows:
            closes[name] = {row["date"]: float(row[name]) for row in csv.DictReader(rows) if row[name]}
    first = max(min(c) for c in closes.values())
    last = min(max(c) for c in closes.values())
    days = sorted(d for d in set().union(*closes.values()) if first <= d <= last)
    lines, known = ["date,069500,VOO"], {}
    for day in days:
        known |= {name: c[day] for name, c in closes.items() if day in c}
        lines.append(f"{day},{known['069500']},{known['VOO']}")
    (tmp_path / "both.csv").write_text("\n".join(lines) + "\n")
    prices = load(tmp_path / "both.csv", ["069500", "VOO"])
    study = backtest(prices, [candidate("hold")], BacktestSettings({"069500": D("0.5"), "VOO": D("0.5")}))
    grown = sum(c[last] / c[first] for c in closes.values()) / 2
    span = (date.fromisoformat(last) - date.fromisoformat(first)).days / 365.25
    (result,) = study.results
    assert result.cagr == pytest.approx(grown ** (1 / span) - 1, abs=5e-6)
    assert round(study.walk.spacing.a_year) == 259
    assert any("259 a year" in note for note in study.notes)
