"""The small model of bands: numbers worked and simulated elsewhere (docs/explanation/bands.md has the model).

At 60/40 and a relative volatility of 15 % the weight strays 3.6 points a root year.
"""

import math

import pytest

from steelyard.engines.lab import closed_forms as forms
from steelyard.engines.lab.closed_forms import Band

DRIFT = forms.drift_of(0.6, 0.15, 4.0)
COST = forms.affine(0.001, 1 / 50_000)


@pytest.mark.parametrize(
    ("trigger", "destination", "trades", "turnover", "deviation"),
    [
        (2.00, 1.75, 13.8, 3.46, 1.085),
        (2.00, 1.00, 4.32, 4.32, 0.913),
        (2.00, 0.00, 3.24, 6.48, 0.816),
        (5.00, 0.00, 0.52, 2.59, 2.04),
        (5.00, 2.50, 0.69, 1.73, 2.28),
    ],
)
def test_a_band_trades_moves_and_strays_as_worked_by_hand(trigger, destination, trades, turnover, deviation):
    """Renewal theory: s²/(b²-d²), s²/(b+d), sqrt((b²+d²)/6), each also simulated independently."""
    year = forms.band_cost(DRIFT, COST, Band(trigger / 100, destination / 100))
    assert year.trades == pytest.approx(trades, rel=0.01)
    assert year.turnover * 100 == pytest.approx(turnover, abs=0.006)
    assert year.deviation * 100 == pytest.approx(deviation, abs=0.006)


@pytest.mark.parametrize(
    ("years", "turnover", "deviation"), [(1 / 12, 9.95, 0.735), (1 / 4, 5.75, 1.273), (1, 2.87, 2.546)]
)
def test_a_calendar_moves_and_strays_as_worked_by_hand(years, turnover, deviation):
    year = forms.periodic_cost(DRIFT, forms.affine(0.0, 0.0), years)
    assert year.turnover * 100 == pytest.approx(turnover, abs=0.01)
    assert year.deviation * 100 == pytest.approx(deviation, abs=0.001)


def test_ten_basis_points_and_a_dollar_on_fifty_thousand_want_a_band_of_five_and_a_destination_inside():
    band, year = forms.best_band(DRIFT, COST)
    assert band.trigger * 100 == pytest.approx(5.10, abs=0.005)
    assert band.destination * 100 == pytest.approx(1.32, abs=0.005)
    assert year.total * 1e4 == pytest.approx(0.517, abs=0.0005)


@pytest.mark.parametrize(
    ("year", "cost"),
    [
        (forms.band_cost(DRIFT, COST, Band(0.02, 0.0175)), 3.16),
        (forms.periodic_cost(DRIFT, COST, 0.25), 1.45),
        (forms.periodic_cost(DRIFT, COST, 1.0), 0.78),
    ],
    ids=["200/175", "quarterly", "annual"],
)
def test_the_usual_rules_cost_there_what_was_worked_by_hand(year, cost):
    assert year.total * 1e4 == pytest.approx(cost, abs=0.005)


def test_every_neighbour_of_the_best_band_costs_more():
    band, year = forms.best_band(DRIFT, COST)
    for b in (0.5, 0.8, 0.95, 1.05, 1.2, 1.5):
        for d in (0.5, 0.9, 1.0, 1.1, 1.5):
            tried = Band(band.trigger * b, min(band.destination * d, band.trigger * b))
            assert forms.band_cost(DRIFT, COST, tried).total > year.total


