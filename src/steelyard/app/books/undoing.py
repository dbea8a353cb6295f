"""What is taken back together: what stands in place of another entry counts, or that one does, never both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from steelyard.domain.books.ledger import Recorded

COMPLETION = "complete:"
"""The beginning of the reference of an entry that was written in place of one that lacked something."""
UNDO = "undo"
"""The source of counter-entries that somebody asked for by themselves."""


def last_words(rows: Sequence[Recorded], numbers: Sequence[int]) -> tuple[int, ...]:
    """Return what has to be taken back so that entries count no longer, or count again.

    It is the entry itself, or the newest of the counter-entries that took it back and brought it back: each
    row is taken back once.
    """
    by = _backs(rows)
    return tuple(_last(by, number) for number in numbers)


def written_together(rows: Sequence[Recorded], batch: int) -> list[Recorded]:
    """Return what has an effect of one import: entries that count, and what it took back in their place."""
    by = _backs(rows)
    return [
        row
        for row in rows
        if row.batch == batch
        and (row.counts if row.takes_back is None else row.source != UNDO and _stands(by, row.number))
    ]


def taken_back(rows: Sequence[Recorded], chosen: Sequence[Recorded]) -> tuple[int, ...]:
    """Return the numbers to take back for chosen rows.

    What was written together with a row about the same booking goes with it: undoing a completion, or a row
    that a broker corrected, brings back what it replaced. Whatever counts in place of what comes back goes.
    """
    at = {row.number: row for row in rows}
    by = _backs(rows)
    replaced = _replaced(rows)

    def booking(row: Recorded) -> int:
        return _first(replaced, _fact(at, row).number)

    batches = {row.batch for row in chosen}
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in rows:
        if row.batch in batches and _stands(by, row.number):
            together[row.batch, booking(row)].append(row.number)
    found: dict[int, None] = {}
    coming: dict[int, int] = {}
    for row in chosen:
        numbers = together[row.batch, booking(row)] if _stands(by, row.number) else [row.number]
        for number in numbers:
            found[_last(by, number)] = None
            fact = _fact(at, at[number])
            if not fact.counts:
                coming[booking(fact)] = fact.number
    kin = [row for row in rows if row.counts and row.number in replaced] if coming else []
    for row in (*kin, *(at[number] for number in coming)):
        if row.counts and coming.get(booking(row), row.number) != row.number:
            found[_last(by, row.number)] = None
    return tuple(found)


def _fact(at: Mapping[int, Recorded], row: Recorded) -> Recorded:
    while row.takes_back is not None:
        row = at[row.takes_back]
    return row


def _backs(rows: Sequence[Recorded]) -> dict[int, int]:
    """Return the counter-entry of each row that has one."""
    return {row.takes_back: row.number for row in rows if row.takes_back is not None}


def _last(by: Mapping[int, int], number: int) -> int:
    while number in by:
        number = by[number]
    return number


def _stands(by: Mapping[int, int], number: int) -> bool:
    """Say whether what takes a row back, if anything, is taken back itself."""
    stands = True
    while number in by:
        number, stands = by[number], not stands
    return stands


def _first(replaced: Mapping[int, int], number: int) -> int:
    while number in replaced:
        number = replaced[number]
    return number


def _replaced(rows: Sequence[Recorded]) -> dict[int, int]:
    """Return what entries stand for: those that a completion names, and what a broker's row with the same
    number took back in the same import."""
    at = {row.number: row for row in rows}
    found = {
        row.number: int(row.reference.removeprefix(COMPLETION).partition("#")[0])
        for row in rows
        if row.takes_back is None and row.reference.startswith(COMPLETION)
    }
    batches = {row.batch for row in rows if row.takes_back is not None and row.source != UNDO}
    corrected = [row for row in rows if row.batch in batches]
    for _, batch in groupby(corrected, key=attrgetter("batch")):
        old: dict[str, list[int]] = defaultdict(list)
        for row in batch:
            if row.takes_back is None:
                if row.number not in found and (standing := old.get(_number(row.reference))):
                    found[row.number] = standing.pop(0)
                continue
            fact = _fact(at, row)
            old[_number(fact.reference)].append(fact.number)
    return found


def _number(reference: str) -> str:
    """Return the broker's own number of a row: the second with the same one bears its count behind it."""
    base, sign, count = reference.rpartition("#")
    return base if sign and count.isdecimal() else reference
