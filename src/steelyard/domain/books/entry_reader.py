"""Many rows of words to entries: what was read once, a day, a number or a name, is not read again.

`entry_text.read_entry` says what a row means and what is wrong with it; a test holds this reader to it. Rows
of the kinds that files are full of, without rare details, take the short way, all others the long one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

from steelyard.domain.books.entry_form import is_symbol
from steelyard.domain.books.entry_text import DETAILS, read_entry
from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry, EntryKind
from steelyard.domain.days import read_day
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ZERO, is_currency
from steelyard.errors import Problem

_Meaning = TypeVar("_Meaning")
_TRADES = frozenset({"buy", "sell", *PAYMENT_KINDS})
_MONEY = frozenset({"deposit", "withdrawal"})
_RARE = frozenset({"fx_rate", "tax_base_price", "lot", *DETAILS} - {"order_id"})
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
"""Within `entry_form.LARGEST` and `FINEST`, whatever its digits."""


class _Known(dict[str, _Meaning]):
    """Texts of one file and what each means; one that is new is read."""

    def __init__(self, read: Callable[[str], _Meaning]) -> None:
        self._read = read

    def __missing__(self, text: str) -> _Meaning:
        return self.setdefault(text, self._read(text))


class EntryReader:
    """Reads the rows of one file.

    Args:
        catalogue: Known instruments.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        # None stands for what the short way leaves to the long one.
        self._days = _Known(_day)
        self._numbers = _Known(_number)
        self._symbols = _Known(self._symbol)
        self._currencies = _Known(is_currency)

    def read(self, fields: Mapping[str, str]) -> tuple[Entry | None, tuple[Problem, ...]]:
        """Return what `read_entry` does."""
        entry = self._usual(fields)
        return (entry, ()) if entry is not None else read_entry(fields, self._catalogue)

    def _usual(self, fields: Mapping[str, str]) -> Entry | None:
        get = fields.get
        kind = get("type", "")
        trade = kind in _TRADES
        if not trade and kind not in _MONEY:
            return None
        if not _RARE.isdisjoint(fields) and any(get(name) for name in _RARE):
            return None
        day = self._days[get("date", "")]
        shares, price, fees = get("shares", ""), get("price", ""), self._numbers[get("fees") or "0"]
        amount = self._numbers[shares]
        symbol = self._symbols[get("symbol", "")]
        account = get("account", "").strip()
        if day is None or not amount or fees is None or symbol is None or not account:
            return None
        currency = get("currency") or symbol[1]
        cost = None
        if trade:
            cost = self._numbers[price]
            if cost is None or not symbol[0]:
                return None
        elif price:
            return None
        else:
            currency = currency or self._catalogue.currency or ""
        if not self._currencies[currency]:
            return None
        note, order = get("note", "").strip(), get("order_id", "").strip()
        return Entry(
            day,
            account,
            cast(EntryKind, kind),
            symbol[0],
            amount,
            cost,
            currency,
            fees or ZERO,
            note=note,
            order_id=order,
        )

    def _symbol(self, text: str) -> tuple[str, str] | None:
        """Return a symbol and the currency that the catalogue knows of it."""
        raw = text.strip()
        if not raw:
            return "", ""
        known = self._catalogue.resolve(raw) or (raw if is_symbol(raw) else None)
        instrument = self._catalogue.get(known) if known else None
        return None if known is None else (known, instrument.currency if instrument else "")


def _day(text: str) -> date | None:
    # With a time the day may be another one at the exchange.
    try:
        return read_day(text) if len(text) <= 10 else None
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None
