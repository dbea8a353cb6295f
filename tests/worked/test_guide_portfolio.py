"""The rebalancing guide's own examples, worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

import steelyard
from steelyard.errors import PortfolioProblems

DAY = date(2026, 11, 23)
VALUES = """
base_currency = "KRW"
[targets]
"069500" = "30%"
VOO = "40%"
TLT = "20%"
GLD = "10%"
[[accounts]]
name = "main"
positions = [
  { symbol = "069500", value = 2800000 },
  { symbol = "VOO", value = "4800000" },
  { symbol = "TLT", value = "1600000 KRW" },
  { symbol = "GLD", value = 800000 },
]
"""
SHARES = """
base_currency = "KRW"
[targets]
"069500" = "30%"
VOO = "40%"
TLT = "20%"
GLD = "10%"
[[accounts]]
name = "main"
positions = [
  { symbol = "069500", shares = 80, price = "35000 KRW" },
  { symbol = "VOO", shares = 8, price = "550000 KRW" },
  { symbol = "TLT", shares = 18, price = "85000 KRW" },
  { symbol = "GLD", shares = 3, price = "260000 KRW" },
]
"""


def one_against_cash(value, target="40%", extra=""):
    """A portfolio of 100 in which VOO is worth `value` against a target."""
    return f"""
base_currency = "KRW"
[targets]
VOO = "{target}"
"069500" = "{100 - int(target[:-1])}%"
[policy]
{extra}
[[accounts]]
name = "main"
positions = [ {{ symbol = "VOO", value = {value} }}, {{ symbol = "069500", value = {100 - value} }} ]
"""


def signed(plan):
    return {t.symbol: t.amount if t.side == "buy" else -t.amount for t in plan.trades}


def test_weights_and_drifts_of_the_guide_and_due_because_of_voo_only(read):
    """2.8/4.8/1.6/0.8 of 10 million are 28/48/16/8 %; targets 30/40/20/10; limit 5 points."""
    report = steelyard.check(read(VALUES), as_of=DAY)
    assert [d.weight for d in report.drifts] == [Decimal(x) for x in ("0.28", "0.48", "0.16", "0.08")]
    assert [d.drift for d in report.drifts] == [Decimal(x) for x in ("-0.02", "0.08", "-0.04", "-0.02")]
    assert report.decision.due
    assert [(r.rule, r.symbol, r.limit) for r in report.decision.reasons] == [
        ("threshold", "VOO", Decimal("0.05"))
    ]
    assert report.misplaced == Decimal("0.08")
    assert report.decision.next_look == date(2027, 1, 4)


def test_the_fractional_plan_of_the_guide_moves_200_800_400_200_thousand(read):
    """Target value less value: 3.0-2.8, 4.0-4.8, 2.0-1.6, 1.0-0.8 million."""
    plan = steelyard.plan(read(VALUES), fractional=True, as_of=DAY)
    assert signed(plan) == {"069500": 200000, "VOO": -800000, "TLT": 400000, "GLD": 200000}
    assert plan.trades[0].side == "sell"
    assert plan.objective.proven


def test_a_million_of_new_money_goes_in_proportion_to_the_shortfalls(read):
    """Shortfalls 500/0/600/300 thousand of 11 million; 1,000,000 in their proportion 5:6:3."""
    plan = steelyard.invest(read(VALUES), 1000000, fractional=True, as_of=DAY)
    bought = signed(plan)
    assert {s: round(a) for s, a in bought.items()} == {"069500": 357143, "TLT": 428571, "GLD": 214286}
    assert sum(bought.values()) == 1000000
    assert "VOO" not in bought


@pytest.mark.parametrize(
    ("cash", "shares", "objective"),
    [(0, (81, 7, 21, 4), 24_050_000_000), (1_000_000, (89, 8, 23, 4), 61_590_000_000)],
)
def test_the_whole_share_plan_is_the_enumerated_optimum(read, cash, shares, objective):
    """Enumerated by hand for the issue: ends without cash, objective as stated."""
    plan = steelyard.plan(read(SHARES), cash=cash, as_of=DAY)
    assert tuple(h.shares for h in plan.after) == shares
    assert plan.cash_after == 0
    assert plan.objective.value == plan.objective.bound == objective
    assert plan.objective.proven


def test_buying_only_finds_the_same_plan_for_a_million_of_new_money(read):
    """The optimum with selling allowed sells nothing, so it is the buy-only optimum too."""
    plan = steelyard.plan(read(SHARES), cash=1000000, can_sell=False, as_of=DAY)
    assert signed(plan) == {"069500": 315000, "TLT": 425000, "GLD": 260000}


def test_forty_grown_to_forty_six_is_due_and_exactly_forty_five_is_not(read):
    """The band test is "more than"."""
    assert steelyard.check(read(one_against_cash(46)), as_of=DAY).decision.due
    assert not steelyard.check(read(one_against_cash(45)), as_of=DAY).decision.due


@pytest.mark.parametrize(("days", "due"), [(180, False), (181, True)])
def test_more_than_180_days_since_the_last_rebalance_is_due(read, days, due):
    """`max_interval_days = 180` by default; the drift itself is zero."""
    text = one_against_cash(40, extra=f"last_rebalance = {DAY - timedelta(days=days)}")
    decision = steelyard.check(read(text), as_of=DAY).decision
    assert decision.due is due
    assert [r.rule for r in decision.reasons] == (["max_interval"] if due else [])


@pytest.mark.parametrize(("value", "due"), [(5, False), (6, True), (3, False), (2, True)])
def test_a_four_percent_target_at_5_25_has_a_band_of_one_point(read, value, due):
    """25 % of 4 % is 1 point, tighter than 5 points."""
    text = one_against_cash(value, "4%", 'threshold = "5%"\nrelative_threshold = "25%"')
    decision = steelyard.check(read(text), as_of=DAY).decision
    assert decision.due is due
    assert [r.rule for r in decision.reasons] == (["relative_threshold"] if due else [])


def test_shares_price_and_a_value_that_disagree_are_refused(read):
    """18 x 85,000 = 1,530,000, not 1,600,000."""
    text = SHARES.replace(
        'shares = 18, price = "85000 KRW"', 'shares = 18, price = "85000 KRW", value = 1600000'
    )
    with pytest.raises(PortfolioProblems) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert problem.code == "value-mismatch"
    assert "1530000, not 1600000" in problem.message
    assert problem.key == "accounts[0].positions[2].value"


def test_the_new_money_that_brings_all_inside_without_selling(read):
    """VOO at 4.8 million must be at most 45 %: 4.8 / 0.45 = 10,666,667 won, 666,667 more than today."""
    assert steelyard.invest(read(VALUES), 1, fractional=True, as_of=DAY).to_bands == 666667
