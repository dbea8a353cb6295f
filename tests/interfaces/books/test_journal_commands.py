"""`init --journal`, `record`, `import`, `history` and `undo` as a person uses them, and an import killed."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal

import pytest
from click.testing import CliRunner

import steelyard
from builders import account, lot, portfolio, position
from lanes import sizes
from processes import run_command
from steelyard.errors import PortfolioProblems, SteelyardError
from steelyard.interfaces.cli.main import cli

VOO = position(
    "VOO", 5, "600", lots=[lot("2022-03-04", 3, "400.10", "1200"), lot("2025-03-04", 2, "550", "1450")]
)
KODEX_200 = position("069500", 80, "35000")


def held(*positions):
    targets = {"VOO": "60%", "069500": "40%"}
    return portfolio(targets, account(*positions, cash={"KRW": "250000"}), fx={"USDKRW": "1400"})


TRADES = """\
date,type,symbol,shares,price,currency
2024-01-02,deposit,,5000,,USD
2024-01-03,buy,VOO,10,430.10,USD
2024-07-01,sell,VOO,4,500,USD
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(held(VOO, KODEX_200), encoding="utf-8")
    return tmp_path


def the_journal_counts(folder):
    """What follows is the whole history of the account: its owner says so in the file."""
    text = held(VOO, KODEX_200).replace('name = "main"', 'name = "main"\nkept = "journal"')
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")


def run(*words):
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*words):
    """The code of the first thing that is wrong."""
    with pytest.raises(SteelyardError) as caught:
        CliRunner().invoke(cli, list(words), catch_exceptions=False, standalone_mode=False)
    return caught.value.problems[0].code


def rows(*flags):
    return json.loads(run("history", "--json", *flags))["entries"]


def test_a_journal_opened_from_the_file_holds_exactly_what_the_file_held(folder):
    """Lots, original cost, rates and cash are those written in the file above."""
    before = steelyard.load(folder / "portfolio.toml").accounts
    text = (folder / "portfolio.toml").read_bytes()
    run("init", "--journal", "--as-of", "2026-11-20")
    assert [(r["type"], r["symbol"], r["shares"], r["price"], r["lot"], r["fx_rate"]) for r in rows()] == [
        ("transfer_in", "VOO", "3", "400.1", "2022-03-04", "1200"),
        ("transfer_in", "VOO", "2", "550", "2025-03-04", "1450"),
        ("transfer_in", "069500", "80", None, None, None),
        ("deposit", "", "250000", None, None, None),
    ]
    assert {r["date"] for r in rows()} == {"2026-11-20"}
    (after,) = steelyard.load(folder / "portfolio.toml").accounts
    assert sorted(after.positions, key=lambda p: p.symbol) == sorted(
        before[0].positions, key=lambda p: p.symbol
    )
    assert after.cash == before[0].cash
    assert (folder / "portfolio.toml").read_bytes() == text


@pytest.mark.parametrize("flags", [["--journal", "--model", "balanced"], ["--as-of", "2026-11-20"]])
def test_flags_of_init_that_would_do_nothing_are_refused(folder, flags):
    assert CliRunner().invoke(cli, ["init", *flags]).exit_code == 2
    assert [path.name for path in folder.iterdir()] == ["portfolio.toml"]


def test_what_is_recorded_then_changes_what_is_held(folder):
    """80 - 10 = 70 shares; 250,000 + 10 x 35,100 - 500 = 600,500."""
    run("init", "--journal", "--as-of", "2026-11-20")
    run("record", "date=2026-11-23", "type=sell", "symbol=069500", "shares=10", "price=35100", "fees=500")
    (account,) = steelyard.load(folder / "portfolio.toml").accounts
    assert {p.symbol: p.shares for p in account.positions}["069500"] == 70
    assert dict(account.cash) == {"KRW": Decimal(600500)}


def test_a_journal_with_entries_is_not_opened_a_second_time(folder):
    run("init", "--journal")
    assert refused("init", "--journal") == "journal-not-empty"
    assert len(rows()) == 4


def test_a_position_known_by_its_value_alone_cannot_be_moved_over(folder):
    text = held(VOO, position("069500", value="2800000 KRW"))
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    assert refused("init", "--journal") == "value-without-shares"
    assert [path.name for path in folder.iterdir()] == ["portfolio.toml"]


