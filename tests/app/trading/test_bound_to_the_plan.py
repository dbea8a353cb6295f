"""What is sent is what the plan says: a row that was changed by hand stops everything, whatever was changed.

The attack: `UPDATE orders SET side='sell', shares='4'` on a planned purchase sold four shares.
"""

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from acceptance.desks import plan

D = Decimal
CHANGES = [
    "side = 'sell', shares = '4'",
    "shares = '19'",
    "shares = '200'",
    "symbol = 'GLD'",
    "account = 'other'",
    "currency = 'KRW'",
    "exchange = 'XKRX'",
    "leg = 2",
    "price_limit = '9000'",
    "state = 'cancelled'",
    "filled = '3'",
    "paid = '1'",
]


@pytest.fixture
def office(office):
    """The sale of 4 VOO is out, two purchases are planned."""
    office.prices["VOO"] = D(496)
    assert office.execute(plan(), polls=1).outcome == "waiting"
    office.prices["VOO"] = D(500)
    return office


def tamper(office, *statements):
    with closing(sqlite3.connect(office.folder / "steelyard.db")) as raw, raw:
        for statement in statements:
            raw.execute(statement)


def refused(office):
    before = len(office.broker._query("SELECT * FROM orders"))
    result = office.execute(plan())
    assert result.outcome == "refused"
    assert len(office.broker._query("SELECT * FROM orders")) == before
    return {r.rule for r in result.refusals}


@pytest.mark.parametrize("change", CHANGES)
def test_a_planned_row_that_was_changed_stops_everything(office, change):
    tamper(office, f"UPDATE orders SET {change} WHERE symbol = 'TLT'")
    assert "audit-broken" in refused(office) or change.startswith(("currency", "exchange", "leg"))
    if not change.startswith(("state", "filled", "paid", "price_limit")):
        assert "order-changed" in refused(office)


@pytest.mark.parametrize(
    "statement",
    [
        # A sale that filled is made to look as if it was never sent, or disappears: it would be sent again.
        "UPDATE orders SET state = 'planned', filled = '0', paid = '0', sent_at = NULL WHERE symbol = 'VOO'",
        "DELETE FROM orders WHERE symbol = 'VOO'",
        "UPDATE execution_state SET value = '' WHERE name = 'halted'",
        "INSERT INTO plan_approvals SELECT plan, attempt, 'jun', at, 1 FROM plan_approvals LIMIT 1",
        "INSERT OR REPLACE INTO execution_state VALUES ('arming',"
        """ '{"max_amount":"1000000","spent":"0","until":"2030-01-01"}')""",
    ],
)
def test_what_no_link_tells_of_stops_everything(office, statement):
    office.book.halt("fire", office.clock.at)
    tamper(office, "PRAGMA foreign_keys = OFF", statement)
    assert "audit-broken" in refused(office)


def test_a_row_changed_between_the_look_and_the_sending_is_not_sent(office):
    """Compare-and-set: the book reads its own row in the transaction that writes "sent"."""
    seen = []

    class Meddler:
        def __getattr__(self, name):
            return getattr(office.broker, name)

        def submit(self, order):
            seen.append(order.symbol)
            tamper(office, "UPDATE orders SET side = 'sell' WHERE symbol = 'GLD'")
            return office.broker.submit(order)

    result = office.execute(plan(), broker=Meddler())
    assert seen == ["TLT"]
    assert "order-changed" in {r.rule for r in result.refusals}


def test_limits_come_from_the_terms_of_now_not_from_the_row(office):
    """The owner has set another distance since: 1 % of 90 is a limit of 90.9, whatever was written down."""
    office.prices["VOO"] = D(496)
    result = office.execute(plan(), limit_distance=D("0.01"))
    assert [(o.symbol, o.limit) for o in result.orders if o.state == "planned"] == [
        ("TLT", D("90.9")),
        ("GLD", D("252.5")),
    ]
