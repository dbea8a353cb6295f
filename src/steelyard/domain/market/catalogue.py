"""The catalogue: known instruments by symbol or by any of their names.

Entries stay plain mappings until one is asked for, since a portfolio uses a handful of many
and every command starts by reading all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from re import fullmatch
from typing import Any, Protocol
from unicodedata import normalize

from steelyard.domain.market.instruments import (
    EXCHANGES,
    TAX_CLASSES,
    US_CLASSES,
    Caution,
    Instrument,
    Replacement,
)
from steelyard.errors import InputError
from steelyard.records import dataclass, field
from steelyard.words import say

Entry = Mapping[str, Any]
Pair = tuple[str, Caution, str]

_CHOICES = {"exchange": EXCHANGES, "tax_class": TAX_CLASSES, "us_class": US_CLASSES}
_FLAGS = ("fractional", "us_ptp", "irp_risky")
_TEXTS = ("name", "currency", "asset_class", "index", "replacement_group")
_SYMBOL = r"[A-Z0-9][A-Z0-9.\-]{0,15}"
_FIELDS = frozenset({*_TEXTS, *_CHOICES, *_FLAGS, "aliases", "source", "checked_on", "confidence"})
"""Of `Instrument`, as entries have them; whatever else an entry says is for `find`."""
_HOME = {"KRW": "XKRX", "USD": "XNYS"}

OVERRIDABLE = (*_TEXTS, *_CHOICES, *_FLAGS)
"""The fields `Catalogue.override` takes."""


class Wider(Protocol):
    """A longer list of instruments, looked into only for what the catalogue itself does not have."""

    def entry(self, symbol: str) -> Entry | None:
        """Return the fields of an instrument, stand-ins under `replacements`; None where there is none."""
        ...

    def named(self, name: str) -> str | None:
        """Return the symbol of a folded name or an ISIN, None where there is none."""
        ...

    def names(self) -> Mapping[str, str]:
        """Return every folded name and its symbol."""
        ...

    def rows(self) -> Iterator[tuple[str, Entry]]:
        """Return every instrument by its symbol."""
        ...


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Known instruments.

    Attributes:
        entries: Symbol to the fields of `Instrument` as plain data, dates as ISO text.
        pairs: Symbol to its stand-ins, best first, each as symbol, caution and why.
        currency: Of money that names none: the base currency of the portfolio file it was read with.
        wider: More instruments; None where there are no more.
    """

    entries: Mapping[str, Entry]
    pairs: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    currency: str | None = None
    wider: Wider | None = field(default=None, repr=False, compare=False)
    _names: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.entries or self._elsewhere(symbol) is not None

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, symbol: str) -> Instrument | None:
        """Return the instrument of that exact symbol, None when the catalogue has none."""
        entry = self.entries.get(symbol) or self._elsewhere(symbol)
        if entry is None:
            return None
        fields = {key: value for key, value in entry.items() if key in _FIELDS}
        checked = fields.pop("checked_on", None)
        return Instrument(
            symbol=symbol,
            aliases=tuple(fields.pop("aliases", ())),
            checked_on=date.fromisoformat(checked) if checked else None,
            replacements=self.replacements(symbol),
            **fields,
        )

    def replacements(self, symbol: str) -> tuple[Replacement, ...]:
        """Return what may stand in for an instrument, best first; empty when nothing is recorded.

        Nothing recorded does not mean that everything goes: it means that nobody looked.
        """
        pairs = self.pairs.get(symbol)
        if pairs is None and symbol not in self.entries and (entry := self._elsewhere(symbol)):
            pairs = entry.get("replacements")
        return tuple(Replacement(*pair) for pair in pairs or ())

    def resolve(self, text: str) -> str | None:
        """Return the symbol for a symbol, a name or an alias; None when there is none.

        Case, spaces and punctuation do not count (`kodex200` is `KODEX 200`). A symbol wins over a name.
        """
        if text in self.entries or self._elsewhere(text) is not None:
            return text
        name = folded(text)
        known = self._index().get(name)
        if known is None:
            code = korean_code(text.strip().upper())
            known = code if code in self else None
        if known is None and self.wider is not None and name:
            known = self.wider.named(name)
        return known

    def suggest(self, text: str) -> tuple[str, ...]:
        """Return up to three symbols whose symbol or name is close to a text, best first."""
        from difflib import get_close_matches  # only a mistyped name pays for it

        # The common funds first: among very many names something is close to anything.
        for index in (self._index(), self.wider.names() if self.wider is not None else {}):
            found = get_close_matches(folded(text), index, n=6)
            if found:
                return tuple(dict.fromkeys(index[name] for name in found))[:3]
        return ()

    def override(self, symbol: str, **fields: Any) -> Catalogue:
        """Return a catalogue in which one instrument has other fields, or is new.

        A new instrument needs a currency; its name is its symbol and its exchange that of the currency
        unless given. Its tax classes stay unknown unless given. An override keeps the entry's source
        and adds which fields the user changed.

        Args:
            symbol: Exact symbol.
            fields: Any of OVERRIDABLE.

        Raises:
            InputError: `instrument-field` for an unknown field or value, `instrument-incomplete` for a
                new instrument without a currency, or without an exchange where the currency has none.
        """
        for key, value in fields.items():
            _check(symbol, key, value)
        known = self.entries.get(symbol) or self._elsewhere(symbol)
        entry = {**known, **fields} if known is not None else _new(symbol, fields)
        if known is not None and fields:
            entry["source"] = f"{known['source']}; portfolio file for {', '.join(fields)}"
        pairs = self.pairs
        if known is not None and "replacements" in known:
            pairs = {**pairs, symbol: known["replacements"]}
        return Catalogue({**self.entries, symbol: entry}, pairs, self.currency, self.wider)

    def with_all(self, instruments: Iterable[Instrument]) -> Catalogue:
        """Return a catalogue that knows some more instruments; those it knows stay as they are."""
        more = {
            one.symbol: {
                "aliases": one.aliases,
                **{key: getattr(one, key) for key in (*OVERRIDABLE, "source")},
            }
            for one in instruments
            if one.symbol not in self
        }
        return Catalogue({**self.entries, **more}, self.pairs, self.currency, self.wider)

    def _elsewhere(self, symbol: object) -> Entry | None:
        """Return the entry of the wider list; what has not the form of a symbol is not looked for."""
        if self.wider is None or not isinstance(symbol, str) or not fullmatch(_SYMBOL, symbol):
            return None
        return self.wider.entry(symbol)

    def _index(self) -> dict[str, str]:
        # Filled at the first name asked for: a file that uses symbols never needs it.
        if not self._names:
            for symbol, entry in self.entries.items():
                for name in (entry["name"], *entry.get("aliases", ())):
                    self._names.setdefault(folded(name), symbol)
            self._names.update((folded(symbol), symbol) for symbol in self.entries)
            self._names.pop("", None)
        return self._names


