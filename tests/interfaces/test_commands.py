"""The commands as processes: what they print, where, and how they end."""

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from processes import run_command

SAMPLE = """
base_currency = "KRW"
[targets]
"KODEX 200" = "30%"
VOO = 0.40
TLT = "20%"
GLD = "10%"
[costs]
commission = "0.1%"
[[accounts]]
name = "main"
cash = { KRW = "0" }
positions = [
  { symbol = "069500", shares = 80, price = "35000" },
  { symbol = "VOO", shares = 8, price = "550000 KRW" },
  { symbol = "TLT", shares = 18, price = "85000 KRW" },
  { symbol = "GLD", shares = 3, price = "260000 KRW" },
]
"""


def run(*words, folder=None):
    env = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    return run_command(folder, *words, env=env)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(SAMPLE)
    return tmp_path


def test_check_json_is_the_contracted_document_and_nothing_else(folder):
    done = run("check", "--json", "--as-of", "2026-11-23", folder=folder)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["schema"] == "steelyard/check/1"
    assert document["total_value"] == "9510000"
    voo = next(p for p in document["positions"] if p["symbol"] == "VOO")
    assert voo["value"] == "4400000"
    assert voo["target"] == "0.4"
    assert voo["breach"] is True
    assert document["decision"]["due"] is True
    assert document["decision"]["next_look"] == "2027-01-04"
    assert document["decision"]["reasons"][0]["rule"] == "threshold"


def test_check_exit_code_says_due_with_ten(folder):
    assert run("check", "--exit-code", "--as-of", "2026-11-23", folder=folder).returncode == 10


def test_plan_json_adds_up_to_the_last_won(folder):
    done = run("plan", "--json", "--cash", "1000000", folder=folder)
    document = json.loads(done.stdout)
    bought = sum(Decimal(t["amount"]) for t in document["trades"] if t["side"] == "buy")
    sold = sum(Decimal(t["amount"]) for t in document["trades"] if t["side"] == "sell")
    costs = sum(Decimal(t["cost"]) for t in document["trades"])
    assert Decimal(document["costs"]) == costs == (bought + sold) / 1000
    assert Decimal(document["after"]["cash"]) == 1000000 + sold - bought - costs
    assert document["objective"]["proven_optimal"] is True


def test_invest_takes_amount_and_file_in_either_order(folder):
    one = run("invest", "1000000", "portfolio.toml", "--json", "--as-of", "2026-11-23", folder=folder)
    two = run("invest", "portfolio.toml", "1,000,000", "--json", "--as-of", "2026-11-23", folder=folder)
    assert one.returncode == 0
    assert one.stdout == two.stdout
    assert all(t["side"] == "buy" for t in json.loads(one.stdout)["trades"])


def test_orders_come_as_csv(folder):
    done = run("withdraw", "500000", "--csv", folder=folder)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows
    assert {r["side"] for r in rows} == {"sell"}
    assert sum(Decimal(r["amount"]) - Decimal(r["cost"]) for r in rows) >= 500000


def test_a_position_with_lots_but_no_shares_is_told_the_line_that_fits_its_lots(folder):
    """12 and 8 shares bought are 20."""
    lots = '[{ bought = "2024-01-02", shares = "12" }, { bought = "2024-02-02", shares = "8" }]'
    for text, shares in ((lots, "20"), ("5", "8")):
        (folder / "lots.toml").write_text(
            'base_currency = "USD"\n[targets]\nVOO = 1\n[[accounts]]\nname = "main"\n'
            f'positions = [{{ symbol = "VOO", price = "600", lots = {text} }}]\n'
        )
        done = run("check", "lots.toml", folder=folder)
        assert done.returncode == 2
        assert f'write shares = "{shares}" or value' in done.stderr


