"""The journal, read and nothing else: in a folder one may not write, and while somebody writes.

Reading never brings tables up to date. What an earlier version did not know is read as what it is now when
nobody says. Only the columns are asked for that a fold needs, and no time of writing: most commands read a
journal of thousands of rows to answer one question.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from steelyard.adapters.database.connection import connect_to_read, corrupt, number_of, time_of, told
from steelyard.domain.books.ledger import KINDS, Entry, Recorded, counting

TRIES = 5
_COLUMNS = (
    "traded_on", "account", "kind", "symbol", "shares", "price", "currency", "fees", "fx_rate",
    "tax_base_price", "lot", "note", "ex_date", "gift_value", "gift_tax", "order_id", "per", "other", "part",
    "receiver", "foreign_tax", "foreign_rate",
)  # fmt: skip
"""In the order of the fields of `Entry`; a test holds the two together."""
_LATER = {"order_id": "''", "other": "''", "receiver": "''"}
"""What stands for a column that an earlier version did not have; NULL for the others."""


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return the entries that count, in the order they were written; none where there is no journal.

    Raises:
        As `connection.connect`; DataError where the file holds what no entry is (`journal-corrupt`).
    """
    facts, numbers, _ = _read(path)
    try:
        if any(back is not None for _, back, _ in numbers):
            counts = counting([row[:2] for row in numbers])
            facts = [row for row, (number, *_) in zip(facts, numbers, strict=True) if counts[number]]
        return _entries(facts)
    except (ValueError, ArithmeticError, TypeError) as error:
        raise corrupt(path, str(error)) from None


def read_rows(path: Path) -> tuple[Recorded, ...]:
    """Return every row, first written first, counter-entries included; see `read_entries`."""
    facts, numbers, batches = _read(path, batches=True)
    counts = counting([row[:2] for row in numbers])
    try:
        return tuple(
            Recorded(number, entry, source, time_of(at), back, counts[number], batch)
            for entry, (number, back, batch) in zip(_entries(facts), numbers, strict=True)
            for source, at in (batches[batch],)
        )
    except (ValueError, ArithmeticError, TypeError, KeyError) as error:
        raise corrupt(path, str(error)) from None


_Numbers = list[tuple[int, int | None, int]]
_Batches = dict[int, tuple[str, str]]


def _read(path: Path, *, batches: bool = False) -> tuple[list[Any], _Numbers, _Batches]:
    """Return the columns of each row, its number with what it takes back and its batch, and the batches.

    What was changed while it was read is read again: a file that nobody seemed to write is read without a
    lock.
    """
    for _ in range(TRIES):
        before = _stamp(path)
        connection = connect_to_read(path, having="entries")
        if connection is None:
            return [], [], {}
        with told(path), closing(connection):
            found = _selected(connection, batches=batches)
        if _stamp(path) == before:
            break
    return found


def _stamp(path: Path) -> tuple[object, ...]:
    """Return what changes whenever somebody writes a database or its log."""
    found: list[object] = []
    for each in (path, path.with_name(f"{path.name}-wal")):
        try:
            about = each.stat()
        except OSError:
            found.append(None)
        else:
            found.append((about.st_mtime_ns, about.st_size, about.st_ino))
    return tuple(found)


def _selected(connection: sqlite3.Connection, *, batches: bool) -> tuple[list[Any], _Numbers, _Batches]:
    there = {row[1] for row in connection.execute("PRAGMA table_info(entries)")}
    names = ", ".join(name if name in there else _LATER.get(name, "NULL") for name in _COLUMNS)
    facts = connection.execute(f"SELECT {names} FROM entries ORDER BY number").fetchall()
    numbers = connection.execute("SELECT number, takes_back, batch FROM entries ORDER BY number").fetchall()
    kept = connection.execute("SELECT number, source, recorded_at FROM batches") if batches else ()
    return facts, numbers, {number: (source, at) for number, source, at in kept}


def _entries(facts: Sequence[Sequence[Any]]) -> tuple[Entry, ...]:
    # Dates, amounts and rates repeat without end in a journal; each is read once.
    day, number = _Once(date.fromisoformat), _Once(number_of)
    kinds = frozenset(KINDS)
    found = []
    for on, account, kind, symbol, shares, price, currency, fees, fx, base, lot, note, *more in facts:
        ex_date, gift_value, gift_tax, order_id, per, other, part, receiver, foreign_tax, foreign_rate = more
        if kind not in kinds:
            raise ValueError(f"{kind!r} is not a type of entry")
        entry = Entry(
            day[on], account, kind, symbol, number[shares], number[price], currency, number[fees],
            number[fx], number[base], day[lot], note, day[ex_date], number[gift_value],
            number[gift_tax], order_id, number[per], other, number[part], receiver,
            number[foreign_tax], number[foreign_rate],
        )  # fmt: skip
        found.append(entry)
    return tuple(found)


class _Once(dict[Any, Any]):
    """Text to what it reads as; nothing stays nothing."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self[None] = None
        self._read = read

    def __missing__(self, text: str) -> Any:
        self[text] = found = self._read(text)
        return found
