"""The dynamic programmes against closed forms, brute force and each other."""

import numpy as np
import pytest

from steelyard.engines.lab import programme, programme_three

FUNDS = programme.TwoFunds(0.6, 0.15, 4.0, 0.001, 1 / 50_000, looks=8 * 252)


def test_the_programme_watched_often_finds_the_band_of_the_closed_form():
    """Trigger 5.10, destination 1.32, 0.517 bp; the programme's market is not the small model but near it."""
    rule = programme.solve(programme.chain(FUNDS, 0.12))
    assert (rule.high - rule.low) / 2 == pytest.approx(0.0510, abs=0.001)
    assert (rule.high_to - rule.low_to) / 2 == pytest.approx(0.0132, abs=0.0006)
    assert rule.cost * 1e4 == pytest.approx(0.517, abs=0.004)


@pytest.mark.parametrize(
    ("trigger", "destination", "trades", "turnover", "deviation"),
    [
        (2.0, 1.75, 8.7, 3.31, 1.151),
        (2.0, 1.0, 3.66, 4.15, 0.981),
        (2.0, 0.0, 2.85, 6.07, 0.891),
        (5.0, 0.0, 0.49, 2.52, 2.10),
        (5.0, 2.5, 0.63, 1.65, 2.34),
    ],
)
def test_daily_looks_overshoot_a_band_as_much_as_was_simulated(
    trigger, destination, trades, turnover, deviation
):
    """The figures are of an independent simulation that looks once a day."""
    grid = programme.chain(programme.TwoFunds(0.6, 0.15, 4.0, 0.0, 0.0, looks=252), trigger / 60, points=901)
    rule = programme.measured(grid, programme.band_rule(grid, trigger / 100, destination / 100))
    assert rule.trades == pytest.approx(trades, rel=0.02)
    assert rule.turnover * 100 == pytest.approx(turnover, rel=0.02)
    assert rule.deviation * 100 == pytest.approx(deviation, rel=0.04)


def test_no_band_beats_the_programme_on_its_own_market():
    grid = programme.chain(programme.TwoFunds(0.6, 0.15, 4.0, 0.001, 1 / 50_000, looks=52), 0.15)
    best = programme.solve(grid).cost
    for trigger in (0.03, 0.045, 0.05, 0.055, 0.08):
        for part in (0.0, 0.2, 0.3, 0.5, 0.9):
            rule = programme.measured(grid, programme.band_rule(grid, trigger, trigger * part))
            assert rule.cost >= best - 1e-12


def test_where_the_target_is_lopsided_upper_and_lower_band_differ():
    """A weight of 10 % strays faster the higher it is, so that its band is wider above than below."""
    rule = programme.solve(
        programme.chain(programme.TwoFunds(0.1, 0.15, 4.0, 0.001, 1 / 50_000, looks=252), 0.09)
    )
    assert rule.high - 0.1 > 1.1 * (0.1 - rule.low)


def three(steps, **changes):
    covariance = np.eye(3) * 0.15**2 / 2
    given = {"aversion": 4.0, "move": 0.001, "fixed": 1 / 50_000, "steps": steps, **changes}
    targets = given.pop("targets", np.array([0.5, 0.3, 0.2]))
    return programme_three.ThreeFunds(targets, covariance, **given)


def test_the_shortest_ways_are_those_of_all_pairs():
    """Brute force over every state to go to, on a grid of 231 states with random values."""
    funds = three(20, move=0.01)
    onward = np.random.default_rng(5).random(len(funds.weights)) * 0.01
    far = np.abs(funds.weights[:, np.newaxis] - funds.weights[np.newaxis]).sum(axis=2) / 2
    brute = (onward[np.newaxis] + funds.move * far).min(axis=1)
    found = programme_three._shortest_ways(funds, onward)
    assert found == pytest.approx(brute, abs=1e-15)


def test_every_state_goes_on_to_chances_that_sum_to_one_and_keep_the_mean():
    funds = three(50)
    places, shares = programme_three._market(funds)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert shares.min() >= 0
    middle = programme_three._target_state(funds)
    mean = (funds.weights[places[middle]] * shares[middle][:, np.newaxis]).sum(axis=0)
    assert mean == pytest.approx(funds.targets, abs=2e-5)


@pytest.mark.long("120 looks on the grid of 1 %, and one of two funds")
def test_a_third_fund_of_nothing_leaves_the_programme_of_two_funds():
    """On the side of the triangle where the third fund is absent: 12 looks a year, steps of a point."""
    funds = three(100, targets=np.array([0.6, 0.4, 0.0]))
    plan = programme_three.solve(funds, 120)
    side = funds.weights[:, 2] == 0
    left = funds.weights[side & ~plan.trades][:, 0]
    grid = programme.chain(programme.TwoFunds(0.6, 0.15, 4.0, 0.001, 1 / 50_000, looks=12), 0.2)
    rule = programme.solve(grid)
    assert left.min() == pytest.approx(rule.low, abs=0.01)
    assert left.max() == pytest.approx(rule.high, abs=0.01)
    # The programme of two also charges for straying between looks, half a month's variance.
    strays = 0.045 * 0.036**2 / 24
    assert plan.yearly == pytest.approx(rule.cost - strays, rel=0.02)


@pytest.mark.long("several rules over twelve looks on the grid of 1 %")
def test_no_band_beats_the_programme_of_three_funds_anywhere_on_the_grid():
    funds = three(100)
    plan = programme_three.solve(funds, 12)
    for trigger, destination in (
        (0.03, 0.0),
        (0.05, 0.0),
        (0.05, 0.02),
        (0.05, 0.05),
        (0.9, 0.0),
        (0.0, 0.0),
    ):
        to = programme_three.band_rule(funds, trigger, destination)
        assert (programme_three.rule_value(funds, to, 12) >= plan.value - 1e-15).all()
