"""The journal in `steelyard.db`: rows are added and never changed, and that the database itself sees to.

Exact numbers are decimal text and dates ISO text; nothing is a binary float. Every row has a
content id, so that what is there already is not added again. What was wrong is taken back by a
counter-entry: a row that names another one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.connection import (
    connect,
    corrupt,
    open_to_read,
    stamp,
    time_of,
    told,
    transaction,
)
from steelyard.adapters.database.journal_file import has_entries
from steelyard.adapters.database.migrations import Part
from steelyard.domain.books.ledger import KINDS, Entry, Recorded, Row, counting
from steelyard.domain.money import plain
from steelyard.errors import InputError
from steelyard.words import say

_FIRST_KINDS = (
    "'buy', 'sell', 'dividend', 'deposit', 'withdrawal', 'split', 'convert', 'transfer_in', "
    "'transfer_out', 'fee'"
)
_DAY = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"

STEPS: tuple[str, ...] = (
    f"""
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY, source TEXT NOT NULL, recorded_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        number INTEGER PRIMARY KEY,
        content_id TEXT NOT NULL UNIQUE,
        batch INTEGER NOT NULL REFERENCES batches,
        takes_back INTEGER UNIQUE REFERENCES entries CHECK (takes_back < number),
        traded_on TEXT NOT NULL CHECK (traded_on {_DAY}),
        account TEXT NOT NULL CHECK (account <> ''),
        kind TEXT NOT NULL CHECK (kind IN ({_FIRST_KINDS})),
        symbol TEXT NOT NULL, shares TEXT NOT NULL, price TEXT, currency TEXT NOT NULL, fees TEXT NOT NULL,
        fx_rate TEXT, tax_base_price TEXT, lot TEXT CHECK (lot {_DAY}), note TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER batches_stay BEFORE UPDATE ON batches
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER batches_remain BEFORE DELETE ON batches
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
    f"""
    ALTER TABLE entries ADD COLUMN ex_date TEXT CHECK (ex_date {_DAY});
    ALTER TABLE entries ADD COLUMN gift_value TEXT;
    ALTER TABLE entries ADD COLUMN gift_tax TEXT;
    ALTER TABLE entries ADD COLUMN order_id TEXT NOT NULL DEFAULT '';
    """,
    # A constraint cannot be changed in place. Which kinds there are is checked where entries are read, so
    # that the next kind needs no new table again.
    f"""
    PRAGMA defer_foreign_keys = ON;
    CREATE TABLE entries_of_any_kind (
        number INTEGER PRIMARY KEY,
        content_id TEXT NOT NULL UNIQUE,
        batch INTEGER NOT NULL REFERENCES batches,
        takes_back INTEGER UNIQUE REFERENCES entries_of_any_kind CHECK (takes_back < number),
        traded_on TEXT NOT NULL CHECK (traded_on {_DAY}),
        account TEXT NOT NULL CHECK (account <> ''),
        kind TEXT NOT NULL CHECK (kind <> ''),
        symbol TEXT NOT NULL, shares TEXT NOT NULL, price TEXT, currency TEXT NOT NULL, fees TEXT NOT NULL,
        fx_rate TEXT, tax_base_price TEXT, lot TEXT CHECK (lot {_DAY}), note TEXT NOT NULL,
        ex_date TEXT CHECK (ex_date {_DAY}), gift_value TEXT, gift_tax TEXT,
        order_id TEXT NOT NULL DEFAULT '',
        per TEXT, other TEXT NOT NULL DEFAULT '', part TEXT
    ) STRICT;
    INSERT INTO entries_of_any_kind
        (number, content_id, batch, takes_back, traded_on, account, kind, symbol, shares, price, currency,
         fees, fx_rate, tax_base_price, lot, note, ex_date, gift_value, gift_tax, order_id)
        SELECT number, content_id, batch, takes_back, traded_on, account, kind, symbol, shares, price,
         currency, fees, fx_rate, tax_base_price, lot, note, ex_date, gift_value, gift_tax, order_id
        FROM entries ORDER BY number;
    DROP TRIGGER entries_stay;
    DROP TRIGGER entries_remain;
    DROP TABLE entries;
    ALTER TABLE entries_of_any_kind RENAME TO entries;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
    "ALTER TABLE entries ADD COLUMN receiver TEXT NOT NULL DEFAULT '';",
    """
    ALTER TABLE entries ADD COLUMN foreign_tax TEXT;
    ALTER TABLE entries ADD COLUMN foreign_rate TEXT;
    """,
)
"""Each step brings the tables from one version to the next; steps are only ever appended."""
JOURNAL = Part("journal", STEPS, in_header=True)

_INSERT = (
    "INSERT INTO entries (content_id, batch, takes_back, traded_on, account, kind, symbol, shares, price,"
    " currency, fees, fx_rate, tax_base_price, lot, note, ex_date, gift_value, gift_tax, order_id, per,"
    " other, part, receiver, foreign_tax, foreign_rate)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_SELECT = (
    "SELECT e.number, e.takes_back, e.batch, b.source, b.recorded_at, e.traded_on, e.account, e.kind,"
    " e.symbol, e.shares, e.price, e.currency, e.fees, e.fx_rate, e.tax_base_price, e.lot, e.note,"
    " e.ex_date, e.gift_value, e.gift_tax, e.order_id, e.per, e.other, e.part, e.receiver, e.foreign_tax,"
    " e.foreign_rate"
    " FROM entries e JOIN batches b ON b.number = e.batch ORDER BY e.number"
)
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

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self._path.name

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def rows(self) -> tuple[Recorded, ...]:
        """Return every row, first written first, counter-entries included."""
        with told(self._path):
            raw = self._db.execute(_SELECT).fetchall()
        counts = counting([(row[0], row[1]) for row in raw])
        try:
            return tuple(_recorded(row, counts[row[0]]) for row in raw)
        except (ValueError, ArithmeticError) as error:
            raise corrupt(self._path, str(error)) from None

    def fresh(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows of one file that are not there yet; see `add`."""
        with told(self._path):
            return tuple(row for _, row in self._unknown(rows))

    def add(self, rows: Sequence[Row], source: str, at: datetime) -> tuple[int, ...]:
        """Add what is not there yet, all of it or nothing, and return the numbers of the new rows.

        A row with a reference is there already when that reference is; one without when as many equal
        rows (notes aside) are there as come up to it in this file.

        Args:
            rows: In the order of the file.
            source: `record`, or the name of the file.
            at: Time of writing, with its zone.
        """
        with told(self._path), transaction(self._db):
            new = [(id_, None, row.entry) for id_, row in self._unknown(rows)]
            return self._insert(new, source, at)

    def record(self, entry: Entry, source: str, at: datetime) -> int:
        """Add one entry and return its number; an equal one that is there already stays another one."""
        with told(self._path), transaction(self._db):
            known = {row[0] for row in self._db.execute("SELECT content_id FROM entries")}
            occurrence = 1
            while (id_ := _content_id(entry, occurrence)) in known:
                occurrence += 1
            return self._insert([(id_, None, entry)], source, at)[0]

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
                new.append((f"undo:{number}", number, rows[number].entry))
            return self._insert(new, "undo", at)

    def _unknown(self, rows: Sequence[Row]) -> list[tuple[str, Row]]:
        known = {row[0] for row in self._db.execute("SELECT content_id FROM entries")}
        new = [(id_, row) for id_, row in zip(content_ids(rows), rows, strict=True) if id_ not in known]
        if all(row.reference for _, row in new):
            return new
        # Rows that came with a reference are there as well, for a file that has lost it: `history --csv`.
        raw = self._db.execute(_NUMBERED).fetchall()
        numbered = Counter(_digest(texts, 0) for texts in raw)
        left = []
        for id_, row in new:
            base = "" if row.reference or not numbered else _content_id(row.entry, 0)
            if base and numbered[base]:
                numbered[base] -= 1
            else:
                left.append((id_, row))
        return left

    def _insert(
        self, rows: Sequence[tuple[str, int | None, Entry]], source: str, at: datetime
    ) -> tuple[int, ...]:
        if not rows:
            return ()
        batch = self._db.execute(
            "INSERT INTO batches (source, recorded_at) VALUES (?, ?)", (source, stamp(at))
        ).lastrowid
        numbers = []
        for content_id, takes_back, entry in rows:
            values = (content_id, batch, takes_back, *_texts(entry))
            numbers.append(int(self._db.execute(_INSERT, values).lastrowid or 0))
        return tuple(numbers)


