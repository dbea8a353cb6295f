"""Several accounts and currencies against every allowed change, listed one by one."""

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import pytest

from lanes import blocks, sizes
from steelyard.engines.planning.household.household import (
    Cap,
    Change,
    Goal,
    Household,
    Position,
    allowed,
    feasible,
    missed,
    settle,
    traffic,
    without_choice,
)
from steelyard.engines.planning.household.totals.several_budgets import solve_household
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import Infeasible

MOST_CHANGES = 20_000


def random_household(seed):
    r = random.Random(seed)
    accounts, instruments = r.randint(1, 3), r.randint(1, 3)
    prices = [r.randint(3, 40) for _ in range(instruments)]
    currencies = [r.randint(0, 1) for _ in range(instruments)]
    goals = [Goal(f"S{i}", Fraction(r.randint(0, 120), r.choice([1, 3]))) for i in range(instruments)]
    if r.random() < 0.3:
        goals = [replace(g, divisor=max(g.target, Fraction(1))) for g in goals]
    positions = [
        Position(
            account=a,
            goal=i,
            currency=currencies[i],
            price=prices[i],
            held=r.randint(0, 2),
            odd=r.choice([0, 0, 0, 0, 2]),
            can_buy=r.random() < 0.9,
            can_sell=r.random() < 0.7,
        )
        for a in range(accounts)
        for i in range(instruments)
        if r.random() < 0.75
    ]
    caps = ()
    if positions and r.random() < 0.3:
        members = tuple(k for k, s in enumerate(positions) if s.account == 0 and r.random() < 0.6)
        caps = (Cap(0, members, Fraction(r.choice([5, 7]), 10), r.choice([0, 5]), r.choice([0, 9])),)
    sizes = r.random() < 0.3
    return Household(
        caps=caps,
        power=1 if sizes else 2,
        idle=Fraction(r.choice([0, 1])) if sizes else Fraction(0),
        goals=tuple(goals),
        positions=tuple(positions),
        balances=tuple((r.randint(-10, 50), r.choice([0, 0, 20])) for _ in range(accounts)),
        reserve=r.choice([0, 0, 10]),
        rate=Fraction(r.choice([0, 0, 1, 30]), 1000),
        floor=r.choice([0, 0, 2]),
        spread=Fraction(r.choice([0, 1, 10]), 100),
        min_trade=r.choice([0, 0, 12]),
    )


def choices(problem, position):
    """Return every allowed (steps, sold out) of one position."""
    alone = replace(problem, positions=(position,))
    # Nobody can hold more than all there is in the account would buy on top of what is held.
    money = sum(problem.balances[position.account])
    money += sum(s.price * s.held + s.odd for s in problem.positions if s.account == position.account)
    most = position.held + max(money, 0) // position.price
    states = [(n, False) for n in range(most + 1)] + [(0, True)] * bool(position.odd)
    return [s for s in states if allowed(alone, Change((s[0],), (s[1],)))]


def enumerate_best(problem):
    """Return the least (objective, trades, turnover) of all changes that can be paid, None without any."""
    best = None
    for plan in itertools.product(*(choices(problem, position) for position in problem.positions)):
        change = Change(tuple(s[0] for s in plan), tuple(s[1] for s in plan))
        miss = missed(problem, change)
        if (best is None or miss <= best[0]) and feasible(problem, change):
            rank = (miss, *traffic(problem, change))
            best = rank if best is None else min(best, rank)
    return best


def size(problem):
    total = 1
    for position in problem.positions:
        total *= len(choices(problem, position))
    return total


@pytest.mark.parametrize("block", blocks(8, "640 households, every change of each"))
def test_the_household_plan_ranks_first_of_all_that_can_be_paid(block):
    """Fees with a least fee, smallest trade, locks, odd fractions, spreads, caps, reserve: 640 cases.

    Objective, then number of trades, then turnover, over all totals and all ways to hand them out.
    """
    for seed in range(block * 80, block * 80 + 80):
        problem = random_household(seed)
        if size(problem) > MOST_CHANGES:
            continue
        expected = enumerate_best(problem)
        if expected is None:
            with pytest.raises(Infeasible):
                solve_household(problem, solve, seconds=20)
            continue
        best = solve_household(problem, solve, seconds=20)
        assert feasible(problem, best.change)
        assert best.value == best.bound == expected[0], seed
        assert traffic(problem, best.change) == expected[1:], seed
        assert best.proven


