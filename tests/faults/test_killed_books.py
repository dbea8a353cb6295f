"""kill -9 at every statement of a migration and of a restore: what was recorded is there, whole, and once."""

import os
import signal
import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from acceptance.desks import Office, plan
from lanes import sizes
from steelyard.adapters.database.automation_schema import AUTOMATION
from steelyard.adapters.database.connection import connect
from steelyard.adapters.database.copies import back_up, restore
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.journal_schema import JOURNAL
from steelyard.adapters.database.migrations import Part, bring_up_to_date
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.database.order_schema import STEPS
from steelyard.app.trading.sync import verify
from steelyard.domain.trading.arming import Arming

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
D = Decimal


def killed_at(number, act):
    """Do something in a process that dies before its statement of that number; say whether it did."""
    pid = os.fork()
    if not pid:
        left, connect = number, sqlite3.connect

        def counting(*words, **more):
            made = connect(*words, **more)

            def count(statement):
                nonlocal left
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

            made.set_trace_callback(count)
            return made

        sqlite3.connect = counting
        code = 70
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def of_the_first_version(folder, wanted):
    """A database as the first version of the order book left it, a plan carried out in it."""
    office = Office(folder)
    office.execute(wanted)
    office.book.close()
    path = folder / "steelyard.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        rows = {
            name: raw.execute(f"SELECT {columns} FROM {table}").fetchall()
            for name, table, columns in (
                ("saved_plans", "saved_plans", "id, text, saved_at, finished_at"),
                (
                    "orders",
                    "orders",
                    "number, id, plan, account, symbol, side, shares, price_limit, currency, exchange, leg,"
                    " state, filled, paid, fees, broker_id, note, sent_at",
                ),
                ("order_events", "order_events", "*"),
                ("approvals", "plan_approvals", "plan, who, at"),
                ("audit", "audit", "*"),
                ("execution_state", "execution_state", "*"),
            )
        }
    for left in folder.glob("steelyard.db*"):
        left.unlink()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executescript(STEPS[0])
        raw.execute("CREATE TABLE parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT")
        raw.execute("INSERT INTO parts VALUES ('execution', 1)")
        for table, found in rows.items():
            for row in found:
                raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        raw.execute("DELETE FROM execution_state WHERE name = 'anchored'")
    return path


def test_a_migration_killed_at_every_statement_loses_nothing_and_is_done_by_the_next(tmp_path):
    """Nothing is half: after each kill the same orders, approvals and links are there."""
    number, kills = 0, 0
    while True:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        path = of_the_first_version(folder, plan())
        died = killed_at(number, lambda: SqliteOrderBook(path).close())  # noqa: B023
        kills += died
        with closing(SqliteOrderBook(path)) as book:
            assert [(o.symbol, o.state, o.attempt) for o in book.orders()] == [
                ("VOO", "filled", 1),
                ("TLT", "filled", 1),
                ("GLD", "filled", 1),
            ]
            assert book.approvals(plan().id, 1) == {"min"}
            assert verify(book) is None
        if not died:
            break
    assert kills > 10


def journal_of(path, version):
    """A purchase and a fee taken back, as a version of the journal wrote them."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executescript("".join(JOURNAL.steps[:version]) + f"PRAGMA user_version = {version};")
        raw.execute("INSERT INTO batches VALUES (1, 'old.csv', '2025-01-01T00:00:00.000000Z')")
        insert = (
            "INSERT INTO entries (number, content_id, batch, takes_back, traded_on, account, kind, symbol,"
            " shares, price, currency, fees, note) VALUES (?, ?, 1, ?, '2024-01-03', 'main', ?, ?, ?, ?,"
            " 'USD', '1', '')"
        )
        raw.execute(insert, (1, "a", None, "buy", "VOO", "10", "430.1"))
        raw.execute(insert, (2, "b", None, "fee", "", "5", None))
        raw.execute(insert, (3, "undo:2", 2, "fee", "", "5", None))


def journal_is_whole(path):
    with closing(StoredJournal(path)) as journal:
        rows = journal.rows()
        assert [(r.number, r.entry.kind, r.takes_back, r.counts) for r in rows] == [
            (1, "buy", None, True),
            (2, "fee", None, False),
            (3, "fee", 2, False),
        ]
        assert (rows[0].entry.shares, rows[0].entry.price) == (10, D("430.1"))
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE entries SET shares = '6'")


def automation_of(path, version):
    """A message that waits to be sent, as a version of automation wrote it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        bring_up_to_date(raw, path, Part("automation", AUTOMATION.steps[:version]))
        raw.execute(
            "INSERT INTO messages (id, portfolio, kind, key, title, body, created_at)"
            " VALUES (1, 'portfolio.toml', 'digest', 'digest', 'old', 'text', '2026')"
        )
        raw.execute("INSERT INTO deliveries VALUES (1, 'a', 'waiting', 3, '2026', 'why')")


def automation_is_whole(path):
    with closing(connect(path, AUTOMATION)) as base:
        assert base.execute("SELECT title, picture FROM messages").fetchall() == [("old", None)]
        assert base.execute("SELECT * FROM deliveries").fetchall() == [(1, "a", "waiting", 3, "2026", "why")]
        assert AUTOMATION.version(base) == AUTOMATION.newest


OLD = [
    *((JOURNAL, version, journal_of, journal_is_whole) for version in range(1, JOURNAL.newest)),
    *((AUTOMATION, version, automation_of, automation_is_whole) for version in range(1, AUTOMATION.newest)),
]


@pytest.mark.parametrize(
    ("part", "version", "write", "whole"), OLD, ids=[f"{part.name}-{version}" for part, version, *_ in OLD]
)
def test_every_old_version_of_journal_and_automation_outlives_a_kill_at_every_statement(
    tmp_path, part, version, write, whole
):
    """Killed before each statement: what was recorded is whole at the next opening and the one after."""
    number, kills, died = 0, 0, True
    while died:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "steelyard.db"
        write(path, version)
        died = killed_at(number, lambda: connect(path, part).close())  # noqa: B023
        kills += died
        whole(path)
        whole(path)
    assert kills > 5


@pytest.mark.parametrize(
    "step", sizes(29, 5, "a restore has some hundred statements, and every fifth is died at")
)
def test_a_restore_killed_at_any_statement_takes_nothing_back(tmp_path, step):
    """Halt and what was spent stay, whatever became of the rest; the next restore ends it."""
    number, kills = 1, 0
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        office = Office(folder)
        office.book.arm(Arming(office.clock.at.date(), D(5000)), office.clock.at)
        back_up(folder / "steelyard.db", folder / "b.db")
        office.execute(plan(), unattended=True)
        office.book.halt("fire", office.clock.at)
        spent = office.book.arming().spent
        office.book.close()
        path, at = folder / "steelyard.db", office.clock.at
        died = killed_at(number, lambda: restore(folder / "b.db", path, at))  # noqa: B023
        kills += died
        for again in (False, True):
            if again:
                restore(folder / "b.db", path, at)
            with closing(SqliteOrderBook(path)) as book:
                assert book.halted() == "fire"
                assert book.arming().spent == spent
                assert {o.state for o in book.orders()} == {"filled"}
                assert verify(book) is None
        if not died:
            break
        number += step
    assert kills > 3
