"""Limit prices on ticks, and purchases that never cost more than the money there is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceptance.desks import plan, trade
from steelyard.domain.trading.sizing import fit, limit_of, orders_of, worst

D = Decimal


@pytest.mark.parametrize(
    ("side", "price", "exchange", "limit"),
    [
        ("buy", "100.01", "XNYS", "100.51"),  # 100.51005 down to a cent
        ("sell", "100.01", "XNYS", "99.51"),  # 99.50995 up to a cent
        ("buy", "35000", "XKRX", "35175"),
        ("buy", "10005", "XKRX", "10055"),  # 10,055.025 down to 5 won
        ("sell", "10005", "XKRX", "9955"),  # 9,954.975 up to 5 won
        ("buy", "1500", "XKRX", "1507"),  # 1,507.5 down to 1 won
    ],
)
def test_a_limit_stands_on_a_tick_and_no_further_than_asked(side, price, exchange, limit):
    """Half a percent away, worked by hand."""
    assert limit_of(trade("X", side, 1, price, exchange=exchange), D("0.005")) == D(limit)


@given(
    st.integers(0, 400_000),
    st.integers(1, 50),
    st.integers(100, 90_000),
    st.integers(0, 100),
    st.integers(0, 3000),
)
def test_a_fitted_purchase_costs_no_more_than_the_money_and_is_no_larger_than_planned(
    cents, shares, price, rate, least
):
    one = trade("TLT", "buy", shares, D(price) / 100)
    wanted = plan(
        trades=(one,),
        prices={"TLT": (one.price, "USD")},
        commission=D(rate) / 10_000,
        min_commission=D(least) / 100,
    )
    (order,) = orders_of(wanted, D("0.005"))
    money = D(cents) / 100
    got = fit(wanted, order, money)
    if got is None:
        least_order = replace(order, shares=D(1), limit=order.limit)
        assert worst(wanted, least_order) > money
    else:
        assert worst(wanted, got) <= money
        assert 0 < got.shares <= order.shares
        assert one.price <= got.limit <= order.limit
        assert (got.shares % 1, got.limit % D("0.01")) == (0, 0)
