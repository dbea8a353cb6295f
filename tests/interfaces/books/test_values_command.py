"""`values` as a person uses it; the cases are those of tests/app/books/test_values.py."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner

from steelyard.adapters.database import connection as database
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.runs import StoredRuns
from steelyard.domain.books.ledger import Entry, Row
from steelyard.domain.books.valuations import DayValue
from steelyard.interfaces.cli.main import cli

D = Decimal
PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
kept = "journal"
cash = { USD = "0" }
positions = [ { symbol = "VOO", shares = 1, price = "110" } ]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "portfolio.toml"
    path.write_text(PORTFOLIO)
    return path


def record(file):
    """1,000 becomes 1,100 and 500 come in; 1,600 becomes 1,760."""
    journal = StoredJournal(file.parent / "steelyard.db")
    deposit = Entry(date(2026, 1, 20), "main", "deposit", shares=D(500), currency="USD")
    journal.add([Row(deposit, None)], "test", datetime(2026, 1, 20, tzinfo=UTC))
    journal.close()
    base = file.parent / "steelyard.db"
    connection = database.connect(base)
    runs = StoredRuns(connection, base)
    number = runs.begin(file.name, None, datetime(2026, 1, 5, tzinfo=UTC))
    for day, total in ((date(2026, 1, 5), 1000), (date(2026, 1, 20), 1600), (date(2026, 2, 20), 1760)):
        value = DayValue(day, "USD", D(total), D(0), D("0.081"), D("0.081"), day.month == 2, {})
        runs.record_day(number, file.name, value)
    connection.close()


def values(file, *flags):
    done = CliRunner().invoke(cli, ["values", str(file), *flags], catch_exceptions=False)
    assert done.exit_code == 0
    return done


def test_the_table_ends_with_the_returns(file):
    record(file)
    text = values(file).stdout
    assert "2026-01-20              $1,600.00              $500.00" in text
    assert "time-weighted return   +21.0 %" in text
    assert "due" in text.splitlines()[3]


def test_the_json_carries_the_same(file):
    record(file)
    report = json.loads(values(file, "--json").stdout)
    assert report["schema"] == "steelyard/values/1"
    assert (report["time_weighted"], report["time_weighted_yearly"]) == ("0.21", None)
    assert [d["return"] for d in report["days"]] == [None, "0.1", "0.1"]


def test_the_csv_has_a_line_a_day(file):
    record(file)
    assert values(file, "--csv").stdout.splitlines() == [
        "day,total_value,cash,paid_in,largest_drift,due,return,growth,rebalanced",
        "2026-01-05,1000,0,0,0.081,no,,1,",
        "2026-01-20,1600,0,500,0.081,no,0.1,1.1,",
        "2026-02-20,1760,0,0,0.081,yes,0.1,1.21,",
    ]


def rebalanced(file):
    """2 VOO sold at 100 and now worth 110 each; 4 TLT bought at 50 and now 60: 240 - 200 - 20 = 20."""
    text = PORTFOLIO.replace('VOO = "100%"', 'VOO = "50%"\nTLT = "50%"').replace(
        "positions = [ {", 'positions = [ { symbol = "TLT", shares = 1, price = "60" }, {'
    )
    file.write_text(text)
    journal = StoredJournal(file.parent / "steelyard.db")
    opening = [
        Entry(date(2026, 1, 2), "main", "buy", s, D(n), D(p), "USD", D(0)) for s, n, p in (("VOO", 6, 100),)
    ]
    done = [
        Entry(date(2026, 2, 21), "main", "sell", "VOO", D(2), D(100), "USD", D(0)),
        Entry(date(2026, 2, 21), "main", "buy", "TLT", D(4), D(50), "USD", D(0)),
    ]
    deposit = Entry(date(2026, 1, 1), "main", "deposit", shares=D(600), currency="USD")
    rows = [Row(entry, None) for entry in (deposit, *opening, *done)]
    journal.add(rows, "test", datetime(2026, 2, 21, tzinfo=UTC))
    journal.close()


def test_history_says_when_it_drifted_what_was_done_and_what_it_would_be_worth_without(file):
    """The account holds 4 VOO at 110 and 4 TLT at 60, 680; without the rebalance 6 VOO at 110, 660.

    The 500 of `record` are cash besides.
    """
    record(file)
    rebalanced(file)
    words = ["history", "--portfolio", str(file)]
    text = CliRunner().invoke(cli, words, catch_exceptions=False).stdout
    assert "main buy TLT 4 at 50 USD" in text
    assert "due 2026-02-20, drift up to 8.1 %: rebalanced 2026-02-21" in text
    assert (
        "rebalanced 2026-02-21, due since 2026-02-20: VOO into TLT; by now it has brought $20.00: "
        "without it the account would be worth $1,160.00 today" in text
    )
    assert "time-weighted return   +21.0 %" in text
    report = json.loads(CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False).stdout)
    assert len(report["entries"]) == 5
    assert report["values"]["rebalances"][0]["worth_without"] == "1160"
    assert report["values"]["drifted"] == [
        {
            "since": "2026-02-20",
            "until": "2026-02-20",
            "largest_drift": "0.081",
            "rebalanced_on": "2026-02-21",
            "over": False,
        }
    ]


def test_history_alone_or_as_a_table_of_values(file):
    record(file)
    words = ["history", "--portfolio", str(file), "--values"]
    assert "2026-01-20  main" not in CliRunner().invoke(cli, words).stdout
    table = CliRunner().invoke(cli, [*words, "--csv"]).stdout
    assert table == values(file, "--csv").stdout
    entries = CliRunner().invoke(cli, ["history", "--portfolio", str(file), "--csv"]).stdout
    assert entries.splitlines()[0].startswith("date,")


def test_a_journal_without_automation_is_shown_and_not_written_to(file):
    rebalanced(file)
    before = (file.parent / "steelyard.db").read_bytes()
    done = CliRunner().invoke(cli, ["history", "--portfolio", str(file)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "value" not in done.stdout
    assert (file.parent / "steelyard.db").read_bytes() == before


@pytest.mark.parametrize("words", [["values", "FILE"], ["history", "--portfolio", "FILE"]])
def test_the_picture_is_a_png_file_and_needs_two_days(file, words):
    target = file.parent / "out.png"
    words = [str(file) if word == "FILE" else word for word in words] + ["--plot", str(target)]
    early = CliRunner().invoke(cli, words)
    assert early.exception.code == "no-history"
    assert not target.exists()
    record(file)
    assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    assert target.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_before_the_first_run_it_says_what_to_do(file):
    assert "run: steelyard run" in values(file).stderr
    assert json.loads(values(file, "--json").stdout)["days"] == []
