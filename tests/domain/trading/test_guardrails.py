"""Every guardrail stops what it is for, and nothing else does: taking the rule out lets the order go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from steelyard.domain.trading.guardrails import RULES, OrderLimits, Situation, inspect, worth
from steelyard.domain.trading.orders import Order

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
D = Decimal

BUY = Order("sy-1", "p1", "main", "VOO", "buy", D(3), D(500), "USD", "XNYS")
SELL = replace(BUY, id="sy-2", side="sell")

# 3 shares at 500 USD and 1,400 won a dollar: 2,100,000 won; with 1.5 USD commission 1,501.5 USD are needed.
CALM = Situation(
    at=NOW,
    plan_id="p1",
    positions_at=NOW,
    approved={"p1": frozenset({"min"})},
    turnover=D(2_100_000),
    prices={"VOO": (D(499), NOW - timedelta(hours=2))},
    second_prices={"VOO": D(501)},
    targets=frozenset({"VOO"}),
    open_exchanges=frozenset({"XNYS"}),
    held={("main", "VOO"): D(6)},
    rates={"USD": D(1400), "KRW": D(1)},
    sent_today=D(1_000_000),
    value=D(10_000_000),
    spendable={("main", "USD"): D("1501.5")},
    cash=D(2_602_100),
    reserve=D(500_000),
    cost=D("1.5"),
)
STRICT = OrderLimits(
    max_order=D(2_100_000),
    max_order_part=None,
    max_day=D(3_100_000),
    max_turnover=D("0.31"),
    max_position_sold=D("0.5"),
    collar=D("0.01"),
    second_needed=True,
    max_price_age_hours=2,
    max_positions_age_minutes=15,
    second_approval_above=D(2_100_000),
)

CASES = {
    "halted": (BUY, {"halted": "the owner said so"}, {}),
    "not-approved": (BUY, {"approved": {"p2": frozenset({"min"})}}, {}),
    "second-approval": (BUY, {}, {"second_approval_above": D(2_099_999)}),
    "duplicate-plan": (BUY, {"done": frozenset({"p1"})}, {}),
    "no-target": (BUY, {"targets": frozenset({"TLT"})}, {}),
    "market-closed": (BUY, {"open_exchanges": frozenset({"XKRX"})}, {}),
    "market-order": (replace(SELL, limit=None), {}, {}),
    "stale-price": (BUY, {"prices": {"VOO": (D(499), NOW - timedelta(hours=2, seconds=1))}}, {}),
    "stale-positions": (BUY, {"positions_at": NOW - timedelta(minutes=15, seconds=1)}, {}),
    "open-order": (BUY, {"others": frozenset({("main", "VOO")})}, {}),
    "max-order": (BUY, {}, {"max_order": D("2099999.99")}),
    "max-day": (BUY, {"sent_today": D("1000000.01")}, {"max_turnover": None}),
    "max-turnover": (BUY, {"value": D(9_999_999)}, {}),
    "max-position-sold": (SELL, {"held": {("main", "VOO"): D("5.99")}}, {}),
    "price-collar": (BUY, {"second_prices": {"VOO": D(506)}}, {}),
    "cash-floor": (BUY, {"spendable": {("main", "USD"): D("1501.49")}}, {}),
    "wash-sale": (BUY, {"wash_blocked": frozenset({"VOO"})}, {}),
}


def test_every_rule_has_a_case():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("order", [BUY, SELL], ids=["buy", "sell"])
def test_an_order_exactly_on_every_edge_may_go(order):
    assert inspect(order, CALM, STRICT) == ()


@pytest.mark.parametrize("name", list(CASES))
def test_the_rule_stops_it_and_nothing_else_does(name):
    order, changed, tightened = CASES[name]
    situation, limits = replace(CALM, **changed), replace(STRICT, **tightened)
    assert [r.rule for r in inspect(order, situation, limits)] == [name]
    without = {k: v for k, v in RULES.items() if k != name}
    assert inspect(order, situation, limits, without) == ()


@pytest.mark.parametrize("name", list(CASES))
def test_a_refusal_says_what_to_do(name):
    order, changed, tightened = CASES[name]
    (refusal,) = inspect(order, replace(CALM, **changed), replace(STRICT, **tightened))
    assert refusal.text
    assert refusal.hint
    assert refusal.order_id == order.id


def test_the_reserve_stays_even_when_the_account_has_the_money():
    """2,602,100 less 1,501.5 USD at 1,400 (2,102,100) leaves exactly 500,000."""
    assert [r.rule for r in inspect(BUY, replace(CALM, reserve=D("500000.01")), STRICT)] == ["cash-floor"]
    assert inspect(SELL, replace(CALM, reserve=D(9_000_000)), STRICT) == ()


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_money_is_changed_only_while_its_spread_leaves_the_reserve_whole(side):
    """1.5 USD at 1,400 won are 2,100: of 502,100 in cash that leaves exactly the reserve of 500,000."""
    change = replace(BUY, symbol="USDKRW", side=side, shares=D(1), limit=D(1400), exchange="FX")
    change = replace(change, currency="KRW")
    facts = {
        "prices": {"USDKRW": (D(1400), NOW)},
        "second_prices": {"USDKRW": D(1400)},
        "held": {("main", "USDKRW"): D(2)},
        "open_exchanges": frozenset({"FX", "XNYS"}),
        "spendable": {("main", "KRW"): D(502_100)},
        "cost": D(2_100),
    }
    calm = replace(CALM, cash=D(502_100), **facts)
    assert inspect(change, calm, replace(STRICT, max_position_sold=None)) == ()
    short = replace(calm, cash=D("502099.99"))
    refusals = inspect(change, short, replace(STRICT, max_position_sold=None))
    assert [r.rule for r in refusals] == ["cash-floor"]


def test_a_second_person_lifts_the_second_approval_but_the_same_one_twice_does_not():
    limits = replace(STRICT, second_approval_above=D(1))
    assert [r.rule for r in inspect(BUY, CALM, limits)] == ["second-approval"]
    assert inspect(BUY, replace(CALM, proven=frozenset({"min", "jun"})), limits) == ()
    names = replace(CALM, approved={"p1": frozenset({"min", "jun"})}, proven=frozenset({"min"}))
    assert [r.rule for r in inspect(BUY, names, limits)] == ["second-approval"], "any name can be given"


def test_an_order_over_its_part_of_the_portfolio_is_refused_and_money_is_not_counted():
    """A quarter of the portfolio is the most by default."""
    size = worth(BUY, CALM)
    limits = replace(STRICT, max_order_part=D("0.25"), max_turnover=None)
    assert inspect(BUY, replace(CALM, value=size * 4), limits) == ()
    found = inspect(BUY, replace(CALM, value=size * 4 - 1), limits)
    assert [r.rule for r in found] == ["max-order"]


def test_without_a_second_source_the_default_collar_looks_at_the_price_of_now():
    limits = replace(STRICT, collar=D("0.05"), second_needed=False)
    price = CALM.prices[BUY.symbol][0]
    bare = replace(CALM, second_prices={})
    assert inspect(replace(BUY, limit=price), bare, limits) == ()
    dear = replace(BUY, limit=price * D("1.0501"))
    assert "price-collar" in [r.rule for r in inspect(dear, bare, limits)]


def test_an_order_of_another_plan_is_refused():
    assert [r.rule for r in inspect(replace(BUY, plan_id="p0"), CALM, STRICT)] == ["not-approved"]


def test_a_missing_second_price_is_not_a_near_one():
    assert [r.rule for r in inspect(BUY, replace(CALM, second_prices={}), STRICT)] == ["price-collar"]


def test_without_any_price_that_alone_is_said():
    assert [r.rule for r in inspect(BUY, replace(CALM, prices={}), STRICT)] == ["stale-price"]


def test_more_than_is_held_is_never_sold_even_without_limits():
    none = OrderLimits(
        max_order_part=None,
        max_turnover=None,
        collar=None,
        max_price_age_hours=None,
        max_positions_age_minutes=None,
    )
    assert [r.rule for r in inspect(replace(SELL, shares=D(7)), CALM, none)] == ["max-position-sold"]
