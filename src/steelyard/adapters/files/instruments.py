"""The instruments a portfolio file adds, for commands that need nothing else of it.

`record` and `import` work beside any portfolio file, one with mistakes or none at all included: what cannot
be read here is left to the commands that need the file, and a row that needed it is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.adapters.files.settings import currency_of
from steelyard.adapters.files.toml_text import tree_to_read
from steelyard.domain.market.catalogue import OVERRIDABLE, Catalogue
from steelyard.domain.money import is_currency
from steelyard.errors import InputError
from steelyard.records import replace


def account_names(text: str | None) -> frozenset[str] | None:
    """Return the names of a portfolio file's accounts, None where it cannot be read.

    Args:
        text: What the file says; None without one.
    """
    rows = (_tree(text) or {}).get("accounts")
    if not isinstance(rows, list):
        return None
    return frozenset(str(row.get("name", "main")) for row in rows if isinstance(row, dict))


def _tree(text: str | None) -> dict[str, Any] | None:
    try:
        return None if text is None else tree_to_read(text)
    except ValueError:
        return None


def with_own(catalogue: Catalogue, text: str | None) -> Catalogue:
    """Return a catalogue with a portfolio file's [instruments] and its base currency.

    Args:
        catalogue: The packaged one.
        text: What the file says; None without one.
    """
    tree = _tree(text)
    if tree is None:
        return catalogue
    base = tree.get("base_currency")
    base = base if isinstance(base, str) and is_currency(base) else None
    own = tree.get("instruments")
    for name, fields in own.items() if isinstance(own, dict) else ():
        symbol = catalogue.resolve(name) or name
        if not isinstance(fields, dict):
            continue
        said = {key: value for key, value in fields.items() if key in OVERRIDABLE}
        priced = _priced_in(tree, symbol, catalogue)
        if symbol not in catalogue and len(priced) <= 1 and (priced or base is not None):
            # As in the portfolio file: what names no currency has that of its price, else the base currency.
            said = {"currency": next(iter(priced), base), **said}
        try:
            catalogue = catalogue.override(symbol, **said)
        except InputError:
            continue
    return replace(catalogue, currency=base)


def _priced_in(tree: Mapping[str, Any], symbol: str, catalogue: Catalogue) -> set[str]:
    """Return the currencies that a file's prices of an instrument name, wherever they stand."""

    def rows(table: Any, key: str) -> list[Any]:
        found = table.get(key) if isinstance(table, dict) else None
        return found if isinstance(found, list) else []

    def named(table: Any) -> list[tuple[str, Any]]:
        return list(table.items()) if isinstance(table, dict) else []

    own = [(name, fields.get("price")) for name, fields in named(tree.get("instruments")) if named(fields)]
    held = [
        (str(row.get("symbol")), row.get("price"))
        for account in rows(tree, "accounts")
        for row in rows(account, "positions")
        if isinstance(row, dict)
    ]
    prices = [*named(tree.get("prices")), *own, *held]
    said = (currency_of(raw) for name, raw in prices if (catalogue.resolve(name) or name) == symbol)
    return {currency for currency in said if currency is not None}
