"""What the file leaves open is filled in; what it says, and its line numbers, stay."""

from decimal import Decimal

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import load
from steelyard.adapters.files.quotes import PortfolioFile
from steelyard.domain.portfolio import Quote, value
from steelyard.errors import PortfolioProblems

OPEN = """base_currency = "KRW"

[targets]
VOO = "60%"
"069500" = "40%"

[[accounts]]
name = "main"
cash = { KRW = "0" }

[[accounts.positions]]
symbol = "VOO"
shares = "8"

[[accounts.positions]]
symbol = "069500"
shares = "80"
price = "35000"
"""
STORED = {"VOO": Quote(Decimal("412.35"), "USD"), "069500": Quote(Decimal(1), "KRW")}


def written(tmp_path, text):
    path = tmp_path / "portfolio.toml"
    path.write_text(text)
    return PortfolioFile(path, load_catalogue())


def test_the_outline_says_what_is_open(tmp_path):
    portfolio, missing = written(tmp_path, OPEN).outline()
    assert missing == {"VOO", "USDKRW"}
    assert portfolio.instruments["VOO"].currency == "USD"


def test_stored_prices_fill_what_is_open_and_the_files_own_price_wins(tmp_path):
    portfolio = written(tmp_path, OPEN).load(STORED, {"USD": Decimal(1400)})
    # 8 x 412.35 x 1400 + 80 x 35000
    assert value(portfolio).total == Decimal("7418320")


@pytest.mark.parametrize("table", ['[prices]\nTLT = "90 USD"\n', '[fx] # by hand\nUSDKRW = "1400"\n'])
def test_tables_that_exist_already_are_added_to(tmp_path, table):
    portfolio = written(tmp_path, OPEN + "\n" + table).load(STORED, {"USD": Decimal(1400)})
    assert value(portfolio).total == Decimal("7418320")


def test_what_is_still_missing_is_told_with_the_line_of_the_file(tmp_path):
    text = OPEN.replace("[targets]", '[prices]\nTLT = "1 USD"\n\n[targets]')
    with pytest.raises(PortfolioProblems) as caught:
        written(tmp_path, text).load({}, {"USD": Decimal(1400)})
    assert [(p.code, p.line) for p in caught.value.problems] == [("price-missing", 15)]


def test_other_mistakes_are_told_as_ever(tmp_path):
    with pytest.raises(PortfolioProblems) as caught:
        written(tmp_path, OPEN.replace("60%", "50%")).outline()
    assert [p.code for p in caught.value.problems] == ["target-sum"]


def test_a_foreign_instrument_priced_in_base_currency_needs_no_rate(tmp_path):
    text = OPEN.replace('shares = "8"', 'shares = "8"\nprice = "600000 KRW"')
    assert written(tmp_path, text).outline()[1] == frozenset()


@pytest.mark.parametrize("key", ["language", "priced_on", "base_currency"])
def test_a_key_of_the_top_below_a_table_is_told_where_it_belongs(key, tmp_path):
    """A table that is added at the top takes what stands below it."""
    known = {"language": '"ko"', "priced_on": "2026-11-30", "base_currency": '"KRW"'}
    above = "".join(f"{k} = {v}\n" for k, v in known.items() if k != key)
    text = f'{above}[prices]\nVOO = "600 USD"\n{key} = {known[key]}\n[targets]\nVOO = "100%"\n'
    (tmp_path / "portfolio.toml").write_text(text + '[fx]\nUSDKRW = "1400"\n[[accounts]]\nname = "main"\n')
    with pytest.raises(PortfolioProblems) as caught:
        load(tmp_path / "portfolio.toml", load_catalogue())
    first = [p for p in caught.value.problems if p.code == "unknown-key"]
    assert [str(p.message) for p in first] == [f"{key} stands below [prices], and so belongs to it"]
