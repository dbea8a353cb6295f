"""Plans that look at tax against every change and every choice of lots, listed one by one."""

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import pytest

from lanes import blocks
from steelyard.engines.planning.household.household import (
    Change,
    Goal,
    Household,
    Position,
    feasible,
    missed,
    traffic,
)
from steelyard.engines.planning.household.household_plan import plan_household
from steelyard.engines.planning.household.ranks import Leeway, within
from steelyard.engines.planning.household.taxation import (
    Alternative,
    LotSteps,
    Piece,
    Taxation,
    gains_of,
    tax_of,
)
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import Infeasible

ONE_ALLOWANCE = ((Alternative((Piece({}), Piece({0: Fraction(22, 100)}, Fraction(-3)))),),)
# Short gains at 30 %, long ones at 10 %, netted against each other, losses worth nothing.
NETTED = (
    (
        Alternative(
            (
                Piece({}),
                Piece({0: Fraction(3, 10), 1: Fraction(1, 10)}),
                Piece({0: Fraction(1, 10), 1: Fraction(1, 10)}),
            ),
            (Piece({1: Fraction(-1)}),),
        ),
        Alternative((Piece({}), Piece({0: Fraction(3, 10), 1: Fraction(3, 10)})), (Piece({1: Fraction(1)}),)),
    ),
)


def netted_by_the_book(short, long):
    """The same tax written as a person would: losses of one kind reduce gains of the other."""
    if long < 0:
        return max((short + long) * Fraction(3, 10), Fraction(0))
    if short < 0:
        return max((short + long) * Fraction(1, 10), Fraction(0))
    return short * Fraction(3, 10) + long * Fraction(1, 10)


def random_case(seed):
    r = random.Random(seed)
    accounts, instruments = r.randint(1, 2), r.randint(1, 2)
    prices = [r.randint(5, 30) for _ in range(instruments)]
    two = r.random() < 0.5
    positions, lots = [], []
    for a in range(accounts):
        for i in range(instruments):
            rows = tuple(
                LotSteps(
                    Fraction(r.randint(1, 2)), Fraction(r.randint(-9, 20)), r.randint(0, 1) if two else 0
                )
                for _ in range(r.randint(0, 2))
            )
            positions.append(Position(a, i, 0, prices[i], int(sum(x.steps for x in rows))))
            lots.append(rows)
    household = Household(
        tuple(Goal(f"S{i}", Fraction(r.randint(0, 80))) for i in range(instruments)),
        tuple(positions),
        tuple((r.randint(0, 30),) for _ in range(accounts)),
    )
    taxation = Taxation(
        tuple(lots),
        tuple(r.random() < 0.6 for _ in positions),
        2 if two else 1,
        NETTED if two else ONE_ALLOWANCE,
        most_tax=Fraction(r.randint(0, 3)) if r.random() < 0.3 else None,
        most_gain=Fraction(r.randint(0, 20)) if r.random() < 0.3 else None,
        wash=wash_groups(r, positions),
    )
    return household, taxation


def wash_groups(r, positions):
    """Now and then each instrument is a group of its own, or all of them are one."""
    kind = r.random()
    if kind < 0.4:
        return ()
    if kind < 0.6:
        return (tuple(range(len(positions))),)
    goals = {s.goal for s in positions}
    return tuple(tuple(k for k, s in enumerate(positions) if s.goal == g) for g in sorted(goals))


def washes(household, taxation, steps, sold):
    """Whether something is bought in a group of which a lot is sold at a loss."""
    for group in taxation.wash:
        bought = any(steps[k] > household.positions[k].held for k in group)
        losing = any(
            part and lot.gain < 0 for k in group for lot, part in zip(taxation.lots[k], sold[k], strict=True)
        )
        if bought and losing:
            return True
    return False


def selections(lots, steps, ordered):
    """Return every way to take some steps out of lots."""
    if ordered:
        taken, left = [], steps
        for lot in lots:
            taken.append(min(lot.steps, left))
            left -= taken[-1]
        return [tuple(taken)]
    ranges = [range(int(lot.steps) + 1) for lot in lots]
    return [tuple(map(Fraction, p)) for p in itertools.product(*ranges) if sum(p) == steps]


def every_plan(household, taxation):
    """Yield (miss, tax, trades) of every plan within the limits, with every choice of lots."""
    money = sum(map(sum, household.balances)) + sum(s.price * s.held for s in household.positions)
    for steps in itertools.product(*(range(money // s.price + 1) for s in household.positions)):
        change = Change(steps, (False,) * len(steps))
        if not feasible(household, change):
            continue
        miss = missed(household, change)
        ways = [
            selections(lots, Fraction(max(position.held - n, 0)), ordered)
            for lots, position, n, ordered in zip(
                taxation.lots, household.positions, steps, taxation.ordered, strict=True
            )
        ]
        for sold in itertools.product(*ways):
            if washes(household, taxation, steps, sold):
                continue
            gains = gains_of(taxation, sold)
            tax = tax_of(taxation, gains)
            if taxation.buckets == 2:
                assert tax == netted_by_the_book(*gains)
            if taxation.most_tax is not None and tax > taxation.most_tax:
                continue
            if taxation.most_gain is not None and sum(gains) > taxation.most_gain:
                continue
            yield miss, tax, traffic(household, change)[0]


def planned(household, taxation, extra):
    """The plan to follow where so many ticks more are near enough, and selling elsewhere is no matter."""
    leeway = Leeway(total=Fraction(1000), accept=Fraction(extra), relocate=True)
    return plan_household(household, taxation, leeway, solve)


@pytest.mark.parametrize("block", blocks(4, "a hundred households, every choice of lots"))
def test_the_least_taxed_plan_close_to_the_best_is_found(block):
    """With no drift the least tax of the nearest plans; with some that of all near enough, then trades."""
    for seed in range(block * 25, block * 25 + 25):
        household, taxation = random_case(seed)
        plans = list(every_plan(household, taxation))
        if not plans:
            with pytest.raises(Infeasible):
                planned(household, taxation, 0)
            continue
        closest = min(miss for miss, _, _ in plans)
        found = planned(household, taxation, 0)
        assert found.nearest.plan.miss == found.nearest.bound == found.plan.miss == closest, seed
        assert found.nearest.proven
        assert (found.plan.tax, found.plan.trades) == min((t, n) for m, t, n in plans if m == closest), seed
        extra = Fraction(random.Random(seed).randint(1, 20))
        found = planned(household, taxation, extra)
        near = [(tax, trades) for miss, tax, trades in plans if within(miss, closest, extra)]
        assert (found.plan.tax, found.plan.trades) == min(near), seed
        assert found.effort_proven


def test_a_wider_accepted_drift_never_costs_more_tax():
    for seed in range(100, 115):
        household, taxation = random_case(seed)
        taxes = []
        try:
            for extra in (0, 2, 8, 30):
                taxes.append(planned(household, taxation, extra).plan.tax)
        except Infeasible:
            continue
        assert taxes == sorted(taxes, reverse=True), seed


def test_a_looser_limit_of_tax_is_never_farther_from_target():
    """And a limit of nothing always leaves the empty plan, where nothing is sold and no cash is negative."""
    for seed in range(120, 140):
        household, taxation = random_case(seed)
        misses = []
        for most in (0, 1, 3, 100):
            limited = replace(taxation, most_tax=Fraction(most), most_gain=None)
            misses.append(planned(household, limited, 0).nearest.plan.miss)
        assert misses == sorted(misses, reverse=True), seed