def content_ids(rows: Sequence[Row]) -> list[str]:
    """Return what tells each row of one file from all others, the same each time the file is read."""
    seen: Counter[str | tuple[str | None, ...]] = Counter()
    ids = []
    for row in rows:
        if row.reference:
            seen[row.reference] += 1
            count = seen[row.reference]
            ids.append(row.reference if count == 1 else f"{row.reference}#{count}")
            continue
        texts = _texts(row.entry)
        alike = (*texts[:_NOTE], *texts[_NOTE + 1 :])
        seen[alike] += 1
        ids.append(_digest(texts, seen[alike]))
    return ids


def _content_id(entry: Entry, occurrence: int) -> str:
    return _digest(_texts(entry), occurrence)


def _digest(texts: Sequence[str | None], occurrence: int) -> str:
    # The note is left out: somebody who adds a remark to a file does not mean a second trade. What came
    # with a later version of the journal counts only where it is there, so that older ids stay true.
    first, later = texts[:_NOTE], zip(_LATER, texts[_NOTE + 1 :], strict=True)
    parts = [*("" if text is None else text for text in first), str(occurrence)]
    parts += [f"{name}={text}" for name, text in later if text]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _texts(entry: Entry) -> tuple[str | None, ...]:
    def number(value: Decimal | None) -> str | None:
        return None if value is None else plain(value)

    return (
        entry.traded_on.isoformat(),
        entry.account,
        entry.kind,
        entry.symbol,
        plain(entry.shares),
        number(entry.price),
        entry.currency,
        plain(entry.fees),
        number(entry.fx_rate),
        number(entry.tax_base_price),
        None if entry.lot is None else entry.lot.isoformat(),
        entry.note,
        None if entry.ex_date is None else entry.ex_date.isoformat(),
        number(entry.gift_value),
        number(entry.gift_tax),
        entry.order_id,
        number(entry.per),
        entry.other,
        number(entry.part),
        entry.receiver,
        number(entry.foreign_tax),
        number(entry.foreign_rate),
    )


