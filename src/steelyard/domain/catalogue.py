"""The catalogue: known instruments by symbol or by any of their names.

Entries stay plain mappings until one is asked for, since a portfolio uses a handful of many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from steelyard.domain.instruments import Instrument, Replacement

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Known instruments.

    Attributes:
        entries: Symbol to the fields of `Instrument` as plain data.
        groups: Group name to the pairs `held -> candidate -> (caution, why)` of that group.
    """

    entries: Mapping[str, Entry]
    replacements: Mapping[str, tuple[tuple[str, str, str], ...]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def get(self, symbol: str) -> Instrument | None:
        """Return the instrument of that exact symbol, None when the catalogue has none."""
        entry = self.entries.get(symbol)
        if entry is None:
            return None
        checked = entry.get("checked_on")
        return Instrument(
            symbol=symbol,
            name=entry["name"],
            currency=entry["currency"],
            exchange=entry["exchange"],
            asset_class=entry["asset_class"],
            tax_class=entry.get("tax_class"),
            us_class=entry.get("us_class"),
            us_ptp=entry.get("us_ptp", False),
            index=entry.get("index"),
            group=entry.get("group"),
            replacements=tuple(Replacement(*row) for row in self.replacements.get(symbol, ())),
            aliases=tuple(entry.get("aliases", ())),
            source=entry["source"],
            checked_on=date.fromisoformat(checked) if checked else None,
        )

    def resolve(self, text: str) -> str | None:
        """Return the symbol for a symbol or a name, ignoring case, spaces and hyphens; None if unknown."""
        if text in self.entries:
            return text
        wanted = _folded(text)
        for symbol, entry in self.entries.items():
            names = (symbol, entry["name"], *entry.get("aliases", ()))
            if any(_folded(name) == wanted for name in names):
                return symbol
        return None

    def suggest(self, text: str) -> tuple[str, ...]:
        """Return up to three symbols whose symbol or name is close to a text, best first."""
        from difflib import get_close_matches

        names = {_folded(n): s for s, e in self.entries.items() for n in (s, e["name"], *e.get("aliases", ()))}
        found = get_close_matches(_folded(text), names, n=5, cutoff=0.6)
        return tuple(dict.fromkeys(names[name] for name in found))[:3]


def _folded(text: str) -> str:
    return "".join(text.split()).replace("-", "").casefold()
