"""Splits that price sources know of, held against the journal: a new price meets old shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from steelyard.domain.books.holdings import count
from steelyard.domain.books.ledger import ACTION_KINDS, Entry, in_order
from steelyard.domain.books.portfolio_books import Books, books_of, with_books
from steelyard.domain.caveats import UnrecordedSplit
from steelyard.domain.money import ONE
from steelyard.domain.portfolio import Portfolio

WINDOW = timedelta(days=10)
"""How far the day of an entry may be from the first session at the new price."""


def with_actions(portfolio: Portfolio, splits: Iterable[tuple[str, date, Decimal]]) -> Portfolio:
    """Return a portfolio that knows which of the splits its journal lacks.

    Only accounts with entries can lack one: what a file holds its owner has counted after the split.

    Args:
        portfolio: With its books.
        splits: Symbol, first session at the new price, new shares for one old one.
    """
    books = books_of(portfolio)
    found = _unrecorded(books, [s for s in splits if s[2] != ONE])
    return with_books(portfolio, replace(books, actions=found)) if found else portfolio


def _unrecorded(books: Books, splits: Sequence[tuple[str, date, Decimal]]) -> tuple[UnrecordedSplit, ...]:
    found = []
    for symbol, day, ratio in splits:
        own = [e for e in books.entries if symbol in (e.symbol, e.other)]
        for account in dict.fromkeys(name for e in own for name in e.accounts):
            here = [e for e in own if account in e.accounts]
            if _held_before(here, account, symbol, day) and not any(
                e.kind in ACTION_KINDS and abs(e.traded_on - day) <= WINDOW for e in here
            ):
                found.append(UnrecordedSplit(account, symbol, day, ratio))
    return tuple(found)


def _held_before(entries: Iterable[Entry], account: str, symbol: str, day: date) -> bool:
    shares: dict[tuple[str, str], Decimal] = {}
    for entry in in_order(e for e in entries if e.traded_on < day):
        count(shares, entry)
    return bool(shares.get((account, symbol)))
