"""Following orders: one line for each change, until the broker has had the last word."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from acceptance.desks import Office, plan
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.watch_orders import follow
from steelyard.errors import ServiceError

D = Decimal


@pytest.fixture
def office(tmp_path):
    """Its sale of 4 VOO is out and fills one share a look."""
    made = Office(tmp_path, fill_at_most=D(1))
    made.prices["VOO"] = D(496)
    made.execute(plan(), polls=1)
    made.prices["VOO"] = D(500)
    return made


def told(office, *, broker=None, looks=20, plan_id=None):
    """What is yielded, as symbol, state and shares filled, with so many looks at most."""
    left = [looks]

    def pause():
        left[0] -= 1
        office.clock.wait(5)
        return left[0] <= 0

    desk = Desk(office.book, {"main": broker or office.broker}, office.clock)
    found = follow(desk, plan_id, over_after_hours=24, pause=pause)
    return [(o.symbol, o.state, int(o.filled)) for o in found]


def test_each_change_is_told_once_and_the_last_fill_ends_it(office):
    seen = told(office)
    assert seen[0] == ("VOO", "accepted", 0)
    assert seen[-1] == ("VOO", "filled", 4)
    assert len(seen) == len(set(seen))
    assert [filled for _, _, filled in seen] == sorted(filled for _, _, filled in seen)


def test_a_planned_order_is_not_waited_for(office):
    """Purchases are sent by `execute`; the watch ends although two are planned."""
    told(office)
    assert [o.state for o in office.book.orders()] == ["filled", "planned", "planned"]


def test_a_watch_without_open_orders_ends_at_once(tmp_path):
    assert told(Office(tmp_path)) == []


def test_a_stopped_watch_leaves_the_orders_as_they_are(office):
    office.prices["VOO"] = D(496)
    assert told(office, looks=1) == [("VOO", "accepted", 0)]
    assert office.book.orders()[0].state == "accepted"


def test_a_broker_that_does_not_answer_is_asked_again(office):
    class Sleepy:
        def __init__(self):
            self.calls = 0

        def __getattr__(self, name):
            return getattr(office.broker, name)

        def find(self, order):
            self.calls += 1
            if self.calls < 4:
                raise ServiceError("silent", "no answer", "later")
            return office.broker.find(order)

    assert told(office, broker=Sleepy())[-1] == ("VOO", "filled", 4)


def test_where_another_process_carries_the_plan_out_its_word_is_followed(office, tmp_path):
    """It holds the lock, so the watch asks no broker itself and still tells what is written down."""
    other = SqliteOrderBook(tmp_path / "steelyard.db")
    office.prices["VOO"] = D(496)
    with other.sole_run():
        desk = Desk(office.book, {}, office.clock)
        steps = follow(desk, None, over_after_hours=24, pause=lambda: False)
        assert next(steps).state == "accepted"
        (order,) = [o for o in other.orders() if o.is_out]
        gone = partial(replace, state="cancelled")
        other.change(order.id, gone, "answer", office.clock.at, {})
        assert next(steps).state == "cancelled"
        assert list(steps) == []
