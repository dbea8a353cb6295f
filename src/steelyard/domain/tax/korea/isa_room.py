"""What may still be paid into an ISA: one figure for `holdings`, for new money and for the year's report.

Source: rule kr.isa (20,000,000 won a year, unused room kept, 100,000,000 in all).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.records import dataclass
from steelyard.words import say

LONGEST_YEARS = 4
"""Unused room of an ISA is kept until its total limit is reached, in the fifth calendar year."""


@dataclass(frozen=True, slots=True)
class IsaRoom:
    """The room of an ISA in a year, won.

    Attributes:
        limit: The most that may have been paid in by the end of the year.
        paid: What was, by the journal.
        beyond: Days on which more was paid in than the limit of the day, and by how much.
        note: What the journal cannot know, empty when nothing.
    """

    limit: Decimal
    paid: Decimal
    beyond: tuple[tuple[date, Decimal], ...]
    note: str

    @property
    def left(self) -> Decimal:
        """What may still be paid in, not below zero."""
        return max(EXACT.subtract(self.limit, self.paid), ZERO)


def isa_room(entries: Sequence[Entry], year: int, rates: TaxRates) -> IsaRoom:
    """Return the room of an ISA, of which the first entry opened it.

    Shares come into an ISA by purchase only, so one that the journal began with is as old as its oldest lot.

    Args:
        entries: Of the account, none later than is to count.
        year: Whose limit it is.
        rates: Of the year.
    """
    opened = min((e.lot or e.traded_on for e in entries), default=date(year, 1, 1))
    moved = [e.traded_on for e in entries if e.note == OPENING_NOTE]
    note = ""
    if moved:
        note = say(
            "the journal does not know when the account was opened nor what was paid in before {day}: the "
            "figure is that of one opened on {opened} into which nothing was",
            day=min(moved),
            opened=opened,
        )
    return IsaRoom(_limit(opened, year, rates), deposits_of(entries), _beyond(entries, opened, rates), note)


def deposits_of(entries: Iterable[Entry]) -> Decimal:
    """Return the won paid in; what `init --journal` moved over was there before."""
    return exact_sum(
        e.shares for e in entries if e.kind == "deposit" and e.currency == "KRW" and e.note != OPENING_NOTE
    )


def _limit(opened: date, year: int, rates: TaxRates) -> Decimal:
    years = min(year - opened.year, LONGEST_YEARS)
    limit = EXACT.multiply(rates["isa.yearly_limit"], EXACT.add(ONE, Decimal(years)))
    return min(limit, rates["isa.total_limit"])


def _beyond(entries: Iterable[Entry], opened: date, rates: TaxRates) -> tuple[tuple[date, Decimal], ...]:
    """Return what was paid in beyond 20,000,000 a year with carried room, by day (STTCA 91-18(3)5)."""
    found, paid = [], ZERO
    for entry in sorted(entries, key=lambda e: e.traded_on):
        before = paid
        paid = EXACT.add(paid, deposits_of((entry,)))
        limit = _limit(opened, entry.traded_on.year, rates)
        if paid > limit and paid > before:
            found.append((entry.traded_on, EXACT.subtract(paid, max(before, limit))))
    return tuple(found)
