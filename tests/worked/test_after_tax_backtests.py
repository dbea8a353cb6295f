"""Backtests after tax, each worked by hand on a few sessions."""

import numpy as np
import pytest

from small_backtests import ENGINES, happened, small_backtest
from steelyard.engines.lab.backtest.records import TERMS, UNTAXED, WITHHELD, YEARLY, TaxRules, WholeShares


def ledger(kinds, year, due, **more):
    sessions, n = len(year), len(kinds)
    rules = {
        "averaged": np.zeros(n, bool),
        "long_since": np.full(sessions, -1),
        "harvest": np.zeros(sessions, bool),
        "distributed": np.zeros(n),
    }
    return TaxRules(kinds=np.array(kinds), year=np.array(year), due=np.array(due), **(rules | more))


@pytest.fixture(params=ENGINES)
def backtest(request):
    """Runs prices through an engine."""

    def run(prices, tax, *, looks, initial=1000.0, whole=None, targets=(0.5, 0.5), **market):
        problem = small_backtest(
            happened(prices, **market), targets, looks, whole=whole, tax=tax, initial=initial
        )
        return request.param(problem)

    return run


def test_a_year_above_its_allowance_is_taxed_when_it_falls_due_out_of_what_is_over_target(backtest):
    """By hand: 500 in each; the first doubles to 1000 of 1500, 250 of it is sold with a gain of 125. Above
    the allowance of 25 that is 100 at 22 %. In the next year 22 leave; both are at 750, so 11 of each
    is sold."""
    tax = ledger([YEARLY, UNTAXED], [0, 0, 1], [0, 0, 1], allowance=25.0, national=0.2, local=0.02)
    runs = backtest([[10, 10], [20, 10], [20, 10]], tax, looks=[False, True, False])
    assert runs.taxes[0].tolist() == pytest.approx([0, 0, 22.0])
    assert (runs.shares[0, 2] * [20, 10]).tolist() == pytest.approx([739.0, 739.0])
    # The sale of 11 gains 5.5; selling the other 739 gains 369.5: 375 above 25, at 22 %.
    assert runs.ending[0, 0] == pytest.approx(1478.0 - 0.22 * (375.0 - 25.0))


def test_a_loss_ends_with_its_year_and_offsets_gains_within_it(backtest):
    """By hand, thirds of 900: A triples, B halves, C stands. Of 900 + 150 + 300 = 1350, a third is 450:
    450 of A is sold with 300 gain; nothing of B. Selling all at the end of the same year: A gains 300
    more, B bought at 150 and for 300 at half price gains nothing on the latter and loses 150 on the
    rest."""
    tax = ledger([YEARLY, YEARLY, UNTAXED], [0, 0], [0, 0], allowance=50.0, national=0.2, local=0.0)
    third = 1 / 3
    runs = backtest(
        [[10, 10, 10], [30, 5, 10]], tax, looks=[False, True], initial=900.0, targets=(third, third, third)
    )
    assert runs.taxes[0].sum() == 0.0
    assert runs.ending[0, 0] == pytest.approx(1350.0 - 0.2 * (300.0 + 300.0 - 150.0 - 50.0))


def test_what_is_withheld_from_a_sale_leaves_at_once_and_weights_hold_after_it(backtest):
    """By hand: 500 in each, the first doubles: 1000 and 500. Of x sold half is gain, 14 % and a tenth of
    that leave: 0.077 x. Both halves are (1500 - 0.077 x) / 2 = 1000 - x, so x = 250 / 0.9615."""
    tax = ledger(
        [WITHHELD, UNTAXED], [0, 0], [0, 0], withheld=0.14, withheld_local=0.1, averaged=np.ones(2, bool)
    )
    runs = backtest([[10, 10], [20, 10]], tax, looks=[False, True])
    sold = 250.0 / 0.9615
    assert runs.taxes[0, 1] == pytest.approx(0.077 * sold, rel=1e-9)
    assert (runs.shares[0, 1] * [20, 10]).tolist() == pytest.approx([1000.0 - sold] * 2, rel=1e-9)


