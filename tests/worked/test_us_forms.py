"""Form 8949, Schedule D and TXF of a small year, every line worked by hand."""

import csv
import io

from processes import run_command

FILE = """
base_currency = "USD"
[targets]
VOO = "50%"
GLD = "50%"
[tax]
jurisdiction = "US"
other_income = 100000
[tax.2025]
carry_short = 4000
[[accounts]]
name = "main"
"""
# 2025: 4,000 carried in and nothing sold but one share at its price; 3,000 offset, 1,000 carried into 2026.
TRADES = """date,type,symbol,shares,price,fees
2025-03-03,buy,VOO,1,100,
2025-03-04,sell,VOO,1,100,
2024-01-05,buy,GLD,10,200,
2024-02-05,buy,GLD,10,210,
2026-02-02,buy,VOO,10,500,1
2026-03-02,sell,VOO,10,450,1
2026-03-16,buy,VOO,4,460,
2026-05-04,sell,GLD,20,300,
"""


def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE)
    (tmp_path / "trades.csv").write_text(TRADES)
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    return tmp_path


def asked(place, form):
    return run_command(place, "tax", "--year", "2026", "--as-of", "2026-11-23", "--form", form)


def test_form_8949_has_codes_adjustments_and_various_dates(tmp_path):
    """VOO: 4,499 less 5,001 is a loss of 502, four tenths of it washed: 200.80, so column (h) is -301.20.
    GLD: 6,000 less 4,100, two purchases, held long: code C."""
    done = asked(folder(tmp_path), "8949")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    short, long = ([*row.values()] for row in rows)
    assert short == [
        "A", "10 sh. VOO", "2026-02-02", "2026-03-02", "4499.00", "5001.00", "W", "200.80", "-301.20",
    ]  # fmt: skip
    assert long == ["D", "20 sh. GLD", "VARIOUS", "2026-05-04", "6000.00", "4100.00", "C", "0.00", "1900.00"]
    assert "1099-B" in done.stderr


def test_schedule_d_adds_the_lines_up_and_carries_on(tmp_path):
    """Line 7: -301.20 less 1,000 carried in = -1,301.20; 15: 1,900; 16: 598.80, so nothing is left."""
    done = asked(folder(tmp_path), "schedule-d")
    lines = {row["line"]: row["(h) gain"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {k: lines[k] for k in ("1b", "6", "7", "8b", "15", "16")} == {
        "1b": "-301.20", "6": "-1000.00", "7": "-1301.20", "8b": "1900.00", "15": "1900.00", "16": "598.80",
    }  # fmt: skip
    assert float(lines["21"]) == float(lines["next year, 6"]) == 0


def test_txf_has_a_record_a_sale_as_the_format_describes_it(tmp_path):
    """Version 042, record format 5: reference 321 and 323, basis before net proceeds, then what is washed."""
    done = asked(folder(tmp_path), "txf")
    records = [r.strip().splitlines() for r in done.stdout.split("^\n") if r.strip()]
    assert records[0][:2] == ["V042", "ASteelyard"]
    assert records[1] == [
        "TD", "N321", "C1", "L1", "P10 sh. VOO", "D02/02/2026", "D03/02/2026",
        "$5001.00", "$4499.00", "$200.80",
    ]  # fmt: skip
    assert records[2][1] == "N323"
    assert records[2][5:] == ["DVARIOUS", "D05/04/2026", "$4100.00", "$6000.00", "$"]


def test_a_form_that_is_not_there_is_named_with_those_that_are(tmp_path):
    done = asked(folder(tmp_path), "1040")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error[tax-form-unknown]" in done.stderr
    assert "8949, schedule-d, carryover, txf" in done.stderr


LOSSES = """date,type,symbol,shares,price
2026-02-02,buy,VOO,100,500
2026-03-02,sell,VOO,100,450
2024-01-05,buy,QQQ,10,800
2026-05-04,sell,QQQ,10,200
"""


def carried(tmp_path, income):
    text = FILE.replace("GLD", "QQQ").replace("[tax.2025]\ncarry_short = 4000\n", "")
    (tmp_path / "portfolio.toml").write_text(text.replace("100000", str(income)))
    (tmp_path / "trades.csv").write_text(LOSSES)
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    done = asked(tmp_path, "carryover")
    return {row["line"]: row["amount"] for row in csv.DictReader(io.StringIO(done.stdout))}


def test_the_carryover_worksheet_has_its_lines(tmp_path):
    """5,000 lost short and 6,000 long: 3,000 are used on the short loss, 2,000 and 6,000 go on."""
    assert carried(tmp_path, 100_000) == {
        "1": "", "2": "3000.00", "3": "", "4": "3000.00",
        "5": "5000.00", "6": "0", "7": "3000.00", "8": "2000.00",
        "9": "6000.00", "10": "0", "11": "0", "12": "0", "13": "6000.00",
    }  # fmt: skip


def test_the_carryover_worksheet_uses_no_more_than_there_is_income(tmp_path):
    """1,200 of taxable income less 3,000 is below zero: line 3 is 1,200 and so is line 4; 3,800 are left."""
    found = carried(tmp_path, 1_200)
    assert (found["2"], found["4"], found["8"]) == ("3000.00", "1200.00", "3800.00")


def test_a_year_without_a_loss_has_no_carryover_worksheet(tmp_path):
    assert asked(folder(tmp_path), "carryover").stdout == "line,what,amount\n"
