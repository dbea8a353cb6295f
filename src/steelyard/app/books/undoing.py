"""What is taken back together: a completion counts, or what it replaced does, and never both."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.domain.books.ledger import Recorded

COMPLETION = "complete:"
"""The beginning of the reference of an entry that was written in place of one that lacked something."""


def last_word(rows: Sequence[Recorded], number: int) -> int:
    """Return what has to be taken back so that an entry counts no longer, or counts again.

    It is the entry itself, or the newest of the counter-entries that took it back and brought it back: each
    row is taken back once.
    """
    by = {row.takes_back: row.number for row in rows if row.takes_back is not None}
    while number in by:
        number = by[number]
    return number


def taken_back(rows: Sequence[Recorded], chosen: Sequence[Recorded]) -> tuple[int, ...]:
    """Return the numbers to take back for chosen rows: undoing a completion brings back what it replaced.

    Bringing either back takes the other one away.
    """
    at = {row.number: row for row in rows}
    found = [last_word(rows, row.number) if row.counts else row.number for row in chosen]
    for row in chosen:
        fact = row
        while fact.takes_back is not None:
            fact = at[fact.takes_back]
        old = at.get(_replaced(fact))
        others = [old] if old is not None and old.counts != fact.counts else []
        if not fact.counts:
            others += [other for other in rows if other.counts and _replaced(other) == fact.number]
        found += [last_word(rows, other.number) for other in others]
    return tuple(dict.fromkeys(found))


def _replaced(row: Recorded) -> int:
    """Return the number of what a completion stands for, 0 for any other row."""
    if row.takes_back is not None or not row.reference.startswith(COMPLETION):
        return 0
    return int(row.reference.removeprefix(COMPLETION).partition("#")[0])
