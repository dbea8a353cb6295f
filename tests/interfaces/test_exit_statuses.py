"""Commands end with the status that the pages promise for a kind of mistake, and print nothing but the error.

The promise stands in README.md and docs/ko/errors.md: 2 where a file or a flag is wrong, 3 where a price, a
rate or a fact is missing, whichever command meets it.
"""

import re
from pathlib import Path

import click
import pytest

from processes import run_command
from steelyard.domain.objective import OBJECTIVES
from steelyard.errors import DataError, InputError, PlanError, ServiceError, SteelyardError
from steelyard.interfaces.cli import options
from steelyard.interfaces.cli.main import cli

ROOT = Path(__file__).parents[2]
FILE = """\
base_currency = "KRW"
[targets]
VOO = "60%"
TLT = "40%"
[tax]
jurisdiction = "KR"
[fx]
USDKRW = "1400"
[[accounts]]
name = "main"
cash = { KRW = "1000" }
[[accounts.positions]]
symbol = "VOO"
shares = 8
price = "600"
lots = [ { bought = 2024-03-04, shares = 8, unit_cost = "400" } ]
[[accounts.positions]]
symbol = "TLT"
shares = 8
price = "90"
"""
MISTAKES = {
    "no rate": (FILE.replace('USDKRW = "1400"', ""), 3),
    "no price": (FILE.replace('price = "90"', ""), 3),
    "an unknown key": (FILE.replace("[tax]", "[taxes]"), 2),
    "broken TOML": (FILE.replace("[targets]", "[targets"), 2),
    "no file": (None, 2),
}
READERS = {
    "check": (), "plan": (), "invest": ("1000",), "withdraw": ("1000",), "holdings": (), "tax": (),
    "harvest": (), "run": (), "targets from-holdings": (),
}  # fmt: skip
LONG = pytest.mark.long("every command; `check` stays in the fast lane")
APART = {"batch", "completion", "demo", "init", "lab", "models"}
"""Commands that read no portfolio file."""


def below(command, words=()):
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from below(command.get_command(click.Context(command), name), (*words, name))
    else:
        yield words, command


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=() if name == "check" else LONG) for name in READERS]
)
def test_a_mistake_ends_every_command_alike_and_prints_only_the_error(command, mistake, tmp_path):
    text, status = MISTAKES[mistake]
    if text is not None:
        (tmp_path / "portfolio.toml").write_text(text, encoding="utf-8")
    done = run_command(tmp_path, *command.split(), *READERS[command])
    assert done.returncode == status, done.stderr
    if command != "run":  # a job tells its log how it ended
        assert done.stdout == ""
    assert "error[" in done.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/ko/errors.md"])
def test_the_pages_list_exactly_the_statuses_there_are(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    if page == "README.md":
        told = re.search(r"Exit statuses: (.*?refused)\.", text, re.DOTALL)[1]
        listed = {int(n) for n in re.findall(r"(?:^|; |with )(\d+)\b", " ".join(told.split()))}
    else:
        listed = {int(n) for n in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    raised = {error.exit_status for error in (SteelyardError, InputError, DataError, PlanError, ServiceError)}
    assert listed == {*options.STATUSES, *raised}


def test_every_command_that_reads_a_portfolio_file_takes_it_as_an_option():
    lacking = [
        " ".join(words)
        for words, command in below(cli)
        if words[0] not in APART
        and "--portfolio" not in {name for one in command.params for name in one.opts}
    ]
    assert lacking == []


def test_two_different_files_are_refused(tmp_path):
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(FILE, encoding="utf-8")
    done = run_command(tmp_path, "doctor", "one.toml", "--portfolio", "two.toml")
    assert done.returncode == 2
    assert "error[two-files]" in done.stderr


def test_the_page_of_objectives_lists_every_one():
    page = (ROOT / "docs" / "explanation" / "what-best-means.md").read_text(encoding="utf-8")
    rows = re.search(r"^## Objectives\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)[1]
    assert re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE) == list(OBJECTIVES)


@pytest.mark.parametrize("command", ["check", "holdings"])
def test_a_lot_that_is_bought_after_the_day_is_named(tmp_path, command):
    """It was counted without a word; `--as-of` on its day says nothing of it."""
    (tmp_path / "portfolio.toml").write_text(FILE.replace("2024-03-04", "2027-02-20"))
    before = run_command(tmp_path, command, "--as-of", "2026-12-01")
    assert before.returncode == 0
    (line,) = (line for line in before.stderr.splitlines() if "lot-in-future" in line)
    assert all(word in line for word in ("VOO", "'main'", "2027-02-20", "2026-12-01"))
    assert "lot-in-future" not in run_command(tmp_path, command, "--as-of", "2027-02-20").stderr
