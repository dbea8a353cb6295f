"""A portfolio from plain Python values, through the readers that a portfolio file goes through.

What TOML cannot say must not get past them here: a mapping becomes a table and a sequence a list, a key that
is no text is a problem, and None is what was left out. A float stays one and is refused where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from steelyard.adapters.files.portfolio import read
from steelyard.adapters.files.toml_places import Path
from steelyard.adapters.files.toml_reader import Reader
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.portfolio import Portfolio
from steelyard.words import say


def portfolio_of(
    values: Mapping[str, Any], name: str, catalogue: Catalogue, *, need_accounts: bool = True
) -> Portfolio:
    """Return a portfolio of the tables and keys that a portfolio file has.

    Args:
        values: By the names of the file; numbers as int, Decimal or text.
        name: What it is called in messages.
        catalogue: Known instruments.
        need_accounts: False where targets and policy are enough.

    Raises:
        PortfolioProblems: With every problem of the values.
    """
    reader = Reader("", name)
    return read(_table(values, (), reader), reader, catalogue, need_accounts)


def _table(values: Mapping[Any, Any], path: Path, reader: Reader) -> dict[str, Any]:
    table = {}
    for key, value in values.items():
        if not isinstance(key, str):
            hint = say("write it as text, {written}", written=repr(str(key)))
            reader.problem("not-text", say("the key {key!r} is not text", key=key), hint, path)
        elif value is not None:
            table[key] = _plain(value, (*path, key), reader)
    return table


def _plain(value: object, path: Path, reader: Reader) -> object:
    if isinstance(value, Mapping):
        return _table(value, path, reader)
    if isinstance(value, Set):
        # Without an order of its own: sorted, so that the same set always reads the same.
        value = sorted(value, key=str)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(part, (*path, index), reader) for index, part in enumerate(value)]
    if isinstance(value, float) and path[0] in ("tax", "owners"):
        # Kept as written for the country, which would come upon it only when tax is computed.
        hint = say("write it as text or a Decimal: {written}", written=repr(str(value)))
        reader.problem("not-a-number", say("{raw!r} is not a number", raw=value), hint, path)
    return value