def test_a_balance_that_lacks_money_takes_it_from_the_base_balance_at_the_spread():
    """By hand: 100 dollars' worth of shares, 40 in the dollar balance: 60 converted, 6 of cost at 10 %."""
    problem = Household(
        (Goal("A", Fraction(100)),), (Position(0, 0, 1, 100, 0),), ((80, 40),), spread=Fraction(1, 10)
    )
    settled = settle(problem, Change((1,), (False,)))
    assert settled.short == 0
    assert settled.cash == 80 + 40 - 100 - 6
    assert [(e.currency, e.amount) for e in settled.exchanges] == [(1, 60)]


def test_one_account_cannot_spend_the_money_of_another():
    """10 + 10 of cash do not buy a share of 15; the one-budget search would."""
    problem = Household(
        (Goal("A", Fraction(20)),), (Position(0, 0, 0, 15, 0), Position(1, 0, 0, 15, 0)), ((10,), (10,))
    )
    best = solve_household(problem, solve)
    assert best.change.steps == (0, 0)
    assert best.proven


def test_a_change_with_the_same_totals_and_fewer_trades_is_preferred():
    """Two shares fit into either account: one order, not two."""
    problem = Household(
        (Goal("A", Fraction(20)),), (Position(0, 0, 0, 10, 0), Position(1, 0, 0, 10, 0)), ((25,), (25,))
    )
    best = solve_household(problem, solve)
    assert sorted(best.change.steps) == [0, 2]


def test_a_cap_binds_purchases_and_not_what_is_already_held():
    """By hand: 8 of 10 in the capped share stay; at a cap of one half no more may be bought."""
    positions = (Position(0, 0, 0, 1, 8), Position(0, 1, 0, 1, 0))
    goals = (Goal("A", Fraction(9)), Goal("B", Fraction(1)))
    household = Household(goals, positions, ((2,),), caps=(Cap(0, (0,), Fraction(1, 2)),))
    assert solve_household(household, solve).change.steps == (8, 1)


@pytest.mark.parametrize("count", sizes(8, 40, "households with caps, every change of each"))
def test_the_choices_that_caps_leave_allow_together_what_the_caps_allow(count):
    """Every change of some households with caps, one by one: allowed if one of the choices allows it."""
    seen = 0
    for seed in range(400):
        problem = random_household(seed)
        if not problem.caps or size(problem) > 2_000:
            continue
        ways = without_choice(problem)
        assert all(cap.always for way in ways for cap in way.caps)
        for plan in itertools.product(*(choices(problem, position) for position in problem.positions)):
            change = Change(tuple(s[0] for s in plan), tuple(s[1] for s in plan))
            assert feasible(problem, change) == any(feasible(way, change) for way in ways), seed
        seen += 1
        if seen == count:
            return
    pytest.fail("fewer households with caps than asked for")


def test_an_account_above_its_cap_may_buy_nothing_or_come_down_first():
    """By hand: 8 of 10 are in A, no money; of A and C together half may be bought.

    6 A and 4 B are wanted: two A are sold, nothing capped is bought, so 6 of 10 may stay.
    4 B and 6 C are wanted: one C too many, and its money stays cash rather than becoming a fifth B.
    """
    positions = (Position(0, 0, 0, 1, 8), Position(0, 1, 0, 1, 2), Position(0, 2, 0, 1, 0))
    goals = (Goal("A", Fraction(6)), Goal("B", Fraction(4)), Goal("C", Fraction(0)))
    household = Household(goals, positions, ((0,),), caps=(Cap(0, (0, 2), Fraction(1, 2)),))
    assert solve_household(household, solve).change.steps == (6, 4, 0)
    goals = (Goal("A", Fraction(0)), Goal("B", Fraction(4)), Goal("C", Fraction(6)))
    best = solve_household(replace(household, goals=goals), solve)
    assert best.change.steps == (0, 4, 5)
    assert best.proven
