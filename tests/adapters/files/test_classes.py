"""Classes, funds that count in parts, and what an account may hold, from the file to the plan.

The household is made so that each figure can be worked by hand; the figures stand beside the tests.
"""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from steelyard.errors import PortfolioProblems

D = Decimal
DAY = date(2026, 11, 23)
FILE = """\
base_currency = "USD"
priced_on = 2026-11-23
[targets]
stocks = "60%"
bonds = "40%"
[classes.stocks]
members = ["VTI", "VOO", "VTSAX"]
buy = ["VTI", "VTSAX"]
[classes.bonds]
members = ["BND", "VBTLX"]
[instruments.VTSAX]
currency = "USD"
[instruments.VBTLX]
currency = "USD"
[instruments.VFIFX]
currency = "USD"
exposure = { stocks = "54%", bonds = "46%" }
[prices]
VTI = "300"
VTSAX = "140"
BND = "70"
VBTLX = "10"
[[accounts]]
name = "taxable"
cash = { USD = "700" }
[[accounts.positions]]
symbol = "VOO"
shares = 10
price = "500"
[[accounts]]
name = "401k"
menu = ["VTSAX", "VBTLX"]
locked = ["VFIFX"]
cash = { USD = "300" }
[[accounts.positions]]
symbol = "VFIFX"
shares = 50
price = "40"
"""


def loaded(tmp_path, text=FILE):
    path = tmp_path / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return steelyard.load(path)


def codes(tmp_path, text):
    with pytest.raises(PortfolioProblems) as caught:
        loaded(tmp_path, text)
    return [p.code for p in caught.value.problems]


def test_every_member_counts_and_a_fund_in_parts_counts_for_both(tmp_path):
    """5,000 of VOO and 54 % of 2,000 are 6,080 of 8,000; 46 % of 2,000 are 920."""
    document = steelyard.check(loaded(tmp_path), as_of=DAY).to_dict()
    assert document["total_value"] == "8000"
    assert [(c["class"], c["value"], c["weight"]) for c in document["classes"]] == [
        ("stocks", "6080", "0.76"),
        ("bonds", "920", "0.115"),
    ]
    members = {p["symbol"]: p for p in document["positions"]}
    assert members["VOO"]["class"] == "stocks"
    assert members["VOO"]["target"] is None
    assert members["VFIFX"]["exposure"] == {"stocks": "0.54", "bonds": "0.46"}
    assert members["VFIFX"]["value"] == "2000"


def test_each_account_buys_the_first_member_on_its_menu(tmp_path):
    """Bonds are 2,280 short: 10 BND for 700 outside, 30 VBTLX for 300 in the 401(k), which has no BND."""
    plan = steelyard.invest(loaded(tmp_path), 1, as_of=DAY)
    assert {(t.account, t.symbol, t.shares) for t in plan.trades} == {
        ("taxable", "BND", D(10)),
        ("401k", "VBTLX", D(30)),
    }


def test_what_is_locked_in_an_account_is_never_traded_there(tmp_path):
    """VFIFX stays whatever the plan; of stocks VOO alone can be sold."""
    plan = steelyard.plan(loaded(tmp_path), as_of=DAY, accept_drift=0)
    assert "VFIFX" not in {t.symbol for t in plan.trades}
    assert {t.symbol for t in plan.trades if t.side == "sell"} == {"VOO"}


def test_build_takes_the_same_tables(tmp_path):
    portfolio = steelyard.build(
        "USD",
        {"stocks": "100%"},
        [{"name": "main", "menu": ["VTI"], "cash": {"USD": 650}}],
        classes={"stocks": {"members": ["VTI", "VOO"]}},
        prices={"VTI": 300, "VOO": 500},
        constraints={"accept_drift": "1%", "max_trades": 3},
        priced_on=DAY,
    )
    assert portfolio.constraints.max_trades == 3
    plan = steelyard.invest(portfolio, 1, as_of=DAY)
    assert [(t.symbol, t.shares) for t in plan.trades] == [("VTI", D(2))]


def test_classes_inside_classes_are_replaced_by_their_members(tmp_path):
    text = FILE.replace('members = ["VTI", "VOO", "VTSAX"]', 'members = ["large", "VTSAX"]').replace(
        "[classes.bonds]", '[classes.large]\nmembers = ["VTI", "VOO"]\n[classes.bonds]'
    )
    assert loaded(tmp_path, text).classes["stocks"].members == ("VTI", "VOO", "VTSAX")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('members = ["BND", "VBTLX"]', 'members = ["BND", "VBTLX", "VOO"]', "counts-twice"),
        ('members = ["BND", "VBTLX"]', 'members = ["BND", "VBTLX", "VFIFX"]', "counts-twice"),
        ('members = ["BND", "VBTLX"]', 'members = ["bonds"]', "class-circle"),
        ('members = ["BND", "VBTLX"]', "members = []", "key-missing"),
        ('members = ["BND", "VBTLX"]', 'members = "BND"', "not-a-list"),
        ('buy = ["VTI", "VTSAX"]', 'buy = ["BND"]', "not-a-member"),
        ('bonds = "46%"', 'bonds = "56%"', "exposure-sum"),
        ('bonds = "46%"', 'gold = "46%"', "exposure-unknown"),
        ('locked = ["VFIFX"]', 'locked = ["GLD"]', "unknown-locked"),
        ('locked = ["VFIFX"]', 'prefer = ["gold"]', "unknown-preference"),
        ('bonds = "40%"', 'bands = "40%"', "unknown-symbol"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_code(tmp_path, old, new, code):
    assert old in FILE
    assert code in codes(tmp_path, FILE.replace(old, new, 1))


def test_a_target_that_is_neither_a_fund_nor_a_class_says_the_line_to_write(tmp_path):
    text = 'base_currency = "USD"\n[targets]\nworld_stocks = "100%"\n[[accounts]]\nname = "a"\n'
    with pytest.raises(PortfolioProblems) as caught:
        loaded(tmp_path, text)
    (problem,) = caught.value.problems
    assert "[classes.world_stocks] with members = " in problem.hint


def test_a_backtest_takes_the_first_fund_to_buy_and_says_so(tmp_path):
    days = [date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 6)]
    lines = [f"{day},{100 + n},{50}" for n, day in enumerate(days)]
    prices = tmp_path / "prices.csv"
    prices.write_text("date,VTI,BND\n" + "\n".join(lines) + "\n", encoding="utf-8")
    report = steelyard.backtest_portfolio(loaded(tmp_path), prices)
    assert any("VTI stands for the class stocks" in note for note in report.notes)
