"""A second judge: ways of planning that other tools use, written apart, never beat the strict plan.

`benchmarks/rivals.py` has the ways and the table; each plan is judged there in fractions, tax included.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from lanes import blocks

PLACE = Path(__file__).parents[3] / "benchmarks" / "rivals.py"
SPEC = importlib.util.spec_from_file_location("rivals", PLACE)
rivals = importlib.util.module_from_spec(SPEC)
sys.modules["rivals"] = rivals
SPEC.loader.exec_module(rivals)


def test_a_rivals_plan_is_judged_as_by_hand():
    """Six of A and four of B at 100 for half and half: one A sold, one B bought, 15 % of 40 of gain."""
    home = rivals.Household(
        (100, 100), (rivals.Fraction(1, 2),) * 2, ((6, 4),), (60, 100), (0,), rivals.Fraction(0)
    )
    for way in rivals.RIVALS.values():
        trades = way(home)
        assert trades == {(0, 0): -1, (0, 1): 1}
        assert (home.square(trades), home.effort(trades)) == (0, 6)
    assert home.square({}) == 20_000
    assert rivals.ours(home, strict=True) == {(0, 0): -1, (0, 1): 1}


@pytest.mark.parametrize("block", blocks(10, "sixty households against three other ways"))
def test_no_rival_is_nearer_or_as_near_for_less_tax_and_cost(block):
    for seed in range(6 * block, 6 * block + 6):
        home = rivals.household(seed, accounts=2)
        assert rivals.beaten(home, rivals.ours(home, strict=True)) == [], seed
