"""Starting anew every quarter, on prices whose answer is known beforehand."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from steelyard.app.lab.backtest import BacktestSettings, candidate
from steelyard.app.lab.rolling_starts import rolling_starts
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import DataError


def weekdays(first, last):
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if day.weekday() < 5)


def history(*growths):
    """Each instrument grows by a fixed factor a session, from 2020 to the end of 2022."""
    dates = weekdays(date(2020, 1, 1), date(2022, 12, 30))
    steps = np.arange(len(dates))
    prices = np.column_stack([100.0 * np.array(g) ** steps for g in growths])
    return PriceHistory(tuple("ABC"[: len(growths)]), dates, np.ascontiguousarray(prices))


def test_steady_growth_is_the_same_from_every_start():
    """By hand: 1.0004 a session, as many as the stretch has over the days that it takes."""
    told = rolling_starts(
        history(1.0004), [candidate("hold")], BacktestSettings(targets={"A": Decimal(1)}), years=1
    )
    sessions = [len(weekdays(a, b)) - 1 for a, b in zip(told.starts, told.ends, strict=True)]
    # A whole year, or some days less where the anniversary is a Saturday or a Sunday.
    years = [
        1 - (a.replace(year=a.year + 1) - b).days / 365 for a, b in zip(told.starts, told.ends, strict=True)
    ]
    expected = [1.0004 ** (r / y) - 1 for r, y in zip(sessions, years, strict=True)]
    assert told.rates[:, 0] == pytest.approx(expected)


def test_a_start_needs_all_its_years():
    """By hand: the first weekdays of eight quarters; 2022-01-03 would end on 2023-01-03, after the data."""
    told = rolling_starts(
        history(1.0), [candidate("hold")], BacktestSettings(targets={"A": Decimal(1)}), years=1
    )
    assert told.starts == (
        date(2020, 1, 1),
        date(2020, 4, 1),
        date(2020, 7, 1),
        date(2020, 10, 1),
        date(2021, 1, 1),
        date(2021, 4, 1),
        date(2021, 7, 1),
        date(2021, 10, 1),
    )
    assert told.ends[0] == date(2021, 1, 1)
    assert told.ends[-1] == date(2022, 9, 30)


def test_each_start_buys_anew_and_rebalancing_loses_on_a_steady_winner():
    """A grows and B rests: whoever sells A for B has less at every end. Holding starts from 50/50 each time:
    after R sessions it is (1.001^R + 1) / 2."""
    targets = {"A": Decimal("0.5"), "B": Decimal("0.5")}
    told = rolling_starts(
        history(1.001, 1.0),
        [candidate("hold"), candidate("calendar monthly")],
        BacktestSettings(targets=targets),
        years=1,
    )
    sessions = [len(weekdays(a, b)) - 1 for a, b in zip(told.starts, told.ends, strict=True)]
    years = [
        1 - (a.replace(year=a.year + 1) - b).days / 365 for a, b in zip(told.starts, told.ends, strict=True)
    ]
    expected = [((1.001**r + 1) / 2) ** (1 / y) - 1 for r, y in zip(sessions, years, strict=True)]
    assert told.rates[:, 0] == pytest.approx(expected)
    first, monthly = told.spreads()
    assert (first.worst, first.median, first.best, first.wins) == (0.0, 0.0, 0.0, 0)
    assert monthly.wins == 0
    assert monthly.worst <= monthly.median <= monthly.best < 0.0


def test_a_history_shorter_than_a_stretch_is_said():
    with pytest.raises(DataError) as caught:
        rolling_starts(
            history(1.0), [candidate("hold")], BacktestSettings(targets={"A": Decimal(1)}), years=3
        )
    assert caught.value.code == "price-short"
