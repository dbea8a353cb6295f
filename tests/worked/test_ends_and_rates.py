"""What prices tell and the books do not know: a fund that ends, a rate that moved; days of old, an IRA."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import steelyard
from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.app.books.performance import value_history
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.valuations import DayValue
from steelyard.domain.market.prices import Close, Finding, Wanted
from whole_commands import run

D = Decimal
FILE = """
base_currency = "USD"
priced_on = 2026-12-07
[targets]
VOO = "50%"
IVV = "50%"
[[accounts]]
name = "main"
kept = "journal"
"""


def kept(folder, symbol, *closes, empty=None, exchange="XNYS", currency="USD"):
    """Keep closes of a symbol as a source gave them; `empty` is a day on which it had none any longer."""
    base = folder / "steelyard.db"
    connection = database.connect(base)
    prices, wanted = StoredPrices(connection, base), Wanted(symbol, currency, exchange)
    answer = prices.keep_answer(wanted, "yahoo", datetime(2026, 12, 7, tzinfo=UTC), "", None)
    known = [Close(date.fromisoformat(day), D(price), currency) for day, price in closes]
    prices.keep_judgement(answer, wanted, "yahoo", known, ())
    if empty:
        at = datetime.fromisoformat(empty).replace(tzinfo=UTC)
        answer = prices.keep_answer(wanted, "yahoo", at, "", None)
        gone = Finding("price-empty", symbol, "yahoo", f"{symbol}: yahoo has no price", True)
        prices.keep_judgement(answer, wanted, "yahoo", (), (gone,))
    connection.close()


def ended(folder, first):
    """10 VOO, whose last close is 100 on 11-23; IVV begins on 11-25."""
    (folder / "portfolio.toml").write_text(FILE)
    (folder / "t.csv").write_text(
        "date,type,symbol,shares,price,currency\n2026-01-05,deposit,,8000,,USD\n"
        "2026-01-06,buy,VOO,10,800,USD\n"
    )
    assert run("import", "t.csv").exit_code == 0
    kept(folder, "VOO", ("2026-11-20", "99"), ("2026-11-23", "100"), empty="2026-12-07")
    kept(folder, "IVV", ("2026-11-25", first), ("2026-12-07", first))


@pytest.mark.parametrize(
    ("first", "says", "shares"),
    [("100.4", "type=rename symbol=VOO other=IVV", "10"),
     ("250.5", "type=merger symbol=VOO other=IVV shares=2/5", "4")],
)  # fmt: skip
def test_what_begins_where_a_fund_ends_is_proposed_in_one_line(tmp_path, monkeypatch, first, says, shares):
    """100 / 100.4 is one for one; 100 / 250.5 = 0.3992 is two for five: 10 x 2 / 5 = 4 shares."""
    monkeypatch.chdir(tmp_path)
    ended(tmp_path, first)
    refused = run("plan", "--as-of", "2026-12-07", "--stale-ok")
    assert refused.exit_code == 3
    assert "IVV begins where it ends" in refused.stderr
    (action,) = json.loads(run("check", "--json", "--as-of", "2026-12-07").stdout)["actions"]
    assert action["entry"].endswith(says)
    line = action["entry"].split()
    assert run(*line[1:]).exit_code == 0
    found = json.loads(run("holdings", "--json", "--as-of", "2026-12-07").stdout)
    assert [(h["symbol"], h["shares"]) for h in found["holdings"]] == [("IVV", shares)]


def test_what_does_not_fit_is_not_proposed(tmp_path, monkeypatch):
    """100 / 137 = 0.73 is no plain ratio: all three ways are named instead."""
    monkeypatch.chdir(tmp_path)
    ended(tmp_path, "137")
    told = run("plan", "--as-of", "2026-12-07", "--stale-ok").stderr
    assert "type=rename symbol=VOO other=NEW-SYMBOL" in told
    assert "type=merger symbol=VOO other=NEW-SYMBOL shares=NEW/OLD" in told
    assert "type=sell symbol=VOO shares=ALL price=PAID" in told


@pytest.mark.parametrize(("rate", "said"), [("1400", True), ("1445", False)])
def test_a_rate_of_the_file_beside_a_fetched_one(tmp_path, monkeypatch, rate, said):
    """1,450 was fetched: 1,400 is 3.4 % away and is said, 1,445 is 0.3 % away."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(
        f'base_currency = "KRW"\n[targets]\nVOO = "100%"\n[fx]\nUSDKRW = "{rate}"\n[[accounts]]\n'
        'name = "main"\n[[accounts.positions]]\nsymbol = "VOO"\nshares = "10"\n'
    )
    kept(tmp_path, "VOO", ("2026-12-04", "600"))
    kept(tmp_path, "USDKRW", ("2026-12-04", "1450"), exchange="", currency="KRW")
    looked = run("check", "--json", "--as-of", "2026-12-07")
    rates = json.loads(looked.stdout).get("rates", [])
    one = {"pair": "USDKRW", "file": rate, "fetched": "1450", "day": "2026-12-04", "source": "yahoo"}
    assert rates == ([one] if said else [])
    assert ("warning[rate-differs]: USDKRW is 1400 in portfolio.toml and 1450" in looked.stderr) is said


def test_shares_that_go_from_an_ira_to_a_roth_are_said_to_be_income(tmp_path):
    """26 U.S.C. 408A(d)(3): a conversion."""
    file = tmp_path / "portfolio.toml"
    file.write_text(
        'base_currency = "USD"\n[targets]\nVOO = "100%"\n[prices]\nVOO = "600"\n[tax]\njurisdiction = "US"\n'
        + "".join(f'[[accounts]]\nname = "{n}"\nkind = "{n}"\nkept = "journal"\n' for n in ("ira", "roth"))
    )
    add = steelyard.record
    add(file, type="deposit", shares=7000, date="2025-01-06", account="ira", currency="USD")
    add(file, type="buy", symbol="VOO", shares=10, price=500, date="2025-01-07", account="ira")
    add(file, type="transfer", symbol="VOO", shares=4, date="2026-03-02", account="ira", to="roth")
    portfolio, said = steelyard.load(file, need_prices=False), "a conversion is ordinary income"
    (note,) = [n for n in steelyard.tax(portfolio, as_of=date(2026, 11, 30)).notes if said in n]
    assert note.startswith("4 VOO went from ira to roth on 2026-03-02")
    before = steelyard.tax(portfolio, year=2025, as_of=date(2026, 11, 30))
    assert not any(said in str(note) for note in before.notes)


def test_days_of_an_earlier_version_are_named():
    """A deposit of a day that was recorded without what it held cannot correct it."""
    days = [DayValue(date(2026, 3, n), "USD", D(1000), D(0), D(0), D(0), False, {}) for n in (2, 3)]
    entry = Entry(date(2026, 3, 2), "main", "deposit", shares=D(100), currency="USD")
    found = value_history(days, (entry,), currency="USD", rate_on=lambda *_: None)
    assert any("2 days up to 2026-03-03 were recorded by an earlier version" in str(n) for n in found.notes)
    assert value_history(days, (), currency="USD", rate_on=lambda *_: None).notes == ()
