"""Ten years of daily runs against the backtest: two codes that must agree on every rebalance date.

The prices are a random walk drawn once with a fixed seed, on every New York session, and real closes where
they are at hand. The owner does what the alert says on the day it comes, in fractions of shares and at no
cost, which is what the backtest assumes.
"""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

import steelyard
from acceptance.jobs import jobs
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.adapters.prices.folder import FolderPrices
from steelyard.app.automation.run import run
from steelyard.domain.policy.policies import Policy

FIRST, LAST = date(2014, 1, 2), date(2023, 12, 29)
FIVE_YEARS = date(2018, 12, 31)
TARGETS = {"SPY": Decimal("0.6"), "TLT": Decimal("0.4")}
WEALTH = Decimal(100_000)
# In winter in New York.
SIX_IN_THE_EVENING = datetime(FIRST.year, FIRST.month, FIRST.day, 23, tzinfo=UTC)


def walk(days):
    """Prices in cents: 1.2 % a day against 0.7 %, seed 20."""
    drawn = np.random.default_rng(20).normal([0.0004, 0.0001], [0.012, 0.007], (len(days), 2))
    paths = np.exp(np.cumsum(drawn, axis=0)) * [180.0, 100.0]
    return {s: [Decimal(f"{p:.2f}") for p in paths[:, n]] for n, s in enumerate(TARGETS)}


def text(shares, policy, last):
    limit = "" if policy.max_interval_days is None else f"max_interval_days = {policy.max_interval_days}\n"
    lines = [
        'base_currency = "USD"\n[targets]\nSPY = "60%"\nTLT = "40%"\n[policy]\n'
        f'kind = "{policy.kind}"\nlook = "{policy.look}"\nthreshold = "5%"\n{limit}last_rebalance = {last}\n'
        '[[accounts]]\nname = "main"\ncash = { USD = "0" }\npositions = ['
    ]
    lines += [f'  {{ symbol = "{s}", shares = "{n:f}" }},' for s, n in shares.items()]
    return "\n".join([*lines, "]\n"])


def at_target(wealth, prices, place):
    """Shares to 12 decimals: a millionth of a millionth is no drift."""
    step = Decimal("1E-12")
    return {s: (wealth * w / prices[s][place]).quantize(step) for s, w in TARGETS.items()}


POLICIES = pytest.mark.parametrize(
    "policy",
    [
        Policy("threshold", "monthly", max_interval_days=None),
        pytest.param(
            Policy("hybrid", "quarterly", max_interval_days=400),
            marks=pytest.mark.long("years of daily runs; bands alone stay in the fast lane"),
        ),
    ],
    ids=["bands", "bands and interval"],
)


@pytest.mark.parametrize(
    "last", [FIVE_YEARS, pytest.param(LAST, marks=pytest.mark.long("ten years of daily runs"))]
)
@POLICIES
def test_years_of_daily_runs_rebalance_on_the_dates_of_the_backtest(tmp_path, policy, last):
    calendar = ExchangeSessions()
    every = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]
    days = [day for day in every if calendar.is_session("XNYS", day)]
    compare(tmp_path, policy, days, walk(days))


@pytest.mark.long("ten years of daily runs")
@POLICIES
def test_so_they_do_over_ten_years_of_real_closes(tmp_path, shared, policy):
    """Closes of New York as they were, two ETFs that the file holds throughout, 2014-01-02 to 2023-12-29."""
    with (shared / "data" / "etf_close_daily.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if FIRST <= date.fromisoformat(r["date"]) <= LAST]
    days = [date.fromisoformat(r["date"]) for r in rows]
    prices = {symbol: [Decimal(r[symbol]) for r in rows] for symbol in TARGETS}
    compare(tmp_path, policy, days, prices)


def compare(tmp_path, policy, days, prices):
    """Hold the dates of daily runs against those of the backtest."""
    columns = {s: [float(p) for p in path] for s, path in prices.items()}
    study = steelyard.backtest(columns, TARGETS, policy, dates=days, initial=WEALTH)
    expected = [day for day, flag in zip(days, study.results[0].rebalanced, strict=True) if flag]
    assert len(expected) >= (6 if days[-1] > FIVE_YEARS else 2)

    (tmp_path / "prices").mkdir()
    for symbol, path in prices.items():
        rows = [f"{day},{price}\n" for day, price in zip(days, path, strict=True)]
        (tmp_path / "prices" / f"{symbol}.csv").write_text("date,close\n" + "".join(rows))
    with jobs(tmp_path, SIX_IN_THE_EVENING, sources=[FolderPrices(tmp_path / "prices")]) as make:
        job = make(timezone="America/New_York", again_days=1, kinds=("rebalance_due",))
        done = days_due(job, tmp_path / "portfolio.toml", policy, days, prices)
    assert done == expected
    assert len(job.post.notifier.got) == len(expected)


def days_due(job, file, policy, days, prices):
    """Run daily, do what the alert says in the file, and return the days on which it said something."""
    shares = at_target(WEALTH, prices, 0)
    file.write_text(text(shares, policy, FIRST))
    places = {day: n for n, day in enumerate(days)}
    done = []
    for day in (FIRST + timedelta(days=n) for n in range((days[-1] - FIRST).days + 1)):
        report = run(job, if_due=True)
        assert report.as_of == day
        if report.due:
            done.append(day)
            wealth = sum(n * prices[s][places[day]] for s, n in shares.items())
            shares = at_target(wealth, prices, places[day])
            file.write_text(text(shares, policy, day))
        job.post.clock.time += timedelta(days=1)
    return done
