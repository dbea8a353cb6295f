"""An order whose fate nobody knows is asked about again, seldom enough: after 1, 2, 4 ... 60 minutes."""

from datetime import timedelta

from acceptance.desks import plan
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.unknown_orders import ask_again
from steelyard.errors import NoAnswer


class Void:
    """It never answers a submission, and counts how often it is asked."""

    name = "void"

    def __init__(self, office):
        self.office, self.asked = office, []

    def __getattr__(self, name):
        return getattr(self.office.broker, name)

    def submit(self, order):
        raise NoAnswer("time-out", "no answer in time", "ask")

    def find(self, order):
        self.asked.append(self.office.clock.at)
        return None


def test_whatever_comes_along_asks_again_and_waits_longer_each_time(office):
    """Something comes along every minute for four hours."""
    broker = Void(office)
    office.execute(plan(), broker=broker, polls=1)
    began, broker.asked = office.clock.at, []
    desk = Desk(office.book, {"main": broker}, office.clock)
    for _ in range(240):
        assert [o.symbol for o in ask_again(desk, 24)] == ["VOO"]
        office.clock.at += timedelta(minutes=1)
    minutes = [(at - began).seconds // 60 for at in broker.asked]
    assert minutes == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_once_it_is_known_the_waiting_is_forgotten(office):
    broker = Void(office)
    office.execute(plan(), broker=broker, polls=1)
    ask_again(Desk(office.book, {"main": broker}, office.clock), 24)
    (order,) = [o for o in office.book.orders() if o.is_out]
    assert office.book.asked(order.id)[0] == 1
    office.clock.at += timedelta(minutes=1)
    office.broker.submit(order)
    assert ask_again(Desk(office.book, {"main": office.broker}, office.clock), 24) == ()
    assert office.book.asked(order.id) == (0, None)
