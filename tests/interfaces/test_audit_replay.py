"""A saved plan is made again from what was saved with it, whatever became of the file since."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from steelyard import bootstrap
from steelyard.interfaces.cli.main import cli

FILE = """\
base_currency = "USD"

[targets]
VOO = "60%"
TLT = "40%"

[policy]
threshold = "5%"

[[accounts]]
name = "main"
cash = { USD = "1000" }

[[accounts.positions]]
symbol = "VOO"
shares = "20"
price = "500 USD"

[[accounts.positions]]
symbol = "TLT"
shares = "10"
price = "90 USD"
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE, encoding="utf-8")

    def call(*words):
        return CliRunner().invoke(cli, words)

    return call


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--cash", "2500", "--no-sell"),
        ("--as-of", "2026-06-30", "--objective", "relative"),
        ("--fractional",),
    ],
)
def test_a_plan_is_made_again_to_the_same_bytes(run, tmp_path, options):
    """Also after the file has changed: the saved words decide."""
    assert run("plan", "--save", *options).exit_code == 0
    (tmp_path / "portfolio.toml").write_text(FILE.replace('"20"', '"1"'), encoding="utf-8")
    result = run("audit", "replay", "latest")
    assert (result.exit_code, result.stdout[:20]) == (0, "the same plan again:"), result.output


def test_a_plan_that_follows_from_something_else_now_is_told(run, tmp_path):
    """Saved words that lead elsewhere stand for a planner that changed: 1 share instead of 20."""
    assert run("plan", "--save").exit_code == 0
    with bootstrap.order_book(tmp_path / "portfolio.toml") as book:
        saved = book.plan("latest")
    inputs = {**saved.inputs, "file": FILE.replace('"20"', '"1"')}
    with bootstrap.order_book(tmp_path / "portfolio.toml") as book:
        book.save_plan(replace(saved, inputs=inputs), datetime.now(UTC) + timedelta(minutes=1))
    result = run("audit", "replay", "latest")
    assert result.exit_code == 4
    assert "error[replay-differs]" in result.stderr
    assert "shares" in result.stderr
