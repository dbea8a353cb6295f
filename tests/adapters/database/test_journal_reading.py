"""Reading a journal: the same as its writer reads, in a folder one may only read, and nothing is written."""

import os
import sqlite3
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.adapters.database import journal_reading
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.journal_reading import read_entries, read_rows
from steelyard.domain.books.ledger import Entry, Row
from steelyard.errors import DataError
from whole_commands import run

D = Decimal
AT = datetime(2026, 11, 23, tzinfo=UTC)
ENTRIES = [
    Entry(date(2026, 1, 2), "main", "deposit", shares=D(1000), currency="USD"),
    Entry(
        date(2026, 1, 3), "main", "buy", "VOO", D("1.5"), D("400.10"), "USD", D("0.35"), D("1400"), note="x"
    ),
    Entry(date(2026, 1, 5), "main", "transfer_in", "VOO", D(2), D(300), "USD", lot=date(2020, 1, 2)),
    Entry(date(2026, 2, 3), "main", "split", "VOO", D(1), per=D(3)),
]
FILE = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[prices]
VOO = "600"
[tax]
jurisdiction = "US"
filing = "single"
other_income = 100000
[[accounts]]
name = "main"
"""


@pytest.fixture
def path():
    # Not below pytest's own folder, which each worker closes to everybody else when it begins.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "portfolio.toml").write_text(FILE)
        book = StoredJournal(folder / "steelyard.db")
        book.add([Row(e) for e in ENTRIES], "test", AT)
        book.take_back([2], AT)
        book.close()
        yield folder / "steelyard.db"


def test_what_is_read_is_what_the_writer_reads(path):
    book = StoredJournal(path)
    rows = book.rows()
    book.close()
    assert read_rows(path) == rows
    assert read_entries(path) == tuple(row.entry for row in rows if row.counts)
    assert [e.kind for e in read_entries(path)] == ["deposit", "transfer_in", "split"]


def test_what_another_program_has_written_but_not_moved_into_the_file_is_read_with_it(path):
    book = StoredJournal(path)
    book.record(ENTRIES[1], "record", AT)
    assert path.with_name("steelyard.db-wal").stat().st_size
    assert len(read_entries(path)) == 4
    book.close()


def test_columns_stand_in_the_order_of_the_fields():
    assert list(journal_reading._COLUMNS) == [f.name for f in fields(Entry)]


def test_a_journal_of_the_first_version_is_read_and_left_as_it_is(tmp_path):
    """Its columns were those up to the note."""
    path = tmp_path / "steelyard.db"
    base = sqlite3.connect(path)
    names = ", ".join(f"{name} TEXT" for name in journal_reading._COLUMNS[:12])
    base.execute(f"CREATE TABLE entries (number INTEGER, takes_back INTEGER, batch INTEGER, {names})")
    base.execute(
        "INSERT INTO entries VALUES (1, NULL, 1, '2026-01-02', 'main', 'deposit', '', '5', NULL, 'USD', '0',"
        " NULL, NULL, NULL, '')"
    )
    base.commit()
    base.close()
    before = path.read_bytes()
    assert read_entries(path) == (Entry(date(2026, 1, 2), "main", "deposit", shares=D(5), currency="USD"),)
    assert path.read_bytes() == before


@pytest.mark.parametrize("shares", ["many", "NaN", "-Infinity", "1e999999", ""])
def test_a_row_that_is_no_entry_is_said_and_never_a_traceback(path, shares):
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER entries_stay")
    base.execute("UPDATE entries SET shares = ? WHERE number = 1", (shares,))
    base.commit()
    base.close()
    with pytest.raises(DataError, match="damaged"):
        read_entries(path)


def everything(folder):
    return {
        p.name: (p.read_bytes(), p.stat().st_mtime_ns, stat.S_IMODE(p.stat().st_mode))
        for p in folder.iterdir()
    }


@contextmanager
def nobody_who_may_only_read(folder):
    """As a user without rights to write in a folder; root is one with all of them."""
    for each in folder.iterdir():
        each.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    above = [p for p in folder.parents if root and stat.S_IMODE(p.stat().st_mode) & 0o055 != 0o055]
    modes = [(p, stat.S_IMODE(p.stat().st_mode)) for p in above if p != p.parent]
    for each, mode in modes:
        each.chmod(mode | 0o055)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for each, mode in modes:
            each.chmod(mode)
        folder.chmod(0o755)


COMMANDS = [
    ["check"],
    ["plan"],
    ["invest", "500"],
    ["holdings"],
    ["history"],
    ["values"],
    ["withdraw", "100"],
    ["tax"],
    ["harvest"],
    ["orders"],
    ["audit", "verify"],
    ["prices", "show"],
    ["prices", "check"],
]
"""Each of them twice at least: the first time nothing but the journal is there."""


@pytest.mark.parametrize("words", COMMANDS, ids=lambda w: w[0])
def test_reading_commands_write_nothing(path, monkeypatch, words):
    monkeypatch.chdir(path.parent)
    before = everything(path.parent)
    done = run(*words)
    assert done.exit_code == 0, done.stderr
    assert everything(path.parent) == before


@pytest.mark.parametrize("words", COMMANDS, ids=lambda w: w[0])
def test_reading_commands_make_no_journal(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    text = FILE.replace('name = "main"', 'name = "main"\ncash = { USD = "5000" }')
    (tmp_path / "portfolio.toml").write_text(text)
    assert run(*words).exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["portfolio.toml"]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda w: w[0])
def test_reading_commands_work_in_a_folder_one_may_only_read(path, monkeypatch, words):
    monkeypatch.chdir(path.parent)
    first = run(*words)
    with nobody_who_may_only_read(path.parent):
        again = run(*words)
    assert (again.exit_code, again.stdout) == (0, first.stdout), again.stderr


LOOKS = [["doctor"], ["execute", "latest"], ["execute", "latest", "--json"]]
"""What looks at everything there is, a broker's account included, and may do so before anything was done."""


@pytest.fixture
def planned(path, monkeypatch):
    """A folder in which a plan was saved and nothing else: no run, no broker."""
    monkeypatch.chdir(path.parent)
    text = (
        '[limits]\nmax_order = "none"\nmax_price_age_hours = "none"\n[terms]\nmax_plan_age_hours = 100000\n'
    )
    (path.parent / "execution.toml").write_text(text)
    assert run("plan", "--save", "--as-of", "2026-11-23").exit_code == 0
    return path


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_what_only_looks_writes_nothing_the_first_time(planned, words):
    """`doctor` made the tables of automation, and a rehearsal the account of the paper broker."""
    before = everything(planned.parent)
    first = run(*words)
    assert everything(planned.parent) == before
    assert first.exit_code in (0, 4), first.output
    assert (run(*words).exit_code, run(*words).stdout) == (first.exit_code, first.stdout)


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_what_only_looks_works_in_a_folder_one_may_only_read(planned, words):
    first = run(*words)
    with nobody_who_may_only_read(planned.parent):
        again = run(*words)
    assert (again.exit_code, again.stdout) == (first.exit_code, first.stdout), again.stderr


def test_doctor_in_an_empty_folder_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    assert run("doctor").exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["portfolio.toml"]