@pytest.mark.parametrize(
    ("trigger", "destination", "move_bp", "fixed", "wealth"),
    [
        (0.02, 0.0175, 3.0, 3.4, 1e9),
        (0.02, 0.01, 1.4, 174.0, 1e9),
        (0.05, 0.0, 0.0, 3.6, 1e5),
        (0.05, 0.025, 21.7, 0.68, 1e5),
    ],
    ids=["200/175", "200/100", "5 to target", "5 to half"],
)
def test_the_costs_that_make_a_published_rule_right(trigger, destination, move_bp, fixed, wealth):
    """Worked by hand from the two conditions of the best band; solving forward returns the rule."""
    move, part = forms.costs_that_make_right(DRIFT, Band(trigger, destination))
    assert move * 1e4 == pytest.approx(move_bp, abs=0.05)
    assert part * wealth == pytest.approx(fixed, rel=0.02)
    band, _ = forms.best_band(DRIFT, forms.affine(move, part))
    assert band.trigger == pytest.approx(trigger, rel=1e-4)
    assert band.destination == pytest.approx(destination, abs=trigger * 1e-3)


def test_daryananis_half_band_of_twelve_points_answers_a_tax_and_not_a_commission():
    """12 points back to 6 would be right at 3 % of what moves."""
    move, _ = forms.costs_that_make_right(DRIFT, Band(0.12, 0.06))
    assert move == pytest.approx(0.03, rel=0.01)


def test_with_nothing_fixed_the_band_is_walked_along_its_edge_at_the_cube_root_of_the_cost():
    """Δ³ = 3 k s² / (4 a); eight times the cost, twice the band."""
    for move in (0.0001, 0.001, 0.008):
        band, _ = forms.best_band(DRIFT, forms.affine(move, 0.0))
        expected = (3 * move * DRIFT.speed**2 / (4 * DRIFT.dislike)) ** (1 / 3)
        assert band.trigger == band.destination == pytest.approx(expected, rel=1e-6)


def test_with_everything_fixed_one_trades_back_to_the_target():
    """b⁴ = 6 s² F / a."""
    band, _ = forms.best_band(DRIFT, forms.affine(0.0, 1e-5))
    assert band.destination == pytest.approx(0.0, abs=1e-6)
    assert band.trigger == pytest.approx((6 * DRIFT.speed**2 * 1e-5 / DRIFT.dislike) ** 0.25, rel=1e-6)


def test_a_least_commission_moves_no_less_than_it_pays_for():
    """With max(L, kq) the move is one that uses the least commission up."""
    band, _ = forms.best_band(DRIFT, lambda weight: max(2e-5, 0.001 * weight))
    assert band.trigger - band.destination == pytest.approx(0.02, rel=1e-3)


@pytest.mark.parametrize(("deposits", "deviation"), [(0.05, 4.04), (0.10, 2.02), (0.15, 1.35), (0.20, 1.01)])
def test_deposits_alone_hold_it_as_tight_as_worked_by_hand(deposits, deviation):
    found = forms.deposits_deviation(DRIFT, 0.6, deposits)
    assert found * 100 == pytest.approx(deviation, abs=0.006)


def test_saving_a_tenth_a_year_is_as_good_as_five_points_to_the_target_and_a_fifth_as_good_as_200_175():
    """2.04 and 1.085 points root mean square, by renewal theory."""
    assert forms.deposits_as_tight_as(DRIFT, 0.6, 0.0204) == pytest.approx(0.10, abs=0.002)
    assert forms.deposits_as_tight_as(DRIFT, 0.6, 0.01085) == pytest.approx(0.186, abs=0.002)


def test_a_share_of_600_in_10000_cannot_be_held_closer_than_1_7_points():
    assert forms.whole_share_deviation(600, 10_000) * 100 == pytest.approx(1.73, abs=0.005)


def test_an_edge_band_saves_half_the_turnover_of_a_calendar_that_strays_as_much():
    """Leland (1999): 1 - sqrt(pi / 12), whatever the parameters."""
    for years in (1 / 12, 0.25, 1.0):
        calendar = forms.periodic_cost(DRIFT, forms.affine(0.0, 0.0), years)
        edge = DRIFT.speed * math.sqrt(1.5 * years)
        band = forms.band_cost(DRIFT, forms.affine(0.0, 0.0), Band(edge, edge))
        assert band.deviation == pytest.approx(calendar.deviation, rel=1e-12)
        assert 1 - band.turnover / calendar.turnover == pytest.approx(1 - math.sqrt(math.pi / 12), rel=1e-12)
