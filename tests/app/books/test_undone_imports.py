"""`undo --import` is the way back: what counted before the import counts again, whatever it had replaced."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.adapters.database.journal import StoredJournal
from steelyard.app.books import journal as use
from steelyard.domain.books.ledger import Entry, Row

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TODAY = date(2026, 12, 1)


def row(number, shares):
    entry = Entry(date(2026, 3, 2), "main", "buy", "VOO", Decimal(shares), Decimal(600), "USD", Decimal(0))
    return Row(entry, 1, reference=number)


def take_in(book, rows, cancelled=()):
    gone = tuple((1, number) for number in cancelled)
    use.import_rows(book, rows, "x.json", as_of=TODAY, at=NOW, corrected=True, cancellations=gone, again=True)


def counting(book):
    return sorted(e.shares for e in use.entries_of(book.rows()))


FILES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 5)), max_size=4),
        st.sets(st.sampled_from("ABC"), max_size=1),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=60)
@given(FILES, st.booleans())
def test_after_undo_of_an_import_the_same_counts_as_before_it(tmp_path_factory, files, redo):
    """Files of a few numbers, each with other figures than the last, some of them taking numbers back."""
    book = StoredJournal(tmp_path_factory.mktemp("book") / "steelyard.db")
    for rows, cancelled in files:
        before, first = counting(book), book.last_number()
        known = {r.reference.partition("#")[0] for r in book.rows()} | {number for number, _ in rows}
        take_in(book, [row(*one) for one in rows], cancelled & known)
        written = [r.number for r in book.rows() if r.number > first]
        if not written:
            continue
        after = counting(book)
        use.undo(book, number=written[-1], whole_import=True, at=NOW)
        assert counting(book) == before
        if redo:
            back = [r.number for r in book.rows() if r.number > written[-1]]
            for number in back:
                if not any(r.takes_back == number for r in book.rows()):
                    use.undo(book, number=number, whole_import=False, at=NOW)
            assert counting(book) == after
    book.close()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_of_a_number_that_was_corrected_twice_one_row_counts_whichever_is_brought_back(tmp_path, number):
    """5, then 3, then 4 shares under one number: rows 1, 3 and 5."""
    book = StoredJournal(tmp_path / "steelyard.db")
    for shares in (5, 3, 4):
        take_in(book, [row("A", shares)])
    fact = 2 * number - 1
    if number == 3:
        use.undo(book, number=fact, whole_import=False, at=NOW)
        assert counting(book) == [3]
        fact = next(r.number for r in book.rows() if r.takes_back == fact)
    else:
        fact = next(r.number for r in book.rows() if r.takes_back == fact)
    told = use.undo(book, number=fact, whole_import=False, at=NOW)
    assert counting(book) == [{1: 5, 2: 3, 3: 4}[number]]
    assert [r.number for r in told if r.counts] == [2 * number - 1]


def test_a_row_that_was_taken_back_and_brought_back_can_still_be_corrected(tmp_path):
    book = StoredJournal(tmp_path / "steelyard.db")
    take_in(book, [row("A", 5)])
    use.undo(book, number=1, whole_import=False, at=NOW)
    use.undo(book, number=2, whole_import=False, at=NOW)
    take_in(book, [row("A", 3)])
    assert counting(book) == [3]
    use.undo(book, number=None, whole_import=True, at=NOW)
    assert counting(book) == [5]
