"""The languages beside English: one `.po` file each, and a module where a language inflects.

A catalogue is read as it stands, in two or three milliseconds and only when its language is asked for; there
is no compiled form that could differ from it (docs/decisions). A wheel has the same text compressed as
`ko.po.z`, a quarter of the size. What a file may contain is what `tools/words.py` writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from steelyard.errors import InputError
from steelyard.words import ENGLISH, Language, render, say

FOLDER = Path(__file__).parent
_BEGINNING = 64 * 1024
_ESCAPED = {"n": "\n", "t": "\t"}


def available() -> tuple[str, ...]:
    """Return the codes of all languages, English first."""
    names = (name.partition(".") for name in os.listdir(FOLDER))
    return ("en", *sorted({code for code, _, kind in names if kind in ("po", "po.z")}))


@cache
def language(code: str) -> Language:
    """Return a language by its code.

    Raises:
        InputError: `language`, when there is no catalogue for it.
    """
    if code == "en":
        return ENGLISH
    if code not in available():
        raise InputError(
            "language",
            say("there is no language {code!r}", code=code),
            say("use one of {choices}", choices=available()),
        )
    messages = read(_catalogue(code))
    if code == "ko":
        from steelyard.languages import korean

        return Language(code, messages, lambda _: 0, korean.inflect, korean.show_date)
    return Language(code, messages, _plural_rule(messages.get("", "")))


def _catalogue(code: str) -> str:
    """Return the text of a catalogue: a checkout has it plain, an installation packed."""
    try:
        return (FOLDER / f"{code}.po").read_text(encoding="utf-8")
    except FileNotFoundError:
        import zlib

        return zlib.decompress((FOLDER / f"{code}.po.z").read_bytes()).decode()


def translate(text: str, code: str) -> str:
    """Return a message in a language given by its code; a plain string as it is."""
    return str(text) if code == "en" else render(text, language(code))


def read(catalogue: str) -> dict[str, str]:
    """Return the messages of a catalogue, those without a translation left out; its header under ""."""
    messages = {}
    for entry in ("\n" + catalogue).split("\nmsgid ")[1:]:
        key, _, value = entry.partition("\nmsgstr ")
        messages[_unquoted(key)] = _unquoted(value.rstrip())
    return {key: value for key, value in messages.items() if value}


def of_environment(environ: Mapping[str, str]) -> str:
    """Return the language that an environment asks for: STEELYARD_LANG, else the locale's where we have it.

    Raises:
        InputError: `language`, when STEELYARD_LANG names none that we have.
    """
    asked = environ.get("STEELYARD_LANG")
    if asked:
        return language(asked).code
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name)
        if value:
            code = value.partition("@")[0].partition(".")[0].partition("_")[0].lower()
            return code if code in available() else "en"
    return "en"


def of_file(path: Path) -> str | None:
    """Return the language that a portfolio file names at its top, None where it names none that we have.

    Whatever is wrong with the file its reader says; here its beginning is looked at, and no more of it.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            start = file.read(_BEGINNING).decode("utf-8-sig", errors="ignore")
    except (OSError, ValueError):
        return None
    # The keys of the file as a whole stand before its first table.
    head = ("\n" + start).partition("\n[")[0]
    if "language" not in head:
        return None
    import tomllib

    try:
        code = tomllib.loads(head).get("language")
    except (ValueError, RecursionError):
        return None
    return code if code in available() else None


def _unquoted(quoted: str) -> str:
    text = quoted[1:-1] if "\n" not in quoted else "".join(line[1:-1] for line in quoted.split("\n"))
    if "\\\\" in text:
        return re.sub(r"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), text)
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t") if "\\" in text else text


def _plural_rule(header: str) -> Callable[[int], int]:
    """Return the rule of the header's `Plural-Forms`, English's where there is none."""
    found = re.search(r"plural=([^;\n]+)", header)
    if found is None:
        return ENGLISH.plural
    # Imported here: no language shipped so far has plural forms.
    import gettext

    rule: Callable[[int], int] = gettext.c2py(found[1])
    return rule
