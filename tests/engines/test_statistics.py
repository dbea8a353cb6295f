"""Statistics against hand-worked numbers and against a library that others keep."""

import math
from datetime import date

import numpy as np
import pytest

from steelyard.engines import statistics

NONE = np.zeros(4)


def test_money_paid_in_is_not_a_return():
    """By hand: 100, then 110 and 50 new, then 176 (+10 %)."""
    changes = statistics.returns(np.array([100.0, 160.0, 176.0]), np.array([0.0, 50.0, 0.0]))
    assert changes == pytest.approx([0.10, 0.10], rel=1e-14)


def test_the_deepest_fall_has_its_peak_trough_and_recovery():
    """By hand: from 2 to 1 is -50 %, back at 2 in the last session."""
    found = statistics.drawdown(np.array([1.0, 2.0, 1.5, 1.0, 1.8, 2.0]))
    assert found == statistics.Drawdown(-0.5, 1, 3, 5)
    assert statistics.drawdown(np.array([1.0, 2.0, 1.5])).recovered is None
    assert statistics.drawdown(np.array([1.0, 1.1])).depth == 0.0


def test_the_money_weighted_return_is_the_published_xirr_example():
    """Source: the example of the XIRR function in a spreadsheet's manual: 0.373362535."""
    days = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]
    numbers = np.array([d.toordinal() for d in days])
    paid = np.array([0.0, -2750.0, -4250.0, -3250.0, 0.0])
    values = np.array([10_000.0, 1.0, 1.0, 1.0, 2750.0])
    assert statistics.money_weighted(values, paid, numbers, 10_000.0) == pytest.approx(0.373362535, abs=1e-8)


@pytest.mark.parametrize(
    ("kept", "days", "rate"),
    [
        # 0.4 ^ (365 / 1) - 1: no rate above -99 % fits, and decimals do not tell it from -100 %.
        (400.0, 1, -1.0),
        (1.0, 365, -0.999),
        (10.0, 730, -0.9),
        (1000.0, 400, 0.0),
        (0.0, 100, -1.0),
    ],
)
def test_a_money_weighted_loss_may_be_nearly_everything(kept, days, rate):
    """By hand: what is kept of 1,000 to the power of 365 over the days, less 1."""
    numbers = np.array([730_000, 730_000 + days])
    found = statistics.money_weighted(np.array([1000.0, kept]), np.zeros(2), numbers, 1000.0)
    assert found == pytest.approx(rate, abs=1e-12)


def test_a_deposit_before_a_crash_counts_in_the_money_weighted_rate():
    """By hand: 100 two years ago and 100 one year ago leave 1: 100 x^2 + 100 x = 1, x being 1 + the rate."""
    root = (-100 + math.sqrt(100**2 + 400)) / 200
    numbers = 730_000 + np.array([0, 365, 730])
    values, paid = np.array([100.0, 200.0, 1.0]), np.array([0.0, 100.0, 0.0])
    assert statistics.money_weighted(values, paid, numbers, 100.0) == pytest.approx(root - 1, rel=1e-12)


def test_turnover_is_half_of_what_is_traded_over_wealth_a_year_without_the_first_purchase():
    """By hand: one trade of 40 on 200 is 10 %, in two years 5 % a year."""
    traded, wealth = np.zeros(253), np.full(253, 200.0)
    traded[0], traded[100] = 200.0, 40.0
    assert statistics.turnover(traded, wealth, 1.0) == pytest.approx(0.10)
    assert statistics.turnover(traded, wealth, 2.0) == pytest.approx(0.05)
    assert math.isnan(statistics.turnover(traded, wealth, 0.0))


def test_without_risk_or_time_the_ratios_are_not_numbers():
    assert math.isnan(statistics.sharpe(np.full(10, 0.0), a_year=252))
    assert math.isnan(statistics.sortino(np.full(10, 0.01), a_year=252))
    assert math.isnan(statistics.yearly_growth(1.5, 0.0))


def test_the_ratios_are_those_of_a_kept_library():
    """Source: empyrical-reloaded, where it is installed."""
    empyrical = pytest.importorskip("empyrical")
    rng = np.random.default_rng(8)
    changes, other = rng.normal(0.0004, 0.01, 1500), rng.normal(0.0004, 0.01, 1500)
    index = np.concatenate([[1.0], np.cumprod(1 + changes)])
    pairs = [
        (statistics.volatility(changes, 252), empyrical.annual_volatility(changes)),
        (statistics.sharpe(changes, 0.0001, a_year=252), empyrical.sharpe_ratio(changes, 0.0001)),
        (statistics.sortino(changes, 0.0001, a_year=252), empyrical.sortino_ratio(changes, 0.0001)),
        (statistics.drawdown(index).depth, empyrical.max_drawdown(changes)),
        (statistics.yearly_growth(index[-1], 1500 / 252), empyrical.annual_return(changes)),
        (statistics.tracking_error(changes, other, 252), empyrical.annual_volatility(changes - other)),
    ]
    for ours, theirs in pairs:
        assert ours == pytest.approx(theirs, rel=1e-12)
