"""A household in the United States from an empty folder to its harvest, every number worked by hand.

Taxable account, IRA and Roth: `init`, journal, a broker's file, holdings, check, plan, tax, harvest.
"""

import json

import pytest

from whole_commands import edited, run

EDITS = (
    ('base_currency = "USD"', """base_currency = "USD"
priced_on = 2026-11-23
[prices]
VOO = "600"
BND = "72\""""),
    ('VTI = "60%"', 'VOO = "60%"'),
    ('kind = "hybrid"', 'kind = "threshold"'),
    ("# [tax]", '[tax]\nfiling = "single"\nother_income = "100000"'),
    ("# jurisdiction", "jurisdiction"),
)  # fmt: skip
"""What its owner changes of the file that `init` writes; the accounts stand for those in it."""
ACCOUNTS = """\
[[accounts]]
name = "brokerage"
kind = "taxable"
cash = { USD = "1000" }
positions = [ { symbol = "VOO", shares = 10, lots = [
  { bought = 2024-01-10, shares = 6, unit_cost = "400" },
  { bought = 2025-03-10, shares = 4, unit_cost = "500" },
] } ]
[[accounts]]
name = "ira"
kind = "ira"
positions = [ { symbol = "BND", shares = 50 } ]
[[accounts]]
name = "roth"
kind = "roth"
positions = [ { symbol = "VOO", shares = 5 } ]
"""
SCHWAB = """\
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"08/10/2026","Sell","VOO","VANGUARD S&P 500 ETF","3","$620.00","$0.06","$1,859.94"
"07/01/2026","Qualified Dividend","VOO","VANGUARD S&P 500 ETF","","","","$20.00"
"04/06/2026","Buy","BND","VANGUARD TOTAL BOND MARKET ETF","20","$80.00","","-$1,600.00"
"03/16/2026","Buy","VOO","VANGUARD S&P 500 ETF","2","$550.00","","-$1,100.00"
"""
AS_OF = ("--as-of", "2026-11-23")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    edited(tmp_path, EDITS, ACCOUNTS, "--currency", "USD")
    (tmp_path / "schwab.csv").write_text(SCHWAB)
    return tmp_path


def told(command, *words):
    done = run(command, "--json", *AS_OF, *words)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def done(*words):
    found = run(*words)
    assert found.exit_code == 0, found.stderr
    return found.stderr


def journal(folder):
    """Open the journal with what the file holds, pay in, and import the broker's file."""
    for account, amount in (("brokerage", 2000), ("ira", 1000), ("roth", 500)):
        paid = ("record", "deposit", str(amount), "date=2026-03-02", f"account={account}")
        refused = run(*paid)
        assert (refused.exit_code, "error[journal-opening]" in refused.stderr) == (2, True)
        assert "recorded" in done(*paid, "--open")
    text = (folder / "portfolio.toml").read_text()
    for kind in ("taxable", "ira", "roth"):
        text = text.replace(f'kind = "{kind}"\n', f'kind = "{kind}"\nkept = "journal"\n')
    (folder / "portfolio.toml").write_text(text)
    assert "4 entries added" in done("import", "schwab.csv", "--account", "brokerage")


def test_the_file_alone(folder):
    """15 x 600 + 50 x 72 + 1,000 of cash: 13,600. VOO 66.18 %, BND 26.47 %: both outside of 5 %."""
    found = told("check")
    assert found["total_value"] == "13600"
    assert [(p["symbol"], p["value"], p["breach"]) for p in found["positions"]] == [
        ("VOO", "9000", True),
        ("BND", "3600", True),
    ]