def test_a_file_whose_prices_are_fetched_is_moved_over_without_them(folder):
    """What is held is shares, lots and cash; what they are worth today plays no part."""
    voo = {key: value for key, value in VOO.items() if key != "price"}
    text = held(voo, position("069500", 80))
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    run("init", "--journal", "--as-of", "2026-11-20")
    assert [(r["type"], r["symbol"], r["shares"]) for r in rows()] == [
        ("transfer_in", "VOO", "3"),
        ("transfer_in", "VOO", "2"),
        ("transfer_in", "069500", "80"),
        ("deposit", "", "250000"),
    ]


def test_opening_a_journal_without_a_portfolio_file_writes_nothing(folder):
    (folder / "portfolio.toml").unlink()
    assert refused("init", "--journal") == "no-file"
    assert list(folder.iterdir()) == []


def test_history_as_csv_is_read_by_import_as_the_same_entries(folder):
    the_journal_counts(folder)
    (folder / "trades.csv").write_text(TRADES)
    run("import", "trades.csv")
    run("record", "date=2024-08-01", "type=fee", "shares=3", "currency=USD", "note=custody, quarterly")
    run("undo")
    run("record", "date=2024-08-01", "type=fee", "shares=2", "currency=USD", "note=custody, quarterly")
    text = run("history", "--csv")
    (folder / "all.csv").write_text(text)
    assert [row["shares"] for row in csv.DictReader(io.StringIO(text))] == ["5000", "10", "4", "2"]
    run("import", "all.csv", "--journal", "copy.db")
    assert run("history", "--csv", "--journal", "copy.db") == text
    run("import", "all.csv")
    assert run("history", "--csv") == text


def test_history_as_csv_adds_nothing_to_the_journal_it_came_from_even_where_a_broker_numbered_the_rows(
    folder,
):
    """Two fills that differ in their number alone: both are there, and a third equal purchase is new."""
    the_journal_counts(folder)
    fill = {
        "activity_type": "FILL", "qty": "3", "price": "430.10", "side": "buy", "symbol": "VOO",
        "transaction_time": "2024-01-03T15:34:06Z",
    }  # fmt: skip
    (folder / "fills.json").write_text(json.dumps([{**fill, "id": "a"}, {**fill, "id": "b"}]))
    run("import", "fills.json", "--format", "alpaca")
    run("import", "fills.json", "--format", "alpaca")
    text = run("history", "--csv")
    (folder / "all.csv").write_text(text)
    run("import", "all.csv")
    assert run("history", "--csv") == text
    (folder / "all.csv").write_text(text + text.splitlines()[1] + "\n")
    run("import", "all.csv")
    run("import", "all.csv")
    assert [row["shares"] for row in rows()] == ["3", "3", "3"]


@pytest.mark.parametrize("flag", ["--json", "--all"])
def test_history_as_csv_is_only_what_counts_and_nothing_else(folder, flag):
    done = CliRunner().invoke(cli, ["history", "--csv", flag])
    assert done.exit_code == 2


def test_undo_takes_the_last_back_and_all_shows_both(folder):
    the_journal_counts(folder)
    (folder / "trades.csv").write_text(TRADES)
    run("import", "trades.csv")
    run("undo")
    assert [r["type"] for r in rows()] == ["deposit", "buy"]
    assert [(r["number"], r["counts"], r["takes_back"]) for r in rows("--all")] == [
        (1, True, None), (2, True, None), (3, False, None), (4, False, 3),
    ]  # fmt: skip
    run("undo", "--import")
    assert rows() == []
    assert refused("undo") == "nothing-to-undo"


def test_an_import_with_a_sale_of_what_is_not_held_adds_nothing_and_names_the_line(folder):
    the_journal_counts(folder)
    (folder / "trades.csv").write_text(TRADES + "2024-07-02,sell,VOO,7,500,USD\n")
    with pytest.raises(PortfolioProblems) as caught:
        CliRunner().invoke(cli, ["import", "trades.csv"], catch_exceptions=False, standalone_mode=False)
    assert [(p.code, p.line) for p in caught.value.problems] == [("sold-more-than-held", 5)]
    assert rows() == []


def test_an_entry_of_tomorrow_is_refused(folder):
    the_journal_counts(folder)
    assert refused("record", "date=2199-01-01", "type=deposit", "shares=1", "currency=USD") == (
        "entry-in-future"
    )


