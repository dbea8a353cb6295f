"""A plan is content and attempt: what traded nothing may be tried again, what traded may not (3b)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from acceptance.desks import plan
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import cancel, halt, verify
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.orders import Report
from steelyard.errors import NoAnswer, PlanError

D = Decimal


def again(office, **how):
    """The rules that stand against another call of `execute`."""
    return [r.rule for r in office.execute(plan(), **how).refusals]


def call_all_off(office):
    """The sale waits at its limit; then somebody cancels everything."""
    office.prices["VOO"] = D(496)
    office.execute(plan())
    desk = Desk(office.book, {"main": office.broker}, office.clock)
    for order in office.book.orders():
        cancel(desk, order)
    assert office.execute(plan()).outcome == "done"
    office.prices["VOO"] = D(500)


def test_a_plan_whose_orders_were_all_cancelled_is_carried_out_again_under_new_ids(office):
    """The attack: it said duplicate-plan and advised to save a new plan, which has the same hash."""
    call_all_off(office)
    office.clock.at += timedelta(hours=1)
    assert "duplicate-plan" in again(office), "a job that calls again is no decision to try again"
    office.book.save_plan(plan(), office.clock.at)
    result = office.execute(plan())
    assert (result.outcome, {o.attempt for o in result.orders}) == ("done", {2})
    ids = {o.id: o.attempt for o in office.book.orders()}
    assert sorted(ids.values()) == [1, 1, 1, 2, 2, 2]
    assert office.broker.statement().balance("USD").cash == D("945.95")
    assert verify(office.book) is None


def test_what_traded_in_its_second_attempt_is_carried_out_once(office):
    call_all_off(office)
    office.book.save_plan(plan(), office.clock.at)
    office.execute(plan())
    office.book.save_plan(plan(), office.clock.at)
    assert "duplicate-plan" in again(office)


def test_one_share_filled_is_enough_for_no_further_attempt(office):
    office.paper_terms = office.broker._terms = type(office.paper_terms)(fill_at_most=D(1))
    desk = Desk(office.book, {"main": office.broker}, office.clock)
    office.execute(plan(), polls=1)
    halt(desk, "enough")
    office.book.resume(office.clock.at)
    office.execute(plan())
    office.book.save_plan(plan(), office.clock.at)
    assert office.book.attempt(plan().id) == 1
    assert "duplicate-plan" in again(office)


def test_an_approval_of_the_first_attempt_is_none_of_the_second(office):
    office.book.save_plan(plan(), office.clock.at)
    office.book.approve(plan().id, Approver("jun"), office.clock.at)
    call_all_off(office)
    assert office.book.approvals(plan().id, 1) == {"jun", "min"}
    office.book.save_plan(plan(), office.clock.at)
    assert office.book.approvals(plan().id, 2) == frozenset()
    assert office.book.approve(plan().id, Approver("jun"), office.clock.at) == 2


def test_a_plan_made_again_after_it_traded_nothing_is_as_new_as_that(office):
    call_all_off(office)
    office.clock.at += timedelta(hours=25)
    office.book.save_plan(plan(), office.clock.at)
    assert office.book.plan(plan().id).saved_at == office.clock.at
    assert again(office) == []


class Forgetful:
    """It takes the sale, says it did not, and forgets our ids after ten minutes: a second would fill too."""

    name = "forgetful"

    def __init__(self, office, answer):
        self.office, self.answer, self.taken = office, answer, []

    def __getattr__(self, name):
        return getattr(self.office.broker, name)

    def submit(self, order):
        self.taken.append(order.symbol)
        self.office.broker.submit(order)
        self.office.clock.at += timedelta(minutes=11)
        raise self.answer

    def find(self, order):
        return None

    def fills(self, since):
        from dataclasses import replace

        return tuple(replace(f, order_id="", broker_id="theirs") for f in self.office.broker.fills(since))


def test_an_order_that_a_forgetful_broker_filled_is_never_sent_a_second_time(office):
    """It says "not taken" and does not know the id; its fills say otherwise, and they decide."""
    from steelyard.errors import OrderNotTaken

    broker = Forgetful(office, OrderNotTaken("busy", "slow down", "later"))
    result = office.execute(plan(), broker=broker)
    assert broker.taken == ["VOO"]
    assert {o.symbol: o.state for o in result.orders}["VOO"] == "unknown"
    office.clock.at += timedelta(hours=25)
    office.execute(plan(), broker=broker)
    assert {o.symbol: o.state for o in office.book.orders()}["VOO"] == "unknown", "not over: a fill may be it"


def test_an_order_taken_for_over_is_asked_about_before_another_attempt(office):
    """Nobody had seen it for a day; then the broker remembers, and nothing more is sent."""

    class Late:
        name = "late"
        remembers = False

        def __getattr__(self, name):
            return getattr(office.broker, name)

        def submit(self, order):
            raise NoAnswer("time-out", "no answer in time", "ask")

        def find(self, order):
            return Report(order.id, "77", "filled", D(4), D(2000)) if self.remembers else None

    late = Late()
    office.execute(plan(), broker=late)
    office.clock.at += timedelta(hours=25)
    office.execute(plan(), broker=late)
    assert {o.symbol: o.state for o in office.book.orders()}["VOO"] == "expired"
    office.book.save_plan(plan(), office.clock.at)
    assert office.book.attempt(plan().id) == 2
    late.remembers = True
    assert "duplicate-plan" in again(office, broker=late)
    assert {o.attempt for o in office.book.orders()} == {1}


def test_what_may_be_an_earlier_order_stops_another_attempt(office):
    class Void:
        name = "void"

        def __getattr__(self, name):
            return getattr(office.broker, name)

        def submit(self, order):
            raise NoAnswer("time-out", "no answer in time", "ask")

    office.execute(plan(), broker=Void())
    office.clock.at += timedelta(hours=25)
    office.execute(plan(), broker=Void())
    office.book.save_plan(plan(), office.clock.at)
    broker = Forgetful(office, None)
    broker.open_orders = lambda: (_open("VOO", "sell"),)
    with pytest.raises(PlanError) as caught:
        office.execute(plan(), broker=broker)
    assert caught.value.code == "earlier-order"
    assert broker.taken == []


def _open(symbol, side):
    from steelyard.domain.trading.brokerage import OpenOrder

    return OpenOrder("", "theirs", symbol, side, D(4))
