"""New money and the law: what may be paid in, by statute; and in which account it is spent."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from builders import account, portfolio, position
from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.tax.codes import ACCOUNT_KINDS, TAXED_KINDS
from steelyard.domain.tax.country import country
from steelyard.errors import PlanError

D = Decimal
DAY = date(2026, 11, 23)


def household(tmp_path, code, *accounts):
    base = {"KR": "KRW", "US": "USD"}[code]
    stated = {"filing": "single", "other_income": 90000} if code == "US" else {}
    text = portfolio(
        {"A": "60%", "B": "40%"},
        *accounts,
        base_currency=base,
        tax={"jurisdiction": code, **stated},
        prices={"A": "100", "B": "100"},
        **{f"instruments.{s}": {"currency": base, "tax_class": "krx_other"} for s in ("A", "B")},
    )
    path = tmp_path / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return steelyard.load(path)


@pytest.mark.parametrize(
    ("code", "kind", "limit"),
    [
        # Korea 2026: STTCA 91-18 (20 million a year), Income Tax Act Decree 40-2 (18 million).
        ("KR", "isa", 20_000_000),
        ("KR", "pension", 18_000_000),
        ("KR", "irp", 18_000_000),
        # United States 2026: two published tables that agree (IRS Notice 2025-67), one for the HSA.
        ("US", "ira", 7_500),
        ("US", "roth", 7_500),
        ("US", "401k", 24_500),
        ("US", "roth_401k", 24_500),
        ("US", "403b", 24_500),
        ("US", "sep_ira", 72_000),
        ("US", "simple_ira", 17_000),
        ("US", "hsa", 8_750),
    ],
)
def test_new_money_beyond_the_room_is_refused_with_the_law(tmp_path, code, kind, limit):
    held = household(tmp_path, code, account(name="mine", kind=kind), account(name="free", kind="taxable"))
    with pytest.raises(PlanError) as caught:
        steelyard.invest(held, limit + 1, account="mine", as_of=DAY)
    assert caught.value.code == "contribution-room"
    assert f"at most {limit} " in caught.value.message
    assert "free" in caught.value.hint
    with pytest.raises(PlanError):
        steelyard.plan(held, cash=limit + 1, account="mine", as_of=DAY)
    assert steelyard.invest(held, limit, account="mine", as_of=DAY).cash_flow == limit
    assert steelyard.invest(held, limit + 1, account="mine", as_of=DAY, over_limit=True).trades
    assert steelyard.invest(held, 10 * limit, account="free", as_of=DAY).trades


def test_a_pension_account_and_an_irp_share_one_room(tmp_path):
    """18 million together: what the journal saw go into one is gone from the other."""
    household(
        tmp_path,
        "KR",
        account(name="연금", kind="pension"),
        account(name="irp", kind="irp"),
        account(name="x"),
    )
    place = tmp_path / "portfolio.toml"
    steelyard.record(
        place, date="2026-03-02", type="deposit", account="연금", shares=15_000_000, currency="KRW"
    )
    held = steelyard.load(place)
    with pytest.raises(PlanError) as caught:
        steelyard.invest(held, 3_000_001, account="irp", as_of=DAY)
    assert "at most 3000000 KRW" in caught.value.message


@pytest.mark.parametrize("kind", ACCOUNT_KINDS["US"])
def test_every_kind_says_whether_its_sales_are_taxed(kind):
    assert country("US").taxes_sale("", kind) == (kind in TAXED_KINDS)


def test_new_money_of_a_named_account_buys_there_alone(tmp_path):
    """1,000 of new money and 500 of cash elsewhere: ten shares here, and none there."""
    held = household(tmp_path, "US", account(name="one"), account(name="two", cash={"USD": 500}))
    plan = steelyard.invest(held, 1000, account="one", as_of=DAY)
    assert {t.account for t in plan.trades} == {"one"}
    assert plan.turnover == 1000
    assert plan.cash_after == 500
    everywhere = steelyard.invest(held, 1000, as_of=DAY)
    assert {t.account for t in everywhere.trades} == {"one", "two"}


def test_money_out_of_a_named_account_sells_there_alone(tmp_path):
    """A is over in all, but only `two` may sell: five of its eight shares of B."""
    held = household(
        tmp_path,
        "US",
        account(position("A", 20), name="one"),
        account(position("B", 8), name="two", kind="roth"),
    )
    plan = steelyard.withdraw(held, 500, account="two", as_of=DAY)
    assert [(t.account, t.symbol, int(t.shares)) for t in plan.trades] == [("two", "B", 5)]


def test_a_plan_that_sells_in_a_529_says_how_often_that_is_allowed(tmp_path):
    held = household(tmp_path, "US", account(position("A", 10), name="school", kind="529"))
    assert "529(b)(4)" in steelyard.plan(held, as_of=DAY).notes[0]
    assert steelyard.invest(held, 100, as_of=DAY).notes == ()


def test_a_room_has_its_law():
    """Every limit that may refuse something names where it is written."""
    assert {"source", "verified"} <= set(ContributionRoom.__match_args__)