KILLED = """
import os, signal, sys
from steelyard.interfaces.cli.books.journal import import_

class Killer:
    # Ends the process without warning at the n-th call of, or return from, a statement of the database.
    def __init__(self, at):
        self.left = at

    def __call__(self, frame, event, arg):
        if event in ("c_call", "c_return") and type(getattr(arg, "__self__", None)).__name__ == "Connection":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

def enter(at):
    import_.main(["trades.csv", "--journal", f"{at}.db"], standalone_mode=False)

enter(0)  # whatever it imports is there before the forks
for at in range(1, 1000):
    child = os.fork()
    if child == 0:
        sys.setprofile(Killer(at))
        enter(at)
        sys.setprofile(None)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status)
    if status != -signal.SIGKILL:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("days", sizes(2, 10, "an import of 40 rows, killed at every statement"))
def test_an_import_killed_at_any_statement_leaves_nothing_or_all_and_the_next_one_finishes(folder, days):
    """Four rows a day of 1 share each; signal 9 ends the process before and after every statement."""
    the_journal_counts(folder)
    purchases = [
        f"2024-01-{d:02},buy,VOO,1,4{hour:02},USD\n" for d in range(1, days + 1) for hour in range(4)
    ]
    (folder / "trades.csv").write_text("date,type,symbol,shares,price,currency\n" + "".join(purchases))
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=folder, capture_output=True, text=True, check=False
    )
    statuses = [int(line) for line in done.stdout.split("\n") if line.lstrip("-").isdigit()]
    assert statuses[-1] == 0, done.stderr[-2000:]
    assert set(statuses[:-1]) == {-signal.SIGKILL}
    assert len(statuses) > 2 * len(purchases)
    left = []
    for at in range(1, len(statuses) + 1):
        base = sqlite3.connect(folder / f"{at}.db")
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",), at
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
        left.append(base.execute("SELECT count(*) FROM entries").fetchone()[0] if "entries" in tables else 0)
        base.close()
    assert set(left) == {0, 4 * days}
    assert left == sorted(left), "what was committed is not lost by a later kill"
    for at in (1, len(statuses) // 2, len(statuses) - 1):
        run("import", "trades.csv", "--journal", f"{at}.db")
        assert len(rows("--journal", f"{at}.db")) == 4 * days


def test_an_account_that_the_file_lacks_is_named_when_something_is_recorded_in_it(folder):
    the_journal_counts(folder)
    words = ["record", "type=deposit", "shares=100", "currency=KRW", "account=nosuch"]
    told = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert told.exit_code == 0
    assert "portfolio.toml has no account 'nosuch'" in told.stderr
    assert "note:" not in CliRunner().invoke(cli, words[:-1], catch_exceptions=False).stderr


def test_a_folder_in_place_of_the_journal_is_no_empty_journal(folder):
    """Tax without the trades that are somewhere else would be a wrong tax."""
    (folder / "steelyard.db").mkdir()
    assert refused("check") == "database"
    assert refused("history") == "database"


HOUSEHOLD = """
base_currency = "KRW"
[targets]
VOO = "100%"
[[accounts]]
name = "해외"
cash = { USD = "$1,200.55", KRW = "50만원" }
[[accounts]]
name = "ISA"
cash = { KRW = "80만원" }
[fx]
USDKRW = "1390.5"
[prices]
VOO = "600 USD"
"""


@pytest.fixture
def household(tmp_path):
    (tmp_path / "portfolio.toml").write_text(HOUSEHOLD, encoding="utf-8")
    return tmp_path


def test_an_entry_that_names_no_account_is_asked_for_one_where_there_are_several(household):
    """Before, it went into an account `main` that the file does not have."""
    done = run_command(household, "record", "deposit", "300만원")
    assert done.returncode == 2
    assert "error[entry-account]" in done.stderr
    assert "ISA, 해외" in done.stderr


def test_an_account_is_named_in_words_and_amounts_are_shown_written_out(household):
    """50만원 and 80만원 of the file are 500,000 and 800,000 won; nothing shows an exponent."""
    refused = run_command(household, "record", "deposit", "300만원", "해외")
    assert "USD 1200.55, KRW 500000" in refused.stderr
    assert run_command(household, "record", "deposit", "300만원", "해외", "--open").returncode == 0
    (last, *_) = json.loads(run_command(household, "history", "--json").stdout)["entries"][-1:]
    assert (last["account"], last["type"], last["shares"]) == ("해외", "deposit", "3000000")


def test_an_amount_of_cash_in_another_currency_than_its_key_is_refused(household):
    file = household / "portfolio.toml"
    file.write_text(HOUSEHOLD.replace('KRW = "80만원"', 'KRW = "80달러"'), encoding="utf-8")
    done = run_command(household, "check")
    assert done.returncode == 2
    assert "error[currency]" in done.stderr
    assert "80달러" in done.stderr