def test_whole_won_and_the_waiver_of_small_amounts(backtest):
    """By hand: 100 shares at 100, sold at 173: the gain of 50 shares is 3,650, 14 % is 511 whole won and
    51 more."""
    common = {"withheld": 0.14, "withheld_local": 0.1, "whole": True, "averaged": np.ones(2, bool)}
    flows = np.array([0.0, -8650.0])
    for waived_below, expected in ((0.0, 562.0), (512.0, 0.0)):
        tax = ledger([WITHHELD, UNTAXED], [0, 0], [0, 0], waived_below=waived_below, **common)
        whole = WholeShares(1.0, 1, 0, np.zeros(2, np.int64), 0, 0, np.arange(2))
        runs = backtest(
            [[100, 1], [173, 1]], tax, looks=[False, False], initial=10_000.0, whole=whole,
            targets=(1.0, 0.0), flows=flows - np.array([0.0, expected and -562.0]),
        )  # fmt: skip
        # 8,650 less 562 of tax are paid out of 50 shares sold for 8,650.
        assert runs.shares[0, 1].tolist() == [50.0, 0.0]
        assert runs.taxes[0, 1] == expected
        assert runs.cash[0, 1] == 0.0


def test_short_and_long_gains_and_a_loss_carried_on(backtest):
    """By hand, all in one fund, taken out in parts: 100 shares at 10. 10 are sold at 4 within the year: a
    loss of 60, of which 20 offset other income at 30 % (a refund of 6) and 40 are carried on. Later 10
    are sold at 22, long term: a gain of 120 less 40, at 15 %: 12."""
    tax = ledger(
        [TERMS], [0, 0, 1, 2], [0, 0, 1, 2], short=0.3, long=0.15, ordinary=0.3, offset=20.0,
        long_since=np.array([-1, -1, 0, 2]),
    )  # fmt: skip
    runs = backtest(
        [[10], [4], [22], [22]],
        tax,
        looks=[False] * 4,
        targets=(1.0,),
        flows=np.array([0.0, -40.0, -214.0, 0.0]),
    )
    # The refund of 6 comes first, so 9.45 shares raise what is missing of 214; 12 shares' worth of gain each.
    assert runs.taxes[0].tolist() == pytest.approx([0.0, 0.0, -6.0, 0.15 * (208.0 / 22.0 * 12.0 - 40.0)])


def test_gains_up_to_the_allowance_are_realised_and_bought_back(backtest):
    """By hand: 100 shares at 10 stand at 14. An allowance of 100 is filled by 25 shares: bought back at
    14, the holding costs 750 + 350. Sold at the end for 1,400 it gains 300 next year: above 100, at 20
    %."""
    tax = ledger(
        [YEARLY], [0, 0, 1], [0, 0, 1], allowance=100.0, national=0.2, harvest=np.array([False, True, False])
    )
    runs = backtest([[10], [14], [14]], tax, looks=[False] * 3, targets=(1.0,))
    assert runs.traded[0, 1] == pytest.approx(700.0)
    assert runs.shares[0, 1, 0] == pytest.approx(100.0)
    assert runs.taxes[0].sum() == 0.0
    assert runs.ending[0, 0] == pytest.approx(1400.0 - 0.2 * (300.0 - 100.0))


def test_part_of_a_distribution_is_withheld_and_the_rest_waits_in_cash(backtest):
    """By hand: 50 shares of each, 2 a share on the first: 100, of which 15 % stay behind."""
    tax = ledger([UNTAXED, UNTAXED], [0, 0], [0, 0], distributed=np.array([0.15, 0.0]))
    runs = backtest(
        [[10, 10], [10, 10]], tax, looks=[False, False], distributions=np.array([[0, 0], [2.0, 0.0]])
    )
    assert runs.cash[0, 1] == pytest.approx(85.0)
    assert runs.taxes[0, 1] == pytest.approx(15.0)


def test_whole_shares_keep_what_they_do_not_buy(backtest):
    """By hand: 1000 in halves at 300 and 40: one and 12 miss 500 by 200 and 20; one and 17 spend 980 and
    miss by 200 and 180; two leave 400 for ten: misses of 100 and 100. Idle cash has no term: two and
    ten are best."""
    whole = WholeShares(1.0, 1, 0, np.zeros(2, np.int64), 0, 0, np.arange(2))
    runs = backtest([[300, 40]] * 2, None, looks=[False, False], whole=whole)
    assert runs.shares[0, 0].tolist() == [2.0, 10.0]
    assert runs.cash[0, 0] == 0.0
