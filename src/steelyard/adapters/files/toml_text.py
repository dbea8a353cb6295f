"""The one way from the bytes of a TOML file to its tree: bounded in size and in depth, numbers exact.

The parser of the standard library takes time that grows with the square of a key's parts, and ends in three
kinds of exceptions; here every text ends soon, in a tree or in a `ValueError`.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from steelyard.adapters.machine.file_bytes import read_file
from steelyard.words import say

LARGEST = 2_000_000
"""Bytes of a file: some 25,000 lots. Nobody keeps a larger one by hand."""
DEEPEST = 40
"""Parts of one key, as in `a.b.c`; no key here has more than four."""

_QUOTED = r"\"(?:\\.|[^\"\\])*+\"|'[^']*+'"


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a TOML file.

    Raises:
        OSError: See `read_file`.
    """
    return read_file(path, LARGEST)


def tree_of(text: str) -> dict[str, Any]:
    """Return the tree of a TOML text; a fraction is a Decimal, and `nan` or `inf` the text that it is.

    Raises:
        ValueError: It is no TOML, or lies too deep.
    """
    for line in text.splitlines():
        # A line with few dots has no long key: nearly all of them.
        if line.count(".") > DEEPEST:
            bare = re.sub(_QUOTED, "q", line).partition("#")[0]
            for part in re.split(r"[=,{}\[\]]", bare):
                if part.count(".") > DEEPEST and re.fullmatch(r"[\s\w.-]*", part):
                    raise ValueError(say("a key has more than {deepest} parts", deepest=DEEPEST))
    try:
        return tomllib.loads(text, parse_float=_exact)
    except RecursionError:
        raise ValueError(say("lists and tables are nested too deeply")) from None


@lru_cache(maxsize=4)
def tree_to_read(text: str) -> dict[str, Any]:
    """Return the tree of a TOML text, not to be changed: one command asks for that of its file several times.

    Raises:
        ValueError: See `tree_of`.
    """
    return tree_of(text)


def _exact(text: str) -> Decimal | str:
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        # An exponent beyond what any number has: whoever reads the key says that it is none.
        return text
    return number if number.is_finite() else text
