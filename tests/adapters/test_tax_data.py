"""The dated tax figures: every rule has a source, and none is older than a year."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import steelyard
from steelyard.adapters.packaged_data import load_tax_rules
from steelyard.domain.tax.capital_gains import FILINGS, schedule

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
@pytest.mark.parametrize("year", [2024, 2025, 2026])
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
