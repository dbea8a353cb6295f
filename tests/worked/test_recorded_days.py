"""What a recorded day held, when the journal learns of it only afterwards; worked by hand."""

import json
from datetime import UTC, datetime

import pytest

from acceptance.jobs import jobs
from steelyard.app.automation.run import run as run_job
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.scheduled import OwnersBooks
from whole_commands import run

FILE = """
base_currency = "USD"
[targets]
VOO = "100%"
[prices]
VOO = "{price}"
[[accounts]]
name = "main"
{kept}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def priced(folder, price, dated="", kept='kept = "journal"'):
    text = FILE.format(price=price, kept=kept)
    (folder / "portfolio.toml").write_text(f"priced_on = {dated}\n{text}" if dated else text)


def day(folder, when):
    """Carry out the job of a day, at noon in Seoul, whose clock it has."""
    time = datetime.fromisoformat(when).replace(hour=3, tzinfo=UTC)
    with jobs(folder, time, books=OwnersBooks(Folder.of(folder / "portfolio.toml"))) as job:
        assert run_job(job(), if_due=False).outcome == "done"


def recorded(*words):
    done = run("record", *words)
    assert done.exit_code == 0, done.stderr


def values():
    found = json.loads(run("values", "--json").stdout)
    return found, [(d["total_value"], d["recorded_total"], d["return"]) for d in found["days"]]


def test_a_deposit_entered_after_the_run_of_its_day_is_no_loss_and_no_gain(folder):
    """1,000; on the 10th 1,000 come in and are typed the day after: -100 % and then +100 % it was."""
    priced(folder, 100)
    recorded("deposit", "1000USD", "date=2026-11-02")
    day(folder, "2026-11-09")
    day(folder, "2026-11-10")
    recorded("deposit", "1000USD", "date=2026-11-10")
    day(folder, "2026-11-11")
    found, days = values()
    assert days == [
        ("1000", None, None),
        ("2000", "1000", "0"),
        ("2000", None, "0"),
    ]
    assert found["notes"] == ["1 day corrected: the journal has learned more of them since"]
    assert "corrected: $1,000.00 was recorded" in run("values").stdout


def test_a_first_entry_written_after_the_run_counts_too(folder):
    priced(folder, 100)
    day(folder, "2026-11-09")
    recorded("deposit", "500USD", "date=2026-11-09")
    day(folder, "2026-11-10")
    assert [d[:2] for d in values()[1]] == [("500", "0"), ("500", None)]


def test_what_is_taken_back_is_taken_out_of_its_days(folder):
    """10 VOO at 100 for 1,000 of 1,500; typed a second time by mistake, they were 2,000 and -500."""
    priced(folder, 110)
    recorded("deposit", "1500USD", "date=2026-11-02")
    recorded("buy", "VOO", "10", "@100", "date=2026-11-03")
    recorded("buy", "VOO", "10", "@100", "date=2026-11-03", "--again")
    day(folder, "2026-11-09")
    run("undo")
    assert [d[:2] for d in values()[1]] == [("1600", "1700")]


def test_a_split_recorded_late_mends_the_days_in_between_whatever_price_they_had(folder):
    """10 at 800; 8 for 1 on the 10th, known on the 12th. The 10th had the new price: 80 x 100, not 10 x 100.
    The 11th had an old price of the 9th: 80 shares at an eighth of 800, not 80 x 800."""
    recorded_days = (("2026-11-09", 800, ""), ("2026-11-10", 100, ""), ("2026-11-11", 800, "2026-11-09"))
    priced(folder, 800)
    recorded("deposit", "8000USD", "date=2026-11-02")
    recorded("buy", "VOO", "10", "@800", "date=2026-11-03")
    for when, price, dated in recorded_days:
        priced(folder, price, dated)
        day(folder, when)
    recorded("split", "VOO", "8", "date=2026-11-10")
    assert values()[1] == [
        ("8000", None, None),
        ("8000", "1000", "0"),
        ("8000", None, "0"),
    ]


def test_a_rename_recorded_late_changes_no_value(folder):
    priced(folder, 100)
    recorded("deposit", "1000USD", "date=2026-11-02")
    recorded("buy", "VOO", "10", "@100", "date=2026-11-03")
    day(folder, "2026-11-10")
    recorded("rename", "VOO", "other=NEWVOO", "date=2026-11-09")
    priced(folder, '100"\nNEWVOO = "100')
    assert [d[:2] for d in values()[1]] == [("1000", None)]


def test_days_of_an_account_that_the_file_keeps_stay_as_they_were(folder):
    priced(folder, 100, kept='kept = "file"\ncash = { USD = "700" }')
    day(folder, "2026-11-09")
    recorded("deposit", "500USD", "date=2026-11-09")
    assert [d[:2] for d in values()[1]] == [("700", None)]
