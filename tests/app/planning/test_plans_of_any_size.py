"""However much there is to plan, the planner ends: with the best it found, and a gap that holds.

Sizes that took more than 30 s, or did not end: 1e14 and more for one account, 1e7 of new money for two.
What a plan may not do is checked from outside: never more spent than there is, never more sold than held.
"""

from decimal import Decimal
from fractions import Fraction

import pytest

import steelyard
from builders import account, portfolio, position
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.app.planning.coarse_steps import MOST_STEPS, coarser, factor_of
from steelyard.app.planning.tradables import Tradable
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Line

TARGETS = {"069500": "30%", "VOO": "40%", "TLT": "20%", "GLD": "10%"}
COSTS = {"commission": "0.1%", "fx_spread": "0.2%"}


def held(shares="80", price="35000 KRW"):
    return (
        position("069500", shares, price),
        position("VOO", "8", "600000 KRW"),
        position("TLT", "20", "80000 KRW"),
        position("GLD", "4", "200000 KRW"),
    )


def read(text):
    return parse(text, "p.toml", load_catalogue())


ONE = portfolio(TARGETS, account(*held(), cash={"KRW": "300000"}), costs=COSTS)
TWO = portfolio(
    {"VTI": "60%", "BND": "40%"},
    account(position("VTI", "10", "250.25"), cash={"USD": "1200.55"}),
    account(position("BND", "3", "75"), name="roth", kind="roth"),
    base_currency="USD",
    tax={"jurisdiction": "US", "filing": "single", "ordinary_rate": "24%"},
)


@pytest.mark.parametrize("text", [ONE, TWO], ids=["one account", "two accounts"])
@pytest.mark.parametrize("amount", ["1e7", "1e9", "1e12", "1e14", "1e15", "1e17", "999999999999999999"])
def test_new_money_of_any_size_is_spent_and_not_more(text, amount):
    made = read(text)
    plan = steelyard.invest(made, amount)
    spent = sum(t.amount + t.cost for t in plan.trades)
    cash = sum(sum(a.cash.values()) for a in made.accounts) + Decimal(amount)
    assert Decimal("0.9") * Decimal(amount) < spent <= cash
    assert 0 <= plan.objective.bound <= plan.objective.value
    assert plan.objective.proven or plan.objective.note


@pytest.mark.parametrize("shares", ["1000000000", "1000000000000", "999999999999999999"])
def test_a_position_of_any_size_is_brought_to_target_and_not_oversold(shares):
    made = read(portfolio(TARGETS, account(*held(shares), cash={"KRW": "300000"}), costs=COSTS))
    plan = steelyard.plan(made)
    (sold,) = [t.shares for t in plan.trades if t.side == "sell"]
    assert sold <= Decimal(shares)
    # 70 % of what there is has to go over: all but 30 % of the one fund, which is nearly everything.
    assert abs(sold / Decimal(shares) - Decimal("0.7")) < Decimal("0.01")
    assert plan.objective.proven or plan.objective.note


@pytest.mark.parametrize("cash", ["1e10", "1e12", "1e14"])
def test_cash_of_any_size_is_spent_where_selling_and_two_currencies_take_the_solver(cash):
    made = read(portfolio(TARGETS, account(*held(), cash={"KRW": cash}), costs=COSTS))
    plan = steelyard.plan(made)
    assert sum(t.amount + t.cost for t in plan.trades if t.side == "buy") > Decimal("0.9") * Decimal(cash)
    assert plan.cash_after >= 0


def one(steps, price="35000", step="1"):
    price, step = Decimal(price), Decimal(step)
    return Tradable("main", "A", step, price, steps * step, steps * price, steps, Decimal(0), True)


@pytest.mark.parametrize(
    ("managed", "factor"), [("1e12", 1), ("1.75e13", 1), ("1.76e13", 100), ("1e17", 10**6)]
)
def test_steps_grow_only_where_there_are_too_many(managed, factor):
    """500,000,000 steps of 35,000 are 1.75e13; beyond, there are a million to ten million of them."""
    assert factor_of((one(5),), Decimal(managed)) == factor
    assert Decimal(managed) / (35000 * factor) <= MOST_STEPS


def test_a_larger_step_holds_the_same():
    (whole,) = coarser((one(1234),), 100)
    assert (whole.step, whole.price, whole.steps) == (100, 3_500_000, 12)
    # 34 shares go with the last step.
    assert whole.odd == 34 * 35000
    assert whole.steps * whole.price + whole.odd == 1234 * 35000


def test_fractions_of_shares_keep_their_step():
    divisible = one(5, step="1e-9")
    assert coarser((divisible,), 100) == (divisible,)
    assert factor_of((divisible,), Decimal("1e17")) == 1


def test_a_thousand_targets_are_planned():
    """A walk through them would be deeper than Python goes: each gets its tenth of a percent."""
    symbols = [f"S{n}" for n in range(1000)]
    prices = dict.fromkeys(symbols, "1000")
    text = portfolio(dict.fromkeys(symbols, "0.1%"), account(cash={"KRW": "100000000"}), prices=prices)
    plan = steelyard.invest(read(text), "100000000")
    assert {t.shares for t in plan.trades} == {200}
    assert len(plan.trades) == 1000


@pytest.mark.parametrize("missing", [1, 100])
def test_of_a_thousand_equal_funds_the_last_by_symbol_go_short(missing):
    """Each could have 100 shares, but for 1,000 won that are missing once or a hundred times.

    Plans are ties then but for their symbols, which took 30 s: the first ones have more.
    """
    symbols = sorted(f"S{n}" for n in range(1000))
    prices = dict.fromkeys(symbols, "1000")
    text = portfolio(dict.fromkeys(symbols, "0.1%"), account(cash={"KRW": "0"}), prices=prices)
    plan = steelyard.invest(read(text), 100_000_000 - missing * 1000)
    assert plan.objective.proven
    had = {t.symbol: t.shares for t in plan.trades}
    assert set(had.values()) == {100, 99}
    assert [s for s in symbols if had[s] == 99] == symbols[1000 - missing :]


@pytest.mark.parametrize("limit", [0, 1000, 30_000])
def test_a_search_that_is_stopped_anywhere_keeps_its_best_and_a_bound_that_holds(limit):
    """Forty lines of awkward prices; a search of more work finds nothing below the bound of a shorter one."""
    lines = tuple(
        Line(f"S{n:02}", 7001 + 313 * n, n % 5, Fraction(100_000 + 7 * n), rate=Fraction(1, 1000))
        for n in range(40)
    )
    problem = AllocationProblem(lines, 1_234_567, 0)
    longer, found = solve(problem, node_limit=200_000), solve(problem, node_limit=limit)
    spent = sum(x.price * (n - x.held) for x, n in zip(lines, found.steps, strict=True))
    assert spent <= 1_234_567
    assert found.bound <= longer.value <= found.value
    # Counted work: it ends within the step that goes beyond the limit.
    assert found.nodes <= limit + 60_000


def test_states_of_many_lines_are_listed_only_in_part():
    """A smallest trade as large as the account leaves a gap in which every state lies.

    500 lines by a thousand states, each in up to 500 hulls, filled the memory.
    """
    lines = tuple(Line(f"S{n:03}", 10 + n, 0, Fraction(10_000)) for n in range(500))
    found = solve(AllocationProblem(lines, 100_000, 60_000), node_limit=10_000)
    assert found.bound <= found.value
    assert sum(x.price * n for x, n in zip(lines, found.steps, strict=True)) <= 100_000
