"""What a planner is told of lots before it plans."""

from datetime import date

import pytest

from steelyard.app.planning.lot_taxes import lot_taxes
from tax_files import DAY, US, D, buy, known, portfolio


@pytest.mark.parametrize(
    ("commission", "least", "gain"), [("0%", 0, "40"), ("1%", 0, "39"), ("0%", 5, "39.5"), ("1%", 25, "37.5")]
)
def test_the_gain_of_a_share_is_after_its_part_of_the_commission_or_of_the_least(commission, least, gain):
    """Ten shares bought at 60 stand at 100. Selling them costs 1 % of 1,000, or 5, or the least of 25."""
    held = portfolio(US, {"VTI": 100}, commission=commission, least=least)
    told = lot_taxes(held, known(held, [buy(date(2025, 1, 6), "VTI", 10, 60)]), as_of=DAY)
    assert told.gains == {("main", "VTI"): (D(gain),)}


@pytest.mark.parametrize(("commission", "least"), [("0%", 5), ("1%", 5), ("1%", 25)])
def test_a_smaller_sale_is_never_told_to_gain_less_and_at_most_the_least_commission_more(commission, least):
    """n of ten shares bought at 60 and sold at 100 gain 40 n less what the sale costs: 1 % of 100 n, or the
    least. The planner takes the part of the cost of selling all, which is no more."""
    held = portfolio(US, {"VTI": 100}, commission=commission, least=least)
    told = lot_taxes(held, known(held, [buy(date(2025, 1, 6), "VTI", 10, 60)]), as_of=DAY)
    (each,) = told.gains["main", "VTI"]
    rate = D(commission.rstrip("%")) / 100
    for n in range(1, 11):
        exact = 40 * n - max(rate * 100 * n, D(least))
        assert 0 <= each * n - exact <= least
        assert n < 10 or each * n == exact
