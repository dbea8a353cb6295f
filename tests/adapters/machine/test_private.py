"""Whatever tells what somebody owns is theirs alone, also where the umask would give it to everybody."""

import ast
import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.brokers.paper import PaperBroker
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.database import copies
from steelyard.adapters.database.connection import connect, transaction
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.journal_schema import JOURNAL
from steelyard.adapters.database.migrations import Part
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.adapters.machine.private import make_private, make_private_folder, write_private
from steelyard.adapters.machine.run_lock import run_lock
from steelyard.domain.books.ledger import Entry
from steelyard.domain.trading.orders import Order

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX's")
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ORDER = Order("o1", "plan", "main", "VOO", "buy", Decimal(1), Decimal(100), "USD", "XNYS", 0)
DEPOSIT = Entry(date(2026, 1, 2), "main", "deposit", "", Decimal(100), None, "USD", Decimal(0))


def journal(folder):
    book = StoredJournal(folder / "steelyard.db")
    book.record(DEPOSIT, "record", NOW)
    yield
    book.close()


def automation(folder):
    base = connect(folder / "steelyard.db")
    with transaction(base):
        base.execute("INSERT INTO runs (portfolio, started_at, step) VALUES ('a', 'b', 'c')")
    yield
    base.close()


def orders(folder):
    book = SqliteOrderBook(folder / "steelyard.db")
    with book.sole_run():
        book.halt("why", NOW)
        yield
    book.close()


def backup(folder):
    connect(folder / "steelyard.db").close()
    copies.back_up(folder / "steelyard.db", folder / "copy.db")
    yield


def restored(folder):
    yield from backup(folder)
    copies.restore(folder / "copy.db", folder / "steelyard.db", datetime(2026, 11, 24, tzinfo=UTC))
    (folder / "steelyard.db").unlink()
    copies.restore(folder / "copy.db", folder / "steelyard.db", datetime(2026, 11, 24, tzinfo=UTC))
    yield


def upgrade(folder):
    path = folder / "steelyard.db"
    with closing(connect(path, Part("journal", JOURNAL.steps[:1], in_header=True))):
        pass
    StoredJournal(path).close()
    yield


def paper(folder):
    broker = PaperBroker(
        folder / "steelyard-paper.db",
        "main",
        prices={"VOO": Decimal(100)}.get,
        now=lambda: NOW,
        sessions=ExchangeSessions(),
    )
    broker.endow({"USD": Decimal(1000)}, {})
    broker.submit(ORDER)
    yield
    broker.close()


def tickets(folder):
    broker = TicketBroker(
        folder / "orders" / "tickets",
        "main",
        cash={"USD": Decimal(1000)},
        shares={},
        now=lambda: NOW,
        sessions=ExchangeSessions(),
    )
    broker.submit(ORDER)
    yield


def token(folder):
    connection = KisConnection("paper", "key", "secret", folder / ".token.json", now=lambda: NOW)
    connection._keep({"owner": "me", "token": "t", "until": "2026-11-25T00:00:00+00:00"})
    yield


def lock(folder):
    with run_lock(folder) as mine:
        assert mine
        yield


WRITERS = [journal, automation, orders, backup, restored, upgrade, paper, tickets, token, lock]


@pytest.fixture(params=[0o000, 0o022, 0o177])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("writer", WRITERS, ids=lambda w: w.__name__)
def test_what_is_written_is_its_owners_alone_whatever_the_umask(writer, tmp_path):
    """While it is open as well: SQLite's log and index beside the file hold the same rows."""
    seen = 0
    for _ in writer(tmp_path):
        for path in tmp_path.rglob("*"):
            seen += 1
            rights = stat.S_IMODE(path.stat().st_mode)
            assert rights == (0o700 if path.is_dir() else 0o600), (path.name, oct(rights))
    assert seen


def test_a_database_that_was_open_to_others_is_closed_when_it_is_next_used(tmp_path):
    path = tmp_path / "steelyard.db"
    StoredJournal(path).close()
    path.chmod(0o664)
    StoredJournal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_is_there_keeps_its_rights(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(0o755)
    folder.chmod(0o755)
    make_private_folder(folder / "one" / "two")
    assert [stat.S_IMODE(p.stat().st_mode) for p in (folder, folder / "one", folder / "one" / "two")] == [
        0o755,
        0o700,
        0o700,
    ]


def test_closing_a_file_to_others_drops_no_lock_of_this_process_on_it(tmp_path):
    """POSIX drops all locks of a process on a file when it closes any handle of it (fcntl, 3.1)."""
    path = tmp_path / "steelyard.db"
    with closing(connect(path)) as base:
        base.execute("BEGIN EXCLUSIVE")
        make_private(path)
        # Another process sees the lock still; this one would in any case.
        child = os.fork()
        if not child:
            try:
                with closing(sqlite3.connect(path, timeout=0)) as other:
                    other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0


def test_what_replaces_a_file_is_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "ticket.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new\n")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_no_adapter_writes_a_file_past_this():
    """The kind, not the instance: every call that makes a file with the umask's rights."""
    root = Path(copies.__file__).parents[1]
    allowed = {"machine/private.py", "machine/crontab.py"}
    makers = {"mkdir", "write_text", "write_bytes", "touch", "mkstemp", "makedirs"}
    found = []
    for module in sorted(root.rglob("*.py")):
        name = module.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            call, owner = node.func.attr, ast.unparse(node.func.value)
            bare = call == "connect" and owner == "sqlite3" and not name.startswith("database/")
            made = call == "open" and owner == "os" and "O_CREAT" in ast.unparse(node)
            if name not in allowed and (call in makers or bare or made):
                found.append((name, node.lineno, call))
    assert found == []
