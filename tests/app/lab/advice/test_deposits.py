"""How much saving makes selling unnecessary, on whole portfolios."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard

FILE = """\
base_currency = "USD"
[targets]
VOO = "60%"
TLT = "40%"
[policy]
kind = "threshold"
look = "daily"
threshold = "5%"
[[accounts]]
name = "main"
kind = "taxable"
[[accounts.positions]]
symbol = "VOO"
shares = "40"
price = "600 USD"
[[accounts.positions]]
symbol = "TLT"
shares = "178"
price = "90 USD"
"""
FEW = {"volatility": "15%", "paths": 20, "years": 1}


def portfolio(tmp_path, text=FILE):
    (tmp_path / "portfolio.toml").write_text(text, encoding="utf-8")
    return steelyard.load(tmp_path / "portfolio.toml", need_accounts=False)


def test_twelve_months_spend_what_is_paid_in_to_less_than_a_share(tmp_path):
    """4,000 a year in months of 333.33; what is left in cash is what no share was bought for."""
    report = steelyard.deposits(portfolio(tmp_path), deposits=4000, as_of=date(2026, 12, 1), **FEW)
    assert [p.month for p in report.purchases][::11] == ["2026-12", "2027-11"]
    paid, spent = Decimal("333.33") * 12, sum(a for p in report.purchases for _, _, a in p.shares)
    assert report.purchases[-1].cash == paid - spent
    assert report.purchases[-1].cash < 600
    for purchase in report.purchases:
        for symbol, count, amount in purchase.shares:
            assert count == int(count) > 0
            assert amount == count * {"VOO": 600, "TLT": 90}[symbol]


def test_the_first_month_is_what_invest_plans(tmp_path):
    one = portfolio(tmp_path)
    report = steelyard.deposits(one, deposits=12_000, as_of=date(2026, 12, 1), **FEW)
    plan = steelyard.invest(one, "1000", as_of=date(2026, 12, 1))
    assert report.purchases[0].shares == tuple((t.symbol, t.shares, t.amount) for t in plan.trades)


def test_a_class_counts_all_its_funds_and_buys_the_first(tmp_path):
    """By hand: 12,000 in each of two funds of one class and 16,020 in the other are 40,020 in two classes.

    Of the second fund nothing is ever bought; the class stands off by the worth of both, as `invest` sees it.
    """
    text = FILE.replace('VOO = "60%"', 'stocks = "60%"\n[classes.stocks]\nmembers = ["VTI", "VOO"]')
    text = text.replace('TLT = "40%"\n', "").replace("[classes.stocks]", 'TLT = "40%"\n[classes.stocks]')
    text = text.replace('shares = "40"', 'shares = "20"')
    text += '[[accounts.positions]]\nsymbol = "VTI"\nshares = "40"\nprice = "300 USD"\n'
    one = portfolio(tmp_path, text)
    report = steelyard.deposits(one, deposits=12_000, as_of=date(2026, 12, 1), **FEW)
    assert report.saver.value == 40_020
    assert report.saver.symbols == ("VTI", "TLT")
    assert report.saver.targets.tolist() == [0.6, 0.4]
    bought = {symbol for purchase in report.purchases for symbol, _, _ in purchase.shares}
    assert bought == {"VTI", "TLT"}
    plan = steelyard.invest(one, "1000", as_of=date(2026, 12, 1))
    assert report.purchases[0].shares == tuple((t.symbol, t.shares, t.amount) for t in plan.trades)
    assert any("VTI" in note and "stocks" in note for note in report.notes)


def test_a_file_without_accounts_plans_no_purchases_and_says_so(tmp_path):
    text = FILE.split("[[accounts]]")[0]
    report = steelyard.deposits(portfolio(tmp_path, text), value=50_000, **FEW)
    assert report.purchases == ()
    assert any("no accounts" in note for note in report.notes)
    assert report.saver.deposits == 5000


@pytest.mark.long("two hundred paths of ten years, several amounts and rules")
def test_a_tenth_a_year_is_as_good_as_five_points_to_the_target_and_a_fifth_as_200_175(tmp_path):
    """By renewal theory and the two exponentials 9.9 % and 18.6 %; by simulation about the same."""
    report = steelyard.deposits(
        portfolio(tmp_path, FILE.split("[[accounts]]")[0]), value=50_000, volatility="15%"
    )
    good = {one.rule: one for one in report.as_good}
    five, tight = good["threshold 5%"], good["threshold 2% to 1.75%"]
    assert five.closed == pytest.approx(0.099, abs=0.001)
    assert tight.closed == pytest.approx(0.186, abs=0.001)
    assert five.part == pytest.approx(0.10, abs=0.015)
    assert tight.part == pytest.approx(0.186, abs=0.02)
    # Rarer deposits hold it less near, and the same money holds a larger portfolio less near.
    assert report.rhythms[0].simulated < report.rhythms[-1].simulated
    assert report.ahead[0].simulated < report.ahead[-1].simulated
