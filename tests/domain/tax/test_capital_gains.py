"""Netting and brackets, worked by hand from the figures of the official tables."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.domain.tax.united_states.capital_gains import (
    Carry,
    Schedule,
    gains_tax,
    is_qualified,
    long_term_from,
    loss_limit,
    net,
    qualified_days,
    schedule,
)
from steelyard.errors import DataError, InputError

D = Decimal


# The single return of 2026, Rev. Proc. 2025-32; 26 U.S.C. 1(h) and 1411.
SINGLE = Schedule(
    ordinary=(
        tuple(map(D, (12400, 50400, 105700, 201775, 256225, 640600))),
        tuple(map(D, ("0.10", "0.12", "0.22", "0.24", "0.32", "0.35", "0.37"))),
    ),
    gains=((D(49450), D(545500)), (D(0), D("0.15"), D("0.20"))),
    collectibles_rate=D("0.28"),
    niit_rate=D("0.038"),
    niit_threshold=D(200000),
)
FIGURES = {"years": {"2025": {}, "2026": {}}, "loss_limit": {"single": 3000}}


@pytest.mark.parametrize(
    ("short", "long", "carried", "wanted"),
    [
        # gains and losses                                 short, long, offset, carry short, carry long
        (5000, 7000, (0, 0), (5000, 7000, 0, 0, 0)),
        (-2000, 7000, (0, 0), (0, 5000, 0, 0, 0)),
        (7000, -2000, (0, 0), (5000, 0, 0, 0, 0)),
        (0, 0, (1000, 500), (0, 0, 1500, 0, 0)),
        (-5000, 1000, (0, 0), (0, 0, 3000, 1000, 0)),
        (1000, -5000, (0, 0), (0, 0, 3000, 0, 1000)),
        (-2000, -4000, (0, 0), (0, 0, 3000, 0, 3000)),
        (-4000, -2000, (0, 0), (0, 0, 3000, 1000, 2000)),
        (500, 9000, (1500, 2000), (0, 6000, 0, 0, 0)),
        (-1000, 1000, (0, 0), (0, 0, 0, 0, 0)),
        (-3000, 0, (0, 0), (0, 0, 3000, 0, 0)),
    ],
)
def test_gains_are_netted_by_character_then_against_each_other(short, long, carried, wanted):
    """By hand from the Schedule D Capital Loss Carryover Worksheet, limit 3,000."""
    result = net(D(short), D(long), limit=D(3000), carry=Carry(*map(D, carried)))
    got = (result.short, result.long, result.ordinary_offset, result.carry.short, result.carry.long)
    assert got == wanted


@pytest.mark.parametrize(
    ("short", "long", "metal", "carried", "wanted"),
    [
        (0, 1000, 400, 0, 400),
        (0, 1000, 1400, 0, 1000),  # a loss on securities eats into the gain on metal
        (-300, 1000, 400, 0, 100),  # a net short-term loss reduces the 28 % gain first
        (0, 1000, 400, 250, 150),  # and so does a long-term loss carried in
        (0, 1000, -400, 0, 0),
    ],
)
def test_the_gain_on_collectibles_is_what_the_28_percent_worksheet_leaves(
    short, long, metal, carried, wanted
):
    """By hand from the Schedule D 28% Rate Gain Worksheet."""
    carry = Carry(D(0), D(carried))
    assert net(D(short), D(long), limit=D(3000), carry=carry, collectibles=D(metal)).collectibles == wanted


def test_short_gains_come_first_then_collectibles_then_the_rest():
    """By hand: 100,000 of income; 10,000 short: 5,700 at 22 %, 4,300 at 24 % = 2,286; 10,000 of metal at 24 %
    (below 28) = 2,400; 20,000 long at 15 % = 3,000; 140,000 in all, so no tax on net investment income."""
    tax = gains_tax(SINGLE, net(D(10000), D(30000), limit=D(3000), collectibles=D(10000)), income=D(100000))
    assert (tax.ordinary, tax.collectibles, tax.long, tax.niit) == (2286, 2400, 3000, 0)
    assert tax.total == 7686


def test_collectibles_are_taxed_at_28_percent_where_income_is_taxed_higher():
    """By hand: 196,775 of income; 5,000 of metal up to 201,775 at 24 % = 1,200, 5,000 above at 28 = 1,400;
    the tax on net investment income is 3.8 % of the 6,775 above 200,000."""
    tax = gains_tax(SINGLE, net(D(0), D(10000), limit=D(3000), collectibles=D(10000)), income=D(196775))
    assert (tax.collectibles, tax.long, tax.niit) == (2600, 0, D("257.45"))


def test_collectibles_in_a_low_bracket_are_taxed_at_the_low_rate():
    """By hand: 1,000 of metal on 20,000 of income at 12 %."""
    tax = gains_tax(SINGLE, net(D(0), D(1000), limit=D(3000), collectibles=D(1000)), income=D(20000))
    assert tax.total == 120


def test_a_net_loss_saves_tax_on_other_income():
    """By hand: 3,000 off an income of 51,000: 600 at 22 % and 2,400 at 12 % = 420 saved."""
    tax = gains_tax(SINGLE, net(D(-5000), D(0), limit=D(3000)), income=D(51000))
    assert (tax.ordinary, tax.total) == (-420, -420)


def test_a_gain_that_starts_in_the_zero_bracket_leaves_it():
    """By hand: 9,450 of 20,000 at 0 %, the other 10,550 at 15 % = 1,582.50."""
    tax = gains_tax(SINGLE, net(D(0), D(20000), limit=D(3000)), income=D(40000))
    assert tax.at_rates == ((0, 9450), (D("0.15"), 10550), (D("0.20"), 0))
    assert tax.long == D("1582.50")


def test_investment_income_is_taxed_up_to_what_exceeds_the_threshold():
    """By hand: 3.8 % of the lesser of 50,000 and 30,000, then of 10,000 given as the investment income."""
    gain = net(D(0), D(50000), limit=D(3000))
    assert gains_tax(SINGLE, gain, income=D(180000)).niit == 1140
    told = gains_tax(SINGLE, gain, income=D(180000), magi=D(400000), investment_income=D(10000))
    assert told.niit == 380


@pytest.mark.parametrize(
    ("bought", "first"),
    [
        ("2023-03-01", "2024-03-02"),
        ("2023-12-31", "2025-01-01"),
        ("2024-02-29", "2025-03-01"),
        ("2024-02-28", "2025-03-01"),  # the day after is 29 February; a year from it ends on 28 February
        ("2023-02-28", "2024-03-01"),  # 29 February 2024 is still within the year
        ("2019-01-30", "2020-01-31"),
    ],
)
def test_a_lot_is_long_term_a_year_after_the_day_that_follows_the_purchase(bought, first):
    """By hand; 26 U.S.C. 1222, Rev. Rul. 66-7."""
    assert long_term_from(date.fromisoformat(bought)) == date.fromisoformat(first)


@pytest.mark.parametrize(("sold", "days"), [("2024-09-10", 60), ("2024-09-11", 61), (None, 61)])
def test_more_than_sixty_days_in_the_window_make_a_dividend_qualified(sold, days):
    """By hand: bought the day before the ex-dividend date of 2024-07-13, the window ends on 2024-09-11."""
    facts = (date(2024, 7, 12), sold and date.fromisoformat(sold), date(2024, 7, 13))
    assert (qualified_days(*facts), is_qualified(*facts)) == (days, days > 60)


def test_a_year_or_a_filing_without_figures_is_refused():
    with pytest.raises(DataError) as year:
        schedule(FIGURES, 2024, "single")
    with pytest.raises(InputError) as filing:
        loss_limit(FIGURES, "widow")
    assert (year.value.code, filing.value.code) == ("tax-year-unknown", "filing-unknown")
