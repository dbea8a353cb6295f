"""The journal in `steelyard.db`: rows are added and never changed, and that the database itself sees to.

Exact numbers are decimal text and dates ISO text; nothing is a binary float. Every row has a
content id, so that what is there already is not added again. What was wrong is taken back by a
counter-entry: a row that names another one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from steelyard.adapters.database.connection import (
    connect,
    corrupt,
    number_of,
    open_to_read,
    stamp,
    time_of,
    told,
    transaction,
)
from steelyard.adapters.database.journal_file import has_entries
from steelyard.adapters.database.journal_schema import JOURNAL
from steelyard.domain.books.ledger import KINDS, Entry, Recorded, Row, counting
from steelyard.domain.money import ZERO, plain
from steelyard.errors import InputError
from steelyard.words import say

_Texts = tuple[str | None, ...]
"""An entry as the database has it."""

_COLUMNS = (
    "traded_on", "account", "kind", "symbol", "shares", "price", "currency", "fees", "fx_rate",
    "tax_base_price", "lot", "note", "ex_date", "gift_value", "gift_tax", "order_id", "per", "other", "part",
    "receiver", "foreign_tax", "foreign_rate",
)  # fmt: skip
"""What `_texts` gives, in its order."""
_RARE = ("fx_rate", "tax_base_price", "lot", *_COLUMNS[12:15], *_COLUMNS[16:])
_USUAL = tuple(name for name in _COLUMNS if name not in _RARE)
_rare = attrgetter(*_RARE)
_NOTHING = tuple("" if name in ("other", "receiver") else None for name in _RARE)
"""What a row has in those columns that says nothing in them."""
_AS_DAYS = frozenset({"traded_on", "lot", "ex_date"})
_AS_NUMBERS = frozenset({
    "shares", "price", "fees", "fx_rate", "tax_base_price", "gift_value", "gift_tax", "per", "part",
    "foreign_tax", "foreign_rate",
})  # fmt: skip
_WRITTEN = frozenset({"symbol", "currency", "fees", "note"})
"""Columns that have to be written also where they are empty: the table has no default for them."""
_SELECT = (
    "SELECT e.number, e.takes_back, e.batch, b.source, b.recorded_at, e.traded_on, e.account, e.kind,"
    " e.symbol, e.shares, e.price, e.currency, e.fees, e.fx_rate, e.tax_base_price, e.lot, e.note,"
    " e.ex_date, e.gift_value, e.gift_tax, e.order_id, e.per, e.other, e.part, e.receiver, e.foreign_tax,"
    " e.foreign_rate, e.content_id"
    " FROM entries e JOIN batches b ON b.number = e.batch ORDER BY e.number"
)
_MANY = 5000
"""Rows that are worth more room for what is not written yet."""
_NUMBERED = (
    "SELECT traded_on, account, kind, symbol, shares, price, currency, fees, fx_rate, tax_base_price, lot,"
    " note, ex_date, gift_value, gift_tax, order_id, per, other, part, receiver, foreign_tax,"
    " foreign_rate"
    " FROM entries WHERE takes_back IS NULL AND instr(content_id, ':')"
)


def last_number(path: Path) -> int:
    """Return the number of the newest entry of a journal, 0 when there is none."""
    if not has_entries(path):
        return 0
    with told(path), closing(open_to_read(path)) as connection:
        return int(connection.execute("SELECT max(number) FROM entries").fetchone()[0])


class StoredJournal:
    """The journal of one file; made when there is none.

    Args:
        path: The database, usually beside the portfolio file.
        wait_seconds: How long to wait for another program that is writing.

    Raises:
        As `connection.connect`.
    """

    def __init__(self, path: Path, *, wait_seconds: float = 5.0) -> None:
        self._path = path
        self._db = connect(path, JOURNAL, wait_seconds=wait_seconds)
        self._last: tuple[tuple[Row, ...], list[_Told]] | None = None

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self._path.name

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def last_number(self) -> int:
        """Return the number of the newest row, 0 where there is none."""
        with told(self._path):
            return int(self._db.execute("SELECT coalesce(max(number), 0) FROM entries").fetchone()[0])

    def rows(self) -> tuple[Recorded, ...]:
        """Return every row, first written first, counter-entries included."""
        with told(self._path):
            raw = self._db.execute(_SELECT).fetchall()
        counts = counting([(row[0], row[1]) for row in raw])
        at: dict[str, datetime] = {}
        read = _entries()
        try:
            for row in raw:
                if row[4] not in at:
                    at[row[4]] = time_of(row[4])
            return tuple(
                Recorded(row[0], read(row[5:-1]), row[3], at[row[4]], row[1], counts[row[0]], row[2], row[-1])
                for row in raw
            )
        except (ValueError, ArithmeticError) as error:
            raise corrupt(self._path, str(error)) from None

    def fresh(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows of one file that are not there yet; see `add`."""
        with told(self._path):
            return tuple(row.row for row in self._unknown(rows))

    def add(
        self,
        rows: Sequence[Row],
        source: str,
        at: datetime,
        *,
        anew: Collection[int] = (),
        takes_back: Sequence[int] = (),
    ) -> tuple[int, ...]:
        """Add what is not there yet, all of it or nothing, and return the numbers of the new rows.

        A row with a reference is there already when that reference is; one without when as many equal
        rows (notes aside) are there as come up to it in this file.

        Args:
            rows: In the order of the file.
            source: `record`, or the name of the file.
            at: Time of writing, with its zone.
            anew: Places in `rows` of those that are new whatever bears their reference already.
            takes_back: Numbers of rows that counter-entries take back with it.
        """
        with told(self._path), transaction(self._db):
            if not anew and not takes_back:
                new = [(row.content_id, None, row.texts) for row in self._unknown(rows)]
                return self._insert(new, source, at)
            return self._insert(self._netted(rows, anew, takes_back), source, at)[len(takes_back) :]

    def _netted(
        self, rows: Sequence[Row], anew: Collection[int], takes_back: Sequence[int]
    ) -> list[tuple[str, int | None, _Texts]]:
        known = {row[0] for row in self._db.execute("SELECT content_id FROM entries")}
        there = {row.number: row.entry for row in self.rows()} if takes_back else {}
        new: list[tuple[str, int | None, _Texts]] = []
        new += [(f"undo:{number}", number, _texts(there[number])) for number in takes_back]
        others = self._unknown([row for place, row in enumerate(rows) if place not in anew])
        ids = {id(one.row): one.content_id for one in others}
        for place, row in enumerate(rows):
            if place not in anew and id(row) not in ids:
                continue
            id_ = _free(row.reference, known) if place in anew else ids[id(row)]
            known.add(id_)
            new.append((id_, None, _texts(row.entry)))
        return new

    def record(self, entry: Entry, source: str, at: datetime) -> int:
        """Add one entry and return its number; an equal one that is there already stays another one."""
        with told(self._path), transaction(self._db):
            known = {row[0] for row in self._db.execute("SELECT content_id FROM entries")}
            occurrence = 1
            while (id_ := _content_id(entry, occurrence)) in known:
                occurrence += 1
            return self._insert([(id_, None, _texts(entry))], source, at)[0]

    def take_back(self, numbers: Sequence[int], at: datetime) -> tuple[int, ...]:
        """Add a counter-entry for each of these rows, all or none, and return their numbers.

        Raises:
            InputError: There is no such row (`entry-unknown`), or it is taken back already
                (`entry-taken-back`).
        """
        with told(self._path), transaction(self._db):
            rows = {row.number: row for row in self.rows()}
            taken = {row.takes_back for row in rows.values()}
            new = []
            for number in numbers:
                if number not in rows:
                    raise InputError(
                        "entry-unknown",
                        say("there is no entry {number}", number=number),
                        say("see `steelyard history`"),
                    )
                if number in taken:
                    raise InputError(
                        "entry-taken-back",
                        say("entry {number} is taken back already", number=number),
                        say("to bring it back, undo its counter-entry: see `steelyard history --all`"),
                    )
                new.append((f"undo:{number}", number, _texts(rows[number].entry)))
            return self._insert(new, "undo", at)

    def _unknown(self, rows: Sequence[Row]) -> list[_Told]:
        # The rows of a file are told apart twice, when it is looked at and when it is written.
        if self._last is None or self._last[0] is not rows:
            self._last = tuple(rows), tell_apart(rows)  # what is a tuple already stays the same one
        known = {row[0] for row in self._db.execute("SELECT content_id FROM entries")}
        new = [told for told in self._last[1] if told.content_id not in known]
        if all(told.row.reference for told in new):
            return new
        # Rows that came with a reference are there as well, for a file that has lost it: `history --csv`.
        numbered = Counter(_digest(texts, 0) for texts in self._db.execute(_NUMBERED))
        if not numbered:
            return new
        left = []
        for told_ in new:
            base = "" if told_.row.reference else _digest(told_.texts, 0)
            if base and numbered[base]:
                numbered[base] -= 1
            else:
                left.append(told_)
        return left

    def _insert(
        self, rows: Sequence[tuple[str, int | None, _Texts]], source: str, at: datetime
    ) -> tuple[int, ...]:
        if not rows:
            return ()
        if len(rows) > _MANY:
            # The pages of a long file are kept until they are written once.
            self._db.execute("PRAGMA cache_size = -65536")
        batch = self._db.execute(
            "INSERT INTO batches (source, recorded_at) VALUES (?, ?)", (source, stamp(at))
        ).lastrowid
        # The transaction is begun: nobody else gives out a number.
        first = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM entries").fetchone()[0]
        numbers = tuple(range(first, first + len(rows)))
        # What is empty in all rows is left to the table: most files fill few of its columns, and each that is
        # handed over costs as much as one that says something.
        ids, back, texts = zip(*rows, strict=True)
        said = {
            name: column
            for name, column in zip(_COLUMNS, zip(*texts, strict=True), strict=True)
            if name in _WRITTEN or any(column)
        }
        if any(back):
            said["takes_back"] = back
        names, places = ", ".join(said), ",?" * len(said)
        self._db.executemany(
            f"INSERT INTO entries (batch, number, content_id, {names}) VALUES ({batch:d},?,?{places})",
            zip(numbers, ids, *said.values(), strict=True),
        )
        return numbers


