"""What may be sold, what stands beside a plan, and what is said of one that was not looked for; by hand."""

from datetime import date
from decimal import Decimal

import steelyard
from builders import account, lot, portfolio, position

D = Decimal
DAY = date(2026, 11, 23)


def loaded(tmp_path, text):
    path = tmp_path / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return steelyard.load(path)


def lopsided(tmp_path, **fields):
    """900 of A, 600 of B, 500 of C for thirds and 0: A is 200 over, B 100 under, C 100 under, 100 cash."""
    text = portfolio(
        {"A": "35%", "B": "35%", "C": "30%"},
        account(position("A", 9, "100"), position("B", 6, "100"), position("C", 5, "100"), cash={"USD": 0}),
        base_currency="USD",
        **fields,
    )
    return loaded(tmp_path, text)


def trades(plan):
    return [(t.side, t.symbol, int(t.shares)) for t in plan.trades]


def test_over_sells_only_what_is_over_its_target(tmp_path):
    """Of 2,000 there should be 700, 700 and 600: A is over and the others are short of one share each."""
    held = lopsided(tmp_path)
    plan = steelyard.plan(held, sell="over", as_of=DAY)
    assert trades(plan) == [("sell", "A", 2), ("buy", "B", 1), ("buy", "C", 1)]
    assert trades(steelyard.plan(held, sell="none", as_of=DAY)) == []


def test_money_out_of_what_is_over_takes_no_more_than_may_go(tmp_path):
    """1,000 out leaves 1,000 for 350, 350 and 300: all are over then, and the nearest is 4, 3 and 3 left."""
    held = lopsided(tmp_path)
    plan = steelyard.plan(held, cash=-1000, can_buy=False, sell="over", as_of=DAY)
    assert sum(t.amount for t in plan.trades) == 1000
    assert all(t.side == "sell" for t in plan.trades)


def test_what_counts_for_a_target_that_is_short_is_not_sold_either(tmp_path):
    """D is half A, half B: 200 of it are 100 each. A is over, B is not, so of the two only A may go."""
    text = portfolio(
        {"A": "40%", "B": "60%"},
        account(position("A", 6, "100"), position("B", 2, "100"), position("D", 2, "100"), cash={"USD": 0}),
        base_currency="USD",
        **{"instruments.D": {"exposure": {"A": "50%", "B": "50%"}}},
    )
    plan = steelyard.plan(loaded(tmp_path, text), sell="over", as_of=DAY)
    assert trades(plan) == [("sell", "A", 3), ("buy", "B", 3)]


def taxed(tmp_path):
    """60 VOO at 100, bought at 50, and 4,000 of BND in an IRA for 50/50: 10 VOO too many, 500 of gain."""
    text = portfolio(
        {"VOO": "50%", "BND": "50%"},
        account(position("VOO", 60, "100", lots=[lot("2020-03-02", 60, "50")]), cash={"USD": 0}),
        account(position("BND", 40, "100"), name="ira", kind="ira", cash={"USD": 0}),
        base_currency="USD",
        tax={"jurisdiction": "US", "filing": "single", "other_income": 90000},
    )
    return loaded(tmp_path, text)


def test_neighbours_of_a_plan_say_what_each_would_change(tmp_path):
    """Nearest: ten VOO sold, ten BND bought, 15 % of 500 are 75 of tax. Without tax nothing can be sold.

    One share less misses both targets by a hundredth, the root of which squares is 1.41 %: more than the half
    point that is near enough, less than one point more, so `further` sells nine and saves 7.50.
    """
    found = steelyard.ways(taxed(tmp_path), as_of=DAY)
    assert [w.name for w in found.ways] == ["asked", "strict", "further", "no_tax", "new_money"]
    ways = {w.name: w for w in found.ways}
    assert trades(found.plan) == [("sell", "VOO", 10), ("buy", "BND", 10)]
    assert (ways["asked"].tax, found.plan.distance) == (D(75), 0)
    assert ways["strict"].same_as == "asked"
    assert trades(ways["further"].plan) == [("sell", "VOO", 9), ("buy", "BND", 9)]
    assert ways["further"].tax == D("67.5")
    for name in ("no_tax", "new_money"):
        assert trades(ways[name].plan) == []
        assert ways[name].tax == 0
        assert ways[name].still_due  # ten points off are more than five
        # 1,000 too much here and too little there, of 10,000.
        assert abs(ways[name].plan.distance - D(2).sqrt() / 10) < D("1e-9")
    assert ways["new_money"].same_as == "no_tax"


def test_a_neighbour_that_needs_what_nobody_knows_says_so(tmp_path):
    """Without [tax] nobody knows what a sale costs: that way has no plan and a reason."""
    found = {w.name: w for w in steelyard.ways(lopsided(tmp_path), as_of=DAY).ways}
    assert found["no_tax"].plan is None
    assert "[tax]" in found["no_tax"].why_not or "taxed" in found["no_tax"].why_not
    assert found["asked"].plan is not None


def test_a_plan_that_was_not_looked_for_is_not_called_proven(tmp_path):
    """A is 10 points over with a band of 20: not due, so the gate leaves an empty plan and proves nothing."""
    plan = steelyard.plan(lopsided(tmp_path, policy={"threshold": "20%"}), policy_gate=True, as_of=DAY)
    assert plan.trades == ()
    assert plan.gated
    assert not plan.objective.proven
    assert all("no rebalance is due" in u.reason for u in plan.untraded)


def test_what_is_forbidden_is_not_called_undue(tmp_path):
    """A is 10 points over its band of 5: a rebalance is due, and nothing may be traded all the same."""
    plan = steelyard.plan(lopsided(tmp_path), can_buy=False, can_sell=False, as_of=DAY)
    assert plan.decision.due
    assert [u.reason for u in plan.untraded] == [
        "10.0 points over, but nothing may be bought or sold",
        "5.0 points under, but nothing may be bought or sold",
        "5.0 points under, but nothing may be bought or sold",
    ]


def test_a_sale_that_nobody_taxes_costs_no_tax_though_nobody_says_what_was_paid(tmp_path):
    """In a pension account a sale is not taxed, so the tax of every way is known without a lot."""
    text = portfolio(
        {"A": "50%", "B": "50%"},
        account(position("A", 6, "100"), position("B", 4, "100"), kind="pension"),
        tax={"jurisdiction": "KR"},
        **{f"instruments.{s}": {"tax_class": "krx_other"} for s in ("A", "B")},
    )
    found = steelyard.ways(loaded(tmp_path, text), as_of=DAY)
    assert trades(found.plan) == [("sell", "A", 1), ("buy", "B", 1)]
    assert [w.tax for w in found.ways] == [0] * 5
