"""A price in the wrong money never becomes a limit price."""

from dataclasses import replace
from decimal import Decimal

import pytest

from acceptance.broker_contract import order
from acceptance.desks import Office, plan, trade
from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.brokers.paper import PaperBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import PlanError

D = Decimal


@pytest.fixture(autouse=True)
def a_broker_that_trades_as_its_exchange_does(monkeypatch):
    """The paper broker deals in whatever a file is priced in; every other one must refuse."""
    monkeypatch.setattr(PaperBroker, "trades_as_quoted", False)


@pytest.mark.parametrize("live", [False, True])
def test_a_us_instrument_priced_in_won_is_refused_before_anything_is_sent(tmp_path, live):
    """560,000 won read as dollars would be a limit a thousand times above the market."""
    office = Office(tmp_path)
    in_won = replace(trade("VOO", "buy", 1, 560_000), currency="KRW")
    wrong = plan(trades=(in_won,), fx={"USD": D(1), "KRW": D("0.0007")})
    with pytest.raises(PlanError) as caught:
        office.execute(wrong, live=live)
    assert caught.value.code == "broker-currency"
    assert "VOO in main is priced in KRW, but XNYS trades in USD" in caught.value.message
    assert office.book.orders() == ()
    assert office.broker.open_orders() == ()


def test_a_korean_instrument_priced_in_dollars_is_refused(tmp_path):
    wrong = plan(trades=(trade("069500", "buy", 1, 25, exchange="XKRX"),))
    with pytest.raises(PlanError, match="XKRX trades in KRW"):
        Office(tmp_path).execute(wrong)


def test_alpaca_never_puts_a_price_in_won_on_the_wire():
    """Port 9 of this machine answers nobody: a request would raise."""
    nobody = AlpacaBroker("live", "k", "s", sessions=ExchangeSessions(), loopback="http://127.0.0.1:9")
    report = nobody.submit(replace(order(), currency="KRW"))
    assert (report.state, report.note) == ("rejected", "Alpaca trades in USD, not in KRW")
