"""A rule of ours against the usual ones at equal deviation."""

import numpy as np
import pytest

import steelyard
from steelyard.api.advice import _saver_of
from steelyard.app.lab.advice import own_policy
from steelyard.errors import InputError

FUNDS = {"VOO": "60%", "TLT": "40%"}


def saver(move, fixed, value=50_000):
    portfolio = steelyard.build("USD", FUNDS, need_accounts=False)
    told = {"value": value, "move_cost": move, "fixed": fixed, "volatility": "15%", "whole": False}
    return _saver_of(portfolio, None, told)[0]


def test_of_all_bands_of_a_deviation_the_best_is_the_one_whose_own_costs_they_are():
    """5.10 and 1.32 points are best at 10 bp and $1 on 50,000: then they are also best of their deviation."""
    square = (0.0509697**2 + 0.0132067**2) / 6
    band = own_policy.even_band(saver("0.1%", 1), square)
    assert band.trigger == pytest.approx(0.0510, abs=0.0002)
    assert band.destination == pytest.approx(0.0132, abs=0.0004)


def test_without_fixed_costs_it_walks_its_edge_and_with_nothing_else_it_goes_to_the_target():
    edge = own_policy.even_band(saver("0.1%", 0), 1e-4)
    assert edge.destination == pytest.approx(edge.trigger, rel=0.01)
    assert own_policy.even_band(saver("0%", 1), 1e-4).destination == 0


def test_resampled_moves_are_moves_of_the_history_in_their_order():
    moves = 1 + np.arange(200.0).reshape(100, 2) / 1000
    paths = own_policy._resampled(np.random.default_rng(3), moves, 500, 80)
    rows = np.rint((paths[:, :, 0] - 1) * 500).astype(int)
    assert rows.min() >= 0
    assert rows.max() < 100
    # A piece ends with a chance of one in 21, and then begins anywhere.
    follows = (np.diff(rows, axis=1) % 100 == 1).mean()
    assert follows == pytest.approx(1 - 1 / 21 * 0.99, abs=0.004)


def test_less_than_ten_years_are_refused():
    prices = np.ones((1000, 2))
    with pytest.raises(InputError) as refused:
        own_policy.duels(saver("0.1%", 1), prices, paths=20, seed=1)
    assert refused.value.code == "short-history"


@pytest.mark.long("duels on two halves of twenty years")
def test_on_spy_and_ief_it_beats_200_175_where_a_rebalance_costs_a_dollar_and_quarterly_looks_nowhere(shared):
    """A result, not a wish: against quarterly looks at five points there is no evidence in both halves."""
    portfolio = steelyard.build("USD", {"SPY": "60%", "IEF": "40%"}, need_accounts=False)
    found = steelyard.rule_duels(
        portfolio,
        str(shared / "data" / "etf_daily.csv"),
        value=50_000,
        move_cost="0.1%",
        fixed=1,
        whole=False,
    )
    by = {(one.part, one.rival): one for one in found.duels}
    for part in ("first", "second"):
        tight = by[part, "threshold 2% to 1.75%"]
        assert tight.verdict == "better"
        assert tight.total[0] * 1e4 < -1
        assert tight.deviation == pytest.approx(tight.rival_deviation, rel=0.03)
    quarterly = [by[part, "threshold 5% look quarterly"].verdict for part in ("first", "second")]
    assert quarterly != ["better", "better"]
