"""The dated tax figures: every rule has a source, and none is older than a year."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import steelyard
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.tax.united_states.capital_gains import FILINGS, schedule
from steelyard.errors import DataError

COUNTRIES = sorted(x.stem[4:] for x in (Path(steelyard.__file__).parent / "data").glob("tax_??.json"))


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_newest_verification_is_at_most_a_year_old(country):
    """Rates change every year: whoever ships later must look again and write the day down."""
    _, rules = load_tax_rules(country)
    assert max(x.verified for x in rules) >= date.today() - timedelta(366)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_rule_names_its_source_once(country):
    _, rules = load_tax_rules(country)
    assert all(x.text and x.source and x.id.startswith(f"{country}.") for x in rules)
    assert len({x.id for x in rules}) == len(rules)


@pytest.mark.parametrize("filing", FILINGS)
@pytest.mark.parametrize("year", range(2018, 2027))
def test_us_brackets_rise_and_have_one_rate_more_than_bounds(year, filing):
    rates = schedule(load_tax_rules("US")[0], year, filing)
    for bounds, percent in (rates.ordinary, rates.gains):
        assert list(bounds) == sorted(set(bounds))
        assert list(percent) == sorted(set(percent))
        assert len(percent) == len(bounds) + 1


@pytest.mark.parametrize(
    ("year", "filing", "zero", "top"),
    [
        (2026, "single", 49450, 545500),
        (2026, "mfj", 98900, 613700),
        (2026, "hoh", 66200, 579600),
        (2025, "single", 48350, 533400),
        (2025, "mfj", 96700, 600050),
    ],
)
def test_us_long_term_brackets_are_those_of_the_revenue_procedures(year, filing, zero, top):
    """Rev. Proc. 2024-40 and 2025-32 as encoded in PolicyEngine-US thresholds.yaml."""
    assert schedule(load_tax_rules("US")[0], year, filing).gains[0] == (zero, top)


@pytest.mark.parametrize(
    ("year", "filing", "bounds"),
    [
        (2025, "single", (11925, 48475, 103350, 197300, 250525, 626350)),
        (2025, "mfj", (23850, 96950, 206700, 394600, 501050, 751600)),
        (2025, "mfs", (11925, 48475, 103350, 197300, 250525, 375800)),
        (2025, "hoh", (17000, 64850, 103350, 197300, 250500, 626350)),
        (2026, "single", (12400, 50400, 105700, 201775, 256225, 640600)),
        (2026, "mfj", (24800, 100800, 211400, 403550, 512450, 768700)),
        (2026, "mfs", (12400, 50400, 105700, 201775, 256225, 384350)),
        (2026, "hoh", (17700, 67450, 105700, 201750, 256200, 640600)),
    ],
)
def test_us_ordinary_brackets_are_those_of_a_table_of_their_own(year, filing, bounds):
    """wasatchtax.com/tax-rates, which names the IRS as its source, read on 2026-11-26."""
    assert schedule(load_tax_rules("US")[0], year, filing).ordinary[0] == bounds


@pytest.mark.parametrize("year", range(2018, 2027))
def test_us_separate_bounds_are_half_of_the_joint_ones(year):
    """26 U.S.C. 1(j)(2)(D) and 1(j)(5)(B)(i)(II); joint bounds are rounded to 50, separate to 25."""
    figures = load_tax_rules("US")[0]
    joint, separate = schedule(figures, year, "mfj"), schedule(figures, year, "mfs")
    pairs = [*zip(joint.ordinary[0], separate.ordinary[0], strict=True)]
    pairs += [*zip(joint.gains[0], separate.gains[0], strict=True)]
    assert all(0 <= whole - 2 * half <= 50 for whole, half in pairs)


def test_a_year_without_us_figures_says_which_there_are():
    with pytest.raises(DataError, match="no US brackets for 2009") as caught:
        schedule(load_tax_rules("US")[0], 2009, "single")
    assert "2026" in caught.value.hint
