"""The help of every command: an example that works, and the statuses it may exit with."""

import itertools
import os
import re
import shlex
from pathlib import Path

import click
import pytest

from processes import run_command
from steelyard import languages
from steelyard.interfaces.cli.command_table import LATER
from steelyard.interfaces.cli.help_list import SECTIONS
from steelyard.interfaces.cli.main import cli
from steelyard.interfaces.language import cells_of

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"


def walk(command, words=()):
    """Every command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in sorted(command.list_commands(context)):
            yield from walk(command.get_command(context, name), (*words, name))
    else:
        yield words, command


COMMANDS = dict(walk(cli))
NAMES = [" ".join(words) for words in COMMANDS]


def help_of(words):
    command = COMMANDS[tuple(words.split())]
    names = ["-h", "--help"]
    with click.Context(command, info_name=f"steelyard {words}", help_option_names=names) as context:
        return command.get_help(context)


def examples(words):
    """The lines under `Examples:`, or what follows `Example:`, as the words of a command line."""
    text = help_of(words)
    block = re.search(r"^ *Examples:\n((?: +\S.*\n?)+)", text, re.MULTILINE)
    if block:
        return [shlex.split(line, comments=True) for line in block[1].splitlines()]
    return [shlex.split(line) for line in re.findall(r"Example: (.*?)\. Exit", " ".join(text.split()))]


@pytest.mark.parametrize("words", NAMES)
def test_the_help_says_what_the_command_does_and_how_it_ends(words):
    text = help_of(words)
    assert COMMANDS[tuple(words.split())].help
    ends = re.search(r"Exit status: (.*)", " ".join(text.split()))
    assert ends
    assert re.match(r"0 \w", ends[1])
    assert re.search(r"\b2 \w", ends[1])


@pytest.mark.parametrize("words", NAMES)
def test_every_option_has_an_explanation(words):
    for option in COMMANDS[tuple(words.split())].params:
        assert isinstance(option, click.Argument) or option.help, option.name


@pytest.mark.parametrize("words", NAMES)
def test_every_example_is_one_of_that_command_and_is_read_without_complaint(words):
    """Parsing alone: what needs a service or a journal cannot be run here."""
    found = examples(words)
    assert found
    for line in found:
        assert line[: len(words.split()) + 1] == ["steelyard", *words.split()]
        typed = itertools.takewhile(lambda word: word not in {">", "|", "&&", "||"}, line)
        COMMANDS[tuple(words.split())].make_context(words, list(typed)[len(words.split()) + 1 :])


LOCAL = [
    words for words in NAMES if words in {"check", "plan", "invest", "withdraw", "models", "init", "demo"}
]


@pytest.mark.parametrize("line", [line for words in LOCAL for line in examples(words)], ids=" ".join)
def test_an_example_of_the_first_commands_runs_on_the_sample(line, tmp_path):
    """`--exit-code` says 10, since the sample is due; the account of one example is added to the sample."""
    text = SAMPLE.read_text(encoding="utf-8")
    if "pension" in line:
        text += '\n[[accounts]]\nname = "pension"\nkind = "taxable"\n[fx]\nUSDKRW = "1392.10"\n'
    if "--from" in line:
        sample = ROOT / "tests" / "presets" / "samples" / "schwab-positions.csv"
        (tmp_path / "positions.csv").write_bytes(sample.read_bytes())
    if line[1] != "init":
        (tmp_path / "portfolio.toml").write_text(text, encoding="utf-8")
    done = run_command(tmp_path, *line[1:], env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == (10 if "--exit-code" in line else 0), done.stderr


def test_the_group_names_every_command_and_its_disclaimer():
    with click.Context(cli, info_name="steelyard", help_option_names=["-h", "--help"]) as context:
        text = cli.get_help(context)
    assert "not investment or tax advice" in " ".join(text.split())
    for name in {words.split()[0] for words in NAMES}:
        assert f"  {name} " in text


def test_every_command_stands_once_in_the_list_of_the_help_under_what_it_is_for():
    """The three of every day come first, and in all languages a command takes one line of 80 columns."""
    listed = [name for _, commands in SECTIONS for name in commands]
    assert sorted(listed) == sorted(LATER)
    assert listed[:3] == ["check", "plan", "invest"]
    for code in languages.available():
        for _, commands in SECTIONS:
            for text in commands.values():
                assert 2 + max(map(len, LATER)) + 2 + cells_of(languages.translate(text, code)) <= 80, text


@pytest.mark.parametrize(
    "words",
    [
        ["--lang", "ko", "--help"],
        ["--help", "--lang", "ko"],
        ["--lang=ko", "check", "-h"],
        ["check", "--lang", "ko", "-h"],
        ["--lang", "ko", "targets", "set", "-h"],
    ],
)
def test_the_language_is_asked_for_before_and_after_the_command(words, tmp_path):
    env = {
        k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")
    }
    done = run_command(tmp_path, *words, env=env)
    assert done.returncode == 0
    assert done.stdout.startswith("사용법: steelyard")
