"""A price series with a split that the journal does not know yet."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.prices.folder import FolderPrices
from steelyard.app.market.prices import fetch
from steelyard.domain.market.prices import Close, Finding, PriceSettings, Wanted
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


class Clock:
    def now(self):
        return datetime(2026, 11, 23, 22, tzinfo=UTC)

    def wait(self, seconds):
        raise AssertionError("a folder is asked once")


def fetched(folder, rows, splits=None):
    """Fetch VOO from a folder of prices as of 2026-11-23; the newest close before is 800 on the 19th."""
    (folder / "prices").mkdir(exist_ok=True)
    (folder / "prices" / "VOO.csv").write_text("date,close\n" + rows)
    base = folder / "steelyard.db"
    connection = database.connect(base)
    try:
        return fetch(
            [Wanted("VOO", "USD", "XNYS")],
            [FolderPrices(folder / "prices")],
            StoredPrices(connection, base),
            Clock(),
            PriceSettings(),
            as_of=date(2026, 11, 23),
            splits=splits,
        )
    finally:
        connection.close()


@pytest.fixture
def jumped(folder):
    """The same, but its source tells of no split: 100 is not believed, 800 is the last good close."""
    connection = database.connect(folder / "steelyard.db")
    connection.execute("DELETE FROM closes WHERE day > '2026-11-19'")
    connection.commit()
    connection.close()
    (one,) = fetched(folder, "2026-11-19,800\n2026-11-20,100\n2026-11-23,101\n")
    assert one.newest.price == 800
    return folder


def plan_of(*words):
    return run("plan", "--as-of", "2026-11-23", *words)


def test_a_jump_that_looks_like_a_split_stops_plans_until_its_owner_says_what_it_was(jumped):
    """10 at 800 and 80 TLT at 100: 16,000. Once recorded 80 at 800 / 8, and the next fetch takes 101."""
    refused = plan_of()
    assert refused.exit_code == 3
    assert "VOO in account 'main' may have been split 8 for 1 on 2026-11-20" in refused.stderr
    look = json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)
    (action,) = look["actions"]
    assert (action["evidence"], action["ratio"], look["total_value"]) == ("jump", "8", "16000")
    assert run(*action["entry"].split()[1:]).exit_code == 0
    after = json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)
    assert (after["total_value"], after["actions"]) == ("16000", [])
    assert json.loads(plan_of("--json").stdout)["trades"] == []
    (one,) = fetched(
        jumped, "2026-11-19,800\n2026-11-20,100\n2026-11-23,101\n", {"VOO": ((date(2026, 11, 20), D(8)),)}
    )
    assert one.newest.price == 101
    assert json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)["total_value"] == "16080"


def test_what_was_no_split_is_said_by_its_price(jumped):
    hint = plan_of().stderr
    assert "if it was no split, run: steelyard prices set VOO 100" in hint
    connection = database.connect(jumped / "steelyard.db")
    prices, wanted = StoredPrices(connection, jumped / "steelyard.db"), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "manual", datetime(2026, 11, 23, tzinfo=UTC), "", None)
    prices.keep_judgement(answer, wanted, "manual", [Close(date(2026, 11, 23), D(100), "USD")], ())
    connection.close()
    assert json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)["actions"] == []


def test_shares_that_the_file_keeps_are_stopped_too(jumped):
    text = FILE.replace('kept = "journal"', 'kept = "file"\npositions = [ { symbol = "VOO", shares = 10 } ]')
    (jumped / "portfolio.toml").write_text(text)
    refused = plan_of()
    assert refused.exit_code == 3
    assert "write the shares held now into the file, then run: steelyard prices set VOO 100" in refused.stderr


def test_a_known_split_asks_whether_the_file_counted_its_shares(folder):
    text = FILE.replace('kept = "journal"', 'kept = "file"\npositions = [ { symbol = "VOO", shares = 10 } ]')
    (folder / "portfolio.toml").write_text(text)
    assert "the journal of account 'main' lacks it" in plan_of().stderr
    run("record", "split", "VOO", "8", "date=2026-11-20")
    refused = plan_of()
    assert refused.exit_code == 3
    assert "nobody said whether the file counts the shares of account 'main' after it" in refused.stderr
    connection = database.connect(folder / "steelyard.db")
    prices, wanted = StoredPrices(connection, folder / "steelyard.db"), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "manual", datetime(2026, 11, 23, tzinfo=UTC), "", None)
    prices.keep_judgement(answer, wanted, "manual", [Close(date(2026, 11, 23), D(100), "USD")], ())
    connection.close()
    assert json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)["actions"] == []


def test_a_reverse_split_without_an_end_is_one_line_to_paste(folder):
    """1 for 3: 0.333… is no number to type."""
    connection = database.connect(folder / "steelyard.db")
    connection.execute("UPDATE closes SET split = ?, price = '2400' WHERE split <> '1'", (str(D(1) / 3),))
    connection.commit()
    connection.close()
    (action,) = json.loads(run("check", "--json", "--as-of", "2026-11-23").stdout)["actions"]
    assert action["entry"].endswith("shares=1/3")


def test_what_no_source_has_any_longer_stops_with_the_two_ways_on(folder):
    """The last price is of the 23rd; on December 7 the source has none of it any longer."""
    connection = database.connect(folder / "steelyard.db")
    prices, wanted = StoredPrices(connection, folder / "steelyard.db"), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "yahoo", datetime(2026, 12, 7, tzinfo=UTC), "", None)
    gone = Finding("price-empty", "VOO", "yahoo", "VOO: yahoo has no price", True)
    prices.keep_judgement(answer, wanted, "yahoo", (), (gone,))
    connection.execute("UPDATE closes SET split = '1'")
    connection.commit()
    connection.close()
    refused = run("plan", "--as-of", "2026-12-07", "--stale-ok")
    assert refused.exit_code == 3
    assert "VOO in account 'main' has had no price since 2026-11-24" in refused.stderr
    assert "account=main type=rename symbol=VOO other=NEW-SYMBOL" in refused.stderr
    assert "type=sell symbol=VOO shares=ALL price=PAID" in refused.stderr


def test_nothing_is_gone_while_its_price_is_fresh(folder):
    """One empty answer is a source's bad day."""
    connection = database.connect(folder / "steelyard.db")
    prices, wanted = StoredPrices(connection, folder / "steelyard.db"), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "yahoo", datetime(2026, 11, 24, tzinfo=UTC), "", None)
    gone = Finding("price-empty", "VOO", "yahoo", "VOO: yahoo has no price", True)
    prices.keep_judgement(answer, wanted, "yahoo", (), (gone,))
    connection.execute("UPDATE closes SET split = '1'")
    connection.commit()
    connection.close()
    assert json.loads(run("check", "--json", "--as-of", "2026-11-24").stdout)["actions"] == []
