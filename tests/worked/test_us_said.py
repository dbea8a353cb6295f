"""What the tax of a United States year does not cover is said, and what another purchase may still undo."""

from datetime import date
from decimal import Decimal

import pytest

from tax_files import DAY, LONG_AGO, D, buy, known, portfolio, trade

US = 'jurisdiction = "US"\nother_income = 100000'


def notes(entries, prices=("VOO",), tax=US):
    return known(portfolio(tax, dict.fromkeys(prices, 100)), entries)[0].so_far.notes


def test_a_loss_of_ten_days_ago_may_still_be_washed_and_it_is_said_until_when():
    """Sold on 13 November: 30 days after is 13 December, free on the 14th."""
    sold = [buy(LONG_AGO, "VOO", 1, 200), trade("sell", date(2026, 11, 13), "VOO", 1, 100)]
    assert any("may still be washed" in n and "2026-12-14" in n for n in notes(sold))
    earlier = [buy(LONG_AGO, "VOO", 1, 200), trade("sell", date(2026, 10, 1), "VOO", 1, 100)]
    assert not any("may still be washed" in n for n in notes(earlier))


def test_a_partnership_is_said_not_to_be_covered():
    assert any("K-1" in n for n in notes([buy(LONG_AGO, "DBC", 1, 20)], ("DBC",)))
    assert not any("K-1" in n for n in notes([buy(LONG_AGO, "VOO", 1, 20)]))


def test_money_taken_out_of_an_ira_is_said_not_to_be_counted():
    taken = trade("withdrawal", DAY, "", 5000, 0, account="ira", currency="USD")
    assert any("5000 was taken out of ira" in n and "ordinary income" in n for n in notes([taken]))


@pytest.mark.parametrize("setting", ["same_index", "same_symbol"])
def test_share_classes_of_one_fund_wash_each_other_whatever_is_set(setting):
    """VTSAX is the mutual fund of which VTI is a share class."""
    held = portfolio(f'{US}\nidentical = "{setting}"', {"VTI": 100, "VOO": 100})
    group = known(held, [buy(LONG_AGO, "VTI", 1, 100)])[0].identical
    assert group["VTI"] == group["VTSAX"]
    assert (group.get("VOO") == group["VTI"]) is False


def test_ordinary_dividends_and_interest_are_taxed_on_top_of_other_income():
    """1,000 of a bond fund and 500 of interest at 22 %: 330; a share held long about its ex-date
    qualifies, 200 at 15 %: 30."""
    paid = [
        buy(LONG_AGO, "TLT", 1, 100),
        buy(LONG_AGO, "VOO", 1, 100),
        trade("dividend", date(2026, 4, 1), "TLT", 1, 1000),
        trade("dividend", date(2026, 4, 1), "VOO", 1, 200, ex_date=date(2026, 3, 20)),
        trade("interest", date(2026, 5, 1), "", 500, 0),
    ]
    held = {"VOO": 100, "TLT": 100}
    year = known(portfolio(US, held), paid)[0].so_far
    assert year.summary["tax"]["dividends_and_interest"] == 330
    assert year.total_tax == 360
    inside = known(portfolio(f"{US}\ndividends_in_other_income = true", held), paid)[0].so_far
    assert inside.total_tax == 30
    assert any("dividends_in_other_income" in n for n in year.notes)


def test_they_count_for_the_surtax():
    """210,000 of income with 10,000 of interest on top: 3.8 % of 10,000, the lesser of it and 20,000 over."""
    tax = 'jurisdiction = "US"\nother_income = 210000'
    paid = [buy(LONG_AGO, "VOO", 1, 100), trade("interest", date(2026, 5, 1), "", 10_000, 0)]
    year = known(portfolio(tax, {"VOO": 100}), paid)[0].so_far
    assert year.summary["tax"]["net_investment_income_tax"] == D(380)
    assert year.summary["tax"]["dividends_and_interest"] == Decimal(10_000) * D("0.32")
