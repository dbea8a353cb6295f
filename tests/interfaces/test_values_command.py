"""`values` as a person uses it; the cases are those of tests/app/test_values.py."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner

from steelyard.adapters import database
from steelyard.adapters.journal_sqlite import StoredJournal
from steelyard.adapters.runs_sqlite import StoredRuns
from steelyard.domain.ledger import Entry, Row
from steelyard.domain.valuations import DayValue
from steelyard.interfaces.cli.main import cli

D = Decimal
PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
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


def test_before_the_first_run_it_says_what_to_do(file):
    assert "run: steelyard run" in values(file).stderr
    assert json.loads(values(file, "--json").stdout)["days"] == []
