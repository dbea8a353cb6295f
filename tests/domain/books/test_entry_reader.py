"""The reader of many rows reads each of them as it would be read alone."""

from hypothesis import given
from hypothesis import strategies as st

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.domain.books.entry_reader import EntryReader
from steelyard.domain.books.entry_text import COLUMNS, read_entry
from steelyard.domain.books.ledger import KINDS

CATALOGUE = load_catalogue()
NUMBERS = (
    "", "0", "1", "3", "0.00", "600.20", "1,250", "1_0", "-4", "(4)", "4-", "300만원", "1.2억", "$2,000",
    "2000USD", "1e3", " 7 ", "1e18", "999999999999999999.9", "0.1234567890123456789", "٣", "abc", "1/3",
)  # fmt: skip
WORDS = {
    "date": ("", "2024-03-04", "2024.03.04", "20240304", "2024/3/4", "2024-01-03 junk", "2023-12-31T15:00Z",
             "2023-12-31 15:00", "04.03.2024", "2024-02-30", " 2024-03-04 "),
    "account": ("", "main", " main ", "ISA"),
    "type": ("", "Buy", "stock dividend", "rename", "gift", "nonsense", *KINDS),
    "symbol": ("", "VOO", "069500", "69500", "KODEX 200", "voo", " VOO ", "ZZZ", "no such fund", "USD"),
    "currency": ("", "USD", "KRW", "usd", " USD "),
    "lot": ("", "2024-03-01", "2025-01-01"),
    "note": ("", "a note", " a note "),
    "ex_date": ("", "2024-03-01"),
    "order_id": ("", "17", " 17 "),
    "other": ("", "VTI"),
    "part": ("", "12.5%"),
}  # fmt: skip
ROW = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(WORDS.get(name, NUMBERS)) for name in COLUMNS}
)
USUAL = st.fixed_dictionaries(
    {
        "date": st.sampled_from(WORDS["date"]),
        "account": st.sampled_from(WORDS["account"]),
        "type": st.sampled_from(("buy", "sell", "dividend", "deposit", "withdrawal")),
        "symbol": st.sampled_from(WORDS["symbol"]),
        "shares": st.sampled_from(NUMBERS),
        "price": st.sampled_from(NUMBERS),
        "fees": st.sampled_from(NUMBERS),
        "currency": st.sampled_from(WORDS["currency"]),
        "note": st.sampled_from(WORDS["note"]),
    }
)


@given(rows=st.lists(ROW | USUAL, max_size=30))
def test_rows_are_read_together_as_each_is_read_alone(rows):
    """`read_entry` is the rule; what its own reader remembers of earlier rows changes nothing."""
    reader = EntryReader(CATALOGUE)
    for row in rows:
        together, alone = reader.read(row), read_entry(row, CATALOGUE)
        assert together == alone
        if together[0] is not None:
            assert repr(together[0]) == repr(alone[0])  # digits too: 1.50 is not 1.5


@given(rows=st.lists(ROW | USUAL, max_size=30))
def test_rows_are_read_a_column_after_the_other_as_each_is_read_alone(rows):
    """None stands for a row that is left to `read`; every other is what `read_entry` makes of it."""
    columns = {name: [row.get(name, "") for row in rows] for name in COLUMNS}
    for row, entry in zip(rows, EntryReader(CATALOGUE).read_columns(columns, len(rows)), strict=True):
        if entry is not None:
            alone = read_entry(row, CATALOGUE)
            assert (entry, ()) == alone
            assert repr(entry) == repr(alone[0])


def test_usual_rows_are_not_left_to_be_read_alone():
    usual = {"date": "2024-03-04", "account": "main", "type": "buy", "symbol": "VOO", "shares": "3",
             "price": "600.20"}  # fmt: skip
    columns = {name: [text] * 3 for name, text in usual.items()}
    assert None not in EntryReader(CATALOGUE).read_columns(columns, 3)
