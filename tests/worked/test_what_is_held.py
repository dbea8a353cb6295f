"""What is held when file and journal both speak: the situations of people who began to record.

Each first number is what somebody lost or gained in silence before; the second is worked by hand.
"""

import json
import tomllib
from decimal import Decimal

import pytest

import steelyard
from steelyard.domain.books.portfolio_books import books_of
from whole_commands import run

D = Decimal
FILE = """
base_currency = "KRW"
[targets]
VOO = "50%"
"069500" = "50%"
[[accounts]]
name = "main"
{kept}cash = {{ KRW = "350000" }}
[[accounts.positions]]
symbol = "VOO"
shares = 10
price = "650000 KRW"
lots = [ {{ bought = 2024-03-04, shares = 10, unit_cost = "500000", currency = "KRW" }} ]
[[accounts]]
name = "ISA"
kind = "isa"
[[accounts.positions]]
symbol = "069500"
shares = 150
price = "35000"
"""
BUY = ["date=2026-11-20", "type=buy", "symbol=VOO", "shares=1", "price=650000", "currency=KRW"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path


def write(folder, kept=""):
    text = FILE.format(kept=f'kept = "{kept}"\n' if kept else "")
    tomllib.loads(text)
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")


def managed():
    done = run("check", "--json", "--as-of", "2026-11-23")
    assert done.exit_code == 0, done.stderr
    return D(json.loads(done.stdout)["total_value"])


def test_a_first_entry_is_refused_where_the_file_holds_something_and_nothing_is_written(folder):
    """10 x 650,000 + 350,000 + 150 x 35,000 = 12,100,000, and so it stays; it fell to 700,000 before."""
    assert managed() == 12_100_000
    done = run("record", *BUY)
    assert done.exit_code == 2
    assert "error[journal-opening]" in done.stderr
    assert "holds VOO 10, KRW 350000 in portfolio.toml and nothing in steelyard.db" in done.stderr
    assert "steelyard init --journal" in done.stderr
    assert "--open" in done.stderr
    assert run("history").stdout == ""
    assert managed() == 12_100_000


def test_open_writes_what_was_held_and_then_the_entry_with_the_lots_kept(folder):
    """A share for 650,000 out of 350,000 of cash: 11 shares and -300,000, worth 12,100,000 as before.

    The other account was not touched: the file goes on saying what it holds.
    """
    done = run("record", "--open", *BUY)
    assert done.exit_code == 0, done.stderr
    assert managed() == 12_100_000
    portfolio = steelyard.load("portfolio.toml")
    main, isa = portfolio.accounts
    assert {p.symbol: p.shares for p in main.positions} == {"VOO": 11}
    assert [(lot.bought.isoformat(), lot.shares, lot.unit_cost) for lot in main.positions[0].lots] == [
        ("2024-03-04", 10, 500_000),
        ("2026-11-20", 1, 650_000),
    ]
    assert main.cash == {"KRW": -300_000}
    assert {p.symbol: p.shares for p in isa.positions} == {"069500": 150}


def test_what_file_and_journal_say_differently_later_is_named_with_both_figures(folder):
    run("record", "--open", *BUY)
    for words in (["check", "--json"], ["plan", "--json"]):
        done = run(*words, "--as-of", "2026-11-23")
        assert done.exit_code == 0, done.stderr
        assert "warning[journal-differs]: account 'main'" in done.stderr
        assert json.loads(done.stdout)["differences"] == [
            {
                "account": "main",
                "what": what,
                "file": file,
                "journal": journal,
                "counts": "journal",
                "decided": False,
            }
            for what, file, journal in (("VOO", "10", "11"), ("KRW", "350000", "-300000"))
        ]
    write(folder, kept="journal")
    done = run("check", "--json", "--as-of", "2026-11-23")
    assert "warning" not in done.stderr
    assert {d["decided"] for d in json.loads(done.stdout)["differences"]} == {True}


def test_a_plan_first_brings_cash_below_zero_back(folder):
    """300,000 are owed, and one share of VOO brings 650,000."""
    run("record", "--open", *BUY)
    done = run("plan", "--json", "--as-of", "2026-11-23")
    plan = json.loads(done.stdout)
    sold = sum(D(t["amount"]) for t in plan["trades"] if t["account"] == "main" and t["side"] == "sell")
    bought = sum(D(t["amount"]) for t in plan["trades"] if t["account"] == "main" and t["side"] == "buy")
    assert -300_000 + sold - bought >= 0


def test_wealth_does_not_rise_by_buying(folder):
    """250,000 of cash and a purchase of 350,000: -100,000 and 10 shares of 35,000, 250,000 as before.

    The file's cash stood in for the overdrawn journal, and wealth rose by 350,000.
    """
    (folder / "portfolio.toml").write_text(
        'base_currency = "KRW"\n[targets]\n"069500" = "100%"\n[prices]\n"069500" = "35000"\n'
        '[[accounts]]\nname = "main"\ncash = { KRW = "250000" }\n',
        encoding="utf-8",
    )
    assert managed() == 250_000
    words = ["record", "--open", "date=2026-11-20", "type=buy", "symbol=069500", "shares=10", "price=35000"]
    assert run(*words).exit_code == 0
    assert managed() == 250_000
    assert steelyard.load("portfolio.toml").accounts[0].cash == {"KRW": -100_000}


def test_an_import_opens_before_its_first_row_all_or_nothing(folder):
    rows = "date,type,symbol,shares,price,currency\n2026-11-20,sell,VOO,4,650000,KRW\n"
    (folder / "t.csv").write_text(rows + "2026-11-21,sell,VOO,7,650000,KRW\n")
    assert run("import", "t.csv").exit_code == 2
    refused = run("import", "t.csv", "--open")
    assert (refused.exit_code, "sold-more-than-held" in refused.stderr) == (2, True)
    assert run("history").stdout == ""
    (folder / "t.csv").write_text(rows)
    assert run("import", "t.csv", "--open").exit_code == 0
    assert run("history").stdout.splitlines()[0].split()[1:4] == ["2026-11-19", "main", "transfer"]
    assert managed() == 12_100_000


def test_an_opening_that_was_taken_back_can_be_written_again(folder):
    run("record", "--open", *BUY)
    for _ in range(3):
        assert run("undo").exit_code == 0
    assert managed() == 12_100_000
    assert run("record", "--open", *BUY).exit_code == 0
    assert managed() == 12_100_000
    assert steelyard.load("portfolio.toml").accounts[0].cash == {"KRW": -300_000}


def test_an_account_that_the_file_says_it_keeps_stays_as_the_file_has_it(folder):
    write(folder, kept="file")
    assert run("record", *BUY).exit_code == 0
    assert managed() == 12_100_000
    portfolio = steelyard.load("portfolio.toml")
    assert portfolio.accounts[0].positions[0].shares == 10
    assert [(d.what, d.counts) for d in books_of(portfolio).differences] == [("VOO", "file"), ("KRW", "file")]


def test_a_journal_that_nobody_can_value_is_said_at_once_and_never_a_traceback(folder):
    """A dollar deposit without a dollar rate ended every later command in KeyError: 'USD'."""
    write(folder, kept="journal")
    done = run("record", "type=deposit", "shares=100", "currency=USD", "date=2026-11-20")
    assert done.exit_code == 0
    assert "warning[fx-missing]" in done.stderr
    assert 'add under [fx]: USDKRW = "..."' in done.stderr
    for words in (["check"], ["plan"], ["invest", "1000000"]):
        refused = run(*words, "--as-of", "2026-11-23")
        assert refused.exit_code == 3
        assert "error[fx-missing]" in refused.stderr
        assert 'USDKRW = "..."' in refused.stderr


def test_an_account_of_the_journal_that_the_file_lacks_stops_every_reading_command(folder):
    run("record", "account=gone", "type=deposit", "shares=5", "currency=KRW", "date=2026-11-20")
    done = run("check")
    assert done.exit_code == 2
    assert "error[unknown-account]" in done.stderr
    assert 'name = "gone"' in done.stderr
