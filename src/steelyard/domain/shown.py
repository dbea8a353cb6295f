"""Text that shows what it is: nothing in it is hidden, moves a cursor, or turns round what stands beside it.

Where text comes in, hidden characters in a name are refused: `main` and `main` with a zero-width space are
two accounts that nobody tells apart. Where text goes out, they are written as `\\x1b` or `\\u202e`.
"""

from __future__ import annotations

import re
from unicodedata import category

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, formats (bidi, zero width, tags), lone surrogates, separators of lines and paragraphs."""
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2065\u2800\u3164\uffa0"
    "\ufff0\ufff1\ufff2\ufff3\ufff4\ufff5\ufff6\ufff7\ufff8"
)
"""Letters and marks that show nothing. Source: Unicode, Default_Ignorable_Code_Point; and blank Braille."""
_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_FIGURE = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? ?%?")


def hidden_in(text: str, *, lines: bool = False) -> str:
    """Return the first hidden character of a text, empty where there is none.

    Args:
        text: Any.
        lines: Line ends and tabs are not taken for hidden.
    """
    checked = text.replace("\n", "").replace("\t", "") if lines else text
    if checked.isprintable() and _BLANK.isdisjoint(checked):
        return ""
    return next((c for c in checked if category(c) in _HIDDEN or c in _BLANK), "")


def shown(text: str, *, lines: bool = False) -> str:
    """Return a text with its hidden characters written out; see `hidden_in`.

    >>> shown("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if not hidden_in(text, lines=lines):
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        c if c in kept or not (category(c) in _HIDDEN or c in _BLANK) else written(c) for c in text
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
