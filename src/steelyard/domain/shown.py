"""Text that shows what it is: nothing in it is hidden, moves a cursor, or turns round what stands beside it.

Where text comes in, hidden characters in a name are refused: `main` and `main` with a zero-width space are
two accounts that nobody tells apart. Where text goes out, they are written as `\\x1b` or `\\u202e`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import category

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
"""Letters and marks that show nothing. Source: Unicode, Default_Ignorable_Code_Point; and blank Braille."""
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Marks that choose a picture of the symbol or ideograph before them, and show nothing elsewhere."""
_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_FIGURE = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? ?%?")


def hidden_in(text: str, *, lines: bool = False) -> str:
    """Return the first hidden character of a text, empty where there is none.

    Hidden is what shows nothing of its own but a space: controls, formats (bidi, zero width, tags), lone
    surrogates, separators of lines and paragraphs, characters that are private or that no standard assigns,
    blank letters, and a variation selector behind anything but a symbol or an ideograph.

    Args:
        text: Any.
        lines: Line ends and tabs are not taken for hidden.
    """
    checked = text.replace("\n", "").replace("\t", "") if lines else text
    if checked.isprintable() and _BLANK.isdisjoint(checked) and _SELECTORS.isdisjoint(checked):
        return ""
    return next((c for before, c in pairwise(" " + checked) if _is_hidden(before, c)), "")


def _is_hidden(before: str, letter: str) -> bool:
    if letter in _SELECTORS:
        return category(before) != "So" and not ("\u3400" <= before <= "\ufaff" and category(before) == "Lo")
    return letter in _BLANK or not (letter.isprintable() or category(letter) == "Zs")


def shown(text: str, *, lines: bool = False) -> str:
    """Return a text with its hidden characters written out; see `hidden_in`.

    >>> shown("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if not hidden_in(text, lines=lines):
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        written(c) if c not in kept and _is_hidden(before, c) else c for before, c in pairwise(" " + text)
    )


def written(letter: str) -> str:
    """Return a character as programs write it: `\\x1b`, `\\u202e`."""
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cell(value: object) -> object:
    """Return what stands in a cell of a CSV file, so that no spreadsheet takes it for a formula.

    A text that one would begin with gets an apostrophe before it, as does one that has apostrophes there
    already; `uncell` takes one off. Figures stay figures.

    >>> cell("=1+1"), cell("-5"), uncell("'=1+1")
    ("'=1+1", '-5', '=1+1')
    """
    if not isinstance(value, str):
        return "" if value is None else value
    text = shown(value, lines=True)
    return f"'{text}" if _FORMULA.match(text) and not _FIGURE.fullmatch(text) else text


def uncell(text: str) -> str:
    """Return the text that `cell` made a cell of."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text
