"""The paper broker keeps the contract, its money settles, and it survives being closed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from acceptance.broker_contract import MOMENT, BrokerContract, House, order
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import OrderNotTaken

D = Decimal


class Market:
    """Prices and time that a test sets."""

    def __init__(self, path):
        self.path, self.prices, self.now = path, {"VOO": D(500), "TLT": D(90)}, MOMENT

    def broker(self, **terms):
        return PaperBroker(
            self.path,
            "main",
            prices=self.prices.get,
            now=lambda: self.now,
            sessions=ExchangeSessions(),
            terms=PaperTerms(**terms),
        )


@pytest.fixture
def market(tmp_path):
    return Market(tmp_path / "paper.db")


@pytest.fixture
def broker(market):
    made = market.broker()
    made.endow({"USD": D(10_000), "KRW": D(1_000_000)}, {"VOO": D(20), "069500": D(10)})
    return made


class TestPaperBroker(BrokerContract):
    @pytest.fixture
    def house(self, market, broker):
        def fill_at_most(shares):
            broker._terms = PaperTerms(fill_at_most=shares)

        def pass_days(days):
            market.now += timedelta(days=days)

        def counted():
            return broker._db.execute("SELECT count(*) FROM orders").fetchone()[0]

        return House(broker, market.prices.__setitem__, fill_at_most, pass_days, counted)


def test_what_was_done_is_still_there_after_closing(market, broker):
    broker.submit(order())
    broker.close()
    again = market.broker()
    assert again.statement().shares("VOO") == 24
    assert again.find(order()).state == "filled"
    assert again.is_empty() is False


def test_proceeds_settle_after_one_session_in_new_york(market, broker):
    """Sold on Tuesday 2026-11-24; Thursday 26 is Thanksgiving, Wednesday 25 is a session."""
    broker.submit(order("sell", shares="2"))
    assert broker.statement().balance("USD").settled == 10_000
    assert broker.statement().balance("USD").buying_power == 11_000
    assert broker.fills(date(2026, 11, 24))[0].settles_on == date(2026, 11, 25)
    market.now += timedelta(days=1)
    assert broker.statement().balance("USD").settled == 11_000


def test_proceeds_settle_after_two_sessions_in_seoul(market):
    """Sold on Tuesday 2026-12-29 in Seoul; 12-30 is the last session of the year, the next is 2027-01-04."""
    market.now = MOMENT.replace(month=12, day=29, hour=1)
    market.prices["069500"] = D(35_000)
    broker = market.broker()
    broker.endow({"KRW": D(0)}, {"069500": D(10)})
    sale = order("sell", symbol="069500", shares="1", limit="35000")
    broker.submit(replace(sale, currency="KRW", exchange="XKRX"))
    assert broker.fills(date(2026, 12, 29))[0].settles_on == date(2027, 1, 4)
    assert broker.statement().balance("KRW").settled == 0
    market.now = MOMENT.replace(year=2027, month=1, day=4, hour=1)
    assert broker.statement().balance("KRW").settled == 35_000


def test_a_broker_that_wants_settled_money_rejects_a_purchase_from_todays_sale(market):
    broker = market.broker(settled_only=True)
    broker.endow({"USD": D(0)}, {"VOO": D(20)})
    broker.submit(order("sell", shares="4"))
    assert broker.submit(order("buy", symbol="TLT", shares="1", limit="90")).state == "rejected"
    market.now += timedelta(days=1)
    assert broker.submit(order("buy", symbol="TLT", shares="1", limit="90", leg=2)).state == "filled"


def test_commission_is_taken_with_its_least_amount(market):
    broker = market.broker(commission=D("0.001"), min_commission=D(1))
    broker.endow({"USD": D(10_000)}, {"VOO": D(20)})
    assert broker.submit(order(shares="4")).fees == 2
    assert broker.submit(order("sell", symbol="VOO", shares="1", leg=2)).fees == 1
    assert broker.statement().balance("USD").cash == 10_000 - 2000 - 2 + 500 - 1


def test_two_open_purchases_cannot_promise_the_same_money(market, broker):
    market.prices["VOO"] = D(600)
    assert broker.submit(order(shares="15")).state == "accepted"
    assert broker.submit(order(shares="6", leg=2)).state == "rejected"


def test_a_closed_market_takes_nothing(market):
    broker = market.broker(always_open=False)
    broker.endow({"USD": D(10_000)}, {})
    assert broker.is_open("XNYS") is True
    market.now += timedelta(hours=2)
    assert broker.is_open("XNYS") is False
    with pytest.raises(OrderNotTaken):
        broker.submit(order())
    assert broker.find(order()) is None
