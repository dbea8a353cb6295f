"""Won that pay for dollars (Korea's integrated margin, 통합증거금), entered when asked for; worked by hand.

The account holds 5,000,000 won and 100 dollars. 3 VOO at 600.20 with 1.80 of fees cost 1,802.40: 1,702.40
dollars are lacking. At 1,391.5 won they cost 2,368,889.6, booked as 2,368,890; 2,631,110 won are left.
"""

import json

import pytest

from whole_commands import run

FILE = """
base_currency = "KRW"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[fx]
USDKRW = "1400"
[prices]
VOO = "600"
[[accounts]]
name = "main"
kept = "journal"
"""
BUY = ("record", "date=2026-11-20", "type=buy", "symbol=VOO", "shares=3", "price=600.20", "fees=1.80")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    for words in (
        "date=2026-11-02 type=deposit shares=5000000",
        "date=2026-11-02 type=deposit shares=100USD",
    ):
        assert run("record", *words.split()).exit_code == 0
    return tmp_path


def cash():
    done = run("holdings", "--json", "--as-of", "2026-11-23")
    return {c["currency"]: c["amount"] for c in json.loads(done.stdout)["cash"]}


def test_without_being_asked_nothing_is_converted():
    assert run(*BUY).exit_code == 0
    assert cash() == {"KRW": "5000000", "USD": "-1702.4"}


def test_what_is_lacking_is_paid_in_whole_won_at_the_brokers_rate():
    done = run(*BUY, "--convert", "--rate", "1391.5")
    assert done.exit_code == 0, done.stderr
    assert "1 conversion entered beside" in done.stderr
    assert cash() == {"KRW": "2631110"}
    assert "2026-11-20  main convert USD 1702.4 at 1391.500234962 KRW" in run("history").stdout


def test_the_rate_of_the_entry_serves_where_no_other_is_given():
    assert run(*BUY, "fx_rate=1391.5", "--convert").exit_code == 0
    assert cash() == {"KRW": "2631110"}


def test_a_rate_of_the_week_before_serves_too_and_none_is_made_up(folder):
    """1,702.4 x 1,390 = 2,366,336."""
    refused = run(*BUY, "--convert")
    assert (refused.exit_code, "error[conversion-rate]" in refused.stderr) == (2, True)
    assert "1702.4" in refused.stderr
    assert cash() == {"KRW": "5000000", "USD": "100"}
    (folder / "prices").mkdir()
    (folder / "prices" / "USDKRW.csv").write_text("date,close\n2026-11-19,1390\n")
    assert run(*BUY, "--convert").exit_code == 0
    assert cash() == {"KRW": str(5000000 - 2366336)}


def test_dollars_that_are_there_are_not_bought_again():
    done = run("record", "date=2026-11-20", "type=buy", "symbol=VOO", "shares=1", "price=99", "--convert")
    assert (done.exit_code, "conversion" in done.stderr) == (0, False)
    assert cash() == {"KRW": "5000000", "USD": "1"}


def test_what_was_lacking_before_stays_its_owners_matter():
    """1,702.40 were lacking; 600.20 more are bought: 835,178.3 won, booked as 835,178."""
    assert run(*BUY).exit_code == 0
    words = (
        "record",
        "date=2026-11-23",
        "type=buy",
        "symbol=VOO",
        "shares=1",
        "price=600.20",
        "--rate",
        "1391.5",
    )
    assert run(*words).exit_code == 0
    assert cash() == {"KRW": str(5000000 - 835178), "USD": "-1702.4"}


def test_an_import_converts_day_by_day_and_only_once(folder):
    """Day 1 lacks 500 of 600, day 2 gets 300 and spends 400: 100 more. 600 x 1,400 = 840,000 won."""
    table = (
        "date,type,symbol,shares,price,currency,fees\n2026-11-18,buy,VOO,1,600,USD,0\n"
        "2026-11-19,dividend,VOO,1,300,USD,0\n2026-11-19,buy,VOO,1,400,USD,0\n"
    )
    (folder / "t.csv").write_text(table)
    looked = run("import", "t.csv", "--convert", "--rate", "1400", "--preview")
    assert "5000000 -> 4160000" in looked.stdout
    done = run("import", "t.csv", "--convert", "--rate", "1400")
    assert "3 entries added" in done.stderr
    assert "2 conversions entered beside" in done.stderr
    assert cash() == {"KRW": "4160000"}
    (folder / "t.csv").write_text(table + "2026-11-20,buy,VOO,1,100,USD,0\n")
    again = run("import", "t.csv", "--convert", "--rate", "1400")
    assert "1 entries added, 3 were there already" in again.stderr
    assert cash() == {"KRW": "4020000"}
    run("undo", "--import")
    assert cash() == {"KRW": "4160000"}
