"""Rates of the settlement date that nobody typed, as a process; every figure worked by hand.

10 VOO bought on 2025-01-08, settled in Korea on 2025-01-13 (New York mourned a president on the 9th), and
sold on 2026-05-04, settled on 2026-05-06 (the 5th is Children's Day).
"""

import json
import shutil

import pytest

from processes import run_command

FILE = """
base_currency = "KRW"
[targets]
VOO = "100%"
[tax]
jurisdiction = "KR"
[fx]
USDKRW = "1400"
[[accounts]]
name = "main"
cash = { KRW = "0" }
"""
HEAD = "date,type,symbol,shares,price,currency,fees,fx_rate\n"
TRADES = HEAD + (
    "2025-01-08,buy,VOO,10,400,USD,0,{bought}\n"
    "2026-03-30,dividend,VOO,10,1.80,USD,2.70,{paid}\n"
    "2026-05-04,sell,VOO,10,600,USD,0,{sold}\n"
)
UNTYPED = TRADES.format(bought="", paid="", sold="")
# The rates of the trade dates stand beside those of the settlement dates, and must not be taken.
RATES = {
    "2025-01-08": "1455", "2025-01-13": "1470.5", "2026-03-30": "1410", "2026-05-04": "1390",
    "2026-05-06": "1400", "2026-05-07": "1405",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE)
    return tmp_path


def steelyard(folder, *words):
    return run_command(folder, *words)


def record(folder, trades):
    (folder / "trades.csv").write_text(trades)
    done = steelyard(folder, "import", "trades.csv")
    assert done.returncode == 0, done.stderr


def rates(folder, *, without=(), **more):
    (folder / "prices").mkdir(exist_ok=True)
    rows = [f"{day},{rate}\n" for day, rate in (RATES | more).items() if day not in without]
    (folder / "prices" / "USDKRW.csv").write_text("date,close\n" + "".join(sorted(rows)))


def year(folder):
    done = steelyard(folder, "tax", "--json", "--year", "2026", "--as-of", "2026-11-23")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def figures(report):
    (sale,) = report["disposals"]
    return sale["cost"], sale["proceeds"], sale["gain"], report["total_tax"]


# 10 x 400 x 1470.5; 10 x 600 x 1400; 22 % of 18,000 above the deduction, and 2.70 x 1410 withheld abroad.
WORKED = ("5882000", "8400000", "2518000", "7767")


def test_the_folder_gives_the_rate_of_each_settlement_date(folder):
    record(folder, UNTYPED)
    rates(folder)
    report = year(folder)
    assert figures(report) == WORKED
    assert report["summary"]["dividends"]["gross"] == "25380"
    assert report["disposals"][0]["notes"] == []
    assert any("base rate" in note for note in report["notes"])


def test_typed_rates_give_the_same_figures_and_win_over_the_folder(folder):
    record(folder, TRADES.format(bought="1470.5", paid="1410", sold="1400"))
    (folder / "prices").mkdir()
    (folder / "prices" / "USDKRW.csv").write_text("date,close\n2025-01-13,1\n2026-03-30,1\n2026-05-06,1\n")
    report = year(folder)
    assert figures(report) == WORKED
    assert not any("base rate" in note for note in report["notes"])


def test_fetched_rates_count_without_the_folder(folder):
    record(folder, UNTYPED)
    rates(folder)
    (folder / "automation.toml").write_text("[prices]\nhistory_days = 5000\n")
    steelyard(folder, "prices", "fetch", "--all")
    shutil.rmtree(folder / "prices")
    assert figures(year(folder)) == WORKED


def test_a_day_without_a_rate_takes_the_last_before_it_and_says_so(folder):
    """6,000 x 1390 less 5,882,000 is 2,458,000, below the deduction; 1405 of the day after is not taken."""
    record(folder, UNTYPED)
    rates(folder, without=["2026-05-06", "2026-03-30"], **{"2026-03-27": "1410"})
    report = year(folder)
    assert figures(report) == ("5882000", "8340000", "2458000", "3807")
    (note,) = report["disposals"][0]["notes"]
    assert "2026-05-06" in note
    assert "2026-05-04" in note
    assert any("2026-03-30" in note and "2026-03-27" in note for note in report["notes"])


