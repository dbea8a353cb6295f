"""What resampled histories say: differences of any two policies, sentences, distributions."""

from datetime import date, timedelta

import numpy as np
import pytest

from steelyard.app.lab.backtest import BacktestSettings, candidate
from steelyard.app.lab.compare import LEVELS, Comparison, compare
from steelyard.engines.lab.backtest.records import TALLIES
from steelyard.engines.simulation import simulate
from steelyard.errors import InputError

TEXTS = ("calendar monthly", "threshold 5%", "hold")


def compared(paths=40, seed=3):
    history = simulate(("A", "B", "C"), years=5, seed=2)
    third = {"A": "0.5", "B": "0.3", "C": "0.2"}
    from decimal import Decimal

    settings = BacktestSettings({s: Decimal(w) for s, w in third.items()}, commission=Decimal("0.001"))
    return compare(history, [candidate(t) for t in TEXTS], settings, paths=paths, seed=seed)


@pytest.fixture(scope="module")
def comparison():
    return compared()


def test_any_two_policies_can_be_compared_and_turning_them_round_turns_the_sign(comparison):
    """By the definition: the mean changes its sign, the ends of the interval change places."""
    one = comparison.between("threshold 5%", "hold")
    other = comparison.between("hold", "threshold 5%")
    assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low), abs=1e-15)


def test_a_difference_is_that_of_the_growth_on_each_path(comparison):
    """Counted again from the tallies: growth over 5 years of 252 sessions."""
    growth = comparison.tallies[:, :, TALLIES.index("growth")] ** (1 / 5) - 1
    gaps = growth[:, 1] - growth[:, 2]
    assert comparison.between("threshold 5%", "hold").mean == pytest.approx(gaps.mean(), rel=1e-12)
    assert comparison.between("threshold 5%", "hold").low == pytest.approx(np.quantile(gaps, 0.025))


def told(gaps):
    """A comparison of two policies whose growth differs by the given points a year."""
    comparison = compared(paths=len(gaps))
    tallies = comparison.tallies.copy()
    column = TALLIES.index("growth")
    tallies[:, 1, column] = ((tallies[:, 0, column] ** (1 / 5)) + np.array(gaps) / 100) ** 5
    return Comparison(comparison.study, comparison.paths, comparison.differences, tallies, comparison.drawn)


def test_a_difference_whose_interval_holds_zero_is_said_to_be_no_evidence():
    """By hand: half of the paths 0.1 up, half 0.06 down is 0.02 on average."""
    sentence = told([0.10, -0.06] * 20).statement("threshold 5%", "calendar monthly")
    assert sentence == (
        "threshold 5% and calendar monthly do not differ: +0.02 points a year after cost, 95 % -0.06 to +0.10"
    )


def test_the_better_one_is_named_first_however_they_are_given():
    """By hand: 0.3 and 0.1 worse in turn is 0.2 worse on average, never zero."""
    sentence = told([-0.3, -0.1] * 20).statement("threshold 5%", "calendar monthly")
    assert sentence == (
        "calendar monthly beats threshold 5% by 0.20 points a year after cost, 95 % 0.10 to 0.30: "
        "more than luck in histories like this"
    )


def test_distributions_are_quantiles_over_the_paths(comparison):
    """Counted again with NumPy from the tallies."""
    spread = comparison.distributions()[2]
    assert spread.policy == "hold"
    assert spread.final_value == pytest.approx(
        np.quantile(comparison.tallies[:, 2, TALLIES.index("final")], LEVELS).tolist()
    )
    assert spread.rebalances == (0.0,) * 5
    assert list(spread.max_drawdown) == sorted(spread.max_drawdown)
    assert spread.max_drawdown[-1] < 0.0


def test_a_batch_begins_with_the_paths_of_a_smaller_one_bit_for_bit(comparison):
    """Path k depends on the seed and on k alone."""
    assert np.array_equal(compared(paths=7).tallies, comparison.tallies[:7])
    assert not np.array_equal(compared(paths=7, seed=4).tallies, comparison.tallies[:7])


def test_what_was_not_compared_is_an_error(comparison):
    with pytest.raises(InputError, match="threshold 9%"):
        comparison.between("hold", "threshold 9%")
    with pytest.raises(InputError, match="nothing was resampled"):
        compared(paths=0).statement("hold", "threshold 5%")


def test_longer_blocks_keep_what_lasts_longer_than_a_day():
    """By construction: a price that rises ten sessions and falls ten keeps its swings in long blocks only."""
    from decimal import Decimal

    from steelyard.engines.market.price_history import PriceHistory

    days = tuple(date(2020, 1, 1) + timedelta(days=n) for n in range(1001))
    steps = np.where(np.arange(1000) // 10 % 2 == 0, 0.01, -0.01)
    prices = np.exp(np.concatenate([[0.0], np.cumsum(steps)]))[:, None]
    history = PriceHistory(("A",), days, np.ascontiguousarray(prices))
    falls = [
        np.median(
            compare(
                history,
                [candidate("hold")],
                BacktestSettings({"A": Decimal(1)}),
                paths=60,
                seed=1,
                block=block,
            ).tallies[:, 0, TALLIES.index("trough")]
        )
        for block in (1.0, 400.0)
    ]
    # One swing is a tenth; drawn singly the steps are a random walk that falls much deeper.
    assert falls[0] < 0.75 < 0.8 < falls[1]
