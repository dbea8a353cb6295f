"""`holdings` on an account in dollars, an ISA and what is owed, every figure worked by hand."""

import csv
import io
import json
from decimal import Decimal

import pytest

import steelyard
from whole_commands import run

D = Decimal
FILE = """
base_currency = "KRW"
[targets]
VOO = "60%"
"069500" = "40%"
[fx]
USDKRW = "1400"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "main"
kept = "journal"
[[accounts]]
name = "isa"
kind = "isa"
kept = "journal"
[prices]
VOO = "600"
"069500" = "40000"
"""
TRADES = """\
date,account,type,symbol,shares,price,currency,fees,fx_rate
2024-01-02,main,deposit,,6500000,,KRW,,
2024-01-03,main,convert,USD,5000,1300,KRW,,
2024-01-03,main,buy,VOO,10,450,USD,5,1300
2025-02-03,isa,deposit,,8000000,,KRW,,
2025-02-04,isa,buy,069500,200,35000,KRW,,
2026-03-02,main,buy,VOO,2,500,USD,,1450
2026-04-02,isa,deposit,,4000000,,KRW,,
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "trades.csv").write_text(TRADES)
    assert run("import", "trades.csv").exit_code == 0
    return tmp_path


def holding(report, account, symbol):
    return next(h for h in report["holdings"] if (h["account"], h["symbol"]) == (account, symbol))


def test_gain_is_split_into_what_price_and_currency_did(folder):
    """12 VOO: 10 x 450 + 5 at 1,300 and 2 x 500 at 1,450 have cost 5,505 dollars, 7,306,500 won.

    4,505 x 1,300 = 5,856,500 and 1,000 x 1,450 = 1,450,000. Worth 12 x 600 x 1,400 = 10,080,000: a gain of
    2,773,500. At today's rate what was paid is 5,505 x 1,400 = 7,707,000: 400,500 is the dollar's doing, the
    other 2,373,000 = (7,200 - 5,505) x 1,400 the price's. Average cost 5,505 / 12 = 458.75.
    """
    report = json.loads(run("holdings", "--json", "--as-of", "2026-11-23").stdout)
    assert report["schema"] == "steelyard/holdings/1"
    voo = holding(report, "main", "VOO")
    assert (voo["shares"], voo["average_cost"], voo["cost"], voo["cost_currency"]) == (
        "12", "458.75", "5505", "USD",
    )  # fmt: skip
    assert (voo["cost_in_base"], voo["value"], voo["gain"]) == ("7306500", "10080000", "2773500")
    assert (voo["price_gain"], voo["currency_gain"]) == ("2373000", "400500")
    assert D(voo["gain_share"]).quantize(D("0.0001")) == D("0.3796")  # 2,773,500 / 7,306,500


def test_cash_is_shown_by_currency_and_what_is_owed_below_zero(folder):
    """5,000 dollars less 4,505 and 1,000 are -505, -707,000 won; the ISA keeps 12,000,000 - 7,000,000."""
    report = json.loads(run("holdings", "--json", "--as-of", "2026-11-23").stdout)
    assert [(c["account"], c["currency"], c["amount"], c["below_zero"]) for c in report["cash"]] == [
        ("main", "USD", "-505", True),
        ("isa", "KRW", "5000000", False),
    ]
    # 10,080,000 + 200 x 40,000 - 707,000 + 5,000,000
    assert report["total_value"] == "22373000"
    assert report["gain"] == "3773500"  # 2,773,500 and 200 x 5,000
    table = run("holdings", "--as-of", "2026-11-23").stdout
    assert "below zero: margin, a deposit not recorded" in table


def test_the_room_left_in_an_isa_stands_with_its_law(folder):
    """Begun in 2025, asked in 2026: twice 20,000,000 less 12,000,000 (STTCA 91-18)."""
    (room,) = json.loads(run("holdings", "--json", "--as-of", "2026-11-23").stdout)["rooms"]
    assert (room["limit"], room["paid"], room["room"]) == ("40000000", "12000000", "28000000")
    assert room["source"].startswith("Special Tax Treatment Control Act 91-18")


def test_the_csv_has_a_line_a_position_and_a_line_for_cash(folder):
    rows = list(csv.DictReader(io.StringIO(run("holdings", "--csv", "--as-of", "2026-11-23").stdout)))
    assert [(r["account"], r["symbol"], r["shares"], r["value"]) for r in rows] == [
        ("main", "VOO", "12", "10080000"),
        ("isa", "069500", "200", "8000000"),
        ("main", "USD", "-505", "-707000"),
        ("isa", "KRW", "5000000", "5000000"),
    ]


def test_iras_share_one_limit_and_a_401k_has_its_own(tmp_path):
    """2025: 7,000 for both IRAs less 2,000 and 1,500; 23,500 less 10,000 (IRS Notice 2024-80)."""
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "USD"\n[targets]\nVOO = "100%"\n[prices]\nVOO = "600"\n[tax]\njurisdiction = "US"\n'
        + "".join(f'[[accounts]]\nname = "{kind}"\nkind = "{kind}"\n' for kind in ("ira", "roth", "401k"))
    )
    file = tmp_path / "portfolio.toml"
    for account, amount in (("ira", 2000), ("roth", 1500), ("401k", 10000)):
        steelyard.record(
            file, date="2025-03-04", type="deposit", shares=amount, currency="USD", account=account
        )
    report = steelyard.holdings(steelyard.load(file), as_of=steelyard_day("2025-06-30"))
    assert [(r.wrapper, r.accounts, r.limit, r.left) for r in report.contribution_room] == [
        ("ira", ("ira", "roth"), 7000, 3500),
        ("401k", ("401k",), 23500, 13500),
    ]


def steelyard_day(text):
    from datetime import date

    return date.fromisoformat(text)


def test_a_cost_nobody_knows_leaves_the_gain_open_and_never_zero():
    built = steelyard.build(
        "USD",
        {"VOO": "100%"},
        [{"name": "main", "positions": [{"symbol": "VOO", "shares": 10, "price": 600}]}],
    )
    report = steelyard.holdings(built, as_of=steelyard_day("2026-11-23"))
    (voo,) = report.holdings
    assert (voo.value, voo.cost, voo.average_cost, voo.gain, report.gain) == (6000, None, None, None, None)
