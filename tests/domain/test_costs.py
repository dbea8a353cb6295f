"""Commission: one rule, its one home, and every copy that searches and kernels keep for themselves."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from steelyard.app.planning.new_money import _Purchasable
from steelyard.domain.costs import Costs
from steelyard.engines.lab.backtest import plain_backtest, sizing_kernel
from steelyard.engines.lab.backtest.records import TradingTerms
from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import Goal, Household, Position
from steelyard.engines.planning.one_budget.divisible import _cost as divisible_cost
from steelyard.engines.planning.one_budget.states import Choices
from steelyard.engines.planning.problem import Line

# Rates are parts of 1024, so that binary floats hold every product as it is: equality needs no tolerance.
CASES = [
    # rate in 1/1024, least, traded value, commission: worked by hand
    (2, 0, 512, "1"),  # 512 * 2 / 1024
    (2, 5, 512, "5"),  # 1 is below the least
    (2, 5, 2560, "5"),  # just as much as the least: 2560 * 2 / 1024 = 5
    (2, 5, 2561, "5.001953125"),  # one above: 5 + 2 / 1024
    (0, 7, 1000, "7"),
    (0, 0, 1000, "0"),
    (1023, 0, 3, "2.9970703125"),  # 3 - 3 / 1024
]


@pytest.fixture(params=CASES, ids=lambda case: "rate {} least {} of {}".format(*case))
def case(request):
    parts, least, amount, expected = request.param
    return Fraction(parts, 1024), least, amount, Decimal(expected)


def test_the_fraction_or_the_least_whichever_is_more(case):
    rate, least, amount, expected = case
    costs = Costs(Decimal(rate.numerator) / rate.denominator, Decimal(least))
    assert costs.commission_of(Decimal(amount)) == expected


def test_the_least_is_in_base_currency_and_the_answer_in_that_of_the_trade():
    """At 1250 won a dollar the least of 5000 won is 4 dollars; 0.1 % of 3000 dollars is 3."""
    costs = Costs(Decimal("0.001"), Decimal(5000))
    assert costs.commission_of(Decimal(3000), Decimal(1250)) == 4
    assert costs.commission_of(Decimal(5000), Decimal(1250)) == 5


def test_the_searches_in_whole_ticks_say_the_same(case):
    rate, least, amount, expected = case
    line = Line("A", 1, 0, Fraction(0), rate=rate, floor=least)
    household = Household(
        goals=(Goal("A", Fraction(0), Fraction(1)),),
        positions=(Position(0, 0, 0, 1, 0, 0, True, True),),
        balances=((10_000,),),
        reserve=0,
        rate=rate,
        floor=least,
    )
    ledger = Ledger.of(household)
    assert household.commission(amount) == Fraction(expected)
    assert household.commission(-amount) == Fraction(expected)
    assert Fraction(ledger.fee(amount), ledger.unit) == Fraction(expected)
    assert divisible_cost(line, Fraction(amount)) == Fraction(expected)
    assert Fraction(Choices(line, 1024, 0, 10_000).cost(amount), 1024) == Fraction(expected)
    zero = Fraction(0)
    money = _Purchasable(zero, zero, Fraction(1), True, None, zero, rate, Fraction(least), zero)
    assert money.cost(Fraction(amount)) == Fraction(expected)


def test_the_backtest_says_the_same_bit_by_bit(case):
    rate, least, amount, expected = case
    terms = TradingTerms(initial=1.0, rate=float(rate), floor=float(least), conversion=np.zeros(1))
    assert plain_backtest.fee(float(amount), 0.0, terms) == float(expected)
    compiled = getattr(sizing_kernel.fee, "py_func", sizing_kernel.fee)
    assert compiled(terms, 0, float(amount)) == float(expected)