def korean_code(text: str) -> str:
    """Return the six characters of a KRX listing for the ways people and brokers write it, else the text.

    >>> [korean_code(text) for text in ("69500", "A069500", "KR7069500007", "A0074K0", "VOO")]
    ['069500', '069500', '069500', '0074K0', 'VOO']
    """
    found = fullmatch(r"(?:A|KR7)([0-9A-Z]{6})(?:(?<=[0-9A-Z]{9})[0-9]{3})?", text)
    if found is not None and (len(text) == 12) == text.startswith("KR7"):
        return found[1]
    return text.zfill(6) if text.isdigit() and text.isascii() and len(text) > 3 else text


def folded(text: str) -> str:
    """Return a name as names are compared: case, spaces and punctuation do not count.

    >>> folded("KODEX 200"), folded("S&P 500")
    ('kodex200', 'sp500')
    """
    if not text.isascii():
        # macOS hands over Hangul taken apart.
        text = normalize("NFKC", text)
    return "".join(filter(str.isalnum, text)).casefold()


def _new(symbol: str, fields: dict[str, Any]) -> dict[str, Any]:
    if "currency" not in fields:
        raise InputError(
            "instrument-incomplete",
            say("{symbol} is not in the catalogue and has no currency", symbol=symbol),
            say('write `currency = "USD"` (or "KRW") under [instruments.{symbol}]', symbol=symbol),
        )
    exchange = fields.get("exchange") or _HOME.get(fields["currency"])
    if exchange is None:
        raise InputError(
            "instrument-incomplete",
            say(
                "{symbol} is quoted in {fields}, which names no exchange",
                symbol=symbol,
                fields=fields["currency"],
            ),
            say('write `exchange = "XNYS"` (or "XKRX") under [instruments.{symbol}]', symbol=symbol),
        )
    return {"name": symbol, "source": "portfolio file", **fields, "exchange": exchange}


def _check(symbol: str, key: str, value: object) -> None:
    if key in _CHOICES:
        wanted = " or ".join(_CHOICES[key])
        right = value in _CHOICES[key]
    elif key in _FLAGS:
        wanted, right = "true or false", isinstance(value, bool)
    elif key in _TEXTS:
        wanted, right = "a text", isinstance(value, str) and value.strip() != ""
    else:
        raise InputError(
            "instrument-field",
            say("{symbol} has no field {key!r}", symbol=symbol, key=key),
            say("use one of {choices}", choices=", ".join(OVERRIDABLE)),
        )
    if not right:
        raise InputError(
            "instrument-field",
            say("{symbol}: {key} is {value!r}", symbol=symbol, key=key, value=value),
            say("write {wanted} for `{key}`", wanted=wanted, key=key),
        )
