"""What must hold of every plan, whatever the portfolio: money is kept, limits hold, order is no matter."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext

from hypothesis import assume
from hypothesis import strategies as st

import steelyard
from lanes import given_in_lanes
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.domain.policy.policies import Policy
from steelyard.errors import PlanError

DAY = date(2026, 11, 23)
LANES = {"few": 40, "many": 150, "reason": "a hundred and fifty portfolios, planned twice or more"}


def write(case, *, order=None, scale=1):
    """The text of a won portfolio file of one account."""
    rows = list(case["rows"])
    if order is not None:
        random.Random(order).shuffle(rows)
    lines = ['base_currency = "KRW"', "[targets]"]
    lines += [f'{symbol} = "{weight}%"' for symbol, weight, _, _ in rows]
    lines += ["[policy]", f'threshold = "{case["band"]}%"', f'destination = "{case["to"]}"']
    lines += ["[constraints]", f"min_trade = {case['min_trade'] * scale}"]
    lines += [f"cash_reserve = {case['reserve'] * scale}"]
    lines += ["[costs]", f'commission = "{case["commission"]}%"']
    lines += ["[[accounts]]", 'name = "main"', f"cash = {{ KRW = {case['cash'] * scale} }}"]
    if order is not None:
        random.Random(order + 1).shuffle(rows)
    for symbol, _, shares, price in rows:
        lines += ["[[accounts.positions]]", f'symbol = "{symbol}"', f"shares = {shares}"]
        lines += [f"price = {price * scale}"]
    return "\n".join(lines)


def read(text):
    return parse(text, "portfolio.toml", load_catalogue())


@st.composite
def cases(draw, *, plain=False):
    count = draw(st.integers(2, 5))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1)))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    rows = [
        (f"S{i}", weights[i], draw(st.integers(0, 60)), draw(st.integers(1_000, 90_000)))
        for i in range(count)
    ]
    assume(any(shares for _, _, shares, _ in rows))
    return {
        "rows": rows,
        "cash": draw(st.integers(0, 300_000)),
        "band": draw(st.integers(1, 9)),
        "to": "target" if plain else draw(st.sampled_from(["target", "edge", "halfway"])),
        "commission": 0 if plain else draw(st.sampled_from(["0", "0.1", "0.25"])),
        "min_trade": 0 if plain else draw(st.sampled_from([0, 0, 30_000])),
        "reserve": 0 if plain else draw(st.sampled_from([0, 0, 20_000])),
    }


def planned(portfolio, **options):
    """A plan, or nothing where the reserve and the permissions leave none."""
    try:
        return steelyard.plan(portfolio, as_of=DAY, **options)
    except PlanError:
        assume(False)


def moved(plan):
    """Signed shares by symbol."""
    sign = {"buy": 1, "sell": -1}
    return {t.symbol: sign[t.side] * t.shares for t in plan.trades}


def filled(case, plan):
    """The same portfolio after every trade was carried out at its price."""
    moves = moved(plan)
    cash = int(plan.cash_after) if plan.cash_after == int(plan.cash_after) else plan.cash_after
    rows = [(s, w, held + int(moves.get(s, 0)), price) for s, w, held, price in case["rows"]]
    return {**case, "rows": rows, "cash": cash}


@given_in_lanes(cases(), st.integers(-100_000, 500_000), **LANES)
def test_cash_and_value_before_less_costs_are_cash_and_value_after(case, flow):
    """Added up here from the numbers of the file and the trades of the plan alone."""
    plan = planned(read(write(case)), cash=flow)
    moves = moved(plan)
    before = sum(shares * price for _, _, shares, price in case["rows"]) + case["cash"] + flow
    after = sum((shares + moves.get(s, 0)) * price for s, _, shares, price in case["rows"])
    costs = sum(t.cost for t in plan.trades)
    assert plan.costs == costs
    assert plan.total_after == before - costs
    assert plan.cash_after == before - costs - after
    assert plan.cash_after >= case["reserve"]


@given_in_lanes(cases(), st.integers(-100_000, 500_000), **LANES)
def test_no_more_is_sold_than_held_and_no_trade_breaks_a_rule(case, flow):
    plan = planned(read(write(case)), cash=flow)
    held = {symbol: shares for symbol, _, shares, _ in case["rows"]}
    price = {symbol: each for symbol, _, _, each in case["rows"]}
    rate = Decimal(case["commission"]) / 100
    assert len({t.symbol for t in plan.trades}) == len(plan.trades)
    for trade in plan.trades:
        assert trade.shares > 0
        assert trade.shares == int(trade.shares)
        assert trade.side == "buy" or trade.shares <= held[trade.symbol]
        assert trade.amount == trade.shares * price[trade.symbol] >= case["min_trade"]
        assert trade.cost == trade.amount * rate
    sides = [t.side for t in plan.trades]
    assert sides == sorted(sides, reverse=True), "sells come first"


@given_in_lanes(cases(), st.integers(1_000, 500_000), **LANES)
def test_investing_never_sells_and_withdrawing_never_buys(case, amount):
    portfolio = read(write(case))
    try:
        bought = steelyard.invest(portfolio, amount, as_of=DAY)
        sold = steelyard.withdraw(portfolio, amount, as_of=DAY)
    except PlanError:
        assume(False)
    assert {t.side for t in bought.trades} <= {"buy"}
    assert {t.side for t in sold.trades} <= {"sell"}


@given_in_lanes(cases(plain=True), st.sampled_from(["absolute", "relative"]), **LANES)
def test_planning_again_after_perfect_fills_is_an_empty_plan(case, objective):
    """Without costs: the best allocation of the same money is the one it has just moved to."""
    first = planned(read(write(case)), objective=objective)
    assert first.objective.proven
    again = planned(read(write(filled(case, first))), objective=objective)
    assert again.trades == ()
    assert again.objective.value == first.objective.value


@given_in_lanes(cases(), st.integers(-50_000, 500_000), st.integers(0, 99), **LANES)
def test_the_order_in_the_file_does_not_matter(case, flow, order):
    one = planned(read(write(case)), cash=flow)
    two = planned(read(write(case, order=order)), cash=flow)
    assert moved(one) == moved(two)
    assert one.objective == two.objective


@given_in_lanes(cases(), st.integers(-50_000, 500_000), st.integers(2, 1000), **LANES)
def test_scaling_all_money_scales_the_plan(case, flow, scale):
    """Prices, cash, reserve and smallest trade times k: the same shares, money by k, squares by k squared."""
    one = planned(read(write(case)), cash=flow)
    many = planned(read(write(case, scale=scale)), cash=flow * scale)
    assert moved(many) == moved(one)
    assert many.costs == one.costs * scale
    assert many.cash_after == one.cash_after * scale
    if case["to"] == "target":
        assert many.objective.value == one.objective.value * scale**2


@given_in_lanes(cases(), st.integers(1, 9), st.integers(0, 9), **LANES)
def test_a_wider_band_is_never_due_when_the_narrower_is_not(case, narrow, wider):
    portfolio = read(write(case))

    def due(points):
        policy = Policy(kind="threshold", threshold=Decimal(points) / 100)
        return steelyard.check(replace(portfolio, policy=policy), as_of=DAY).decision.due

    assert due(narrow) or not due(narrow + wider)


@given_in_lanes(cases(), **LANES)
def test_drifts_and_the_weight_of_idle_cash_add_up_to_nothing(case):
    """Every won is in an instrument, in the reserve or idle, so what instruments lack is the idle cash."""
    report = steelyard.check(read(write(case)), as_of=DAY)
    idle = case["cash"] - report.valuation.reserve
    assert sum(d.excess for d in report.drifts) == -idle
    if not case["cash"] and not case["reserve"]:
        assert abs(sum(d.drift for d in report.drifts)) < Decimal("1e-25")


@given_in_lanes(cases(), st.integers(-50_000, 500_000), **LANES)
def test_a_callers_decimal_context_does_not_change_a_plan(case, flow):
    """The ambient context of Python's decimals is the caller's own; six digits would cut every sum."""
    text = write(case)
    one = planned(read(text), cash=flow)
    with localcontext() as ambient:
        ambient.prec = 6
        two = planned(read(text), cash=flow)
        report = steelyard.check(read(text), as_of=DAY)
    assert two.trades == one.trades
    assert two.objective == one.objective
    assert two.cash_after == one.cash_after
    assert report == steelyard.check(read(text), as_of=DAY)


@given_in_lanes(cases(), st.integers(0, 500_000), **LANES)
def test_the_objective_stated_is_the_one_of_the_shares_stated(case, flow):
    """Sum of squared misses of the wanted values, from the shares of the plan; the bound is no more."""
    assume(case["to"] == "target")
    plan = planned(read(write(case)), cash=flow)
    moves = moved(plan)
    total = sum(shares * price for _, _, shares, price in case["rows"])
    total += case["cash"] + flow - case["reserve"]
    value = Decimal(0)
    for symbol, weight, shares, price in case["rows"]:
        value += ((shares + moves.get(symbol, 0)) * price - Decimal(weight) / 100 * total) ** 2
    assert plan.objective.value == value
    assert plan.objective.bound <= value
