"""What a person settles by hand is not waited for; what a machine fills still is. Figures by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from acceptance.desks import MOMENT, NO_LIMITS, Office, plan, trade
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.trading.execute import execute
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.execution import ExecutionTerms

D = Decimal
NEXT = {
    "hand": "enter the lines of tickets/ticket-hand.csv at your broker "
    "and type the fills into tickets/fills-hand.csv"
}


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, fill_at_most=D(1))


def of_hand(symbol, side, shares, price):
    return trade(symbol, side, shares, price, account="hand")


def carry_out(office, wanted):
    """Thirty looks, two seconds apart, as they are unless set."""
    sessions = ExchangeSessions()
    typed = TicketBroker(
        office.folder / "tickets",
        "hand",
        cash=wanted.cash["hand"],
        shares=wanted.shares["hand"],
        now=office.clock.now,
        sessions=sessions,
    )
    office.book.save_plan(wanted, MOMENT)
    desk = Desk(office.book, {"main": office.broker, "hand": typed}, office.clock)
    return execute(
        desk,
        office.book.plan(wanted.id),
        office.market(),
        ExecutionTerms(limits=NO_LIMITS),
        live=True,
        who=Approver("min"),
    )


def fill(office, line):
    with (office.folder / "tickets" / "fills-hand.csv").open("a") as file:
        file.write(line + "\n")


def states(result):
    return {(o.account, o.symbol): (o.state, o.filled) for o in result.orders}


def test_a_ticket_is_written_and_its_fills_are_left_to_their_owner(office):
    """The sale is on the ticket at once, not a second passes, and the purchase follows a typed fill."""
    wanted = plan(
        trades=(of_hand("VOO", "sell", 4, 500), of_hand("TLT", "buy", 20, 90)),
        cash={"hand": {"USD": D(1000)}},
        shares={"hand": {"VOO": D(20), "TLT": D(10), "GLD": D(8)}},
    )
    first = carry_out(office, wanted)
    assert office.clock.at == MOMENT
    assert (first.outcome, first.left_to) == ("waiting", NEXT)
    assert states(first) == {("hand", "VOO"): ("accepted", 0), ("hand", "TLT"): ("planned", 0)}
    fill(office, "1,4,500,2,2026-11-24,")
    second = carry_out(office, wanted)
    assert office.clock.at == MOMENT
    assert states(second) == {("hand", "VOO"): ("filled", 4), ("hand", "TLT"): ("accepted", 0)}
    fill(office, "2,20,90,1.80,2026-11-24,")
    third = carry_out(office, wanted)
    assert (third.outcome, third.left_to) == ("done", {})


def test_a_broker_that_fills_by_itself_is_waited_for_beside_a_ticket(office):
    """One share a look: three more looks for the sale of 4, and a few for the purchase of 2; then it ends."""
    wanted = plan(
        trades=(
            trade("VOO", "sell", 4, 500),
            of_hand("VOO", "sell", 2, 500),
            trade("TLT", "buy", 2, 90),
        ),
        cash={"main": {"USD": D(1000)}, "hand": {"USD": D(0)}},
        shares={"main": {"VOO": D(20), "TLT": D(10), "GLD": D(8)}, "hand": {"VOO": D(4)}},
    )
    result = carry_out(office, wanted)
    assert states(result) == {
        ("main", "VOO"): ("filled", 4),
        ("main", "TLT"): ("filled", 2),
        ("hand", "VOO"): ("accepted", 0),
    }
    assert (result.outcome, result.left_to) == ("waiting", NEXT)
    assert office.clock.at - MOMENT < timedelta(seconds=20)
