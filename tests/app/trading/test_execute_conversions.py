"""Plans that need other money first: won into dollars and back, by the broker or by hand. Figures by hand.

1 VOO at 500 dollars and 1,400 won a dollar, 0.1 % commission, 0.5 % for changing money; 1,000,000 won.
With its commission VOO costs 500.50 dollars: 700,700 won, and 3,503.50 for changing them.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from acceptance.desks import MOMENT, Clock
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.trading.execute import execute
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import cancel
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.conversion_orders import conversions
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.domain.trading.saved_plans import SavedPlan, SavedTrade

D = Decimal
RATES = {"KRW": D(1), "USD": D(1400)}
PRICES = {"VOO": D(500), "069500": D(35_000), "USDKRW": D(1400)}


def trade(symbol, side, shares):
    currency, exchange = ("USD", "XNYS") if symbol == "VOO" else ("KRW", "XKRX")
    worth = shares * PRICES[symbol] * RATES[currency]
    return SavedTrade(
        "main", symbol, side, D(shares), PRICES[symbol], currency, worth, worth / 1000, "drift", exchange
    )


def plan(*trades, cash=None, shares=None, reserve=0):
    balance = cash or {"KRW": D(1_000_000)}
    return SavedPlan(
        as_of=date(2026, 11, 24),
        base_currency="KRW",
        policy="threshold 5%",
        targets={"VOO": D("0.5"), "069500": D("0.5")},
        reserve=D(reserve),
        value=D(3_000_000),
        turnover=sum((t.amount for t in trades), D(0)),
        commission=D("0.001"),
        min_commission=D(0),
        cash={"main": balance},
        shares={"main": shares or {}},
        prices={"VOO": (D(500), "USD"), "069500": (D(35_000), "KRW")},
        fx=RATES,
        trades=trades,
        conversions=conversions(trades, {"main": balance}, RATES, base="KRW", spread=D("0.005")),
        fx_spread=D("0.005"),
        inputs={"file": "words"},
        saved_at=MOMENT,
    )


BUY = plan(trade("VOO", "buy", 1))
SELL = plan(
    trade("VOO", "sell", 2),
    trade("069500", "buy", 20),
    cash={"KRW": D(100_000)},
    shares={"VOO": D(3)},
)


class ByHand:
    """A broker that changes no money: its owner does."""

    name, converts = "by hand", False

    def __init__(self, paper):
        self.paper = paper

    def __getattr__(self, item):
        return getattr(self.paper, item)


class House:
    def __init__(self, folder):
        self.clock, self.prices = Clock(), dict(PRICES)
        self.book = SqliteOrderBook(folder / "steelyard.db")
        terms = PaperTerms(D("0.001"), D("0.005"))
        self.paper = PaperBroker(
            folder / "paper.db",
            "main",
            prices=self.prices.get,
            now=self.clock.now,
            sessions=ExchangeSessions(),
            terms=terms,
        )

    def execute(self, wanted, broker=None, live=True, **terms):
        self.book.save_plan(wanted, MOMENT)
        desk = Desk(self.book, {"main": broker or self.paper}, self.clock)
        market = Market({s: (p, self.clock.at) for s, p in self.prices.items()})
        chosen = ExecutionTerms(**{"polls": 4, **terms})
        return execute(desk, self.book.plan(wanted.id), market, chosen, live=live, who=Approver("min"))


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def states(result):
    return {o.symbol: (o.state, o.filled) for o in result.orders}


def cash(house):
    return {p.currency: p.cash for p in house.paper.statement().balances}


def test_the_paper_broker_changes_money_before_it_buys(house):
    house.paper.endow({"KRW": D(1_000_000)}, {})
    result = house.execute(BUY)
    assert [o.symbol for o in result.orders] == ["USDKRW", "VOO"]
    assert states(result) == {"USDKRW": ("filled", D("500.50")), "VOO": ("filled", 1)}
    assert cash(house) == {"KRW": D("295796.50"), "USD": D(0)}


def test_dollars_of_a_sale_are_changed_into_won(house):
    """2 x 500 less 1 bring 999 dollars. 20 x 35,000 and 700 are 700,700 won, of which 100,000 are there:
    600,700 / (1,400 x 0.995) are 431.227 dollars, so 431.23, which bring 600,703.39."""
    house.paper.endow({"KRW": D(100_000)}, {"VOO": D(3)})
    result = house.execute(SELL)
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
    assert cash(house) == {"KRW": D("3.39"), "USD": D("567.77")}


def test_a_rate_that_moved_too_far_stops_the_plan(house):
    house.paper.endow({"KRW": D(1_000_000)}, {})
    house.prices["USDKRW"] = D(1429)
    result = house.execute(BUY)
    assert [(r.rule, r.symbol) for r in result.refusals] == [("prices-moved", "USDKRW")]
    assert house.book.orders() == ()


@pytest.mark.parametrize(("reserve", "bought"), [(295_796, 1), (295_797, 0)])
def test_the_reserve_stays_whole_also_where_money_is_changed(house, reserve, bought):
    """1,000,000 less 704,203.50 leave 295,796.50, and not one won more."""
    house.paper.endow({"KRW": D(1_000_000)}, {})
    result = house.execute(plan(trade("VOO", "buy", 1), reserve=reserve))
    assert states(result)["VOO"][1] == bought
    assert cash(house)["KRW"] + 1400 * cash(house)["USD"] >= reserve


def test_a_broker_that_changes_no_money_waits_for_its_owner(house):
    """Nothing is sent until the dollars are there; then the purchase goes on by itself."""
    house.paper.endow({"KRW": D(1_000_000)}, {})
    broker = ByHand(house.paper)
    waiting = house.execute(BUY, broker)
    assert waiting.outcome == "waiting"
    assert states(waiting) == {"USDKRW": ("planned", 0), "VOO": ("planned", 0)}
    (told,) = waiting.refusals
    assert (told.rule, told.symbol) == ("convert-by-hand", "USDKRW")
    assert "700700 KRW are to be changed into 500.5 USD" in told.text
    assert house.paper.open_orders() == ()
    house.paper.endow({"KRW": D("-704203.50"), "USD": D("500.50")}, {})
    result = house.execute(BUY, broker)
    assert result.outcome == "done"
    assert states(result) == {"USDKRW": ("filled", D("500.50")), "VOO": ("filled", 1)}
    assert [o.note for o in result.orders if o.symbol == "USDKRW"] == ["changed by hand, seen at the broker"]
    assert cash(house) == {"KRW": D("295796.50"), "USD": D(0)}


def test_money_changed_by_hand_may_be_a_little_less_and_the_purchase_shrinks_to_it(house):
    """495 of 500.50 dollars are within 2 %: no whole VOO can be had, and nothing is overdrawn."""
    house.paper.endow({"KRW": D(1_000_000)}, {})
    house.execute(BUY, ByHand(house.paper))
    house.paper.endow({"KRW": D("-700000"), "USD": D(495)}, {})
    result = house.execute(BUY, ByHand(house.paper))
    assert states(result) == {"USDKRW": ("filled", 495), "VOO": ("cancelled", 0)}
    assert cash(house)["USD"] == 495


def test_far_less_than_was_to_be_changed_is_still_waited_for(house):
    house.paper.endow({"KRW": D(1_000_000)}, {})
    house.execute(BUY, ByHand(house.paper))
    house.paper.endow({"USD": D(490)}, {})
    result = house.execute(BUY, ByHand(house.paper))
    assert [r.rule for r in result.refusals] == ["convert-by-hand"]


def test_a_conversion_that_is_not_wanted_any_more_can_be_cancelled(house):
    house.paper.endow({"KRW": D(1_000_000)}, {})
    waiting = house.execute(BUY, ByHand(house.paper))
    desk = Desk(house.book, {"main": house.paper}, house.clock)
    cancel(desk, waiting.orders[0])
    result = house.execute(BUY, ByHand(house.paper))
    assert result.outcome == "done"
    assert states(result) == {"USDKRW": ("cancelled", 0), "VOO": ("cancelled", 0)}


def test_a_dry_run_shows_the_conversion_and_says_nothing_against_it(house):
    house.paper.endow({"KRW": D(1_000_000)}, {})
    for broker in (house.paper, ByHand(house.paper)):
        result = house.execute(BUY, broker, live=False)
        assert [o.symbol for o in result.orders] == ["USDKRW", "VOO"]
        assert result.refusals == ()


def test_an_answer_that_was_lost_changes_no_money_twice(house):
    """The conversion is an order like any other: asked about, never sent again."""
    from steelyard.errors import NoAnswer

    house.paper.endow({"KRW": D(1_000_000)}, {})

    class Deaf(ByHand):
        converts = True

        def submit(self, order):
            house.paper.submit(order)
            raise NoAnswer("time-out", "no answer in time", "ask")

    assert house.execute(BUY, Deaf(house.paper)).outcome == "done"
    assert cash(house) == {"KRW": D("295796.50"), "USD": D(0)}


def test_a_ticket_asks_for_the_conversion_and_takes_what_was_typed(house, tmp_path):
    """500.50 dollars were had at 1,399 with 3,500 won of fees: 1,000,000 less 703,699.50."""

    def ticket():
        return TicketBroker(
            tmp_path / "tickets",
            "main",
            cash={"KRW": D(1_000_000)},
            shares={},
            now=house.clock.now,
            sessions=ExchangeSessions(),
        )

    house.execute(BUY, ticket(), polls=1)
    lines = (tmp_path / "tickets" / "ticket-main.csv").read_text().splitlines()
    assert lines[1].startswith("1,enter,buy,500.5,USDKRW,")
    typed = tmp_path / "tickets" / "fills-main.csv"
    typed.write_text(typed.read_text() + "1,500.50,1399,3500,2026-11-24,\n")
    waiting = house.execute(BUY, ticket(), polls=1)
    assert states(waiting) == {"USDKRW": ("filled", D("500.50")), "VOO": ("accepted", 0)}
    now = ticket().statement()
    assert (now.balance("KRW").cash, now.balance("USD").cash) == (D("296300.50"), D("500.50"))
    assert now.holdings == ()
    typed.write_text(typed.read_text() + "2,1,500,0.50,2026-11-24,\n")
    assert house.execute(BUY, ticket(), polls=1).outcome == "done"
    assert ticket().statement().balance("USD").cash == 0


def test_less_money_than_planned_is_changed_when_less_is_there(house):
    """With 350,000 won 248.5 dollars or so can be had, and no VOO: nothing is overdrawn."""
    house.paper.endow({"KRW": D(350_000)}, {})
    poor = replace(BUY, cash={"main": {"KRW": D(350_000)}})
    result = house.execute(poor)
    assert result.outcome == "done"
    assert states(result)["VOO"] == ("cancelled", 0)
    assert all(amount >= 0 for amount in cash(house).values())
