"""The journal: exact, append-only, the same file once, and all of an import or nothing."""

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from steelyard.adapters import import_csv
from steelyard.adapters.journal_sqlite import StoredJournal, has_entries
from steelyard.adapters.packaged_data import load_catalogue
from steelyard.app import journal as use
from steelyard.domain.holdings import holdings
from steelyard.errors import DataError, InputError, PortfolioProblems

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = date(2026, 11, 24)
FILE = b"""\
date,type,symbol,shares,price,currency,fees
2024-01-02,deposit,,10000,,USD,
2024-01-03,buy,VOO,10,430.10,USD,1
2024-01-03,buy,VOO,10,430.10,USD,1
2024-06-03,split,VOO,2,,,
2024-07-01,sell,Vanguard S&P 500 ETF,5,250.5,USD,0.5
"""


@pytest.fixture
def book(tmp_path):
    journal = StoredJournal(tmp_path / "steelyard.db")
    yield journal
    journal.close()


def take_in(book, data=FILE):
    rows = import_csv.read(data, "trades.csv", load_catalogue(), None).rows
    return use.import_rows(book, rows, "trades.csv", as_of=TODAY, at=NOW)


def test_positions_and_cash_are_what_the_rows_add_up_to(book):
    """By hand: (10 + 10) x 2 - 5 = 35; 10,000 - 2 x 4,302 + 1,252.5 - 0.5 = 2,648."""
    take_in(book)
    held = holdings(use.entries_of(book.rows()), TODAY)
    assert held.shares == {("main", "VOO"): Decimal(35)}
    assert held.cash == {("main", "USD"): Decimal("2648.0")}


def test_the_same_file_twice_changes_nothing_and_two_equal_rows_stay_two(book):
    assert take_in(book) == use.Imported(added=5, known=0)
    assert take_in(book) == use.Imported(added=0, known=5)
    assert len(book.rows()) == 5


def test_a_file_with_any_wrong_row_leaves_nothing_and_names_every_line(book):
    """The fourth line is no date, the fifth no number."""
    bad = b"date,type,symbol,shares,price\n2024-01-02,buy,VOO,1,1\n\n"
    bad += b"2024-13-01,buy,VOO,1,1\n2024-01-03,buy,VOO,x,1\n"
    with pytest.raises(PortfolioProblems) as caught:
        take_in(book, bad)
    assert [(p.code, p.line) for p in caught.value.problems] == [("entry-date", 4), ("entry-number", 5)]
    assert book.rows() == ()


def test_selling_more_than_is_held_names_account_symbol_date_held_and_sold(book):
    with pytest.raises(PortfolioProblems) as caught:
        take_in(book, FILE + b"2024-08-01,sell,VOO,36,250,USD,\n")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("sold-more-than-held", 7)
    for word in ("36", "VOO", "'main'", "2024-08-01", "35"):
        assert word in problem.message
    assert book.rows() == ()


def test_undo_is_a_counter_entry_and_can_itself_be_undone(book):
    take_in(book)
    use.undo(book, number=None, whole_import=False, at=NOW)
    assert [(r.number, r.takes_back, r.counts) for r in book.rows()][4:] == [(5, None, False), (6, 5, False)]
    use.undo(book, number=6, whole_import=False, at=NOW)
    assert book.rows()[4].counts


def test_a_purchase_whose_shares_are_sold_later_cannot_be_undone(book):
    take_in(book, b"date,type,symbol,shares,price\n2024-01-02,buy,VOO,1,1\n2024-01-03,sell,VOO,1,1\n")
    with pytest.raises(InputError, match="only 0 are held"):
        use.undo(book, number=1, whole_import=False, at=NOW)


@pytest.mark.parametrize("words", ["UPDATE entries SET shares = '1'", "DELETE FROM entries"])
def test_the_database_itself_refuses_to_change_a_row(book, tmp_path, words):
    take_in(book)
    with sqlite3.connect(tmp_path / "steelyard.db") as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(words)


def test_a_locked_a_damaged_and_a_newer_journal_each_say_so(tmp_path):
    path = tmp_path / "steelyard.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(DataError) as caught:
        StoredJournal(path)
    assert caught.value.code == "journal-corrupt"
    path.unlink()
    StoredJournal(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(DataError) as caught:
        StoredJournal(path)
    assert caught.value.code == "journal-newer"
    path.unlink()
    journal = StoredJournal(path, wait_seconds=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DataError) as caught:
        take_in(journal)
    assert caught.value.code == "journal-locked"
    other.execute("ROLLBACK")
    assert not has_entries(path)
