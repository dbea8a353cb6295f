"""What is sent is what the plan says: a row that was changed by hand stops everything, whatever was changed.

The attack: `UPDATE orders SET side='sell', shares='4'` on a planned purchase sold four shares.
"""

import sqlite3
from collections import Counter
from contextlib import closing, suppress
from decimal import Decimal
from random import Random

import pytest

from acceptance.desks import plan
from lanes import sizes
from steelyard.errors import SteelyardError

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


STRANGE = (
    "''", "NULL", "-1", "'-4'", "'NaN'", "'1e999999'", "x'00ff'", "9223372036854775807", "'sell'", "'buy'",
    "'2099-01-01T00:00:00.000000Z'", "'not a date'", "'{}'", "'[]'", "'1000000'", "0",
)  # fmt: skip
"""What somebody may write into a column: nothing, other types, other sides, more, no number, no day."""


def columns(folder):
    with closing(sqlite3.connect(folder / "steelyard.db")) as raw:
        tables = raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return [
            (name, row[1])
            for (name,) in tables
            for row in raw.execute(f"PRAGMA table_info({name})").fetchall()
        ]


@pytest.mark.parametrize("trials", sizes(20, 150, "a database of its own for each strange value"))
def test_whatever_is_written_into_any_column_nothing_is_sent_but_the_plan(office, trials):
    """Every column of every table: refused, an error with a code, or as planned."""
    office.book.close()
    kept = (office.folder / "steelyard.db").read_bytes()
    paper = (office.folder / "paper.db").read_bytes()
    everything = [(*column, value) for column in columns(office.folder) for value in STRANGE]
    for table, column, value in Random(trials).sample(everything, trials):
        for name, data in (("steelyard.db", kept), ("paper.db", paper)):
            (office.folder / name).write_bytes(data)
        try:
            without_triggers(office, f"UPDATE {table} SET {column} = {value}")
        except sqlite3.Error:
            continue  # the database itself lets nobody
        with suppress(SteelyardError):  # which has a code; anything else is a mistake of ours
            office.reopen()
            office.execute(plan(), polls=1)
        sent = Counter()
        with closing(sqlite3.connect(office.folder / "paper.db")) as raw:
            for symbol, side, shares in raw.execute("SELECT symbol, side, shares FROM orders"):
                sent[symbol, side] += D(shares)
        assert sent <= PLANNED, (table, column, value)
        office.book.close()


PLANNED = Counter({("VOO", "sell"): D(4), ("TLT", "buy"): D(20), ("GLD", "buy"): D(1)})


def without_triggers(office, statement):
    """Change what triggers keep from being changed, and put them back."""
    with closing(sqlite3.connect(office.folder / "steelyard.db")) as raw, raw:
        ours = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        raw.execute("PRAGMA foreign_keys = OFF")
        for name, _ in ours:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement)
        for _, sql in ours:
            raw.execute(sql)
