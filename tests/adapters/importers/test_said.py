"""What an owner says of a file counts for every format, and what is of no row is never passed over."""

import pytest

from flex_files import FLEX, TRADE
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import column_map
from steelyard.adapters.importers.choice import read_any
from steelyard.adapters.importers.rows import ImportOptions
from steelyard.errors import PortfolioProblems

CATALOGUE = load_catalogue()
NATIVE = "date,account,type,symbol,shares,price,currency\n2024-03-04,x1,buy,Mein Fonds,3,10,USD\n"
WRONG = NATIVE + "2024-03-05,x1,buy,VOO,none,10,USD\n"


def read(text, **said):
    return read_any(text.encode(), "x.csv", CATALOGUE, ImportOptions(**said)).file


def refused(text, **said):
    with pytest.raises(PortfolioProblems) as caught:
        read(text, **said)
    return [(p.code, p.message) for p in caught.value.problems]


def test_names_and_numbers_of_a_native_file_are_what_the_owner_says():
    (row,) = read(NATIVE, symbols={"Mein Fonds": "VTI"}, accounts={"x1": "main"}).rows
    assert (row.entry.symbol, row.entry.account) == ("VTI", "main")


def test_names_of_a_mapped_file_are_what_the_owner_says():
    text = "Day,What,Fund,Count,Price\n2024-03-04,buy,Mein Fonds,3,10\n"
    described = column_map.ColumnMap(
        {"date": "Day", "type": "What", "symbol": "Fund", "shares": "Count", "price": "Price"},
        constants={"currency": "USD"},
    )
    options = ImportOptions(symbols={"Mein Fonds": "VTI"})
    (row,) = column_map.read(text.encode(), "x.csv", CATALOGUE, options, described).rows
    assert row.entry.symbol == "VTI"


def test_a_line_that_is_wrong_is_left_out_of_any_format():
    file = read(WRONG, symbols={"Mein Fonds": "VTI"}, leave=(3,))
    assert [row.line for row in file.rows] == [2]
    assert [line for line, _ in file.skipped] == [3]


def test_a_line_that_is_understood_is_left_out_as_well():
    file = read(NATIVE + "2024-03-05,x1,buy,VOO,1,10,USD\n", symbols={"Mein Fonds": "VTI"}, leave=(2,))
    assert [row.line for row in file.rows] == [3]


def test_leaving_out_a_line_that_no_row_begins_in_is_refused():
    assert refused(NATIVE, symbols={"Mein Fonds": "VTI"}, leave=(2, 7)) == [
        ("import-row", "no row begins in line 7 to be left out")
    ]


def test_a_name_and_an_account_that_no_row_has_are_said():
    file = read(NATIVE, symbols={"Mein Fonds": "VTI", "Other": "VOO"}, accounts={"y9": "main"})
    said = [text for line, text in file.skipped if line is None]
    assert said == [
        "no row is of the account y9: the file names x1",
        "no row names Other, which --symbol says what it is",
    ]


def test_an_account_for_rows_that_all_name_another_is_refused():
    ((code, text),) = refused(NATIVE, symbols={"Mein Fonds": "VTI"}, account="isa")
    assert code == "entry-account"
    assert text == "every row names its account, and none is isa: they name x1"


def test_numbers_and_names_of_a_flex_file_are_what_the_owner_says():
    file = read(FLEX % (TRADE % ("3", "BUY")), accounts={"U1": "main"}, symbols={"VOO": "VTI"})
    assert {(row.entry.symbol, row.entry.account) for row in file.rows} == {("VTI", "main")}
