"""New money and the law: what may be paid in, by statute; and in which account it is spent."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from builders import account, portfolio, position
from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.tax.codes import ACCOUNT_KINDS, TAXED_KINDS
from steelyard.domain.tax.country import country
from steelyard.errors import InputError, PlanError

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


def next_year(tmp_path, *lines):
    """An IRA on 2 January of a year without limits in the data, and what the file says of that year."""
    household(tmp_path, "US", account(name="mine", kind="ira"), account(name="free"))
    place = tmp_path / "portfolio.toml"
    place.write_text("\n".join((place.read_text(encoding="utf-8"), "[tax.2031]", *lines)), encoding="utf-8")
    return steelyard.load(place), date(2031, 1, 2)


def test_a_year_without_limits_takes_the_last_that_are_known_and_says_so(tmp_path):
    held, day = next_year(tmp_path)
    with pytest.raises(PlanError) as caught:
        steelyard.invest(held, 7_501, account="mine", as_of=day)
    assert "provisional: the limit of 2031" in caught.value.hint
    (room,) = steelyard.holdings(held, as_of=day).contribution_room
    assert (room.limit, room.year) == (7_500, 2031)
    assert "contribution_limits = { ira = AMOUNT } under [tax.2031]" in room.note


def test_the_owners_own_limit_is_taken_and_not_called_provisional(tmp_path):
    held, day = next_year(tmp_path, "contribution_limits = { ira = 8000 }")
    (room,) = steelyard.holdings(held, as_of=day).contribution_room
    assert (room.limit, "provisional" in room.note) == (8_000, False)
    assert steelyard.invest(held, 8_000, account="mine", as_of=day).cash_flow == 8_000
    with pytest.raises(PlanError, match="at most 8000 "):
        steelyard.invest(held, 8_001, account="mine", as_of=day)


@pytest.mark.parametrize("limits", ["{ ira = -1 }", "{ isa = 8000 }", "8000", '{ ira = "many" }'])
def test_limits_that_are_none_are_refused(tmp_path, limits):
    held, day = next_year(tmp_path, f"contribution_limits = {limits}")
    with pytest.raises(InputError, match="contribution_limits"):
        steelyard.holdings(held, as_of=day)


def test_a_year_before_all_figures_has_no_room(tmp_path):
    held = household(tmp_path, "US", account(name="mine", kind="ira"))
    assert steelyard.holdings(held, as_of=date(2010, 1, 4)).contribution_room == ()


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
