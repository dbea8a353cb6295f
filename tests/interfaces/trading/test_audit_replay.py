"""A saved plan is made again from what was saved with it, whatever became of the file since."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
    with bootstrap.order_book(bootstrap.Folder.of(tmp_path / "portfolio.toml")) as book:
        saved = book.plan("latest")
    inputs = {**saved.inputs, "file": FILE.replace('"20"', '"1"')}
    with bootstrap.order_book(bootstrap.Folder.of(tmp_path / "portfolio.toml")) as book:
        book.save_plan(replace(saved, inputs=inputs), datetime.now(UTC) + timedelta(minutes=1))
    result = run("audit", "replay", "latest")
    assert result.exit_code == 4
    assert "error[replay-differs]" in result.stderr
    assert "shares" in result.stderr


SHARES = st.integers(0, 60)


@st.composite
def portfolios(draw):
    """A file in dollars with two accounts, and options of `plan` that go with it."""
    first, second = sorted(draw(st.lists(st.integers(5, 95), min_size=2, max_size=2, unique=True)))
    weights = (first, second - first, 100 - second)
    symbols = ("VOO", "TLT", "GLD")
    lines = ['base_currency = "USD"', "[targets]"]
    lines += [f'{s} = "{w}%"' for s, w in zip(symbols, weights, strict=True)]
    lines += ["[policy]", f'threshold = "{draw(st.integers(1, 9))}%"', "[costs]"]
    lines += [f'commission = "{draw(st.sampled_from(["0%", "0.1%", "0.25%"]))}"', "[prices]"]
    lines += [f'{s} = "{draw(st.integers(1, 900))}.{draw(st.integers(10, 99))} USD"' for s in symbols]
    for name in ("main", "second")[: draw(st.integers(1, 2))]:
        lines += ["[[accounts]]", f'name = "{name}"', f'cash = {{ USD = "{draw(st.integers(0, 5000))}.25" }}']
        for s in symbols:
            lines += ["[[accounts.positions]]", f'symbol = "{s}"', f'shares = "{draw(SHARES)}"']
    options = draw(
        st.sampled_from(
            [
                (),
                ("--no-sell",),
                ("--no-buy",),
                ("--cash", "1234.56"),
                ("--cash", "777", "--no-sell"),
                ("--fractional",),
                ("--objective", "relative"),
                ("--policy-gate",),
                ("--as-of", "2026-03-31"),
            ]
        )
    )
    return "\n".join(lines) + "\n", options


@settings(max_examples=60, deadline=None)
@given(made=portfolios())
def test_whatever_is_planned_and_saved_is_made_again_to_the_same_bytes(made, tmp_path_factory):
    text, options = made
    file = tmp_path_factory.mktemp("replay") / "portfolio.toml"
    file.write_text(text, encoding="utf-8")
    place = ("--portfolio", str(file))
    saved = CliRunner().invoke(cli, ("plan", "--save", *options, *place))
    assert saved.exit_code in (0, 4), saved.output
    assume(saved.exit_code == 0)
    file.write_text("nothing of what it said then", encoding="utf-8")
    again = CliRunner().invoke(cli, ("audit", "replay", "latest", *place))
    assert again.exit_code == 0, again.output
    with bootstrap.order_book(bootstrap.Folder.of(file)) as book:
        size = len(book.plan("latest").text.encode())
    assert f"{size} of {size} bytes" in again.stdout