def test_all_problems_of_a_file_are_told_at_once_with_line_and_hint(folder):
    bad = SAMPLE.replace("0.40", "0.35").replace("shares = 18", "shares = -18").replace("[costs]", "[cost]")
    (folder / "portfolio.toml").write_text(bad)
    done = run("check", folder=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error[")]
    assert [e.split("]")[0] + "]" for e in errors] == [
        "error[target-sum]",
        "error[unknown-key]",
        "error[negative]",
    ]
    assert "95 %, 5 % short of 100 %" in errors[0]
    assert "(portfolio.toml:3)" in errors[0]
    assert "did you mean `costs`?" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "code", "status"),
    [
        ('price = "35000"', 'price = "nan"', "not-a-number", 2),
        ('price = "35000"', "price = nan", "not-a-number", 2),
        ('price = "35000"', "price = 0", "zero", 2),
        ('price = "35000"', "price = -1", "negative", 2),
        (', price = "35000"', "", "price-missing", 3),
        ('"550000 KRW"', '"412.35 USD"', "fx-missing", 3),
        ('"VOO", shares', '"VO0", shares', "unmanaged", 0),
        ("VOO = 0.40", "ZZZZ = 0.40", "unknown-symbol", 2),
        ("VOO = 0.40", "VOO = -0.40", "negative", 2),
        ('KRW = "0"', 'KRW = "-5"', "negative", 2),
        ("shares = 80", "shares = 8O", "toml-syntax", 2),
        ('symbol = "TLT"', 'symbol = "VOO"', "duplicate-position", 2),
    ],
)
def test_a_bad_line_is_refused_by_code_and_status(folder, old, new, code, status):
    assert old in SAMPLE
    (folder / "portfolio.toml").write_text(SAMPLE.replace(old, new))
    done = run("check", folder=folder)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if status:
        assert f"error[{code}]" in done.stderr
        assert "hint:" in done.stderr
        assert done.stdout == ""
    else:
        assert "held but has no target" in done.stderr


@pytest.mark.parametrize(
    "words", [["plan", "--cash", "x"], ["invest", "-5"], ["check", "nowhere.toml"], ["nope"]]
)
def test_a_wrong_flag_or_file_ends_with_two_and_a_hint(folder, words):
    done = run(*words, folder=folder)
    assert done.returncode == 2
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_in_place_of_a_file_is_answered_with_the_file_to_name(folder):
    done = run("check", str(folder))
    assert done.returncode == 2
    assert done.stderr.startswith("error[unreadable]: this is a folder")
    assert f"hint: name the file in it: {folder / 'portfolio.toml'}" in done.stderr


@pytest.mark.parametrize("words", [[], ["prices"]])
def test_a_group_without_a_command_shows_its_help_and_no_error(words):
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: steelyard")
    assert "error" not in done.stderr.split("Commands:")[0]


def test_taking_out_more_than_there_is_ends_with_four(folder):
    done = run("withdraw", "99000000", folder=folder)
    assert done.returncode == 4
    assert "error[not-enough]" in done.stderr


def test_the_reserve_is_named_when_it_is_what_binds(folder):
    text = SAMPLE.replace("[costs]", '[constraints]\ncash_reserve = "1000000"\n[costs]')
    (folder / "portfolio.toml").write_text(text)
    done = run("plan", "--no-sell", folder=folder)
    assert done.returncode == 4
    assert "selling is not allowed" in done.stderr


def test_init_writes_a_file_that_check_accepts(tmp_path):
    for model in ("core-four", "all-weather", "60-40"):
        target = tmp_path / model
        assert run("init", str(target), "--model", model).returncode == 0
        assert run("check", str(target / "portfolio.toml"), "--json").returncode == 0
        assert run("init", str(target)).returncode == 2


def test_the_demo_shows_check_plan_and_invest():
    done = run("demo", "--as-of", "2026-11-23")
    assert done.returncode == 0
    for text in ("A rebalance is due", "Plan for 2026-11-23", "Invest for 2026-11-23", "proven optimal"):
        assert text in done.stdout


def test_check_and_plan_json_import_nothing_heavy(folder):
    heavy = ("numpy", "numba", "highspy", "rich", "babel", "holidays", "sqlite3", "difflib")
    for command in ("check", "plan"):
        code = (
            "import sys; sys.argv = ['steelyard', sys.argv[1], '--json']\n"
            "from steelyard.interfaces.cli.main import main\n"
            "main()\n"
            f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, command], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1] == "[]"


def test_the_order_of_keys_and_positions_does_not_change_the_plan(folder):
    lines = SAMPLE.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("positions"))
    shuffled = "\n".join(lines[: start + 1] + lines[start + 1 : start + 5][::-1] + lines[start + 5 :])
    other = Path(folder) / "other.toml"
    other.write_text(shuffled)
    one, two = (
        run("plan", name, "--json", folder=folder).stdout for name in ("portfolio.toml", "other.toml")
    )
    assert json.loads(one)["trades"] == json.loads(two)["trades"]
