"""Totals in ascending order of what they miss, and the accounts that make them up."""

import itertools
import random
from dataclasses import replace
from fractions import Fraction
from time import monotonic

import pytest

from lanes import sizes
from steelyard.engines.planning.household.changes.fewest_trades import fewest_trades
from steelyard.engines.planning.household.household import (
    Cap,
    Goal,
    Household,
    Position,
    feasible,
    missed,
    traffic,
    unchanged,
    values,
)
from steelyard.engines.planning.household.totals.cash_prices import (
    at_tilt,
    dual_totals,
    merged_totals,
    refuting_prices,
)
from steelyard.engines.planning.household.totals.listed_totals import best_totals
from steelyard.engines.planning.household.totals.several_budgets import solve_household
from steelyard.engines.planning.household.totals.totals import Totals
from steelyard.engines.planning.one_budget.search import solve

HOUSEHOLDS = "random households, every total of each"


def household(seed, accounts=3, instruments=4, *, scale=1, sheltered=False, **costs):
    """Random holdings of prices 30 to 900 times `scale`, and cash; no account starts in debt."""
    r = random.Random(seed)
    prices = [r.randint(30, 900) * scale + r.randint(0, scale - 1) for _ in range(instruments)]
    positions = tuple(
        Position(a, i, i % 2 if costs.get("spread") else 0, prices[i], r.randint(0, 12))
        for a in range(accounts)
        for i in range(instruments)
        if not (sheltered and a and i % 2)
    )
    balances = tuple((r.randint(0, 3_000) * scale, r.randint(0, 3_000) * scale) for _ in range(accounts))
    total = sum(s.price * s.held for s in positions) + sum(map(sum, balances))
    cuts = sorted(r.randint(0, 100) for _ in range(instruments - 1))
    percents = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    goals = tuple(Goal(f"S{i}", Fraction(total * c, 100)) for i, c in enumerate(percents))
    return Household(goals, positions, balances, **costs)


