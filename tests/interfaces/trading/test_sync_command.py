"""`sync` as a command: what was typed back from a ticket ends in the journal and in the tax report."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from processes import run_command
from steelyard.app.books.opening import opening_day
from whole_commands import dated

US_FILE = """
base_currency = "USD"

[targets]
VOO = "60%"
BND = "40%"

[policy]
kind = "threshold"
threshold = "5%"

[tax]
jurisdiction = "US"

[prices]
VOO = "500 USD"
BND = "75 USD"

[[accounts]]
name = "main"
kind = "taxable"
cash = { USD = "100" }

[[accounts.positions]]
symbol = "VOO"
shares = "20"
lots = [{ bought = 2024-03-01, shares = "20", unit_cost = "470" }]

[[accounts.positions]]
symbol = "BND"
shares = "40"
lots = [{ bought = 2024-03-01, shares = "40", unit_cost = "73" }]
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "portfolio.toml").write_text(dated(US_FILE))
    (tmp_path / "execution.toml").write_text('[accounts]\nmain = "ticket"\n')

    def call(*words, status=0):
        done = run_command(tmp_path, *words, env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"})
        assert done.returncode == status, done.stderr
        return done.stdout

    call.folder = tmp_path
    return call


def type_fill(run, line):
    day = next(iter(json.loads(next(run.folder.glob("tickets/*.json")).read_text())["orders"]))["day"]
    with (run.folder / "tickets" / "fills-main.csv").open("a") as file:
        file.write(line.replace("DAY", day) + "\n")
    return day


def synced(run):
    return json.loads(run("sync", "--json"))


def test_a_ticket_carried_out_ends_in_the_journal_and_the_tax_report(run):
    run("init", "--journal")
    run("plan", "--save")
    run("execute", "latest", "--live")
    day = type_fill(run, "1,3,498,0.5,DAY,")
    # One share is still to be sold: the file agrees with nothing yet, and that is said.
    first = synced(run)
    assert first["journal"]["main"]["added"] == 0
    assert "still open" in first["journal"]["main"]["left_out"][0]["why"]
    assert [(d["what"], d["ours"], d["theirs"]) for d in first["differences"]] == [
        ("VOO", "20", "17"),
        ("USD", "100", "1593.5"),
    ]
    type_fill(run, "1,1,498.10,0.2,DAY,")
    second = synced(run)
    assert second["journal"]["main"] == {"added": 2, "known": 0, "older": 0, "left_out": []}
    assert second["differences"] == []
    assert synced(run)["journal"]["main"]["known"] == 2
    # Its own fills in the journal are no reason for the plan to stop.
    run("execute", "latest", "--live")
    # 2,091.40 dollars buy 27 at the limit of 75.37; 27 x 75.05 + 0.20 leave 64.85.
    type_fill(run, "2,27,75.05,0.2,DAY,")
    assert "1 entry added to the journal" in run("sync")
    assert synced(run)["differences"] == []
    assert json.loads(run("check", "--json"))["cash"] == "64.85"
    report = json.loads(run("tax", "--year", day[:4], "--json"))
    # Both fills are one order: 3 x 498 + 498.10 - 0.70 against 4 x 470.
    assert sum(Decimal(d["gain"]) for d in report["disposals"]) == Decimal("111.4")
    assert {d["symbol"] for d in report["disposals"]} == {"VOO"}


def test_without_a_journal_the_order_book_alone_keeps_the_fills(run):
    run("plan", "--save")
    run("execute", "latest", "--live")
    type_fill(run, "1,4,498,0.5,DAY,")
    report = synced(run)
    assert report["journal"] is None
    assert report["new_fills"] == 1
    assert "VOO" in {d["what"] for d in report["differences"]}
    assert run("history") == ""


def test_a_journal_opens_on_the_day_that_a_session_in_new_york_bears():
    """At 08:30 in Seoul on the 30th New York has the 29th, which the fills of its session bear."""
    assert opening_day(datetime(2026, 11, 29, 23, 30, tzinfo=UTC)) == date(2026, 11, 29)
    assert opening_day(datetime(2026, 11, 30, 4, 59, tzinfo=UTC)) == date(2026, 11, 29)
    assert opening_day(datetime(2026, 11, 30, 5, 0, tzinfo=UTC)) == date(2026, 11, 30)
