"""Lists of plans hold no more than they may, however many odd fractions may leave."""

from fractions import Fraction

from steelyard.engines.planning.household.household import Goal, Household, Position, feasible
from steelyard.engines.planning.household.one_account.whole_shares import Frame, Middle, whole_near
from steelyard.engines.planning.household.ranks import Leeway


def test_hundreds_of_odd_fractions_that_may_leave_do_not_double_the_list_each():
    """Two hundred positions of one share and an odd half: two ways each would be 2^200 plans."""
    funds = 200
    goals = tuple(Goal(f"S{n:03}", Fraction(100)) for n in range(funds))
    positions = tuple(Position(0, n, 0, 100, 1, odd=50) for n in range(funds))
    problem = Household(goals, positions, ((1000,),))
    every = range(funds)
    middle = Middle(
        dict.fromkeys(every, -0.9),
        dict.fromkeys(every, -1),
        dict.fromkeys(every, 0),
        frozenset(every),
        {},
    )
    frame = Frame(funds * 200.0**2, [(0.0, 1e6)] * funds)
    found = whole_near(problem, None, Leeway(Fraction(0), Fraction(1)), frame, middle)
    assert found
    assert all(feasible(problem, proposal.change) for proposal in found)
