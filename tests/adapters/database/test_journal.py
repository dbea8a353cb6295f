"""The journal: exact, append-only, the same file once, and all of an import or nothing."""

import hashlib
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from steelyard.adapters.database.journal import StoredJournal, has_entries
from steelyard.adapters.database.journal_schema import STEPS
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import native as import_csv
from steelyard.adapters.importers.rows import ImportOptions
from steelyard.app.books import journal as use
from steelyard.domain.books.entry_text import read_entry
from steelyard.domain.books.holdings import holdings
from steelyard.errors import DataError, InputError, PortfolioProblems, ServiceError

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
    rows = import_csv.read(data, "trades.csv", load_catalogue(), ImportOptions()).rows
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
    with pytest.raises(InputError) as caught:
        StoredJournal(path)
    assert caught.value.code == "database-newer"
    path.unlink()
    journal = StoredJournal(path, wait_seconds=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServiceError) as caught:
        take_in(journal)
    assert caught.value.code == "database-locked"
    other.execute("ROLLBACK")
    assert not has_entries(path)


def test_a_row_that_comes_back_with_another_detail_is_refused_and_not_a_second_trade(book):
    """The natural way: `tax` asks for fx_rate, its owner adds the column and imports the file again."""
    take_in(book)
    again = FILE.replace(b"fees\n", b"fees,fx_rate\n").replace(b"430.10,USD,1\n", b"430.10,USD,1,1300\n")
    again = again.replace(b",USD,\n", b",USD,,\n").replace(b"2,,,\n", b"2,,,,\n").replace(b"0.5\n", b"0.5,\n")
    with pytest.raises(PortfolioProblems) as caught:
        take_in(book, again)
    assert [(p.code, p.line) for p in caught.value.problems] == [("entry-amended", 3), ("entry-amended", 4)]
    assert len(book.rows()) == 5
    use.undo(book, number=None, whole_import=True, at=NOW)
    assert take_in(book, again).added == 2  # the two that changed; the others are taken back, and said so
    assert take_in(book) == use.Imported(added=0, known=5, taken_back=5)


def test_a_third_equal_trade_is_new_and_not_taken_for_a_changed_one(book):
    take_in(book)
    more = FILE + b"2024-01-03,buy,VOO,10,430.10,USD,1\n"
    assert take_in(book, more) == use.Imported(added=1, known=5)


def test_a_journal_of_the_first_version_is_brought_along_and_knows_its_rows_again(tmp_path):
    """Written as version 1 wrote: the id of a row is the SHA-256 of its fields with a unit separator between
    them, the note left out, and 1 for the first such row."""
    path = tmp_path / "steelyard.db"
    old = sqlite3.connect(path)
    old.executescript(STEPS[0] + "PRAGMA user_version = 1;")
    fields = ("2024-01-03", "main", "buy", "VOO", "10", "430.1", "USD", "1", "", "", "")
    id_ = hashlib.sha256("\x1f".join((*fields, "1")).encode()).hexdigest()
    old.execute("INSERT INTO batches VALUES (1, 'old.csv', '2025-01-01T00:00:00.000000Z')")
    old.execute(
        "INSERT INTO entries VALUES (1, ?, 1, NULL, '2024-01-03', 'main', 'buy', 'VOO', '10', '430.1', 'USD',"
        " '1', NULL, NULL, NULL, '')",
        (id_,),
    )
    old.commit()
    old.close()
    journal = StoredJournal(path)
    data = b"date,type,symbol,shares,price,currency,fees\n2024-01-03,buy,VOO,10,430.10,USD,1\n"
    assert take_in(journal, data) == use.Imported(added=0, known=1)
    assert journal.rows()[0].entry.price == Decimal("430.1")
    assert (tmp_path / "steelyard.db.journal-v1.backup").exists()
    journal.close()


def test_a_journal_of_kinds_as_they_were_takes_new_ones_and_keeps_what_took_back_what(tmp_path):
    """Version 2 knew ten kinds by a constraint, which had to go; numbers, links and triggers stay."""
    path = tmp_path / "steelyard.db"
    before = sqlite3.connect(path)
    before.executescript(STEPS[0] + STEPS[1] + "PRAGMA user_version = 2;")
    insert = (
        "INSERT INTO entries (content_id, batch, takes_back, traded_on, account, kind, symbol, shares,"
        " currency, fees, note) VALUES (?, 1, ?, '2024-01-03', 'main', 'fee', '', '5', 'USD', '0', '')"
    )
    before.execute("INSERT INTO batches VALUES (1, 'old.csv', '2025-01-01T00:00:00.000000Z')")
    with pytest.raises(sqlite3.IntegrityError, match="kind"):
        before.execute(insert.replace("'fee'", "'interest'"), ("x", None))
    before.execute(insert, ("a", None))
    before.execute(insert, ("undo:1", 1))
    before.commit()
    before.close()
    journal = StoredJournal(path)
    take_in(journal, b"date,type,shares,currency\n2024-02-01,interest,5,USD\n")
    rows = journal.rows()
    assert [(r.number, r.entry.kind, r.takes_back, r.counts) for r in rows] == [
        (1, "fee", None, False),
        (2, "fee", 1, False),
        (3, "interest", None, True),
    ]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        journal._db.execute("UPDATE entries SET shares = '6'")
    with pytest.raises(sqlite3.IntegrityError):
        journal._db.execute(insert, ("b", 99))
    journal.close()


def test_what_few_rows_have_is_kept_and_comes_back(book):
    data = b"""\
date,type,symbol,shares,price,currency,fees,lot,ex_date,gift_value,gift_tax,order_id
2024-01-03,buy,VOO,10,430.10,USD,1,,,,,A-17
2024-03-28,dividend,VOO,10,1.5,USD,2,,2024-03-22,,,
2025-06-01,transfer_in,QQQ,10,100,USD,,2020-01-02,,600000,1000,
"""
    take_in(book, data)
    bought, paid, given = (row.entry for row in book.rows())
    assert bought.order_id == "A-17"
    assert paid.ex_date == date(2024, 3, 22)
    assert (given.gift_value, given.gift_tax) == (600000, 1000)
    assert take_in(book, data).added == 0


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("buy", "ex_date=2024-01-02"),
        ("dividend", "ex_date=2024-01-04"),
        ("dividend", "ex_date=soon"),
        ("buy", "gift_value=5"),
        ("transfer_in", "gift_tax=5"),
        ("transfer_in", "gift_value=0"),
    ],
)
def test_a_detail_that_does_not_belong_there_is_refused(kind, more):
    key, value = more.split("=")
    fields = {
        "date": "2024-01-03",
        "account": "main",
        "type": kind,
        "symbol": "VOO",
        "shares": "1",
        "price": "1",
    }
    entry, problems = read_entry({**fields, key: value}, load_catalogue())
    assert entry is None
    assert len(problems) == 1


def test_a_gift_needs_what_the_giver_paid():
    fields = {"date": "2024-01-03", "account": "main", "type": "transfer_in", "symbol": "VOO", "shares": "1"}
    _, problems = read_entry({**fields, "gift_value": "600000"}, load_catalogue())
    assert [p.hint for p in problems] == ["write what the giver paid for one share"]
