"""The commands `backtest` and `compare` as processes."""

import csv
import json
import math
import os

import pytest

from processes import run_command

PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "60%"
AGG = "40%"
[policy]
kind = "calendar"
look = "monthly"
"""


def run(*words, folder):
    env = {**os.environ, "COLUMNS": "130", "NO_COLOR": "1"}
    return run_command(folder, *words, env=env)


@pytest.fixture
def folder(tmp_path):
    """VOO doubles in the second month, AGG stands still; both rest after that."""
    rows = [
        "date,VOO,AGG",
        "2025-01-02,100,50",
        "2025-01-31,100,50",
        "2025-02-03,200,50",
        "2025-03-03,200,50",
    ]
    (tmp_path / "prices.csv").write_text("\n".join([*rows, "2025-03-04,100,50"]) + "\n")
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    return tmp_path


def test_backtest_json_is_the_contracted_document_with_hand_worked_numbers(folder):
    """By hand: 6,000 and 4,000; VOO doubles to 16,000 in all, back to 60/40; then half of 9,600 is lost.

    From 2 January to 4 March are 61 days of 365.
    """
    done = run("backtest", "--prices", "prices.csv", "--initial", "10000", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "steelyard/backtest/1"
    period = document["period"]
    assert (period["start"], period["end"], period["sessions"]) == ("2025-01-02", "2025-03-04", 5)
    assert (period["spacing"], period["years"]) == ("irregular", pytest.approx(61 / 365))
    assert document["simulated"] is False
    (result,) = document["results"]
    assert result["policy"] == "calendar monthly"
    assert result["final_value"] == pytest.approx(11_200.0)
    assert result["rebalances"] == 1
    assert result["max_drawdown"] == pytest.approx(-0.3)
    assert result["turnover"] == pytest.approx(2400 / 16_000 * 365 / 61)
    assert result["costs"] == result["taxes"] == 0
    assert result["cagr"] == pytest.approx(1.12 ** (365 / 61) - 1)


def test_policies_dates_and_money_of_the_command_line_count(folder):
    words = [
        "--initial",
        "1000",
        "--to",
        "2025-02-03",
        "--policy",
        "hold",
        "--policy",
        "threshold 5% to edge",
    ]
    done = run("backtest", "--prices", "prices.csv", "--json", *words, folder=folder)
    document = json.loads(done.stdout)
    assert document["period"]["end"] == "2025-02-03"
    assert [r["policy"] for r in document["results"]] == ["hold", "threshold 5% to edge"]
    assert [r["final_value"] for r in document["results"]] == pytest.approx([1600.0, 1600.0])


def test_the_series_has_a_row_a_session_and_marks_rebalances(folder):
    done = run(
        "backtest", "--prices", "prices.csv", "--initial", "10000", "--series", "out.csv", folder=folder
    )
    assert done.returncode == 0, done.stderr
    with (folder / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["date", "policy", "value", "rebalanced"]
    assert [row["rebalanced"] for row in rows] == ["0", "0", "1", "0", "0"]
    assert [float(row["value"]) for row in rows] == pytest.approx([10_000, 10_000, 16_000, 16_000, 11_200])


def test_the_demo_says_that_it_is_simulated_in_every_output(folder):
    plain = run("compare", "--demo", "--paths", "20", folder=folder)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.startswith("SIMULATED")
    document = json.loads(run("compare", "--demo", "--paths", "20", "--json", folder=folder).stdout)
    assert document["simulated"] is True
    assert document["paths"] == 20
    names = [r["policy"] for r in document["results"]]
    assert len(names) == len(set(names)) >= 16
    for name in (
        "hold",
        "calendar annual",
        "threshold 1%",
        "threshold 5% relative 25%",
        "threshold 2% to 1.75%",
    ):
        assert name in names
    assert all(math.isfinite(r["final_value"]) for r in document["results"])
    assert document["results"][0]["difference"]["mean"] == 0.0


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["backtest"], 2, "no-prices"),
        (["compare"], 2, "no-prices"),
        (["compare", "--demo", "--prices", "prices.csv"], 2, "two-prices"),
        (["backtest", "--prices", "none.csv"], 2, "price-file"),
        (["backtest", "--prices", "prices.csv", "--policy", "threshold 5"], 2, "policy-text"),
        (["backtest", "--prices", "prices.csv", "--policy", "threshold 2% to 3%"], 2, "policy-text"),
        (["backtest", "--prices", "prices.csv", "--initial", "0"], 2, "initial"),
        (["backtest", "--prices", "prices.csv", "--initial", "5 EUR"], 2, "amount"),
        (["backtest", "--prices", "prices.csv", "--risk-free", "much"], 2, "rate"),
        (["backtest", "--prices", "prices.csv", "--from", "2025-03-04"], 3, "price-short"),
    ],
)
def test_what_is_wrong_is_said_with_its_code_and_status(folder, words, status, code):
    done = run(*words, folder=folder)
    assert done.returncode == status
    assert f"error[{code}]" in done.stderr
    assert "hint:" in done.stderr
    assert done.stdout == ""


MONEY = ("--initial", "10000")


def test_a_foreign_instrument_needs_its_rate_and_is_converted_with_it(folder):
    """By hand: 60 % in VOO at 100 USD; the won falls from 1,000 to 1,100 a dollar: +6 % on the whole."""
    (folder / "won.toml").write_text('base_currency = "KRW"\n[targets]\nVOO = "60%"\n"069500" = "40%"\n')
    lines = ["date,VOO,069500", "2025-01-02,100,9000", "2025-01-03,100,9000"]
    (folder / "bare.csv").write_text("\n".join(lines))
    done = run("backtest", "won.toml", "--prices", "bare.csv", folder=folder)
    assert done.returncode == 3
    assert "error[rate-missing]" in done.stderr
    rates = ["USDKRW", "1000", "1100"]
    (folder / "full.csv").write_text("\n".join(f"{a},{b}" for a, b in zip(lines, rates, strict=True)))
    done = run(
        "backtest", "won.toml", "--prices", "full.csv", "--policy", "hold", *MONEY, "--json", folder=folder
    )
    assert json.loads(done.stdout)["results"][0]["final_value"] == pytest.approx(10_600.0)


def test_a_locked_instrument_is_traded_all_the_same_and_that_is_said(folder):
    """There is nothing to lock when all begins in cash."""
    (folder / "portfolio.toml").write_text(PORTFOLIO + '[constraints]\nlocked = ["VOO"]\n')
    done = run("backtest", "--prices", "prices.csv", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "note: VOO is locked in the file" in done.stderr
    assert json.loads(done.stdout)["results"][0]["rebalances"] == 1
