"""What must hold of every plan over several accounts: each pays for itself and sells what it holds."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

import steelyard
from lanes import given_in_lanes
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.errors import PlanError

DAY = date(2026, 11, 23)
LANES = {"few": 8, "many": 20, "reason": "households, planned twice or more"}
NAMES = ("one", "two", "three")
SIGN = {"buy": 1, "sell": -1}


@st.composite
def cases(draw, *, rates=("0", "0.1", "0.25")):
    count = draw(st.integers(2, 3))
    cut = draw(st.integers(10, 60))
    weights = [cut, 100 - cut] if count == 2 else [cut, 30, 70 - cut]
    assume(min(weights) > 0)
    return {
        "weights": weights,
        "prices": [draw(st.integers(1_000, 90_000)) for _ in weights],
        "cash": [draw(st.integers(0, 300_000)) for _ in range(draw(st.integers(2, 3)))],
        "held": [[draw(st.integers(0, 12)) for _ in weights] for _ in NAMES],
        "rate": draw(st.sampled_from(rates)),
    }


def write(case, *, backwards=False, scale=1):
    text = ['base_currency = "KRW"', "[targets]"]
    text += [f'S{i} = "{weight}%"' for i, weight in enumerate(case["weights"])]
    text += ["[costs]", f'commission = "{case["rate"]}%"']
    text += ["[prices]", *(f"S{i} = {price * scale}" for i, price in enumerate(case["prices"]))]
    accounts = []
    for name, cash, held in zip(NAMES, case["cash"], case["held"], strict=False):
        rows = ["[[accounts]]", f'name = "{name}"', f'cash = {{ KRW = "{cash * scale}" }}']
        for i, shares in enumerate(held):
            rows += ["[[accounts.positions]]", f'symbol = "S{i}"', f"shares = {shares}"]
        accounts.append("\n".join(rows))
    return "\n".join([*text, *(reversed(accounts) if backwards else accounts)])


def planned(text):
    """A plan, or nothing where nobody has any money."""
    try:
        return steelyard.plan(parse(text, "portfolio.toml", load_catalogue()), as_of=DAY)
    except PlanError:
        assume(False)


def filled(case, plan):
    """Holdings and cash of each account when every trade was carried out at its price."""
    held = {name: list(row) for name, row in zip(NAMES, case["held"], strict=True)}
    cash = defaultdict(Decimal, zip(NAMES, map(Decimal, case["cash"]), strict=False))
    for trade in plan.trades:
        moved = SIGN[trade.side] * int(trade.shares)
        place = int(trade.symbol[1:])
        held[trade.account][place] += moved
        cash[trade.account] -= moved * case["prices"][place] + trade.cost
    return held, cash


@given_in_lanes(cases(), **LANES)
def test_each_account_sells_what_it_holds_and_pays_for_what_it_buys(case):
    """Added up from the numbers of the file and the trades alone."""
    assume(any(case["cash"]) or any(map(any, case["held"][: len(case["cash"])])))
    plan = planned(write(case))
    held, cash = filled(case, plan)
    assert len({(t.account, t.symbol) for t in plan.trades}) == len(plan.trades)
    assert all(shares >= 0 for row in held.values() for shares in row)
    assert all(money >= 0 for money in cash.values())
    assert set(cash) <= set(NAMES[: len(case["cash"])])
    assert plan.cash_after == sum(cash.values())
    worth = sum(
        shares * price
        for name in NAMES[: len(case["cash"])]
        for shares, price in zip(held[name], case["prices"], strict=True)
    )
    assert plan.total_after == worth + plan.cash_after


@given_in_lanes(cases(rates=("0",)), **LANES)
def test_planning_accounts_again_after_perfect_fills_is_an_empty_plan(case):
    """Without costs: no other totals are better, and the same totals take no trade."""
    assume(any(case["cash"]) or any(map(any, case["held"][: len(case["cash"])])))
    first = planned(write(case))
    assume(first.objective.proven)
    held, cash = filled(case, first)
    then = {**case, "held": [held[n] for n in NAMES], "cash": [int(cash[n]) for n in NAMES[: len(cash)]]}
    again = planned(write(then))
    assert again.trades == ()
    assert again.objective.value == first.objective.value


@given_in_lanes(cases(), st.integers(2, 1000), **LANES)
def test_the_order_of_accounts_and_the_size_of_the_money_unit_do_not_matter(case, scale):
    assume(any(case["cash"]) or any(map(any, case["held"][: len(case["cash"])])))
    plan, other, many = (
        planned(write(case)),
        planned(write(case, backwards=True)),
        planned(write(case, scale=scale)),
    )
    assume(plan.objective.proven and other.objective.proven and many.objective.proven)
    assert other.objective.value == plan.objective.value
    assert many.objective.value == plan.objective.value * scale**2
    assert len(other.trades) == len(plan.trades) == len(many.trades)
    assert other.turnover == plan.turnover
    assert many.turnover == plan.turnover * scale