class _Told(NamedTuple):
    """A row of a file, what tells it from all others, and how it is written."""

    row: Row
    content_id: str
    texts: _Texts


def _free(reference: str, taken: Collection[str]) -> str:
    """Return a reference that nothing bears yet: the first, or one with its count behind it."""
    count, free = 1, reference
    while free in taken:
        count += 1
        free = f"{reference}#{count}"
    return free


def content_ids(rows: Sequence[Row]) -> list[str]:
    """Return what tells each row of one file from all others, the same each time the file is read."""
    return [told.content_id for told in tell_apart(rows)]


def tell_apart(rows: Sequence[Row]) -> list[_Told]:
    """Return the rows of one file with what tells each from all others."""
    if not rows:
        return []
    columns = _columns([row.entry for row in rows])
    first = [column if all(column) else [text or "" for text in column] for column in columns[:_NOTE]]
    heads = map("\x1f".join, zip(*first, strict=True))
    texts = list(zip(*columns, strict=True))
    plain_rows = not any(any(column) for column in columns[_NOTE + 1 :])
    tails = [""] * len(rows) if plain_rows else [_tail(one) for one in texts]
    seen: dict[str, int] = {}
    ids = []
    for row, head, tail in zip(rows, heads, tails, strict=True):
        key = row.reference or f"{head}\x1f{tail}"
        count = seen[key] = seen.get(key, 0) + 1
        if row.reference:
            ids.append(key if count == 1 else f"{key}#{count}")
        else:
            ids.append(hashlib.sha256(f"{head}\x1f{count}{tail}".encode()).hexdigest())
    return list(map(_Told, rows, ids, texts))


