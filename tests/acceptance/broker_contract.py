"""What every broker adapter must do. A test class of an adapter inherits `BrokerContract`.

It provides the fixture `house`: a broker on an account with 10,000 USD and 20 VOO, and the means to say
what the market does. The contract never looks inside: it only sees what the port promises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from steelyard.adapters.brokers.paper import PaperTerms
from steelyard.domain.trading.orders import Order, order_id

# A Tuesday: both exchanges have a session; 15:00 in New York is 20:00 in London.
MOMENT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
D = Decimal


@dataclass
class House:
    """A broker and its market.

    Attributes:
        broker: Under test.
        quote: Sets the price of a symbol.
        fill_at_most: Sets how many shares fill each time somebody looks; None is all of them.
        pass_days: Lets days go by.
        counted: How many orders the broker has really taken, asked of the fake itself.
        keeps_client_ids: Orders are told apart by our id (Korea Investment & Securities keeps none).
    """

    broker: Any
    quote: Callable[[str, Decimal], None]
    fill_at_most: Callable[[Decimal | None], None]
    pass_days: Callable[[int], None]
    counted: Callable[[], int]
    keeps_client_ids: bool = True

    @classmethod
    def on(cls, server, broker, **more):
        """A broker that speaks to a server of ours, which trades at the paper broker behind it."""

        def fill_at_most(shares):
            server.terms = PaperTerms(fill_at_most=shares)

        def pass_days(days):
            server.now += timedelta(days=days)

        def counted():
            return server.paper()._db.execute("SELECT count(*) FROM orders").fetchone()[0]

        return cls(broker, server.prices.__setitem__, fill_at_most, pass_days, counted, **more)


def order(side="buy", symbol="VOO", shares="4", limit="500", leg=1):
    return Order(
        order_id("p" * 64, "main", symbol, leg),
        "p" * 64,
        "main",
        symbol,
        side,
        D(shares),
        None if limit is None else D(limit),
        "USD",
        "XNYS",
        leg,
    )


class BrokerContract:
    """Each test is one promise of the port."""

    def test_the_statement_shows_money_and_shares(self, house):
        now = house.broker.statement()
        assert now.balance("USD").cash == 10_000
        assert now.balance("USD").buying_power == 10_000
        assert now.shares("VOO") == now.free("VOO") == 20
        assert now.shares("TLT") == 0
        assert now.at.tzinfo is not None

    def test_a_purchase_at_the_limit_fills_and_moves_money_and_shares(self, house):
        house.quote("VOO", D(499))
        wanted = order()
        house.broker.submit(wanted)
        found = house.broker.find(submitted(house, wanted))
        assert (found.state, found.filled, found.paid) == ("filled", 4, 1996)
        now = house.broker.statement()
        assert now.shares("VOO") == 24
        assert now.balance("USD").cash == 10_000 - 1996 - found.fees

    def test_an_order_off_the_market_waits_and_ties_up_what_it_needs(self, house):
        house.quote("VOO", D(510))
        wanted = order()
        first = house.broker.submit(wanted)
        assert first.state == "accepted"
        assert [o.symbol for o in house.broker.open_orders()] == ["VOO"]
        assert house.broker.statement().balance("USD").buying_power <= 8000
        assert house.broker.statement().shares("VOO") == 20

    def test_a_sale_that_waits_ties_up_its_shares(self, house):
        house.quote("VOO", D(490))
        house.broker.submit(order("sell", shares="15"))
        now = house.broker.statement()
        assert (now.shares("VOO"), now.free("VOO")) == (20, 5)

    def test_partial_fills_are_told_as_totals(self, house):
        house.quote("VOO", D(500))
        house.fill_at_most(D(3))
        wanted = order("sell", shares="7")
        house.broker.submit(wanted)
        now = submitted(house, wanted)
        seen = []
        for _ in range(8):
            report = house.broker.find(now)
            seen.append((report.state, report.filled, report.paid))
            if report.state == "filled":
                break
        assert seen[-1] == ("filled", 7, 3500)
        assert [s[1] for s in seen] == sorted(s[1] for s in seen)
        assert {s for s, filled, _ in seen if 0 < filled < 7} <= {"partially_filled"}
        fills = house.broker.fills(date(2026, 11, 24))
        assert sum(f.shares for f in fills) == 7
        assert {(f.symbol, f.side, f.price, f.currency) for f in fills} == {("VOO", "sell", D(500), "USD")}
        assert len({f.id for f in fills}) == len(fills)

    def test_more_than_is_held_is_rejected_and_nothing_moves(self, house):
        house.quote("VOO", D(500))
        report = house.broker.submit(order("sell", shares="21"))
        assert report.state == "rejected"
        assert report.note
        assert house.broker.statement().shares("VOO") == 20

    def test_more_than_the_buying_power_is_rejected(self, house):
        house.quote("VOO", D(500))
        assert house.broker.submit(order(shares="21")).state == "rejected"
        assert house.broker.statement().balance("USD").cash == 10_000

    def test_the_same_client_order_id_never_makes_two_orders(self, house):
        if not house.keeps_client_ids:
            return
        house.quote("VOO", D(500))
        wanted = order()
        house.broker.submit(wanted)
        again = house.broker.submit(wanted)
        assert house.counted() == 1
        assert again.order_id in ("", wanted.id)
        assert house.broker.statement().shares("VOO") == 24

    def test_an_order_nobody_sent_is_not_seen(self, house):
        assert house.broker.find(order(leg=9)) is None

    def test_a_cancelled_order_keeps_what_it_filled(self, house):
        house.quote("VOO", D(500))
        house.fill_at_most(D(1))
        wanted = order("sell", shares="9")
        house.broker.submit(wanted)
        now = submitted(house, wanted)
        house.quote("VOO", D(400))
        house.broker.cancel(now)
        report = house.broker.find(now)
        assert report.state == "cancelled"
        assert 0 < report.filled < 9
        assert house.broker.open_orders() == ()
        assert house.broker.statement().shares("VOO") == 20 - report.filled

    def test_cancelling_a_filled_order_leaves_it_filled(self, house):
        house.quote("VOO", D(500))
        wanted = order()
        house.broker.submit(wanted)
        now = submitted(house, wanted)
        house.broker.cancel(now)
        assert house.broker.find(now).state == "filled"

    def test_an_order_lasts_a_day(self, house):
        house.quote("VOO", D(510))
        wanted = order()
        house.broker.submit(wanted)
        now = submitted(house, wanted)
        house.pass_days(1)
        report = house.broker.find(now)
        assert report is None or report.state == "expired"
        assert house.broker.open_orders() == ()

    def test_the_exchange_is_open_in_its_hours(self, house):
        assert house.broker.is_open("XNYS") is True


def submitted(house, wanted):
    """The order as the journal would have it after the answer, with the broker's number on it."""
    if house.keeps_client_ids:
        return wanted
    number = house.broker.last_number
    return replace(wanted, broker_id=number)
