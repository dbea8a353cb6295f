"""A price series with a split that the journal does not know yet."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.domain.market.prices import Close, Wanted
from whole_commands import run

D = Decimal
FILE = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "50%"
TLT = "50%"
[prices]
TLT = "100"
[[accounts]]
name = "main"
kept = "journal"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """10 VOO at 800 and 80 TLT at 100, 8,000 each; VOO is split 8 for 1 and closes at 100."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    (tmp_path / "t.csv").write_text(
        "date,type,symbol,shares,price,currency\n2026-01-05,deposit,,16000,,USD\n"
        "2026-01-06,buy,VOO,10,800,USD\n2026-01-06,buy,TLT,80,100,USD\n"
    )
    assert run("import", "t.csv").exit_code == 0
    base = tmp_path / "steelyard.db"
    connection = database.connect(base)
    prices, wanted = StoredPrices(connection, base), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "yahoo", datetime(2026, 11, 23, tzinfo=UTC), "", None)
    closes = [
        Close(date(2026, 11, 19), D(800), "USD"),
        Close(date(2026, 11, 20), D(100), "USD", split=D(8)),
        Close(date(2026, 11, 23), D(100), "USD"),
    ]
    prices.keep_judgement(answer, wanted, "yahoo", closes, ())
    connection.close()
    return tmp_path


def test_nothing_is_planned_until_the_split_is_recorded(folder):
    """10 x 100 + 80 x 100 = 9,000 looks like -44 %; 80 x 100 twice is 16,000 once it is recorded."""
    refused = run("plan", "--as-of", "2026-11-23")
    assert refused.exit_code == 3
    assert "error[action-unrecorded]: VOO was split 8 for 1 on 2026-11-20" in refused.stderr
    look = run("check", "--json", "--as-of", "2026-11-23")
    (action,) = json.loads(look.stdout)["actions"]
    assert "warning[action-unrecorded]" in look.stderr
    line = action["entry"].split()
    assert line[:2] == ["steelyard", "record"]
    assert run(*line[1:]).exit_code == 0
    after = run("check", "--json", "--as-of", "2026-11-23")
    found = json.loads(after.stdout)
    assert (found["total_value"], found["actions"], after.stderr) == ("16000", [], "")
    assert json.loads(run("plan", "--json", "--as-of", "2026-11-23").stdout)["trades"] == []


def test_a_split_before_the_first_purchase_asks_for_nothing(folder):
    run("undo", "--import")
    text = (folder / "t.csv").read_text().replace("2026-01-06,buy,VOO", "2026-11-23,buy,VOO")
    (folder / "t.csv").write_text(text.replace("10,800", "80,100"))
    done = run("import", "t.csv")
    assert done.exit_code == 0, done.stderr
    assert json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)["actions"] == []
