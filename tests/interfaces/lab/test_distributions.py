"""Distributions beside prices: paid in cash on the ex-date, spent at the next rebalance."""

import json
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import steelyard
from steelyard.errors import DataError, PortfolioProblems, SteelyardError
from steelyard.interfaces.cli.main import cli

FILE = """
base_currency = "USD"
[targets]
VOO = "50%"
BND = "50%"
[policy]
kind = "calendar"
look = "monthly"
"""
PRICES = """date,VOO,BND
2024-01-29,100,50
2024-01-30,100,50
2024-01-31,110,50
2024-02-01,110,50
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    (tmp_path / "prices.csv").write_text(PRICES)

    def call(text, *words):
        (tmp_path / "paid.csv").write_text(text)
        command = words or ("backtest",)
        return CliRunner().invoke(
            cli,
            [
                *command,
                "--prices",
                "prices.csv",
                "--distributions",
                "paid.csv",
                "--json",
                "--initial",
                "10000",
            ],
        )

    return call


def test_what_is_paid_waits_in_cash_and_is_spent_at_the_next_rebalance(run):
    """5,000 each buy 50 VOO and 100 BND. 2 a share of VOO on the 31st are 100 in cash.

    On 1 February wealth is 50 x 110 + 100 x 50 + 100 = 10,600, and each is brought to 5,300.
    """
    done = run("date,symbol,amount\n2024-01-31,VOO,2\n")
    assert done.exit_code == 0, done.output
    (result,) = json.loads(done.stdout)["results"]
    assert result["final_value"] == pytest.approx(10_600, rel=1e-12)
    assert result["rebalances"] == 1
    # Sold 200 of VOO and bought 300 of BND: 500 / 2 over 10,600, in 3 days of a year of 366.
    assert result["turnover"] == pytest.approx(250 / 10_600 / (3 / 366), rel=1e-12)
    assert "VOO 1, BND 0" in done.stderr


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # The holder of the close before is paid: on the first session there is none.
        ("date,VOO,BND\n2024-01-29,2,\n2024-01-30,,0.5\n", 10_550),
        # A date that is no session counts at the next one; what comes after the end does not count.
        (
            "date,symbol,dividend\n2024-01-28,VOO,7\n2024-01-30,BND,0\n2024-01-31,BND,0.5\n2024-02-02,VOO,9\n",
            10_550,
        ),
    ],
)
def test_ends_and_blanks(run, text, value):
    done = run(text)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["results"][0]["final_value"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("date,symbol,amount\n2024-01-31,VOO,-2\n", "distribution-value", "paid.csv:2"),
        ("date,symbol,amount\n2024-01-31,VOO,two\n", "distribution-value", "paid.csv:2"),
        ("date,symbol,amount\n2024-01-30,BND,0.1\n2024-01-31,VOO,100\n", "distribution-value", "paid.csv:3"),
        ("date,symbol,amount\n2024-01-31,VOO,2\n2024-01-31,VOO,1\n", "distribution-duplicate", "their sum"),
        ("date,symbol,amount\n2024-13-31,VOO,2\n", "price-date", "paid.csv:2"),
        ("day,VOO\n2024-01-31,2\n", "price-header", "date,symbol,amount"),
        ("date,symbol,amount\n2024-01-31,XYZ,2\n", "distribution-missing", "leave --distributions out"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_line(run, text, code, words):
    refused = run(text).exception
    assert isinstance(refused, SteelyardError)
    (problem,) = refused.problems
    assert problem.code == code
    assert words in f"{problem} {problem.hint}"


def test_simulated_prices_pay_nothing_out(run, tmp_path):
    (tmp_path / "paid.csv").write_text("date,VOO\n")
    refused = CliRunner().invoke(cli, ["compare", "--demo", "--distributions", "paid.csv"]).exception
    assert isinstance(refused, SteelyardError)
    assert refused.code == "distributions-of-demo"


def test_policies_are_compared_on_what_was_paid_too(run, tmp_path):
    day, lines, paid = date(2020, 1, 1), ["date,VOO,BND"], ["date,symbol,amount"]
    for k in range(520):
        if day.weekday() < 5:
            lines.append(f"{day},{100 + k % 7},{50 + k % 3}")
        if day.day == 1:
            paid.append(f"{day},BND,0.2")
        day += timedelta(days=1)
    (tmp_path / "prices.csv").write_text("\n".join(lines))
    done = run(
        "\n".join(paid), "compare", "--paths", "20", "--policy", "hold", "--policy", "calendar monthly"
    )
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["results"]) == 2


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(0, 0.03)), min_size=3, max_size=40),
    other=st.floats(-0.05, 0.05),
)
def test_spent_at_once_and_free_they_are_the_total_return(moves, other):
    """Of a fund that pays d on a close of p, total return is (p + d) over the close before."""
    closes, total, paid = [100.0], [100.0], [0.0]
    for move, share in moves:
        paid.append(closes[-1] * share)
        closes.append(closes[-1] * (1 + move))
        total.append(total[-1] * (closes[-1] + paid[-1]) / closes[-2])
    second = [50.0 * (1 + other) ** (k % 2) for k in range(len(closes))]
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(len(closes))]
    targets = {"VOO": Decimal("0.6"), "BND": Decimal("0.4")}

    def wealth(first, **more):
        prices = np.column_stack([first, second])
        return steelyard.backtest(prices, targets, "calendar daily", dates=days, **more).results[0].values

    if not any(paid):
        return
    table = {"date": days[1:], "VOO": paid[1:]}
    assert wealth(closes, distributions=table) == pytest.approx(wealth(total), rel=1e-12)


def test_the_library_refuses_what_the_command_refuses():
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(3)]
    given_ = {"prices": np.ones((3, 1)), "targets": {"VOO": 1}, "policies": "hold", "dates": days}
    with pytest.raises(PortfolioProblems) as caught:
        steelyard.backtest(**given_, distributions={"date": days, "VOO": [0, 1, 0]})
    assert caught.value.problems[0].code == "distribution-value"
    with pytest.raises(DataError):
        steelyard.backtest(**given_, distributions={"date": days, "BND": [0, 1, 0]})
