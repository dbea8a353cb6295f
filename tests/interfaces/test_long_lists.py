"""A list that nobody reads to its end is not drawn to its end, and says so."""

import json

import pytest
from click.testing import CliRunner

from builders import account, portfolio, position
from steelyard.interfaces.cli.long_lists import MOST_LINES, MOST_ROWS, first_lines
from steelyard.interfaces.cli.main import cli


def check(folder, monkeypatch, text, *words):
    monkeypatch.chdir(folder)
    (folder / "portfolio.toml").write_text(text)
    done = CliRunner().invoke(cli, ["check", *words])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize("more", [0, 1, 234])
def test_a_table_shows_its_first_rows_and_how_many_more_there_are(tmp_path, monkeypatch, more):
    symbols = [f"S{n:04}" for n in range(MOST_ROWS + more)]
    weights = dict.fromkeys(symbols[1:], "0.05%")
    first = {symbols[0]: f"{100 - 0.05 * len(weights):.2f}%"}
    text = portfolio(first | weights, account(cash={"KRW": "1000000"}), prices=dict.fromkeys(symbols, "1000"))
    shown = check(tmp_path, monkeypatch, text).stdout
    assert sum(line.startswith("S") for line in shown.splitlines()) == MOST_ROWS
    assert ("more; --json has them all" in shown) == bool(more)
    if more:
        assert f"and {more} more; --json has them all" in shown
        document = json.loads(check(tmp_path, monkeypatch, text, "--json").stdout)
        assert len(document["positions"]) == len(symbols)


def test_warnings_of_one_kind_are_told_a_hundred_times(tmp_path, monkeypatch):
    held = [
        position("VOO", "1", "1000 KRW"),
        *(position(f"S{n:03}", "1", "5 KRW") for n in range(MOST_LINES + 7)),
    ]
    done = check(tmp_path, monkeypatch, portfolio({"VOO": "100%"}, account(*held)))
    assert done.stderr.count("is held but has no target") == MOST_LINES
    assert "and 7 more; --json has them all" in done.stderr
    assert done.stdout.count("unmanaged: S") == MOST_LINES


def test_a_short_list_is_told_as_it_is():
    assert list(first_lines(["a"] * MOST_LINES)) == ["a"] * MOST_LINES
