"""The languages beside English: one `.po` file each, and a module where a language inflects.

A catalogue is read as it stands, in a millisecond and only when its language is asked for; there is no
compiled form that could differ from it (docs/decisions). Of 3,400 messages a command says a hundred: entries
are told apart, and read when they are looked up. A wheel has the same text compressed as `ko.po.z`, a quarter
of the size. What a file may contain is what `tools/words.py` writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
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
    messages = Catalogue(_catalogue(code))
    if code == "ko":
        from steelyard.languages import korean

        return Language(code, messages, lambda _: 0, korean.inflect, korean.show_date)
    return Language(code, messages, _plural_rule(messages.header))


def _catalogue(code: str) -> bytes:
    """Return the text of a catalogue: a checkout has it plain, an installation packed."""
    try:
        return (FOLDER / f"{code}.po").read_bytes()
    except FileNotFoundError:
        import zlib

        return zlib.decompress((FOLDER / f"{code}.po.z").read_bytes())


def translate(text: str, code: str) -> str:
    """Return a message in a language given by its code; a plain string as it is."""
    return str(text) if code == "en" else render(text, language(code))


class Catalogue(Mapping[str, str]):
    """Messages of a catalogue, English to translation; those without one are left out.

    Attributes:
        header: What stands under the empty message, which is none: it would be shown in its place.
    """

    def __init__(self, text: bytes) -> None:
        parts = re.split(rb"\n\nmsgid |\nmsgstr ", b"\n\n" + text.rstrip())
        self._entries = dict(zip(parts[1::2], parts[2::2], strict=True))
        self.header = _unquoted(self._entries.pop(b'""', b'""'))

    def __getitem__(self, message: str) -> str:
        found = _unquoted(self._entries[_quoted(message)])
        if not found:
            raise KeyError(message)
        return found

    def __iter__(self) -> Iterator[str]:
        return (_unquoted(key) for key, value in self._entries.items() if value != b'""')

    def __len__(self) -> int:
        return sum(value != b'""' for value in self._entries.values())


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


def _unquoted(quoted: bytes) -> str:
    written = quoted.decode()
    text = written[1:-1] if "\n" not in written else "".join(line[1:-1] for line in written.split("\n"))
    if "\\\\" in text:
        return re.sub(r"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), text)
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t") if "\\" in text else text


def _quoted(text: str) -> bytes:
    """Return a message as it stands in a catalogue: a line of text to a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    lines = escaped.splitlines(keepends=True)
    told = [f'"{line.replace(chr(10), chr(92) + "n")}"' for line in lines] or ['""']
    return "\n".join(told if len(told) == 1 else ['""', *told]).encode()


def _plural_rule(header: str) -> Callable[[int], int]:
    """Return the rule of the header's `Plural-Forms`, English's where there is none."""
    found = re.search(r"plural=([^;\n]+)", header)
    if found is None:
        return ENGLISH.plural
    # Imported here: no language shipped so far has plural forms.
    import gettext

    rule: Callable[[int], int] = gettext.c2py(found[1])
    return rule
