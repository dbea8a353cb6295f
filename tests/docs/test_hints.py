"""Every command and every option that a message or a page names is one: a hint is there to be pasted."""

import re
import shlex
from pathlib import Path

import click
import pytest

from steelyard.interfaces.cli.main import cli
from steelyard.languages import FOLDER, Catalogue

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FOREIGN = {
    "--now",
    "--generate-hashes",
    "--no-emit-index-url",
    "--user",
    "--no-deps",
    "--hash",
    "--require-hashes",
}
"""Options of pip, uv and systemctl that pages name."""


def walk(command, words=()):
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), (*words, name))


COMMANDS = dict(walk(cli))
OPTIONS = {opt for c in COMMANDS.values() for p in c.params for opt in (*p.opts, *p.secondary_opts)} | {
    "--help"
}


def messages():
    """Every template that is said, and its Korean."""
    for template, said in Catalogue((FOLDER / "ko.po").read_bytes()).items():
        yield template
        yield from [said] if isinstance(said, str) else said


def faults(line):
    """What is wrong with a command line, as far as its words tell: placeholders stand for values."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = line.split()
    path, rest = (), words[1:]
    while rest and (*path, rest[0]) in COMMANDS:
        path, rest = (*path, rest[0]), rest[1:]
    command = COMMANDS[path]
    if isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        return [f"no command {rest[0]}"]
    known = {opt for p in command.params for opt in (*p.opts, *p.secondary_opts)} | {"--help"}
    named = [w.partition("=")[0] for w in rest if w.startswith("--")]
    return [f"{' '.join(path)} has no {n}" for n in named if n not in known]


def lines(text):
    """The command lines in a text: in backquotes, or behind `run:`."""
    yield from re.findall(r"`(steelyard [^`]+)`", text)
    yield from re.findall(r"\brun: (steelyard [^`;\n]+)", text)


def test_every_command_line_in_a_message_has_the_command_and_its_options():
    assert [(line, f) for text in messages() for line in lines(text) for f in faults(line)] == []


def test_every_option_that_a_message_names_is_an_option_of_some_command():
    named = {o for text in messages() for o in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    assert named - OPTIONS - FOREIGN == set()
    assert len(named) > 20


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_every_command_line_and_option_on_a_page_is_one(page):
    text = page.read_text(encoding="utf-8")
    found = [(line, f) for line in lines(text) for f in faults(line)]
    if page.name == "errors.md":
        named = set(re.findall(r"`(--[a-z][a-z-]+)", text))
        found += [(o, "no such option") for o in named - OPTIONS - FOREIGN]
    assert found == []


def test_a_line_that_nobody_could_paste_is_found():
    assert faults("steelyard import FILE --decimal ,") == ["import has no --decimal"]
    assert faults("steelyard prices fetsch") == ["no command fetsch"]
    assert faults("steelyard plan --cash 100 --no-sell") == []
