"""An arming is for what may really be spent: shares times limit and the commission on it, exactly."""

import decimal
from datetime import date
from decimal import Decimal

import pytest

from acceptance.desks import Office, plan, trade
from steelyard.domain.trading.arming import Arming

D = Decimal
DAY = date(2026, 11, 24)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, one())


def one(**more):
    """Buy 10 GLD at 90, no commission; at 5 % the limit is 94.5, and 945 may go."""
    buying = trade("GLD", "buy", 10, 90, cost=D(0))
    facts = {"commission": D(0), "turnover": D(900), "reserve": D(0), "targets": {"GLD": D(1)}}
    prices = {"GLD": (D(90), "USD"), "VOO": (D(500), "USD"), "TLT": (D(90), "USD")}
    return plan(**{"trades": (buying,), "prices": prices, **facts, **more})


@pytest.mark.parametrize(("most", "outcome"), [("944.99", "refused"), ("945", "done")])
def test_the_limits_count_and_not_the_prices(office, most, outcome):
    """The attack: armed for 2,975,000, purchases with limits of 3,123,750 in all went out."""
    office.book.arm(Arming(DAY, D(most)), office.clock.at)
    result = office.execute(one(), unattended=True, limit_distance=D("0.05"))
    assert result.outcome == outcome
    assert office.book.arming().spent == (945 if outcome == "done" else 0)


def test_the_commission_counts(office):
    """94.5 x 10 x 1.001 = 945.945."""
    office.book.arm(Arming(DAY, D("945.944")), office.clock.at)
    wanted = one(commission=D("0.001"))
    assert office.execute(wanted, unattended=True, limit_distance=D("0.05")).outcome == "refused"
    office.book.arm(Arming(DAY, D("945.945")), office.clock.at)
    assert office.execute(wanted, unattended=True, limit_distance=D("0.05")).outcome == "done"


def test_the_sum_is_exact_whatever_the_context_of_the_thread():
    """With three digits 999,999,999 and 1 would be 1.00E+9, and so would the sum with 400,000."""
    leave = Arming(DAY, D(1_000_000_000), D(999_999_999))
    with decimal.localcontext(prec=3):
        assert leave.covers(D(1), DAY)
        assert not leave.covers(D("1.000000001"), DAY)


def test_a_leave_taken_back_meanwhile_stops_the_next_order(tmp_path):
    """It is asked of the book when the order becomes sent: of three orders only the sale goes."""
    office, sent = Office(tmp_path), []
    office.book.arm(Arming(DAY, D(10_000)), office.clock.at)

    class Slow:
        name = "slow"

        def __getattr__(self, name):
            return getattr(office.broker, name)

        def submit(self, order):
            sent.append(order.symbol)
            office.book.disarm(office.clock.at)
            return office.broker.submit(order)

    result = office.execute(plan(), unattended=True, broker=Slow())
    assert (sent, result.outcome) == (["VOO"], "waiting")
    assert {r.rule for r in result.refusals} == {"not-armed"}


def test_an_order_offered_twice_is_counted_once(office):
    from steelyard.errors import OrderNotTaken

    office.book.arm(Arming(DAY, D(1000)), office.clock.at)
    calls = []

    class Busy:
        name = "busy"

        def __getattr__(self, name):
            return getattr(office.broker, name)

        def submit(self, order):
            calls.append(order.id)
            if len(calls) < 2:
                raise OrderNotTaken("busy", "429", "later")
            return office.broker.submit(order)

    result = office.execute(one(), unattended=True, broker=Busy(), limit_distance=D("0.05"))
    assert (result.outcome, len(calls), office.book.arming().spent) == ("done", 2, 945)
