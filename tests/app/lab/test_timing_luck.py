"""The luck of the day: against a plain loop, figures measured apart from us, and cases worked by hand."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from steelyard.app.lab.backtest import BacktestSettings, BacktestSetup, candidate
from steelyard.app.lab.timing_luck import calendar_years, luck_of, schedules, timing_luck
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import InputError

D = Decimal


def weekdays(first, count):
    every = (first + timedelta(days=n) for n in range(2 * count))
    return tuple(d for d in every if d.weekday() < 5)[:count]


def of(history, *policies, **settings):
    targets = dict.fromkeys(history.symbols, D(1) / len(history.symbols))
    setup = BacktestSetup(tuple(candidate(p) for p in policies), BacktestSettings(targets, **settings))
    return setup.run(history), setup


def random_walk(count=780, seed=3):
    steps = np.random.default_rng(seed).normal(0.0003, [0.012, 0.004], (count, 2))
    prices = np.ascontiguousarray(100 * np.exp(np.cumsum(steps, axis=0)))
    return PriceHistory(("A", "B"), weekdays(date(2021, 1, 4), count), prices)


def followed(history, looks):
    """A plain loop: half and half, brought back on the sessions given."""
    shares, values = 0.5 / history.prices[0], []
    for prices, look in zip(history.prices, looks, strict=True):
        value = float((shares * prices).sum())
        if look:
            shares = 0.5 * value / prices
        values.append(value)
    return np.array(values)


def test_the_shared_60_40_has_the_luck_that_was_measured_apart(shared):
    """Source: measured with a loop of its own beside this project: SPY and IEF, 60/40, once a year.

    2003 to 2025, at each of twelve month-ends: 52.4 basis points root mean square, 217 in 2009, when the best
    and the worst month were 692 apart; 8.6 % of wealth in the end; four tranches a quarter apart 10.
    """
    with (shared / "data" / "etf_daily.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["SPY"] and r["IEF"]]
    dates = tuple(date.fromisoformat(r["date"]) for r in rows)
    prices = np.array([[float(r["SPY"]), float(r["IEF"])] for r in rows])
    history = PriceHistory(("SPY", "IEF"), dates, prices)
    targets = {"SPY": D("0.6"), "IEF": D("0.4")}
    study = BacktestSetup((candidate("calendar annual"),), BacktestSettings(targets)).run(history)
    masks = np.zeros((12, len(dates)), dtype=bool)
    for n, (day, after) in enumerate(pairwise(dates)):
        if day.month != after.month:
            masks[day.month - 1, n] = True
    alone, tranched = luck_of(study.problem, 0, dates, masks, 4)
    years, _ = calendar_years(dates)
    crash = years.index(2009)
    assert (years[0], years[-1]) == (2003, 2025)
    assert round(1e4 * alone.yearly_luck, 1) == 52.4
    assert round(1e4 * alone.deviations[crash]) == 217
    assert round(1e4 * np.ptp(alone.yearly[:, crash])) == 692
    assert round(100 * alone.ahead, 1) == 8.6
    assert round(1e4 * tranched.yearly_luck) == 10
    assert len(tranched.rates) == 3


def test_every_day_of_the_quarter_is_walked_as_a_plain_loop_walks_it():
    history = random_walk()
    study, setup = of(history, "calendar quarterly")
    masks = schedules(history, "quarterly")
    (told,) = timing_luck(study, setup, tranches=3).policies
    expected = np.array([followed(history, mask) for mask in masks])
    assert told.alone.wealth == pytest.approx(expected[:, -1], rel=1e-12)
    # 65 weekdays in a quarter: sets 0, 21 and 43 days apart.
    assert len(masks) == 65
    sets = [np.mean([expected[(k + shift) % 65, -1] for shift in (0, 21, 43)]) for k in range(21)]
    assert told.tranched.wealth == pytest.approx(sets, rel=1e-12)
    years, ends = calendar_years(history.dates)
    assert years == (2022, 2023)
    assert told.alone.yearly == pytest.approx(
        expected[:, ends][:, 1:] / expected[:, ends][:, :-1] - 1, rel=1e-9
    )
    assert told.tranched.yearly_luck < told.alone.yearly_luck


def test_a_schedule_is_the_same_day_of_every_period():
    """By hand: weeks of five weekdays from Monday 4 January 2021, the Wednesday of the first week missing."""
    dates = tuple(d for d in weekdays(date(2021, 1, 4), 15) if d != date(2021, 1, 6))
    history = PriceHistory(("A",), dates, np.ones((14, 1)))
    masks = schedules(history, "weekly")
    names = [[str(d)[8:] for d, look in zip(dates, mask, strict=True) if look] for mask in masks]
    # The first week is the end of one, of which four sessions are left; on the first of all it buys.
    assert names == [["11", "18"], ["12", "19"], ["05", "13", "20"], ["07", "14", "21"], ["08", "15", "22"]]


def test_a_session_on_which_a_market_is_shut_is_no_day_to_look():
    dates = weekdays(date(2021, 1, 4), 15)
    opened = np.array([d.weekday() != 2 for d in dates])
    masks = schedules(PriceHistory(("A",), dates, np.ones((15, 1)), opened=opened), "weekly")
    assert not masks[:, ~opened].any()


def test_what_looks_daily_or_never_has_no_day_to_be_lucky_with():
    study, setup = of(random_walk(), "hold", "threshold 5%", "threshold 5% look monthly")
    told = timing_luck(study, setup).policies
    assert [p.alone is None for p in told] == [True, True, False]


def test_one_tranche_is_the_policy_itself_and_none_is_refused():
    study, setup = of(random_walk(), "calendar monthly")
    (told,) = timing_luck(study, setup, tranches=1).policies
    assert np.array_equal(told.alone.wealth, told.tranched.wealth)
    with pytest.raises(InputError) as caught:
        timing_luck(study, setup, tranches=0)
    assert caught.value.code == "tranches"


def test_a_stop_keeps_the_policies_that_are_done():
    study, setup = of(random_walk(), "calendar monthly", "calendar quarterly")

    def stop(done):
        raise KeyboardInterrupt

    assert [p.policy for p in timing_luck(study, setup, progress=stop).policies] == ["calendar monthly"]