def _columns(entries: Sequence[Entry]) -> list[Sequence[str | None]]:
    """Return what `_texts` gives of each entry, a column after the other: what repeats is written once."""
    # Files with anything in the columns that few rows have are few.
    rare = set(map(_rare, entries))
    names = _COLUMNS if rare != {_NOTHING} else _USUAL
    found: dict[str, Sequence[str | None]] = {}
    for name in names:
        column = list(map(attrgetter(name), entries))
        if name in _AS_DAYS:
            days = {day: None if day is None else day.isoformat() for day in set(column)}
            found[name] = list(map(days.__getitem__, column))
        elif name in _AS_NUMBERS:
            numbers = {id(number): number for number in column}
            texts = {at: None if n is None else plain(n) for at, n in numbers.items()}
            found[name] = list(map(texts.__getitem__, map(id, column)))
        else:
            found[name] = column
    empty = dict(zip(_RARE, _NOTHING, strict=True))
    return [found[name] if name in found else [empty[name]] * len(entries) for name in _COLUMNS]


def _content_id(entry: Entry, occurrence: int) -> str:
    return _digest(_texts(entry), occurrence)


def _digest(texts: Sequence[str | None], occurrence: int) -> str:
    head, tail = _without_note(texts)
    return hashlib.sha256(f"{head}{occurrence}{tail}".encode()).hexdigest()


