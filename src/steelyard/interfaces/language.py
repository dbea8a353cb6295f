"""The language of the person at the other end: asked for, else that of the portfolio file, else the locale's.

It belongs to one call of the command line or one request, never to the process: a context variable holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click

from steelyard import languages
from steelyard.domain.shown import hidden_in
from steelyard.errors import PortfolioProblems, Problem, SteelyardError
from steelyard.interfaces import edge
from steelyard.records import dataclass
from steelyard.words import ENGLISH, Language, Text, render, say


@dataclass(frozen=True, slots=True)
class _Choice:
    language: Language = ENGLISH
    asked: bool = False


_NONE = _Choice()
SAMPLES = {"ko": "한글"}
"""Letters of each language: an encoding that lacks them cannot show it."""
_CHOICE: ContextVar[_Choice] = ContextVar("language", default=_NONE)


def begin(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Choose by `--lang`, STEELYARD_LANG, the portfolio file that the command is about, or the locale.

    The arguments are looked at before click reads them, so that what click has to say about them is said in
    that language. The file is the one that is named, else the one of the current folder.

    Raises:
        InputError: `language`, when STEELYARD_LANG names none that we have.
    """
    code = _given("--lang", arguments)
    # What is no language is refused by click, with all that it knows of the option.
    if code in languages.available():
        ask(code)
        return
    asked = bool(environ.get("STEELYARD_LANG"))
    found = None if asked else languages.of_file(_file(arguments))
    _CHOICE.set(_Choice(languages.language(found or languages.of_environment(environ)), asked))


def _given(option: str, arguments: Sequence[str]) -> str:
    """Return what an option is given, empty when it is not there."""
    for at, argument in enumerate(arguments):
        if argument.startswith(f"{option}="):
            return argument[len(option) + 1 :]
        if argument == option and at + 1 < len(arguments):
            return arguments[at + 1]
    return ""


def _file(arguments: Sequence[str]) -> Path:
    named = _given("--portfolio", arguments)
    # The file of an option, `--map broker.toml`, is none of a portfolio.
    own = (a for at, a in enumerate(arguments) if a[:1] != "-" and arguments[max(at - 1, 0)] != "--map")
    return Path(named or next((a for a in own if a.endswith(".toml")), "portfolio.toml"))


def ask(code: str) -> None:
    """Choose a language because somebody asked for it."""
    _CHOICE.set(_Choice(languages.language(code), asked=True))


def prefer(code: str | None) -> None:
    """Choose the language that a portfolio file names, unless another was asked for."""
    if code is not None and not _CHOICE.get().asked:
        _CHOICE.set(_Choice(languages.language(code)))


def current() -> Language:
    """Return the language chosen; English where standard output has no letters for it."""
    language = _CHOICE.get().language
    return language if language is ENGLISH or edge.can_show(SAMPLES.get(language.code, "")) else ENGLISH


def tell(text: str) -> str:
    """Return a message in the language chosen; a plain string as it is."""
    return render(text, current())


def echo(text: str, *, err: bool = False) -> None:
    """Print a message on a line of its own, in the language chosen; talk goes to standard error."""
    click.echo(tell(text), err=err)


def json_text(document: Any, *, indent: int | None = 1) -> str:
    """Return the text of a JSON document, its messages in the language chosen."""
    text = json.dumps(told(document), ensure_ascii=not edge.can_show("한"), indent=indent)
    if not hidden_in(text, lines=True):
        return text
    # Inside quotes JSON has its own way to write what is hidden, and it reads back as it was.
    return "".join(json.dumps(c)[1:-1] if c != "\n" and hidden_in(c) else c for c in text)


def fault(code: str, text: str, what_to_do: str) -> None:
    """Print an error on standard error that does not end the command."""
    echo(f"{Problem(code, text, what_to_do).told(current())}\n\n  {hint(what_to_do)}\n", err=True)


def cells_of(text: str) -> int:
    """Return how many terminal cells a text takes.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


def padded(text: str, cells: int, *, right: bool = False) -> str:
    """Return a message in the language chosen, filled with spaces up to a width in terminal cells.

    A letter of Hangul takes two cells, as does every other wide character of East Asia.
    """
    shown = tell(text)
    space = " " * (cells - cells_of(shown))
    return space + shown if right else shown + space


def hint(text: str) -> str:
    """Return what to do about an error, announced as such."""
    return tell(say("hint: {hint}", hint=text))


def problems(error: SteelyardError) -> Iterator[str]:
    """Yield every problem of an error with its hint, in the language of the file it stands in if any."""
    if isinstance(error, PortfolioProblems):
        prefer(error.language)
    for problem in error.problems:
        yield f"{problem.told(current())}\n\n  {hint(problem.hint)}\n"


def told(document: Any) -> Any:
    """Return a document with every message in it in the language chosen; codes and figures stay."""
    if current() is ENGLISH:
        return document
    if isinstance(document, Text):
        return tell(document)
    if isinstance(document, dict):
        return {key: told(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [told(value) for value in document]
    return document
