"""File, journal and broker that differ by any one change: exactly that change is reported."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import account, portfolio, position
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.app.books.file_and_journal import held
from steelyard.app.books.journal import import_rows, preview_rows
from steelyard.app.books.opening import moved_over
from steelyard.domain.books.comparison import compare
from steelyard.domain.books.ledger import Entry, Row
from steelyard.errors import PortfolioProblems
from steelyard.records import replace

D = Decimal
DAY, LATER = date(2026, 3, 2), date(2026, 11, 23)
AT = datetime(2026, 11, 23, tzinfo=UTC)
SYMBOLS = ("VOO", "BND", "GLD")
amounts = st.integers(1, 1000).map(D)
holdings_of_one = st.fixed_dictionaries(dict.fromkeys(SYMBOLS, amounts))


def file_of(shares, cash):
    held_there = [position(s, str(n), "100") for s, n in shares.items()]
    text = portfolio(
        {"VOO": "50%", "BND": "30%", "GLD": "20%"},
        account(*held_there, cash={"USD": str(cash)}, kept="journal"),
        base_currency="USD",
    )
    return parse(text, "portfolio.toml", load_catalogue())


@settings(deadline=None, max_examples=60)
@given(holdings_of_one, amounts, st.sampled_from((*SYMBOLS, "USD")), st.integers(1, 50).map(D))
def test_file_and_journal(shares, cash, what, more):
    """The journal is opened with what the file holds; then one thing happens that the file is not told."""
    there = file_of(shares, cash)
    opened = moved_over(there, DAY)
    assert held(there, opened, as_of=LATER).books.differences == ()
    kind = {"shares": more, "currency": "USD"}
    one = (
        Entry(DAY, "main", "deposit", **kind)
        if what == "USD"
        else Entry(DAY, "main", "transfer_in", what, **kind)
    )
    (found,) = held(there, [*opened, one], as_of=LATER).books.differences
    had = cash if what == "USD" else shares[what]
    assert (found.account, found.what, found.file, found.journal) == ("main", what, had, had + more)


@settings(deadline=None, max_examples=60)
@given(holdings_of_one, amounts, st.sampled_from((*SYMBOLS, "USD", "NEW")), st.integers(-50, 50).map(D))
def test_journal_and_broker(shares, cash, what, change):
    """As `sync` puts them side by side; what a side does not name it has none of."""
    ours, money = dict(shares), {"USD": cash}
    theirs, their_money = dict(ours), dict(money)
    side = their_money if what == "USD" else theirs
    before = side.get(what, D(0))
    side[what] = before + change
    found = list(compare((ours, money), (theirs, their_money)))
    assert found == ([(what, before, before + change)] if change else [])


@st.composite
def statements(draw):
    """Rows of one account, each of its own size: with the broker's numbers or without."""
    sizes = draw(st.lists(st.integers(1, 500), min_size=2, max_size=7, unique=True))
    numbered = draw(st.booleans())
    rows = [Row(Entry(DAY, "main", "deposit", shares=D(10**7), currency="USD"), 1, "b:0" if numbered else "")]
    for n, size in enumerate(sizes, 1):
        entry = Entry(DAY + timedelta(n), "main", "buy", SYMBOLS[n % 3], D(size), D(100 + n), "USD", D(1))
        rows.append(Row(entry, n + 1, f"b:{n}" if numbered else ""))
    return rows


def look(rows, changed):
    """Import rows and preview others; return added, missing, and what stops it by code and line."""
    with tempfile.TemporaryDirectory() as folder:
        book = StoredJournal(Path(folder) / "steelyard.db")
        try:
            import_rows(book, rows, "a.csv", as_of=LATER, at=AT)
            seen = preview_rows(book, changed, "b.csv", as_of=LATER)
        except PortfolioProblems as stopped:
            return [(p.code, p.line) for p in stopped.problems]
        finally:
            book.close()
    return seen.added, [r.entry for r in seen.missing]


@settings(deadline=None, max_examples=60)
@given(statements(), st.data())
def test_journal_and_a_brokers_statement(rows, data):
    assert look(rows, rows) == (0, [])
    assert look(rows, list(reversed(rows))) == (0, [])
    at = data.draw(st.integers(1, len(rows) - 1))
    one, number = rows[at], rows[at].reference
    change = data.draw(st.sampled_from(["added", "removed", "twice", "price", "detail"]))
    if change == "added":
        new = Row(replace(one.entry, shares=D(777)), 99, "b:99" if number else "")
        assert look(rows, [*rows, new]) == (1, [])
    elif change == "removed" and 0 < at < len(rows) - 1:
        assert look(rows, [r for r in rows if r is not one]) == (0, [one.entry])
    elif change == "twice":
        again = replace(one, line=99, reference="b:99" if number else "")
        assert look(rows, [*rows, again]) == (1, [])
    elif change == "price":
        other = replace(one, entry=replace(one.entry, price=D("99.5")))
        found = look(rows, [other if r is one else r for r in rows])
        # A number tells which row it was; without one it is a row more and a row less.
        assert found == ([("entry-corrected", one.line)] if number else (1, [one.entry]))
    elif change == "detail":
        other = replace(one, entry=replace(one.entry, fx_rate=D(1400)))
        found = look(rows, [other if r is one else r for r in rows])
        assert found == [("entry-corrected" if number else "entry-amended", one.line)]
