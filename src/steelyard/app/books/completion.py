"""Filling in what an entry lacks: the fuller one stands in its place, so that sales keep their shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from steelyard.app.books.journal import Journal, refuse_wrong
from steelyard.app.books.undoing import COMPLETION, last_words
from steelyard.domain.books.ledger import Entry, Recorded, Row
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import say

_SAME = ("traded_on", "account", "kind", "symbol", "shares", "per")
"""What tells which entry is meant."""


def complete(
    journal: Journal, entry: Entry, *, as_of: date, at: datetime, file: Portfolio | None = None
) -> int:
    """Write an entry in place of the one that says the same and lacks some of it, and return its number.

    What the old one says and the new one does not, its note for one, is kept. Both are written at once: the
    old one is never gone without the new one there.

    Args:
        journal: Where.
        entry: With what is filled in.
        as_of: It may not be dated later.
        at: The time of writing.
        file: What the portfolio file alone holds, None where there is no file.

    Raises:
        InputError: No entry that counts lacks what this one says (`entry-unknown`).
        PortfolioProblems: What is left would take more than is held.
    """
    there = journal.rows()
    old, whole = _lacking(there, entry)
    refuse_wrong(there, [Row(whole)], journal.name, as_of, gone=[old.number], file=file)
    row = Row(whole, reference=f"{COMPLETION}{old.number}")
    return journal.add([row], "record", at, anew=[0], takes_back=last_words(there, [old.number]))[-1]


def _lacking(there: Sequence[Recorded], entry: Entry) -> tuple[Recorded, Entry]:
    for recorded in there:
        old = recorded.entry
        if not recorded.counts or any(getattr(old, name) != getattr(entry, name) for name in _SAME):
            continue
        said = {n: v for n in Entry.__match_args__ if (v := getattr(entry, n)) not in (None, "", ZERO)}
        new = {n: v for n, v in said.items() if getattr(old, n) in (None, "", ZERO)}
        differing = {n for n, v in said.items() if n not in new and n != "note" and getattr(old, n) != v}
        if new and not differing:
            return recorded, replace(old, **new)
    raise InputError(
        "entry-unknown",
        say("no entry says the same and lacks what this one adds"),
        say("see `steelyard history`; date, account, type, symbol and shares must be those of the entry"),
    )
