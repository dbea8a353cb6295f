"""Every limit lies on a step that the exchange takes, and on the owner's side of the price.

Sources: 17 CFR 242.612 (SEC Rule 612): 0.01 at one dollar and more, 0.0001 below; KRX ETFs since 2023-12-11:
1 won below 2,000 won, 5 won from there up.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceptance.desks import plan, trade
from steelyard.domain.trading.sizing import fit, limit_of, orders_of
from steelyard.domain.trading.ticks import is_on_tick, on_tick
from steelyard.errors import PlanError

D = Decimal
PRICES = st.decimals("0.001", "900000", places=7)


def lies_on_a_step(price, exchange):
    """By whole numbers of the smallest unit, without the code under test."""
    if exchange == "XKRX":
        return price % 1 == 0 and (price < 2000 or price % 5 == 0)
    return price * 10_000 % (100 if price >= 1 else 1) == 0


@pytest.mark.parametrize(
    ("price", "exchange", "side", "limit"),
    [
        ("600.123456", "XNYS", "buy", "600.12"),
        ("600.123456", "XNYS", "sell", "600.13"),
        ("0.99996", "XNYS", "buy", "0.9999"),
        ("0.99996", "XNYS", "sell", "1"),
        ("1.009", "XNYS", "buy", "1"),
        ("0.12345", "XNYS", "sell", "0.1235"),
        ("1999.5", "XKRX", "buy", "1999"),
        ("1999.5", "XKRX", "sell", "2000"),
        ("2003", "XKRX", "buy", "2000"),
        ("2003", "XKRX", "sell", "2005"),
        ("12342.7", "XKRX", "buy", "12340"),
    ],
)
def test_purchases_go_down_to_a_step_and_sales_up(price, exchange, side, limit):
    """By hand, at the places where the step changes too."""
    assert on_tick(D(price), exchange, side) == D(limit)


@given(PRICES, st.sampled_from(["XNYS", "XKRX"]), st.sampled_from(["buy", "sell"]), st.integers(0, 300))
def test_every_limit_that_is_made_lies_on_a_step_and_no_further_away_than_asked(price, exchange, side, bps):
    distance = D(bps) / 10_000
    raw = price * (1 + distance if side == "buy" else 1 - distance)
    if side == "buy" and raw < (1 if exchange == "XKRX" else D("0.0001")):
        with pytest.raises(PlanError) as caught:
            limit_of(trade("X", side, 1, price, exchange=exchange), distance)
        assert caught.value.code == "price-too-small"
        return
    limit = limit_of(trade("X", side, 1, price, exchange=exchange), distance)
    assert lies_on_a_step(limit, exchange)
    assert is_on_tick(limit, exchange)
    assert limit <= raw if side == "buy" else limit >= raw
    assert abs(limit - raw) < (5 if exchange == "XKRX" else D("0.01"))


@given(st.integers(1, 400_000), PRICES, st.integers(1, 40), st.integers(0, 100))
def test_a_purchase_cut_to_its_money_keeps_to_the_steps(cents, price, shares, bps):
    """The attack: 600.125 in cash at a price of 600.123456 sent a limit of 600.123456."""
    one = trade("TLT", "buy", shares, price)
    wanted = plan(trades=(one,), prices={"TLT": (one.price, "USD")}, commission=D(0))
    (order,) = orders_of(wanted, D(bps) / 10_000)
    got = fit(wanted, order, D(cents) / 1000)
    assert got is None or (lies_on_a_step(got.limit, "XNYS") and 0 < got.limit <= order.limit)


def test_the_attacks_own_figures():
    one = trade("VOO", "buy", 1, "600.123456", step=D(1))
    wanted = plan(trades=(one,), prices={"VOO": (one.price, "USD")}, commission=D(0))
    (order,) = orders_of(wanted, D("0.005"))
    assert fit(wanted, order, D("600.125")) == replace(order, limit=D("600.12"))
    (bare,) = orders_of(wanted, D(0))
    assert bare.limit == D("600.12")
