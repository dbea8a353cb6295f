"""Households in which everything ties, or nothing fits, end with a plan to follow and a bound that holds.

Each took from six seconds to no end. What a plan may not do is checked from outside: money by account,
shares, the number of trades; that a bound holds, by a plan that is known. No clock is read: that commands
end within five seconds is for `tools/attack`, whose kind `sizes` makes such households.
"""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

import steelyard
from builders import account, portfolio, position
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.engines.planning.household.changes.filled import filled
from steelyard.engines.planning.household.changes.purchases import spent
from steelyard.engines.planning.household.household import (
    Change,
    Goal,
    Household,
    Position,
    feasible,
    missed,
    unchanged,
)
from steelyard.engines.planning.household.household_plan import plan_household
from steelyard.engines.planning.household.models.linear_model import LinearModel, Relaxed
from steelyard.engines.planning.household.ranks import Leeway, judge, next_purchase
from steelyard.engines.planning.household.totals.several_budgets import solve_household
from steelyard.engines.planning.household.work import Work
from steelyard.engines.planning.one_budget.search import solve


def equal(accounts, targets, price="1000", **sections):
    """Accounts of the same cash, every target the same, everything at one price."""
    symbols = [f"S{n:03}" for n in range(targets)]
    part = (Decimal(100) / targets).quantize(Decimal("1e-9"))
    weights = dict.fromkeys(symbols, f"{part}%")
    weights[symbols[-1]] = f"{100 - part * (targets - 1)}%"
    rows = [account(name=f"a{n}", cash={"KRW": str(9_000_000 // accounts)}) for n in range(accounts)]
    made = portfolio(weights, *rows, prices=dict.fromkeys(symbols, price), **sections)
    return parse(made, "p.toml", load_catalogue())


def kept(made, plan, new=Decimal(0)):
    """Check from outside that every account pays for what it buys."""
    spent_by = Counter()
    for trade in plan.trades:
        assert trade.side == "buy"
        assert trade.shares == int(trade.shares)
        spent_by[trade.account] += trade.amount + trade.cost
    for n, one in enumerate(made.accounts):
        assert spent_by[one.name] <= one.cash["KRW"] + (new if n == 0 else 0)
    assert plan.objective.bound <= plan.objective.value
    assert plan.objective.proven or plan.objective.note


@pytest.mark.long("a second or two each: the largest households one plan holds")
@pytest.mark.parametrize(("accounts", "targets"), [(2, 50), (2, 300), (3, 200), (5, 120), (12, 50), (30, 20)])
@pytest.mark.parametrize("command", ["plan", "invest"])
def test_equal_targets_in_many_accounts_leave_less_than_a_share_of_each_fund(accounts, targets, command):
    made = equal(accounts, targets)
    plan = steelyard.plan(made) if command == "plan" else steelyard.invest(made, "1234567")
    new = Decimal(1_234_567) if command == "invest" else Decimal(0)
    kept(made, plan, new)
    # What is left is less than a share an account, and less than half a share a fund that wants no more of
    # them; a plan that need not be the nearest may stay half a percent further away.
    left = sum(a.cash["KRW"] for a in made.accounts) + new - sum(t.amount for t in plan.trades)
    assert left <= 1000 * accounts + 500 * targets + (90_000 if command == "plan" else 0)


@pytest.mark.long("some seconds: a limit of trades among equal targets")
@pytest.mark.parametrize(("targets", "most"), [(50, 20), (300, 150)])
def test_a_limit_of_trades_among_equal_targets_is_filled_and_kept(targets, most):
    """New money of 1,234,567 beside 9,000,000; buying any `most` of the funds is equally good."""
    made = equal(1, targets, constraints={"max_trades": most})
    plan = steelyard.invest(made, "1234567")
    assert len(plan.trades) == most
    assert sum(t.amount + t.cost for t in plan.trades) <= 10_234_567
    assert 0 <= plan.objective.bound <= plan.objective.value


def household(prices, cash, *, held=(), target=None, **more):
    """Accounts of some cash that may each hold every fund; a fund's target is its part of all money."""
    funds = len(prices)
    target = target or Fraction(sum(cash), funds)
    goals = tuple(Goal(f"S{n:03}", target) for n in range(funds))
    positions = tuple(
        Position(a, n, 0, price, held[n] if held and not a else 0)
        for a in range(len(cash))
        for n, price in enumerate(prices)
    )
    return Household(goals, positions, tuple((c,) for c in cash), **more)


def random_household(seed):
    r = Random(seed)
    prices = [r.randrange(3, 60) for _ in range(r.randrange(2, 5))]
    held = [r.randrange(0, 6) for _ in prices]
    more = {
        "rate": Fraction(r.choice((0, 1)), 100),
        "floor": r.choice((0, 0, 2)),
        "min_trade": r.choice((0, 0, 40)),
        "most_trades": r.choice((None, None, 2)),
        "reserve": r.choice((0, 15)),
    }
    cash = [r.randrange(20, 250) for _ in range(r.randrange(1, 3))]
    return household(prices, cash, held=held, target=Fraction(r.randrange(30, 150)), **more)


@pytest.mark.parametrize("seed", range(120))
def test_money_is_spent_step_by_step_as_if_every_step_were_judged_alone(seed):
    """Against the plain rule: the best permitted step, found by judging every plan with one step more."""
    problem = random_household(seed)
    plan = judge(problem, None, unchanged(problem))
    slowly = plan
    while (more := next_purchase(problem, None, slowly)) is not None:
        slowly = more
    quickly, _ = spent(problem, None, plan, 1000)
    assert quickly is not None
    assert quickly.change == slowly.change


@pytest.mark.parametrize("seed", range(120))
def test_what_is_filled_in_one_pass_is_allowed_and_no_worse(seed):
    problem = random_household(seed)
    start = unchanged(problem)
    found = filled(problem, start)
    assert feasible(problem, found)
    assert missed(problem, found) <= missed(problem, start)


def test_a_billion_shares_are_filled_as_ten_are():
    problem = household([1, 1, 1], [3_000_000_000])
    assert filled(problem, unchanged(problem)) == Change((10**9, 10**9, 10**9), (False,) * 3)


@pytest.mark.parametrize("most", [0, 10, 1000, 30_000, 300_000])
def test_a_household_stopped_anywhere_has_an_allowed_plan_and_a_bound_that_holds(most):
    """A household of known best: 40 funds of one price, four accounts with money for ten shares each."""
    problem = household([100] * 40, [1000] * 4, work=Work(most))
    best = solve_household(problem, solve)
    assert feasible(problem, best.change)
    # Every fund wants 100: one share of each is a perfect fit, which forty shares of four accounts are.
    assert best.bound <= 0 <= best.value


@pytest.mark.parametrize("most", [0, 2000])
def test_a_plan_to_follow_is_never_called_proven_for_want_of_work(most, monkeypatch):
    """With costs of 1 % and a band the nearest plan is not the least dear one: that takes questions."""
    monkeypatch.setattr("steelyard.engines.planning.household.household_plan.MOST", most)
    problem = household(
        [70 + 3 * n for n in range(12)], [500, 700], held=[6] + [0] * 11, rate=Fraction(1, 100)
    )
    leeway = Leeway(Fraction(1700), Fraction(85))
    found = plan_household(problem, None, leeway, solve)
    assert feasible(problem, found.plan.change)
    monkeypatch.undo()
    full = plan_household(problem, None, leeway, solve)
    assert found.effort_bound <= full.plan.effort + leeway.tolerance
    assert found.nearest.bound <= full.nearest.plan.miss
    if found.effort_proven:
        assert found.plan.effort <= full.plan.effort + leeway.tolerance


def test_no_work_left_is_no_answer_rather_than_no_solution():
    model = LinearModel()
    x = model.column(0.0, 10.0, cost=1.0, whole=True)
    model.row({x: 1.0}, lower=3.5)
    assert model.solve(work=Work(0)).status == "limit"
    solved = model.solve(work=Work())
    assert (solved.status, solved.columns, solved.bound) == ("optimal", (4.0,), 4.0)
    asked = Relaxed(model, Work(10**6))
    assert asked.solve() == [3.5]
    asked.work.take(10**7)
    assert asked.solve() is None
    assert asked.cut_off


@pytest.mark.long("two seconds: divided shares with least commissions")
def test_divided_shares_of_many_accounts_with_least_commissions_are_planned():
    """Big steps of billionths beside yes and no: making cuts took the solver half a minute."""
    held = [position(f"S{n}", "3.5", "1234.5678") for n in range(12)]
    rows = [account(*held, name=f"a{n}", fractional=True, cash={"KRW": "50000"}) for n in range(3)]
    made = portfolio(
        {f"S{n}": f"{Decimal(100) / 12:.6f}%" for n in range(11)} | {"S11": "8.333337%"},
        *rows,
        costs={"commission": "0.015%", "min_commission": "1"},
    )
    plan = steelyard.invest(parse(made, "p.toml", load_catalogue()), "10000", method="absolute")
    assert sum(t.amount + t.cost for t in plan.trades) <= 160_000
    assert plan.objective.bound <= plan.objective.value
