"""`invest` without an amount spends the cash that is there; the purchases are worked by hand."""

from datetime import date
from decimal import Decimal

import steelyard

D = Decimal
DAY = date(2026, 11, 23)


def two_accounts():
    """650 in one account and 350 in the other; VOO at 100 is all there is to buy."""
    return steelyard.build(
        "USD",
        {"VOO": "100%"},
        [{"name": "a", "cash": {"USD": 650}}, {"name": "b", "cash": {"USD": 350}}],
        prices={"VOO": 100},
        priced_on=DAY,
    )


def bought(plan):
    return {t.account: t.shares for t in plan.trades}


def test_all_cash_is_spent_where_it_lies():
    """Six shares for 650, three for 350; no money is added."""
    plan = steelyard.invest(two_accounts(), as_of=DAY)
    assert bought(plan) == {"a": D(6), "b": D(3)}
    assert plan.cash_flow == 0
    assert plan.to_dict()["after"]["total_value"] == "1000"


def test_an_account_named_spends_its_own_cash_alone():
    assert bought(steelyard.invest(two_accounts(), as_of=DAY, account="b")) == {"b": D(3)}


def test_one_account_spends_what_it_has():
    portfolio = steelyard.build(
        "USD",
        {"VOO": "100%"},
        [{"name": "a", "cash": {"USD": 650}}],
        prices={"VOO": 100},
        priced_on=DAY,
    )
    assert bought(steelyard.invest(portfolio, as_of=DAY)) == {"a": D(6)}


def test_the_example_by_values_is_divided_exactly():
    """1,000,000 in proportion to shortfalls of 500,000, 600,000 and 300,000: exact, to the won.

    Of 11,000,000 are wanted 3,300,000, 4,400,000, 2,200,000 and 1,100,000: 5, 6 and 3 fourteenths are short.
    """
    values = {"069500": 2_800_000, "VOO": 4_800_000, "TLT": 1_600_000, "GLD": 800_000}
    prices = {"069500": "35000 KRW", "VOO": "550000 KRW", "TLT": "85000 KRW", "GLD": "260000 KRW"}
    portfolio = steelyard.build(
        "KRW",
        {"069500": "30%", "VOO": "40%", "TLT": "20%", "GLD": "10%"},
        [
            {
                "name": "main",
                "positions": [{"symbol": s, "value": v, "price": prices[s]} for s, v in values.items()],
            }
        ],
        fx={"USDKRW": "1400"},
        priced_on=DAY,
    )
    plan = steelyard.invest(portfolio, 1_000_000, as_of=DAY, fractional=True)
    assert plan.objective.proven
    assert {t.symbol: round(t.amount) for t in plan.trades} == {
        "069500": 357_143,
        "TLT": 428_571,
        "GLD": 214_286,
    }
