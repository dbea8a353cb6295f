"""What if prices, rates or targets were others: worked by hand, and the portfolio itself stays as it is."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from steelyard.errors import InputError

D = Decimal
DAY = date(2026, 11, 23)


def portfolio():
    """Ten VOO at 100 dollars and 500,000 won of bonds, at 1,000 won a dollar: 1,500,000 won."""
    return steelyard.build(
        "KRW",
        {"VOO": "40%", "148070": "40%", "GLD": "20%"},
        [
            {
                "name": "main",
                "positions": [
                    {"symbol": "VOO", "shares": 10, "price": "100 USD"},
                    {"symbol": "148070", "value": 500_000, "price": 100_000},
                ],
            }
        ],
        fx={"USDKRW": 1000},
        prices={"GLD": "50 USD"},
        priced_on=DAY,
    )


def test_prices_and_rates_change_what_it_is_worth():
    """Ten at 120 dollars and 1,100 won are 1,320,000; five bonds at 90,000 are 450,000."""
    before = portfolio()
    after = steelyard.what_if(before, prices={"VOO": "120", "148070": "90000 KRW"}, fx={"USDKRW": "1100"})
    assert steelyard.check(after, as_of=DAY).valuation.managed == D(1_770_000)
    assert steelyard.check(before, as_of=DAY).valuation.managed == D(1_500_000)


def test_other_targets_share_what_one_leaves_in_proportion():
    """With 55 % of VOO 45 % are left for two that had 40 and 20: 30 and 15."""
    changed = steelyard.what_if(portfolio(), targets={"VOO": "55%"})
    assert changed.targets == {"VOO": D("0.55"), "148070": D("0.30"), "GLD": D("0.15")}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"prices": {"QQQ": "1"}}, "unknown-symbol"),
        ({"prices": {"VOO": "0"}}, "amount"),
        ({"prices": {"VOO": "5 EUR"}}, "fx-missing"),
        ({"fx": {"EURKRW": "1500"}}, "fx-pair"),
        ({"targets": {"QQQ": "10%"}}, "unknown-symbol"),
        ({"targets": {"VOO": "70%", "GLD": "40%"}}, "target-sum"),
    ],
)
def test_what_the_portfolio_does_not_know_is_refused(given, code):
    with pytest.raises(InputError) as caught:
        steelyard.what_if(portfolio(), **given)
    assert caught.value.code == code
