"""Many rows of words to entries: what was read once, a day, a number or a name, is not read again.

`entry_text.read_entry` says what a row means and what is wrong with it; a test holds this reader to it. Rows
of the kinds that files are full of, without rare details, take the short way, all others the long one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

from steelyard.domain.books.entry_form import is_symbol
from steelyard.domain.books.entry_text import DETAILS, read_entry
from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry, EntryKind, entry_like
from steelyard.domain.days import read_day
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ZERO, is_currency
from steelyard.errors import Problem

_Meaning = TypeVar("_Meaning")
_TRADES = frozenset({"buy", "sell", *PAYMENT_KINDS})
_MONEY = frozenset({"deposit", "withdrawal"})
_KINDS = _TRADES | _MONEY
_WORDS = ("type", "account", "symbol", "currency", "note")
"""What many rows say alike."""
_MANY = 20_000
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
        self._likes: dict[tuple[str, ...], Entry | None] = {}

    def read(self, fields: Mapping[str, str]) -> tuple[Entry | None, tuple[Problem, ...]]:
        """Return what `read_entry` does."""
        entry = self._usual(fields)
        return (entry, ()) if entry is not None else read_entry(fields, self._catalogue)

    def read_columns(self, columns: Mapping[str, Sequence[str]], many: int) -> list[Entry | None]:
        """Return the entries of rows that are given a column after the other; None where `read` is needed.

        Args:
            columns: By the names in COLUMNS; those that no row fills may be missing.
            many: How many rows there are.
        """
        nothing = [""] * many
        days, orders = columns.get("date", nothing), columns.get("order_id", nothing)
        shares, prices, fees = (columns.get(name, nothing) for name in ("shares", "price", "fees"))
        words = [columns.get(name, nothing) for name in _WORDS]
        rare = [columns[name] for name in _RARE if name in columns and any(columns[name])]
        number = self._numbers.__getitem__
        likes = self._likes
        entries: list[Entry | None] = []
        for on, amount, price, cost, paid, fee, order, said, other in zip(
            map(self._days.__getitem__, days), map(number, shares), prices, map(number, prices), fees,
            map(number, fees), orders, zip(*words, strict=True),
            zip(*rare, strict=True) if rare else nothing, strict=True,
        ):  # fmt: skip
            like = likes[said] if said in likes else self._like(said)
            if like is None or on is None or not amount:
                entries.append(None)
                continue
            odd = (fee is None and paid) or (rare and any(other))
            wrong = cost is None if like.kind in _TRADES else price
            one = None if odd or wrong else entry_like(like, on, amount, cost, fee or ZERO, order.strip())
            entries.append(one)
        return entries

    def _usual(self, fields: Mapping[str, str]) -> Entry | None:
        get = fields.get
        if get("type", "") not in _KINDS:
            return None
        if not _RARE.isdisjoint(fields) and any(get(name) for name in _RARE):
            return None
        said = tuple([get(name, "") for name in _WORDS])
        like = self._likes[said] if said in self._likes else self._like(said)
        if like is None:
            return None
        day = self._days[get("date", "")]
        price, fees = get("price", ""), self._numbers[get("fees") or "0"]
        amount = self._numbers[get("shares", "")]
        cost = self._numbers[price] if price else None
        if day is None or not amount or fees is None:
            return None
        if (cost is None) if like.kind in _TRADES else price:
            return None
        return entry_like(like, day, amount, cost, fees or ZERO, get("order_id", "").strip())

    def _like(self, said: tuple[str, ...]) -> Entry | None:
        """Return an entry that says in words what rows say, None where they are to be read alone."""
        if len(self._likes) >= _MANY:
            self._likes.clear()
        self._likes[said] = found = self._worded(*said)
        return found

    def _worded(self, kind: str, account: str, text: str, currency: str, note: str) -> Entry | None:
        symbol = self._symbols[text]
        if kind not in _KINDS or symbol is None or not account.strip():
            return None
        currency = currency or symbol[1]
        if kind in _TRADES:
            if not symbol[0]:
                return None
        else:
            currency = currency or self._catalogue.currency or ""
        if not self._currencies[currency]:
            return None
        return Entry(
            date.min, account.strip(), cast(EntryKind, kind), symbol[0], currency=currency, note=note.strip()
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