def test_the_journal_and_the_brokers_file(folder):
    """VOO: 10 + 2 - 3 = 9. Cash: 1,000 + 2,000 - 1,100 - 1,600 + 20 + 1,859.94 = 2,179.94.

    Sold were 3 of the oldest lot: 3 x 400 + 4 x 500 + 2 x 550 = 4,300 are left of the cost, 5,400 - 4,300 =
    1,100 is the gain; BND 20 x 72 - 1,600 = -160. Paid into IRA and Roth: 1,500 of the 7,500 of 2026.
    """
    seen = run("import", "schwab.csv", "--account", "brokerage", "--preview")
    assert seen.exit_code == 2  # before the journal is opened, the file's 10 shares would be forgotten
    journal(folder)
    found = told("holdings")
    held = {(h["account"], h["symbol"]): (h["shares"], h["cost"], h["gain"]) for h in found["holdings"]}
    assert held == {
        ("brokerage", "VOO"): ("9", "4300", "1100"),
        ("brokerage", "BND"): ("20", "1600", "-160"),
        ("ira", "BND"): ("50", None, None),
        ("roth", "VOO"): ("5", None, None),
    }
    assert [(c["account"], c["amount"]) for c in found["cash"]] == [
        ("brokerage", "2179.94"),
        ("ira", "1000"),
        ("roth", "500"),
    ]
    assert found["total_value"] == str(14 * 600 + 70 * 72 + 3679.94)
    assert [(r["room"], r["limit"]) for r in found["rooms"]] == [("6000", "7500")]
    assert "0 entries added, 4 were there already" in done("import", "schwab.csv", "--account", "brokerage")
    assert told("holdings") == found


def test_the_plan(folder):
    """17,119.94 x 60 % = 10,271.96 of VOO, 17.1 shares; 40 % = 6,847.98 of BND, 95.1 shares.

    2,179.94 in the taxable account buy 3 VOO (1,800) and 5 BND (360), 1,000 in the IRA 13 BND (936), 500 in
    the Roth 6 BND (432): 17 and 94 shares, 10,200 and 6,768, and 151.94 of cash. One BND more is missing.
    """
    journal(folder)
    found = told("plan")
    assert sorted((t["account"], t["side"], t["symbol"], t["shares"]) for t in found["trades"]) == [
        ("brokerage", "buy", "BND", "5"),
        ("brokerage", "buy", "VOO", "3"),
        ("ira", "buy", "BND", "13"),
        ("roth", "buy", "BND", "6"),
    ]
    after = {p["symbol"]: p["value"] for p in found["after"]["positions"]}
    assert (after, found["after"]["cash"]) == ({"VOO": "10200", "BND": "6768"}, "151.94")


def test_the_tax(folder):
    """3 x 620 - 0.06 - 3 x 400 = 659.94 of long-term gain; 100,000 of other income: 15 %, 98.991;
    the dividend of 20 without its ex-date counts as not qualified, 22 %: 4.40."""
    journal(folder)
    found = told("tax", "--year", "2026")
    (sold,) = found["disposals"]
    assert (sold["gain"], sold["term"], sold["lots"][0]["bought"]) == ("659.94", "long", "2024-01-10")
    assert found["total_tax"] == "103.391"
    lots = [(x["symbol"], x["bought"], x["shares"], x["cost"]) for x in found["open_lots"]]
    assert lots == [
        ("BND", "2026-04-06", "20", "1600"),
        ("VOO", "2024-01-10", "3", "1200"),
        ("VOO", "2025-03-10", "4", "2000"),
        ("VOO", "2026-03-16", "2", "1100"),
    ]


def test_the_harvest(folder):
    """20 BND lose 160 and save 15 % of them now, 24; what replaces them costs 160 less, 24 in ten years at
    4 %: 24 / 1.04 ^ 10 = 16.21; 7.79 is left."""
    journal(folder)
    found = told("harvest")
    (loss,) = found["losses"]
    assert (loss["account"], loss["symbol"], loss["shares"]) == ("brokerage", "BND", "20")
    shown = run("harvest", *AS_OF).stdout
    assert "loss $160.00, saves $24.00, costs $16.21, worth" in shown
    assert "$7.79" in shown
    assert "2026-12-24" in shown  # 30 days after 2026-11-23 end on 12-23
