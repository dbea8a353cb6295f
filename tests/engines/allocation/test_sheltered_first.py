"""Sheltered accounts before taxed ones, against every change there is, listed one by one."""

import itertools
import random
from fractions import Fraction

import pytest

from lanes import blocks
from steelyard.engines.allocation.household.household import (
    Change,
    Goal,
    Household,
    Seat,
    feasible,
    missed,
    traffic,
    values,
)
from steelyard.engines.allocation.household.several_budgets import solve_household
from steelyard.engines.allocation.household.sheltered_first import shelter_first
from steelyard.engines.allocation.one_budget.search import solve
from steelyard.engines.allocation.problem import Infeasible


def random_household(seed):
    """Two or three accounts, the first one taxed; few prices, so that totals tie often."""
    r = random.Random(seed)
    accounts, instruments = r.randint(2, 3), r.randint(2, 3) if seed % 3 else 2
    prices = [r.choice([6, 6, 10, 15]) for _ in range(instruments)]
    seats = tuple(
        Seat(a, i, 0, prices[i], r.randint(0, 2), r.choice([0, 0, 0, 2]), r.random() < 0.9, r.random() < 0.9)
        for a in range(accounts)
        for i in range(instruments)
        if r.random() < 0.85
    )
    sizes = r.random() < 0.25
    problem = Household(
        goals=tuple(Goal(f"S{i}", Fraction(r.randint(0, 45))) for i in range(instruments)),
        seats=seats,
        purses=tuple((r.randint(0, 14),) for _ in range(accounts)),
        rate=Fraction(r.choice([0, 0, 10]), 1000),
        floor=r.choice([0, 0, 1]),
        min_trade=r.choice([0, 0, 8]),
        power=1 if sizes else 2,
        idle=Fraction(r.choice([0, 1])) if sizes else Fraction(0),
    )
    taxed = [k for k, s in enumerate(seats) if s.account == 0 and r.random() < 0.85]
    return problem, taxed


def sold(problem, change, taxed):
    """What the taxed seats sell, counted from what they held and hold."""
    total = 0
    for k in taxed:
        seat = problem.seats[k]
        before = seat.price * seat.held + seat.odd
        after = 0 if change.sold_out[k] else seat.price * change.steps[k] + seat.odd
        total += max(before - after, 0)
    return total


def every_change(problem):
    ranges = []
    for seat in problem.seats:
        money = sum(problem.purses[seat.account])
        money += sum(s.price * s.held + s.odd for s in problem.seats if s.account == seat.account)
        steps = [(n, False) for n in range(seat.held + money // seat.price + 1)]
        ranges.append(steps + [(0, True)] * bool(seat.odd))
    for plan in itertools.product(*ranges):
        yield Change(tuple(x[0] for x in plan), tuple(x[1] for x in plan))


def small(problem):
    total = 1
    for seat in problem.seats:
        money = sum(problem.purses[seat.account])
        money += sum(s.price * s.held + s.odd for s in problem.seats if s.account == seat.account)
        total *= seat.held + money // seat.price + 2
    return total < 60_000


@pytest.mark.parametrize("block", blocks(4, "240 households, every change of each"))
def test_of_all_equally_good_plans_the_one_with_the_least_taxed_sales_is_found(block):
    """Then, among those that end with the same totals, the fewest trades and the least turnover."""
    asked = improved = 0
    for seed in range(block * 60, block * 60 + 60):
        problem, taxed = random_household(seed)
        if not small(problem):
            continue
        try:
            best = solve_household(problem, solve, seconds=20)
        except Infeasible:
            continue
        asked += 1
        found = shelter_first(problem, best.change, taxed, seconds=20)
        good = [c for c in every_change(problem) if missed(problem, c) == best.value and feasible(problem, c)]
        least = min(sold(problem, c, taxed) for c in good)
        assert feasible(problem, found)
        assert missed(problem, found) == best.value, seed
        assert sold(problem, found, taxed) == least, seed
        improved += least < sold(problem, best.change, taxed)
        alike = [
            c
            for c in good
            if sold(problem, c, taxed) == least and values(problem, c) == values(problem, found)
        ]
        assert traffic(problem, found) == min(traffic(problem, c) for c in alike), seed
    assert asked > 20
    assert improved > 2, "the cases must have something to choose"