def _without_note(texts: Sequence[str | None]) -> tuple[str, str]:
    """Return what stands before and behind the occurrence in the text that tells an entry from others."""
    # The note is left out: somebody who adds a remark to a file does not mean a second trade. What came
    # with a later version of the journal counts only where it is there, so that older ids stay true.
    head = "\x1f".join([text or "" for text in texts[:_NOTE]])
    return f"{head}\x1f", _tail(texts)


def _tail(texts: Sequence[str | None]) -> str:
    if not any(texts[_NOTE + 1 :]):
        return ""
    later = zip(_LATER, texts[_NOTE + 1 :], strict=True)
    return "".join([f"\x1f{name}={text}" for name, text in later if text])


def _texts(entry: Entry) -> _Texts:
    price, rate, base, lot = entry.price, entry.fx_rate, entry.tax_base_price, entry.lot
    ex_date, value, tax = entry.ex_date, entry.gift_value, entry.gift_tax
    per, part, foreign_tax, foreign_rate = entry.per, entry.part, entry.foreign_tax, entry.foreign_rate
    return (
        entry.traded_on.isoformat(),
        entry.account,
        entry.kind,
        entry.symbol,
        plain(entry.shares),
        None if price is None else plain(price),
        entry.currency,
        plain(entry.fees),
        None if rate is None else plain(rate),
        None if base is None else plain(base),
        None if lot is None else lot.isoformat(),
        entry.note,
        None if ex_date is None else ex_date.isoformat(),
        None if value is None else plain(value),
        None if tax is None else plain(tax),
        entry.order_id,
        None if per is None else plain(per),
        entry.other,
        None if part is None else plain(part),
        entry.receiver,
        None if foreign_tax is None else plain(foreign_tax),
        None if foreign_rate is None else plain(foreign_rate),
    )


_RATE, _NOTE = 8, 11
"""The places of the rate and of the note in `_texts`."""
_LATER = (
    "ex_date",
    "gift_value",
    "gift_tax",
    "order_id",
    "per",
    "other",
    "part",
    "to",
    "foreign_tax",
    "foreign_rate",
)
"""What stands behind it."""


def _entries() -> Callable[[Sequence[str | None]], Entry]:
    """Return what gives the entries that `_texts` gave; a number, and what few entries have, is read once."""
    numbers: dict[str | None, Decimal | None] = {}
    rests: dict[Sequence[str | None], tuple[Any, ...]] = {}

    def number(text: str | None) -> Decimal | None:
        if text not in numbers:
            numbers[text] = _number(text)
        return numbers[text]

    def read(fields: Sequence[str | None]) -> Entry:
        day, account, kind, symbol, shares, price, currency, fees = fields[:_RATE]
        later = fields[_RATE:]
        rest = rests.get(later)
        if rest is None:
            rest = rests[later] = _rest(later)
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not a type of entry")
        return Entry(
            _day(day),
            str(account),
            kind,
            str(symbol),
            number_of(str(shares)),
            number(price),
            str(currency),
            number(fees) or ZERO,
            *rest,
        )

    return read


def _rest(fields: Sequence[str | None]) -> tuple[Any, ...]:
    fx_rate, tax_base, lot, note, ex_date, gift_value, gift_tax, order_id, *others = fields
    per, other, part, receiver, foreign_tax, foreign_rate = others
    return (
        _number(fx_rate),
        _number(tax_base),
        None if lot is None else _day(lot),
        str(note),
        None if ex_date is None else _day(ex_date),
        _number(gift_value),
        _number(gift_tax),
        str(order_id),
        _number(per),
        str(other),
        _number(part),
        str(receiver),
        _number(foreign_tax),
        _number(foreign_rate),
    )


@lru_cache(maxsize=4096)
def _day(text: object) -> date:
    return date.fromisoformat(str(text))


def _number(text: object) -> Decimal | None:
    return None if text is None else number_of(str(text))
