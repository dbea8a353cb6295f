"""`find`: what people remember of a fund leads to it. Symbols and names as the exchanges list them."""

from decimal import Decimal

import pytest
from click.testing import CliRunner

import steelyard
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.domain.market.finding import find
from steelyard.errors import InputError
from steelyard.interfaces.cli.main import cli

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("VOO", "VOO"),
        ("voo", "VOO"),
        ("69500", "069500"),
        ("A069500", "069500"),
        ("KR7069500007", "069500"),
        ("US9229083632", "VOO"),
        ("타이거 나스닥", "133690"),
        ("코덱스 200", "069500"),
        ("vanguard total bond", "BND"),
        ("vanguard total stock market etf", "VTI"),
        ("금", "GLD"),
        ("vtsax", "VTSAX"),
        ("vanguard federal money market", "VMFXX"),
        ("코스닥", "229200"),
    ],
)
def test_the_first_that_is_found_is_the_one_that_is_meant(text, symbol):
    assert find(text, CATALOGUE).found[0].symbol == symbol


def test_every_word_must_be_there_and_a_class_counts_in_both_languages():
    korean, english = (find(t, CATALOGUE, limit=1000).found for t in ("미국 국채", "us treasury"))
    assert {"TLT", "IEF", "SHY"} <= {one.symbol for one in korean} & {one.symbol for one in english}
    assert all("kr_" not in (one.asset_class or "") for one in english)


def test_every_instrument_is_found_by_its_symbol_and_by_each_of_its_names():
    for symbol in list(CATALOGUE)[::7]:
        assert find(symbol, CATALOGUE).found[0].symbol == symbol
        for name in (CATALOGUE.get(symbol).name, *CATALOGUE.get(symbol).aliases):
            assert symbol in {one.symbol for one in find(name, CATALOGUE).found}


def test_what_is_held_comes_first_among_equals(tmp_path):
    (tmp_path / "p.toml").write_text(
        'base_currency = "USD"\n[targets]\nSCHZ = "100%"\n[[accounts]]\nname = "main"\n'
        '[[accounts.positions]]\nsymbol = "SCHZ"\nshares = "3"\nprice = "46"\n'
    )
    found = steelyard.find("aggregate bond", steelyard.load(tmp_path / "p.toml")).found
    assert (found[0].symbol, found[0].held, found[1].held) == ("SCHZ", Decimal(3), Decimal(0))
    assert steelyard.find("aggregate bond").found[0].held is None


def test_more_than_the_limit_is_counted_and_nothing_found_says_what_is_near():
    said = find("kodex", CATALOGUE, limit=5)
    assert len(said.found) == 5
    assert said.more == len(find("kodex", CATALOGUE, limit=10_000).found) - 5 > 50
    none = find("VOOO", CATALOGUE)
    assert (none.found, none.near) == ((), ("VOO",))


@pytest.mark.parametrize("text", ["", " ", "%", "&-"])
def test_a_text_without_a_word_is_refused(text):
    with pytest.raises(InputError, match="nothing to look for"):
        find(text, CATALOGUE)


def test_the_command_says_cost_and_class_and_works_without_a_portfolio(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["find", "KODEX", "200", "--limit", "1"])
    assert done.exit_code == 0
    assert "069500" in done.stdout
    assert "0.15 %" in done.stdout
    assert "Korean, domestic" in done.stdout
    assert "more" in done.stderr
    assert "held" not in done.stdout
    assert CliRunner().invoke(cli, ["find", "%"]).exit_code == 1  # raised for `main`, which says it
