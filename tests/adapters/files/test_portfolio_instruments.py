"""`import` and `record` know the instruments and the base currency of the portfolio file."""

import pytest

from steelyard.adapters.files.instruments import with_own
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.domain.books.entry_text import read_entry

FILE = """
base_currency = "KRW"
[instruments.A]
tax_class = "krx_other"
[instruments.B]
currency = "EUR"
exchange = "XNYS"
name = "B fund"
price = "3"
[instruments.VOO]
fractional = true
"""
ROW = {"date": "2026-03-02", "account": "main", "type": "buy", "shares": "1", "price": "10"}


def currency(catalogue, **words):
    entry, problems = read_entry({**ROW, **words}, catalogue)
    return entry.currency if entry else [p.code for p in problems]


def test_a_row_without_currency_takes_that_of_the_owners_instrument():
    known = with_own(load_catalogue(), FILE)
    assert currency(known, symbol="A") == "KRW"
    assert currency(known, symbol="b fund") == "EUR"
    assert currency(known, symbol="VOO") == "USD"
    assert currency(known, symbol="C") == ["entry-field"]
    assert currency(known, type="deposit", price="") == "KRW"


@pytest.mark.parametrize(
    "text", [None, "not toml", "base_currency = 3\ninstruments = 4\n", "instruments.A = 1\n"]
)
def test_without_a_readable_file_nothing_is_guessed(text):
    known = with_own(load_catalogue(), text)
    assert currency(known, symbol="A") == ["entry-field"]
    assert currency(known, type="deposit", price="") == ["entry-field"]


PRICED = """
base_currency = "KRW"
[targets]
A = "100%"
[instruments.A]
name = "A fund of its own"
{fund}
[prices]
{listed}
[fx]
USDKRW = "1450"
[[accounts]]
name = "main"
[[accounts.positions]]
symbol = "A"
shares = 3
lots = [{{ bought = 2026-01-05, shares = 3, unit_cost = "500" }}]
{held}
"""


@pytest.mark.parametrize(
    "where", [{"fund": 'price = "600 USD"'}, {"listed": 'A = "$600"'}, {"held": 'price = "600 USD"'}]
)
def test_what_names_no_currency_has_that_of_its_price_wherever_the_price_stands(where):
    text = PRICED.format(**{"fund": "", "listed": "", "held": ""} | where)
    read = parse(text, "portfolio.toml", load_catalogue())
    assert read.instruments["A"].currency == "USD"
    assert [lot.currency for lot in read.accounts[0].positions[0].lots] == ["USD"]
    assert currency(with_own(load_catalogue(), text), symbol="A") == "USD"


def test_prices_in_two_currencies_leave_it_open():
    text = PRICED.format(fund='price = "600 USD"', listed='A = "500 EUR"', held="")
    assert currency(with_own(load_catalogue(), text), symbol="A") == ["entry-field"]
