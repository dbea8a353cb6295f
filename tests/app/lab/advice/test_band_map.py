"""The band map: its limits are those of closed forms and programmes, and its files say what was computed."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

import steelyard
from steelyard.app.lab.advice import band_map as maps
from steelyard.engines.lab import closed_forms as forms
from steelyard.engines.lab import programme
from steelyard.interfaces.cli.main import cli

REASON = "a few situations with their rules, a hundred paths of ten years"


def rows_of(grid):
    return {(r.regime, r.size, r.deposits, r.gain): r for r in maps.compute(grid, workers=2)}


@pytest.fixture(scope="module")
def few():
    grid, _ = steelyard.band_map(small=True)
    return grid, rows_of(grid)


def test_the_grid_has_a_hundred_thousand_cells_and_the_rates_of_the_law():
    """15 % long-term at 24 %; 22 % above 2.5 million won; 15.4 % at each sale (rules of 2026)."""
    grid, _ = steelyard.band_map()
    assert grid.cells >= 100_000
    rates = {r.name: (round(r.rate, 4), r.allowance) for r in grid.regimes}
    assert rates == {
        "none": (0.0, 0.0), "us": (0.15, 0.0), "kr-overseas": (0.22, 2_500_000.0), "kr-other": (0.154, 0.0),
    }  # fmt: skip


@pytest.mark.long(REASON)
def test_where_shares_are_small_and_nothing_is_taxed_or_paid_in_the_map_is_the_programme(few):
    """Weekly looks, 10 bp of what moves: every rule costs there what the programme says, within its doubt."""
    grid, rows = few
    row = rows["none", 100_000, 0.0, 0.0]
    chain = programme.chain(programme.TwoFunds(0.6, 0.15, 4.0, 0.001, 0.0, looks=52), 0.2, points=601)
    # The programme also charges for straying within the week.
    strays = 0.045 * 0.036**2 / 104
    best = programme.solve(chain).cost - strays
    checked = 0
    for n, (trigger, destination) in enumerate(grid.rules):
        if trigger <= 0.05 and destination < trigger:
            rule = programme.measured(chain, programme.band_rule(chain, trigger, destination))
            expected = rule.cost - strays
            assert row.cost[n] == pytest.approx(expected, abs=1.5 * row.half[n] + 0.03 * expected)
            checked += 1
    assert checked >= 6
    assert row.cost[row.best] >= best - 1.5 * row.half[row.best]
    assert row.cost[row.best] <= 1.15 * best


@pytest.mark.long(REASON)
def test_whole_shares_put_a_floor_under_every_rule(few):
    """With thirty shares in all: off by p / (V sqrt 12), which costs a = 4 x 0.0225 / 2 times its square."""
    grid, rows = few
    floor = 0.045 * forms.whole_share_deviation(1.0, 30.0) ** 2
    tight = int(np.flatnonzero((grid.rules[:, 0] == 0.01) & (grid.rules[:, 1] == 0.0))[0])
    coarse, fine = rows["none", 30, 0.0, 0.0], rows["none", 100_000, 0.0, 0.0]
    # Prices stray from what the floor takes them for, so half of it is asked for.
    assert coarse.cost.min() > floor / 2
    assert coarse.alike(grid.rules)[0] > fine.alike(grid.rules)[0]
    assert coarse.trades[tight] < fine.trades[tight]


@pytest.mark.long(REASON)
def test_what_a_gain_is_does_not_matter_where_nothing_is_taxed_and_widens_the_band_where_it_is(few):
    _, rows = few
    assert np.array_equal(rows["none", 30, 0.2, 0.0].cost, rows["none", 30, 0.2, 0.5].cost)
    for regime in ("us", "kr-other"):
        assert rows[regime, 100_000, 0.0, 0.5].best > rows[regime, 100_000, 0.0, 0.0].best
    # With a fifth paid in every year, never selling cannot be told from the best band under any tax.
    for regime in ("us", "kr-overseas", "kr-other"):
        row = rows[regime, 100_000, 0.2, 0.5]
        assert row.more[-1] <= row.more_half[-1]


@pytest.mark.long("the command writes its files and pictures")
def test_the_command_writes_every_cell_and_says_that_it_is_simulated(tmp_path):
    words = ["lab", "map", "--small", "--paths", "20", "--out", str(tmp_path / "map"), "--plot"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert "SIMULATED: 608 cells of 32 situations, 20 paths, seed 21" in done.output
    with (tmp_path / "map" / "cells.csv").open() as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 608
    assert {cell["trigger"] for cell in cells if cell["destination"] == "0.0"} >= {"never", "5.0"}
    assert sorted(p.name for p in (tmp_path / "map").glob("*.png")) == [
        "deposits.png", "gain.png", "never.png", "size.png",
    ]  # fmt: skip
