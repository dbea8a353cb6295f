"""Tax formulas for the planner against the rules written out the way a form does it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.tax.planning import (
    above_allowance,
    each_gain,
    on_top_of,
    short_and_long,
    tax_at,
)

D = Decimal
US = short_and_long(short_rate=D("0.24"), long_rate=D("0.15"), ordinary_rate=D("0.24"), offset=D(3000))
KR = above_allowance("overseas", D("0.22"), D(2_500_000))
gains = st.integers(-20_000, 20_000).map(D)


def schedule_d(short, long):
    """Net short, net long, then each other; a net loss offsets 3,000 of ordinary income."""
    total = short + long
    if total < 0:
        return -D("0.24") * min(-total, D(3000))
    if short < 0:
        return D("0.15") * total
    if long < 0:
        return D("0.24") * total
    return D("0.24") * short + D("0.15") * long


@given(gains, gains)
def test_short_and_long_gains_net_as_the_form_nets_them(short, long):
    assert tax_at(US, {"short": short, "long": long}) == schedule_d(short, long)


@given(gains, gains, gains, gains)
def test_gains_on_top_of_the_years_cost_the_difference(short, long, more_short, more_long):
    added = tax_at(on_top_of(US, {"short": short, "long": long}), {"short": more_short, "long": more_long})
    assert added == schedule_d(short + more_short, long + more_long) - schedule_d(short, long)


def test_the_korean_formula_gives_the_worked_amounts():
    """10,000,000 of gains: 22 % of 7,500,000; a loss of 5,000,000 on top saves 1,100,000 (KR-FOR-02, -15)."""
    assert tax_at(KR, {"overseas": D(10_000_000)}) == D(1_650_000)
    assert tax_at(on_top_of(KR, {"overseas": D(10_000_000)}), {"overseas": D(-5_000_000)}) == D(-1_100_000)
    assert tax_at(on_top_of(KR, {"overseas": D(2_000_000)}), {"overseas": D(-3_000_000)}) == 0


def test_a_loss_on_a_gain_that_nothing_is_netted_against_is_worth_nothing():
    formula = each_gain("krx:main:360750", D("0.154"))
    assert tax_at(formula, {"krx:main:360750": D(-600_000)}) == 0
    assert tax_at(formula, {"krx:main:360750": D(1_000_000)}) == D(154_000)