_NOTE = 11
"""The place of the note in `_texts`."""
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


def _recorded(row: Sequence[object], counts: bool) -> Recorded:
    number, takes_back, batch, source, recorded_at, *fields = row
    day, account, kind, symbol, shares, price, currency, fees, fx_rate, tax_base, lot, note, *later = fields
    ex_date, gift_value, gift_tax, order_id, per, other, part, receiver, foreign_tax, foreign_rate = later
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no type of entry")
    entry = Entry(
        traded_on=date.fromisoformat(str(day)),
        account=str(account),
        kind=str(kind),
        symbol=str(symbol),
        shares=Decimal(str(shares)),
        price=None if price is None else Decimal(str(price)),
        currency=str(currency),
        fees=Decimal(str(fees)),
        fx_rate=None if fx_rate is None else Decimal(str(fx_rate)),
        tax_base_price=None if tax_base is None else Decimal(str(tax_base)),
        lot=None if lot is None else date.fromisoformat(str(lot)),
        note=str(note),
        ex_date=None if ex_date is None else date.fromisoformat(str(ex_date)),
        gift_value=None if gift_value is None else Decimal(str(gift_value)),
        gift_tax=None if gift_tax is None else Decimal(str(gift_tax)),
        order_id=str(order_id),
        per=None if per is None else Decimal(str(per)),
        other=str(other),
        part=None if part is None else Decimal(str(part)),
        receiver=str(receiver),
        foreign_tax=None if foreign_tax is None else Decimal(str(foreign_tax)),
        foreign_rate=None if foreign_rate is None else Decimal(str(foreign_rate)),
    )
    at = time_of(str(recorded_at))
    back = None if takes_back is None else int(str(takes_back))
    return Recorded(int(str(number)), entry, str(source), at, back, counts, int(str(batch)))
