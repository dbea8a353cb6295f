"""The commands' help, and what click itself says, in another language; in English this is never imported.

The English stands where click reads it, in docstrings and options, and is the id of its translation. A
command is copied with its texts said anew, so that one process can speak several languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy
from inspect import cleandoc
from typing import Any, TypeVar

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

from steelyard.interfaces import language
from steelyard.words import say

OF_CLICK = (
    say("Usage:"), say("Options"), say("Commands"), say("Aborted!"), say("Missing command."),
    say("Show this message and exit."), say("Missing argument"), say("Missing option"),
    say("Missing parameter"), say("file"), say("directory"), say("path"),
)  # fmt: skip
"""What click says without facts, in its own words."""
# With facts, which click fills in: a template is no message of ours, so each is said with its own names.
OF_CLICK_WITH_FACTS = (
    say("default: {default}", default="{default}"),
    say("Invalid value: {message}", message="{message}"),
    say("Invalid value for {param_hint}: {message}", param_hint="{param_hint}", message="{message}"),
    say("No such option {name!r}.", name="{name}"),
    say("No such command {name!r}.", name="{name}"),
    say("Did you mean {possibility}?", possibility="{possibility}"),
    say("(Did you mean one of: {possibilities}?)", possibilities="{possibilities}"),
    say("Got unexpected extra argument ({args})", args="{args}"),
    say("Got unexpected extra arguments ({args})", args="{args}"),
    say("Option {name!r} requires an argument.", name="{name}"),
    say("Option {name!r} does not take a value.", name="{name}"),
    say("{value!r} is not one of {choices}.", value="{value}", choices="{choices}"),
    say("{value} is not in the range {range}.", value="{value}", range="{range}"),
    say("{value!r} is not a valid {number_type}.", value="{value}", number_type="{number_type}"),
    say("{name} {filename!r} does not exist.", name="{name}", filename="{filename}"),
    say("{value!r} does not match the format {format}.", value="{value}", format="{format}"),
    say("{value!r} does not match the formats {formats}.", value="{value}", formats="{formats}"),
)
_Command = TypeVar("_Command", bound=click.Command)
_MODULES: tuple[Any, ...] = (core, decorators, exceptions, formatting, parser, termui, types)
_ONE_LINE = re.compile(r"(Example): (.*?)\. (Exit status): (.*)\.")
_STATUS = re.compile(r"( *)(\d+)( +)(.*)")


def _here(text: str) -> str:
    """Return a text in the language chosen; one that has no translation as it is."""
    # The empty message is the header of a catalogue.
    return language.current().messages.get(text) or text if text else text


def _these(one: str, many: str, count: int) -> str:
    return _here(one if count == 1 else many)


def let_click_speak() -> None:
    """Have click ask us, instead of gettext, for what it says; in English the answer is what it would be."""
    # A letter of Hangul takes two cells: what stands in columns is measured so.
    setattr(formatting, "term_len", lambda text: language.cells_of(click.unstyle(text)))  # noqa: B010
    for module in _MODULES:
        for name, ours in (("_", _here), ("ngettext", _these)):
            if hasattr(module, name):
                setattr(module, name, ours)


def told(command: _Command) -> _Command:
    """Return a command, and every command below it, with its help in the language chosen."""
    found = copy(command)
    found.params = [_told_option(option) for option in command.params]
    if command.help:
        found.help = _here(cleandoc(command.help))
    if command.epilog:
        found.epilog = _epilog(command.epilog, _here)
    if isinstance(found, click.Group):
        found.commands = {name: told(below) for name, below in found.commands.items()}
    return found


def _told_option(option: click.Parameter) -> click.Parameter:
    found = copy(option)
    if isinstance(found, click.Option) and found.help:
        found.help = _here(found.help)
    return found


def _epilog(epilog: str, said: Callable[[str], str]) -> str:
    """Return examples and exit statuses, their words said anew; commands stay."""
    if line := _ONE_LINE.fullmatch(epilog):
        example, command, ends, statuses = line.groups()
        parts = [part.split(" ", 1) for part in statuses.split("; ")]
        told = "; ".join(f"{number} {said(text)}" for number, text in parts)
        return f"{said(example)}: {command}. {said(ends)}: {told}."
    lines = []
    for each in epilog.split("\n"):
        status = _STATUS.fullmatch(each)
        lines.append("".join((*status.groups()[:3], said(status[4]))) if status else said(each))
    return "\n".join(lines)


def help_texts(command: click.Command) -> Iterator[str]:
    """Yield every text of a command's help that is for people, those of the commands below it as well."""
    if command.help:
        yield cleandoc(command.help)
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            yield option.help
    heard: list[str] = []

    def hear(text: str) -> str:
        heard.append(text)
        return text

    if command.epilog:
        _epilog(command.epilog, hear)
    for text in heard:
        # A line of an example or of a grammar is the same in every language.
        if text.strip() and text != "\b" and not text.startswith("  "):
            yield text
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from help_texts(below)
