"""Plans that need other money first: won into dollars and back, by the broker or by hand. Figures by hand.

1 VOO at 500 dollars and 1,400 won a dollar, 0.1 % commission, 0.5 % for changing money; 1,000,000 won.
With its commission VOO costs 500.50 dollars: 700,700 won, and 3,503.50 for changing them.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from acceptance.desks import Office, in_two_moneys
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import cancel

D = Decimal


def plan(*trades, shares=None, won=1_000_000, reserve=0):
    """A plan of (symbol, side, shares) beside so many won."""
    made = in_two_moneys(*trades, cash={"KRW": D(won)}, reserve=reserve)
    return replace(made, shares={"main": shares or {}})


BUY = plan(("VOO", "buy", 1))
SELL = plan(("VOO", "sell", 2), ("069500", "buy", 20), won=100_000, shares={"VOO": D(3)})


class ByHand:
    """A broker that changes no money: its owner does."""

    name, converts = "by hand", False

    def __init__(self, paper):
        self.paper = paper

    def __getattr__(self, item):
        return getattr(self.paper, item)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, BUY)


def states(result):
    return {o.symbol: (o.state, o.filled) for o in result.orders}


def cash(office):
    return {p.currency: p.cash for p in office.broker.statement().balances}


def test_the_paper_broker_changes_money_before_it_buys(office):
    result = office.execute(BUY)
    assert [o.symbol for o in result.orders] == ["USDKRW", "VOO"]
    assert states(result) == {"USDKRW": ("filled", D("500.50")), "VOO": ("filled", 1)}
    assert cash(office) == {"KRW": D("295796.50"), "USD": D(0)}


def test_dollars_of_a_sale_are_changed_into_won(tmp_path):
    """2 x 500 less 1 bring 999 dollars. 20 x 35,000 and 700 are 700,700 won, of which 100,000 are there:
    600,700 / (1,400 x 0.995) are 431.227 dollars, so 431.23, which bring 600,703.39."""
    office = Office(tmp_path, SELL)
    result = office.execute(SELL)
    assert [(o.symbol, o.side) for o in result.orders] == [
        ("VOO", "sell"),
        ("USDKRW", "sell"),
        ("069500", "buy"),
    ]
    assert states(result) == {
        "VOO": ("filled", 2),
        "USDKRW": ("filled", D("431.23")),
        "069500": ("filled", 20),
    }
    assert cash(office) == {"KRW": D("3.39"), "USD": D("567.77")}


def test_a_rate_that_moved_too_far_stops_the_plan(office):
    office.prices["USDKRW"] = D(1429)
    result = office.execute(BUY)
    assert [(r.rule, r.symbol) for r in result.refusals] == [("prices-moved", "USDKRW")]
    assert office.book.orders() == ()


@pytest.mark.parametrize(("reserve", "bought"), [(295_796, 1), (295_797, 0)])
def test_the_reserve_stays_whole_also_where_money_is_changed(office, reserve, bought):
    """1,000,000 less 704,203.50 leave 295,796.50, and not one won more."""
    result = office.execute(plan(("VOO", "buy", 1), reserve=reserve))
    assert states(result)["VOO"][1] == bought
    assert cash(office)["KRW"] + 1400 * cash(office)["USD"] >= reserve


def test_a_broker_that_changes_no_money_waits_for_its_owner(office):
    """Nothing is sent until the dollars are there; then the purchase goes on by itself."""
    broker = ByHand(office.broker)
    waiting = office.execute(BUY, broker=broker)
    assert waiting.outcome == "waiting"
    assert states(waiting) == {"USDKRW": ("planned", 0), "VOO": ("planned", 0)}
    (told,) = waiting.refusals
    assert (told.rule, told.symbol) == ("convert-by-hand", "USDKRW")
    assert "700700 KRW are to be changed into 500.5 USD" in told.text
    assert office.broker.open_orders() == ()
    office.broker.endow({"KRW": D("-704203.50"), "USD": D("500.50")}, {})
    result = office.execute(BUY, broker=broker)
    assert result.outcome == "done"
    assert states(result) == {"USDKRW": ("filled", D("500.50")), "VOO": ("filled", 1)}
    assert [o.note for o in result.orders if o.symbol == "USDKRW"] == ["changed by hand, seen at the broker"]
    assert cash(office) == {"KRW": D("295796.50"), "USD": D(0)}


def test_money_changed_by_hand_may_be_a_little_less_and_the_purchase_shrinks_to_it(office):
    """495 of 500.50 dollars are within 2 %: no whole VOO can be had, and nothing is overdrawn."""
    office.execute(BUY, broker=ByHand(office.broker))
    office.broker.endow({"KRW": D("-700000"), "USD": D(495)}, {})
    result = office.execute(BUY, broker=ByHand(office.broker))
    assert states(result) == {"USDKRW": ("filled", 495), "VOO": ("cancelled", 0)}
    assert cash(office)["USD"] == 495


def test_far_less_than_was_to_be_changed_is_still_waited_for(office):
    office.execute(BUY, broker=ByHand(office.broker))
    office.broker.endow({"USD": D(490)}, {})
    result = office.execute(BUY, broker=ByHand(office.broker))
    assert [r.rule for r in result.refusals] == ["convert-by-hand"]


def test_a_conversion_that_is_not_wanted_any_more_can_be_cancelled(office):
    waiting = office.execute(BUY, broker=ByHand(office.broker))
    desk = Desk(office.book, {"main": office.broker}, office.clock)
    cancel(desk, waiting.orders[0])
    result = office.execute(BUY, broker=ByHand(office.broker))
    assert result.outcome == "done"
    assert states(result) == {"USDKRW": ("cancelled", 0), "VOO": ("cancelled", 0)}


def test_a_dry_run_shows_the_conversion_and_says_nothing_against_it(office):
    for broker in (office.broker, ByHand(office.broker)):
        result = office.execute(BUY, broker=broker, live=False)
        assert [o.symbol for o in result.orders] == ["USDKRW", "VOO"]
        assert result.refusals == ()


def test_an_answer_that_was_lost_changes_no_money_twice(office):
    """The conversion is an order like any other: asked about, never sent again."""
    from steelyard.errors import NoAnswer

    class Deaf(ByHand):
        converts = True

        def submit(self, order):
            office.broker.submit(order)
            raise NoAnswer("time-out", "no answer in time", "ask")

    assert office.execute(BUY, broker=Deaf(office.broker)).outcome == "done"
    assert cash(office) == {"KRW": D("295796.50"), "USD": D(0)}


def test_a_ticket_asks_for_the_conversion_and_takes_what_was_typed(office, tmp_path):
    """500.50 dollars were had at 1,399 with 3,500 won of fees: 1,000,000 less 703,699.50."""

    def ticket():
        return TicketBroker(
            tmp_path / "tickets",
            "main",
            cash={"KRW": D(1_000_000)},
            shares={},
            now=office.clock.now,
            sessions=ExchangeSessions(),
        )

    office.execute(BUY, broker=ticket(), polls=1)
    lines = (tmp_path / "tickets" / "ticket-main.csv").read_text().splitlines()
    assert lines[1].startswith("1,enter,buy,500.5,USDKRW,")
    typed = tmp_path / "tickets" / "fills-main.csv"
    typed.write_text(typed.read_text() + "1,500.50,1399,3500,2026-11-24,\n")
    waiting = office.execute(BUY, broker=ticket(), polls=1)
    assert states(waiting) == {"USDKRW": ("filled", D("500.50")), "VOO": ("accepted", 0)}
    now = ticket().statement()
    assert (now.balance("KRW").cash, now.balance("USD").cash) == (D("296300.50"), D("500.50"))
    assert now.holdings == ()
    typed.write_text(typed.read_text() + "2,1,500,0.50,2026-11-24,\n")
    assert office.execute(BUY, broker=ticket(), polls=1).outcome == "done"
    assert ticket().statement().balance("USD").cash == 0


def test_less_money_than_planned_is_changed_when_less_is_there(tmp_path):
    """With 350,000 won 248.5 dollars or so can be had, and no VOO: nothing is overdrawn."""
    poor = replace(BUY, cash={"main": {"KRW": D(350_000)}})
    office = Office(tmp_path, poor)
    result = office.execute(poor)
    assert result.outcome == "done"
    assert states(result)["VOO"] == ("cancelled", 0)
    assert all(amount >= 0 for amount in cash(office).values())