def test_a_purchase_without_a_rate_is_told_where_its_shares_are_sold(folder):
    """4,000 x 1455."""
    record(folder, UNTYPED)
    rates(folder, without=["2025-01-13"])
    report = year(folder)
    assert report["disposals"][0]["cost"] == "5820000"
    assert "2025-01-08" in report["disposals"][0]["notes"][0]


@pytest.mark.parametrize("older", [{}, {"2026-04-28": "1400"}])
def test_without_a_rate_of_the_last_week_the_day_and_both_ways_are_named(folder, older):
    record(folder, UNTYPED)
    rates(folder, without=["2026-05-04", "2026-05-06"], **older)
    done = steelyard(folder, "tax", "--year", "2026", "--as-of", "2026-11-23")
    assert done.returncode == 3
    assert "error[rate-missing]" in done.stderr
    for fact in ("2026-05-06", "sell of 10 VOO", "fx_rate", "USDKRW.csv", "prices fetch"):
        assert fact in " ".join(done.stderr.split())


def test_exactly_a_week_back_still_counts(folder):
    record(folder, UNTYPED)
    rates(folder, without=["2026-05-04", "2026-05-06"], **{"2026-04-29": "1400"})
    assert figures(year(folder)) == WORKED


def test_a_slipped_digit_is_no_rate(folder):
    """14,000 stands between 1,390 and 1,405: the close is refused as at a fetch, and the 4th counts."""
    record(folder, UNTYPED)
    rates(folder, **{"2026-05-06": "14000"})
    assert year(folder)["disposals"][0]["proceeds"] == "8340000"


def test_shares_transferred_in_take_the_rate_of_their_purchase(folder):
    """Bought on 2025-01-08, moved on 2026-04-01: 1470.5 of the purchase counts, as where they were bought."""
    moved = "date,type,symbol,shares,price,currency,lot\n2026-04-01,transfer_in,VOO,10,400,USD,{}\n"
    record(folder, moved.format("2025-01-08"))
    record(folder, HEAD + "2026-05-04,sell,VOO,10,600,USD,0,\n")
    rates(folder)
    assert figures(year(folder))[:3] == WORKED[:3]


def test_shares_transferred_in_without_their_purchase_date_get_no_rate(folder):
    record(folder, HEAD + "2026-04-01,transfer_in,VOO,10,400,USD,,\n2026-05-04,sell,VOO,10,600,USD,0,\n")
    rates(folder, **{"2026-04-01": "1400", "2026-04-03": "1400"})
    done = steelyard(folder, "tax", "--year", "2026", "--as-of", "2026-11-23")
    assert done.returncode == 3
    assert "error[rate-missing]" in done.stderr
    assert "lot" in done.stderr


def test_an_american_return_takes_the_rate_of_the_settlement_date_as_well(tmp_path):
    """In New York 2025-01-08 settled on the 10th (the 9th was a day of mourning), 2026-05-04 on the 5th:
    100 at 30,000 won and 0.0007, sold at 40,000 and 0.0008: 3,200 less 2,100; a dividend at 0.00075."""
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "USD"\n[targets]\n"069500" = "100%"\n[instruments."069500"]\nus_class = "security"\n'
        '[tax]\njurisdiction = "US"\n[fx]\nKRWUSD = "0.0007"\n'
        '[[accounts]]\nname = "main"\ncash = { USD = "0" }\n'
    )
    trades = HEAD + (
        "2025-01-08,buy,069500,100,30000,KRW,0,\n"
        "2026-03-30,dividend,069500,100,400,KRW,0,\n"
        "2026-05-04,sell,069500,100,40000,KRW,0,\n"
    )
    record(tmp_path, trades)
    lost = steelyard(tmp_path, "tax", "--as-of", "2026-11-23")
    assert lost.returncode == 3
    assert "error[fx-rate-missing]" in lost.stderr
    assert "KRWUSD.csv" in lost.stderr
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "KRWUSD.csv").write_text(
        "date,close\n2025-01-08,0.0009\n2025-01-10,0.0007\n2026-03-30,0.00075\n2026-05-01,0.0008\n"
    )
    report = year(tmp_path)
    (sale,) = report["disposals"]
    assert (sale["cost"], sale["proceeds"], sale["gain"]) == ("2100", "3200", "1100")
    assert report["summary"]["dividends"]["gross"] == "30"
    assert any("without fx_rate" in note for note in report["notes"])
