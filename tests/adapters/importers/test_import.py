"""The native CSV: every way a file may be written, and every way it may be wrong, with its line."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import native as import_csv
from steelyard.adapters.importers.rows import ImportOptions
from steelyard.domain.books.ledger import Entry
from steelyard.errors import PortfolioProblems

D = Decimal
HEAD = "date,account,type,symbol,shares,price,currency,fees,fx_rate,tax_base_price,lot,note\n"


def entries(text, account=None):
    data = text if isinstance(text, bytes) else text.encode()
    return [
        row.entry
        for row in import_csv.read(data, "t.csv", load_catalogue(), ImportOptions(account=account)).rows
    ]


def problems(text):
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PortfolioProblems) as caught:
        import_csv.read(data, "t.csv", load_catalogue(), ImportOptions())
    return [(p.code, p.line) for p in caught.value.problems]


def test_every_column_becomes_its_field():
    line = "2026-11-20,isa,sell,VOO,1.5,600.10,USD,0.99,1392.10,9999.5,2024-01-02,rebalanced\n"
    fact = Entry(date(2026, 11, 20), "isa", "sell", "VOO", D("1.5"), D("600.10"), "USD", D("0.99"),
                 D("1392.10"), D("9999.5"), date(2024, 1, 2), "rebalanced")  # fmt: skip
    assert entries(HEAD + line) == [fact]


def test_columns_may_be_left_out_and_stand_in_any_order_and_case():
    """The account is the one named by the flag, the currency the one the catalogue has for VOO."""
    (fact,) = entries("Shares, TYPE ,Price,Date,Symbol\n2,Buy,600,2026-11-20,VOO\n", "irp")
    assert fact == Entry(date(2026, 11, 20), "irp", "buy", "VOO", D(2), D(600), "USD")


def test_what_spreadsheets_write_is_read_too():
    """A byte order mark, semicolons, Windows line ends, empty lines, thousands in quotes."""
    text = '\ufeffdate;type;symbol;shares;price\r\n\r\n2026-11-20;buy;069500;"1,200";35000.0\r\n;;;;\r\n'
    (fact,) = entries(text)
    assert (fact.symbol, fact.shares, fact.price, fact.currency) == ("069500", D(1200), D(35000), "KRW")
    assert entries("date\ttype\tsymbol\tshares\tprice\n2026-11-20\tbuy\tVOO\t1\t2\n")[0].price == 2


@pytest.mark.parametrize("number", ["12,34.5", "1,234,56", "1_0,000", "1_0", "１２"])
def test_what_is_a_number_in_no_way_is_refused(number):
    row = f'date,type,symbol,shares,price\n2026-11-20,buy,VOO,"{number}",35000\n'
    assert problems(row) == [("entry-number", 2)]


@pytest.mark.parametrize(
    ("number", "value"), [("1,23", "1.23"), ("1234,5", "1234.5"), ("1.234,50", "1234.5")]
)
def test_a_decimal_comma_is_told_by_the_numbers(number, value):
    """A European 1,23 must not be read as 123."""
    row = f'date,type,symbol,shares,price\n2026-11-20,buy,VOO,"{number}",35000\n'
    (fact,) = entries(row)
    assert (fact.shares, fact.price) == (D(value), D(35000))


def test_thousands_and_decimals_that_cannot_be_told_apart_are_refused():
    """`1,250` between semicolons became 1,250; with another number that tells it is read."""
    row = "date;type;symbol;shares;price\n2026-11-20;buy;VOO;1,250;35000\n"
    assert problems(row) == [("numbers-undecided", None)]
    (first, _) = entries(row + "2026-11-21;buy;VOO;2,5;1\n")
    assert first.shares == D("1.25")


def test_a_moment_counts_on_the_day_of_the_exchange():
    text = "date,type,symbol,shares,price\n2023-12-31T15:00Z,buy,069500,1,1\n2023-12-31T15:00Z,buy,VOO,1,1\n"
    assert [e.traded_on.isoformat() for e in entries(text)] == ["2024-01-01", "2023-12-31"]


def test_commas_between_thousands_are_read():
    text = 'date,type,symbol,shares,price\n2026-11-20,buy,VOO,"1,234,567","1,234.56"\n'
    (fact,) = entries(text)
    assert (fact.shares, fact.price) == (D(1234567), D("1234.56"))


def test_a_line_break_inside_quotes_does_not_shift_the_lines_that_follow():
    """Lines 2 and 3 are one row; the mistake stands in line 4."""
    text = (
        'date,type,symbol,shares,price,note\n2026-11-20,buy,VOO,1,1,"two\nlines"\n2026-11-20,buy,VOO,x,1,\n'
    )
    assert problems(text) == [("entry-number", 4)]


def test_a_number_too_fine_for_a_binary_float_keeps_every_digit():
    (fact,) = entries("date,type,symbol,shares,price\n2026-11-20,buy,VOO,0.100000000000000001,3.3\n")
    assert fact.shares == D("0.100000000000000001")


def test_the_amount_of_money_may_stand_under_shares_or_under_price():
    facts = entries(
        "date,type,shares,price,currency\n2026-11-20,deposit,500,,USD\n2026-11-20,deposit,,500,USD\n"
    )
    assert [fact.shares for fact in facts] == [D(500), D(500)]
    assert [fact.price for fact in facts] == [None, None]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2026-11-31,,buy,VOO,1,1", "entry-date"),
        ("20.11.2026,,buy,VOO,1,1", "entry-date"),
        (",,buy,VOO,1,1", "entry-date"),
        ("2026-11-20,,bought,VOO,1,1", "entry-type"),
        ("2026-11-20,,buy,,1,1,USD", "entry-field"),
        ("2026-11-20,,buy,vanguard fund,1,1,USD", "unknown-symbol"),
        ("2026-11-20,,buy,VOO,,1", "entry-field"),
        ("2026-11-20,,buy,VOO,-1,1", "entry-number"),
        ("2026-11-20,,buy,VOO,0,1", "entry-number"),
        ("2026-11-20,,buy,VOO,1e999999,1", "entry-number"),
        ("2026-11-20,,buy,VOO,NaN,1", "entry-number"),
        ("2026-11-20,,buy,VOO,1", "entry-field"),
        ("2026-11-20,,buy,VOO,1,1,usd", "currency"),
        ("2026-11-20,,buy,ZZZZ,1,1", "entry-field"),
        ("2026-11-20,,convert,dollars,1,1,KRW", "entry-field"),
        ("2026-11-20,,convert,USD,1,1,USD", "entry-field"),
        ("2026-11-20,,sell,VOO,1,1,USD,,,,2026-11-21", "entry-field"),
        ("2026-11-20,,deposit,,0,,USD", "entry-number"),
        ("2026-11-20,,buy,VOO,1,1,USD,,,,,note,more", "import-row"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_named_with_its_line(row, code):
    good = "2026-11-20,,buy,VOO,1,1\n"
    assert problems(HEAD + good + row + "\n" + good) == [(code, 3)]


def test_every_wrong_row_is_told_at_once():
    text = HEAD + "x,,buy,VOO,1,1\n2026-11-20,,buy,VOO,1,1\n2026-11-20,,buy,VOO,y,1\n"
    assert problems(text) == [("entry-date", 2), ("entry-number", 4)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "import-header"),
        (b"\n\n", "import-header"),
        (b"date,type,date\n", "import-header"),
        (b"symbol,shares\nVOO,1\n", "import-header"),
        (b"date,type,ticker\n2026-11-20,buy,VOO\n", "import-header"),
        (b"date,type\n", "import-empty"),
        (b"date,type,note\n2026-11-20,buy,\x81\x01\xff\n", "import-encoding"),
        (b'date,type\n2026-11-20,"buy\n', "import-row"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_says_why(text, code):
    assert {found for found, _ in problems(text)} == {code}