@pytest.mark.parametrize("count", sizes(4, 20, HOUSEHOLDS))
def test_totals_come_in_order_and_none_is_left_out(count):
    """One account without costs: every payable plan, listed by enumeration, sorted by its objective."""
    for seed in range(count):
        problem = household(seed, accounts=1, instruments=3)
        money = sum(problem.balances[0]) + sum(s.price * s.held for s in problem.positions)
        counts = [range(money // s.price + 1) for s in problem.positions]
        misses = sorted(
            sum(
                (g.target - s.price * n) ** 2
                for g, s, n in zip(problem.goals, problem.positions, plan, strict=True)
            )
            for plan in itertools.product(*counts)
            if sum(s.price * n for s, n in zip(problem.positions, plan, strict=True)) <= money
        )
        totals = merged_totals(problem)
        listed = [totals.exact(t) for _, t in itertools.islice(totals.in_order(10**6), 200)]
        assert listed == misses[:200], seed


@pytest.mark.parametrize("count", sizes(1, 8, HOUSEHOLDS))
@pytest.mark.parametrize("tilt", [-16, -5, 0, 5, 16])
def test_no_prices_of_money_rule_out_a_plan_that_can_be_paid(tilt, count):
    """The bound of any prices is at most what some feasible changes reach, drawn at random."""
    costs = {"spread": Fraction(1, 50), "rate": Fraction(1, 100), "floor": 5, "reserve": 100}
    for seed in range(count):
        r = random.Random(seed)
        problem = household(seed, **costs)
        bound = next(iter(Totals(problem, [at_tilt(problem, [0, tilt])]).in_order(10**6)))[0]
        best = solve_household(problem, solve).change
        for _ in range(100):
            steps = [max(n + r.randint(-1, 1), 0) for n in best.steps]
            change = type(best)(tuple(steps), best.sold_out)
            if feasible(problem, change):
                assert float(missed(problem, change)) >= bound * (1 - 1e-12)


def test_money_is_worth_less_where_little_may_be_held():
    """By hand: the second account has money for 100 A, 10 are wanted; the first pays for B and C with 100.

    500 of each is wanted and 50 of each can be had: 450 are missing twice. One common balance, in which no
    more of either than 100 can be bought, would miss 400 twice.
    """
    goals = (Goal("A", Fraction(100)), Goal("B", Fraction(500)), Goal("C", Fraction(500)))
    positions = (
        Position(0, 0, 0, 10, 0),
        Position(0, 1, 0, 10, 0),
        Position(0, 2, 0, 10, 0),
        Position(1, 0, 0, 10, 0),
    )
    problem = Household(goals, positions, ((100,), (1000,)))
    assert merged_totals(problem).dual == pytest.approx(2 * 400**2)
    assert dual_totals(problem, unchanged(problem)).dual == pytest.approx(2 * 450**2, rel=1e-3)
    best = solve_household(problem, solve)
    assert best.change.steps == (0, 5, 5, 10)
    assert best.bound == 2 * 450**2


def test_prices_that_refute_totals_refute_only_what_no_accounts_can_make_up():
    """Two accounts that may not hold the same, one short of money: every way to make them up, one by one."""
    refuted = 0
    for seed in range(12):
        problem = household(seed, accounts=2, sheltered=True, rate=Fraction(1, 100))
        # Two instruments are wanted most, and only the first account may hold them.
        goals = zip(problem.goals, (100, 4_500, 100, 4_500), strict=True)
        wanted = tuple(replace(g, target=Fraction(n)) for g, n in goals)
        problem = replace(problem, goals=wanted, balances=((100, 0), (3_000, 0)))
        totals = merged_totals(problem)
        for _, chosen in itertools.islice(totals.in_order(10**6), 3):
            by_goal = dict(zip(totals.order, chosen, strict=True))
            prices = refuting_prices(problem, by_goal)
            if prices is None or totals.afford(chosen, prices):
                continue
            refuted += 1
            positions = [[k for k, s in enumerate(problem.positions) if s.goal == g] for g in range(4)]
            shares = [
                [(n,) if len(rows) == 1 else (n, by_goal[g].steps - n) for n in range(by_goal[g].steps + 1)]
                for g, rows in enumerate(positions)
            ]
            for way in itertools.product(*shares):
                steps = [0] * len(problem.positions)
                for rows, parts in zip(positions, way, strict=True):
                    for k, n in zip(rows, parts, strict=True):
                        steps[k] = n
                change = replace(unchanged(problem), steps=tuple(steps))
                ends = values(problem, change)
                made = all(
                    ends[g] == t.steps * problem.positions[positions[g][0]].price for g, t in by_goal.items()
                )
                assert not (made and feasible(problem, change)), seed
    assert refuted >= 5


@pytest.mark.parametrize("count", sizes(2, 6, HOUSEHOLDS))
@pytest.mark.parametrize(
    "costs",
    [
        {},
        {"spread": Fraction(1, 200)},
        {"rate": Fraction(1, 500), "floor": 3},
        {"rate": Fraction(1, 500), "floor": 3, "spread": Fraction(1, 200), "reserve": 500, "min_trade": 100},
        {"sheltered": True},
        {"sheltered": True, "caps": (Cap(1, (3, 4), Fraction(1, 2)),)},
    ],
    ids=["free", "spread", "fees", "all", "sheltered", "capped"],
)
def test_listed_totals_reach_what_the_solver_reaches_alone(monkeypatch, costs, count):
    """The mixed-integer model, asked for everything, is the second engine; households of 9 positions each."""
    problems = [household(seed, instruments=3, **costs) for seed in range(count)]
    mine = [solve_household(p, solve) for p in problems]
    monkeypatch.setattr(
        "steelyard.engines.planning.household.totals.several_budgets.listable", lambda _: False
    )
    monkeypatch.setattr("steelyard.engines.planning.household.totals.several_budgets.NODES", {2: 20_000})
    for seed, (problem, best) in enumerate(zip(problems, mine, strict=True)):
        other = solve_household(problem, solve, seconds=20)
        assert best.proven
        assert best.value <= other.value, seed
        if other.proven:
            assert best.value == other.value, seed


def test_time_does_not_change_a_plan():
    """Effort is counted: more of the clock gives the same plan."""
    problem = household(5, accounts=4, instruments=6, rate=Fraction(1, 500), floor=3)
    assert solve_household(problem, solve, seconds=5) == solve_household(problem, solve, seconds=50)


def test_a_list_that_was_not_walked_to_its_end_proves_nothing_of_what_was_known():
    """No time at all: no total was tried, so something better than twice the best may well be left."""
    problem = household(5)
    best = solve_household(problem, solve).value
    found = best_totals(problem, unchanged(problem), monotonic() - 1, known=2 * best)
    assert (found.changes, found.proven) == ((), False)
    assert found.bound <= best


@pytest.mark.parametrize("count", sizes(2, 10, HOUSEHOLDS))
def test_totals_are_handed_out_in_as_few_trades_as_enumeration_finds(count):
    """Two accounts, three instruments: every way to hand out the totals, tried one by one."""
    for seed in range(count):
        problem = household(seed, accounts=2, instruments=3)
        change = solve_household(problem, solve).change
        worth = values(problem, change)
        ways = []
        counts = [w // s.price for w, s in zip(worth, problem.positions, strict=False)]
        for first in itertools.product(*(range(n + 1) for n in counts)):
            second = [n - part for n, part in zip(counts, first, strict=True)]
            way = type(change)((*first, *second), change.sold_out)
            if feasible(problem, way):
                ways.append(traffic(problem, way))
        assert traffic(problem, change) == min(ways), seed


def test_the_search_for_few_trades_keeps_totals_and_never_adds_trades():
    """Four accounts, ten instruments, prices in cents: as good, payable, and handed out in fewer trades."""
    fewer = 0
    for seed in range(6):
        problem = household(seed, accounts=4, instruments=10, scale=100)
        total = sum((g.target for g in problem.goals), Fraction(0))
        problem = replace(problem, goals=tuple(replace(g, target=total / 10) for g in problem.goals))
        change = best_totals(problem, unchanged(problem), monotonic() + 60).changes[0]
        found = fewest_trades(problem, change)
        assert values(problem, found) == values(problem, change)
        assert feasible(problem, found)
        assert traffic(problem, found) <= traffic(problem, change)
        fewer += traffic(problem, found)[0] < traffic(problem, change)[0]
    assert fewer
