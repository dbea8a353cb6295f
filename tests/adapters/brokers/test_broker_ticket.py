"""Orders on a ticket: a typist at a desk types them in and types the fills back, as the contract says."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest

from acceptance.broker_contract import MOMENT, BrokerContract, House, order
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import InputError

D = Decimal


class Typist:
    """Stands for the owner: before anybody looks, types what the market did with the ticket."""

    def __init__(self, folder):
        self.folder, self.now = folder, MOMENT
        self.prices, self.most = {}, None
        self.cash, self.shares = {"USD": D(10_000)}, {"VOO": D(20)}

    def desk(self):
        return TicketBroker(
            self.folder,
            "main",
            cash=self.cash,
            shares=self.shares,
            now=lambda: self.now,
            sessions=ExchangeSessions(),
        )

    def ticket(self):
        path = self.folder / "ticket-main.csv"
        return list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []

    def type(self, line):
        with (self.folder / "fills-main.csv").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def work(self):
        done = {}
        path = self.folder / "fills-main.csv"
        for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else ():
            done[row["number"]] = done.get(row["number"], D(0)) + D(row["shares"] or 0)
        for row in self.ticket():
            if row["do"] == "cancel":
                self.type(f"{row['number']},0,,,,cancelled")
                continue
            price, limit = self.prices.get(row["symbol"]), D(row["limit"])
            if price is None or (price > limit if row["side"] == "buy" else price < limit):
                continue
            rest = D(row["shares"]) - done.get(row["number"], D(0))
            if rest > 0:
                self.type(f"{row['number']},{min(rest, self.most or rest)},{price},0,{self.now.date()},")

    def __getattr__(self, name):
        call = getattr(self.desk(), name)

        def worked(*values):
            if name == "submit":
                answer = call(*values)
                self.work()
                return answer
            if name != "cancel":
                self.work()
            return call(*values)

        return worked


@pytest.fixture
def typist(tmp_path):
    return Typist(tmp_path / "tickets")


class TestTicketBroker(BrokerContract):
    @pytest.fixture
    def house(self, typist):
        def pass_days(days):
            typist.now += timedelta(days=days)

        def fill_at_most(shares):
            typist.most = shares

        return House(typist, typist.prices.__setitem__, fill_at_most, pass_days, lambda: len(typist.ticket()))

    def test_the_same_client_order_id_never_makes_two_orders(self, house):
        """As in the contract; off the market, since a ticket shows only what is open."""
        house.quote("VOO", D(510))
        house.broker.submit(order())
        again = house.broker.submit(order())
        assert house.counted() == 1
        assert again.order_id == order().id


def test_the_ticket_says_what_to_type_in(typist):
    typist.desk().submit(order())
    text = (typist.folder / "ticket-main.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "number,do,side,shares,symbol,limit,currency,exchange,order",
        f"1,enter,buy,4,VOO,500,USD,XNYS,{order().id}",
    ]


def test_fills_in_two_lines_with_fees_are_added_up(typist):
    """1 at 499 and 3 at 500 are 1,999; fees 0.5 and 0.7; 10,000 - 1,999 - 1.2 = 7,999.8 are left."""
    desk = typist.desk()
    desk.submit(order())
    typist.type("1,1,499,0.5,2026-11-24,")
    typist.type("1,3,500,0.7,2026-11-24,")
    report = desk.find(order())
    assert (report.state, report.filled, report.paid, report.fees) == ("filled", 4, 1999, D("1.2"))
    assert desk.statement().balance("USD").cash == D("7999.8")
    assert [(f.id, f.shares, f.settles_on) for f in desk.fills(date(2026, 11, 24))] == [
        ("1-1", 1, date(2026, 11, 25)),
        ("1-2", 3, date(2026, 11, 25)),
    ]
    assert desk.fills(date(2026, 11, 25)) == ()


def test_a_cancellation_is_one_only_when_it_is_typed_back(typist):
    desk = typist.desk()
    desk.submit(order())
    assert desk.cancel(order()).state == "accepted"
    assert typist.ticket()[0]["do"] == "cancel"
    typist.type("1,1,499,0,2026-11-24,cancelled")
    report = desk.find(order())
    assert (report.state, report.filled) == ("cancelled", 1)


def test_once_the_file_has_the_fills_they_are_not_counted_twice(typist):
    desk = typist.desk()
    desk.submit(order())
    typist.type("1,4,500,0,2026-11-24,")
    assert desk.statement().shares("VOO") == 24
    typist.shares, typist.cash = {"VOO": D(24)}, {"USD": D(8500)}  # booked, with 500 of new money
    now = typist.desk().statement()
    assert (now.shares("VOO"), now.balance("USD").cash) == (24, 8500)
    typist.desk().submit(order("sell", leg=2))
    typist.type("2,4,500,0,2026-11-24,")
    now = typist.desk().statement()
    assert (now.shares("VOO"), now.balance("USD").cash) == (20, 10_500)
    assert now.balance("USD").settled == 8500, "the sale settles a session later"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("7,1,500,0,2026-11-24,", "the ticket has no order 7"),
        ("1,5,500,0,2026-11-24,", "fills more than was asked for"),
        ("1,4,,0,2026-11-24,", "need a price"),
        ("1,4,500,0,,", "the day they were traded on"),
        ('1,4,"1,500",0,2026-11-24,', "cannot be read"),
        ("1,4,500,0,24.11.2026,", "cannot be read"),
        ("1,-4,500,0,2026-11-24,", "negative"),
        ("1,NaN,500,0,2026-11-24,", "endless"),
        ("1,0,,,,lost", "'lost' is not one of"),
        ("1.5,1,500,0,2026-11-24,", "not a number of an order"),
        ("1,,,,,", "no shares and no end"),
    ],
)
def test_a_mistyped_line_is_named_and_nothing_is_concluded_from_it(typist, line, text):
    desk = typist.desk()
    desk.submit(order())
    typist.type(line)
    with pytest.raises(InputError, match=text) as caught:
        desk.find(order())
    assert caught.value.code == "ticket-fills"
    assert "fills-main.csv:2" in caught.value.message


def test_the_name_of_an_account_cannot_leave_the_folder(tmp_path):
    desk = TicketBroker(
        tmp_path / "tickets",
        "../pension",
        cash={"USD": D(5000)},
        shares={},
        now=lambda: MOMENT,
        sessions=ExchangeSessions(),
    )
    desk.submit(order())
    assert [p.name for p in tmp_path.iterdir()] == ["tickets"]
