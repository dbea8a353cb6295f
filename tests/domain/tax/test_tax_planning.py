"""Tax formulas for the planner against the rules written out the way a form does it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lanes import given_in_lanes
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.tax.planning import (
    above_allowance,
    each_gain,
    on_top_of,
    short_and_long,
    tax_at,
)
from steelyard.domain.tax.united_states.capital_gains import Carry, gains_tax, loss_limit, net, schedule
from steelyard.domain.tax.united_states.formula import return_formulas
from steelyard.domain.tax.united_states.tax_year import Owner

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


def owners():
    """Every filing; incomes on both sides of each bound; dividends, and settings that fix a surtax."""
    return st.builds(
        Owner,
        filing=st.sampled_from(("single", "mfj", "mfs", "hoh")),
        income=st.one_of(
            st.integers(-20_000, 700_000), st.sampled_from((0, 49_450, 50_400, 48_000, 200_000, 545_500))
        ).map(D),
        qualified=st.sampled_from((0, 0, 500, 5_000)).map(D),
        magi=st.sampled_from((None, None, D(150_000), D(230_000))),
        investment_income=st.sampled_from((None, None, D(4_000))),
    )


net_gains = st.one_of(st.integers(-6_000, 20_000), st.integers(-600_000, 700_000)).map(D)


@given_in_lanes(owners(), net_gains, net_gains, few=120, many=400, reason="random returns")
def test_the_formulas_of_a_return_are_the_return(owner, short, long):
    """Read off at the bends, they must agree with the worksheet's own arithmetic everywhere else too."""
    figures, _ = load_tax_rules("US")
    rates = schedule(figures, 2026, owner.filing)
    limit = loss_limit(figures, owner.filing)
    formulas = return_formulas(rates, owner, limit=limit)
    netting = net(short, long, limit=limit)
    expected = gains_tax(
        rates,
        netting,
        income=owner.income,
        qualified=owner.qualified,
        magi=None if owner.magi is None else owner.magi + netting.counted,
        investment_income=None
        if owner.investment_income is None
        else owner.investment_income + netting.gains,
    ).total
    assert sum(tax_at(f, {"short": short, "long": long}) for f in formulas) == expected


@given(st.integers(-3000, 3000), st.integers(-3000, 3000), st.integers(-3000, 3000), st.integers(0, 2000))
def test_losses_are_taken_off_gains_on_metal_as_the_return_takes_them(short, long, metal, carried):
    """Single, 2026, at 150,000: far from every bound, so the formula and the return agree to the cent."""
    figures, _ = load_tax_rules("US")
    rates = schedule(figures, 2026, "single")
    carry = Carry(D(0), D(carried))
    owner = Owner(income=D(150_000), carry=carry)
    year = net(D(short), D(long + metal), limit=D(3000), carry=carry, collectibles=D(metal))
    owed = gains_tax(rates, year, income=D(150_000)).total
    gains = {"short": D(short), "long": D(long - carried), "metal": D(metal)}
    assert sum(tax_at(f, gains) for f in return_formulas(rates, owner, limit=D(3000))) == owed


def test_a_long_gain_on_metal_costs_the_rate_of_other_income_up_to_28_percent():
    """Single, 2026: at 100,000 it is 22 % instead of 15 %; at 30,000 12 % instead of nothing; at 400,000
    28 % instead of 15 % (the ordinary rate is 35 %), and 3.8 % of net investment income tax on both."""
    figures, _ = load_tax_rules("US")
    rates = schedule(figures, 2026, "single")
    for income, metal, other in ((100_000, 220, 150), (30_000, 120, 0), (400_000, 318, 188)):
        formulas = return_formulas(rates, Owner(income=D(income)), limit=D(3000))
        assert sum(tax_at(f, {"metal": D(1000)}) for f in formulas) == metal
        assert sum(tax_at(f, {"long": D(1000)}) for f in formulas) == other
