"""The five objectives, each told apart by what it makes of one miss."""

from fractions import Fraction

import pytest

from steelyard.domain.objective import OBJECTIVES, OF_NEW_MONEY, OF_PLANS, objective_named
from steelyard.errors import InputError

# A goal of 400 that is worth 300, in a portfolio of 1,000, missed by 20 in the end; worked by hand.
CASES = {
    "absolute": (400, 2, 0),  # 20 x 20, in money squared
    "relative": (1, 1, 0),  # 400 / 400
    "shortfall": (4, 1, 0),  # 400 / 100, what was missing
    "deviation": (20, 1, 1),  # and each unit of idle money counts one
    "relative_deviation": (Fraction(1, 20), 0, Fraction(1, 1000)),  # 20 / 400, idle money as part of all
}


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_each_objective_makes_of_a_miss_what_the_contract_says(name):
    one = objective_named(name)
    counted, money_power, idle = CASES[name]
    divisor = one.divisor(Fraction(400), Fraction(300))
    assert Fraction(20) ** one.power / divisor == counted
    assert one.money_power == money_power
    assert one.idle(Fraction(1000)) == idle


@pytest.mark.parametrize(
    ("name", "wanted", "held"), [("relative", 0, 50), ("relative_deviation", 0, 50), ("shortfall", 100, 100)]
)
def test_what_an_objective_cannot_measure_it_leaves_out(name, wanted, held):
    assert OBJECTIVES[name].divisor(Fraction(wanted), Fraction(held)) is None


def test_nothing_managed_has_no_part_that_is_idle():
    assert OBJECTIVES["relative_deviation"].idle(Fraction(0)) == 0


def test_a_rebalance_is_not_asked_to_spend_by_what_is_missing():
    assert set(OF_PLANS) == set(OBJECTIVES) - {"shortfall"}
    assert set(OF_NEW_MONEY) <= set(OBJECTIVES)


def test_a_word_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="'near' is no objective") as caught:
        objective_named("near")
    assert caught.value.code == "objective"
    assert "relative_deviation" in caught.value.hint
