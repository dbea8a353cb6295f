"""The journal in `steelyard.db`: entries that are only ever added, exact numbers as text.

An entry's key is a hash of what it says and of how many equal ones came before it in the same file, so the
same file imported twice adds nothing, while two equal trades of one day stay two.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database import told, transaction
from steelyard.domain.ledger import Entry
from steelyard.domain.money import plain
from steelyard.errors import InputError

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, traded_on TEXT NOT NULL, account TEXT NOT NULL,
        kind TEXT NOT NULL, symbol TEXT NOT NULL, shares TEXT NOT NULL, price TEXT, currency TEXT NOT NULL,
        fees TEXT NOT NULL, fx_rate TEXT, tax_base_price TEXT, lot TEXT, note TEXT NOT NULL,
        source TEXT NOT NULL, recorded_at TEXT NOT NULL, takes_back INTEGER UNIQUE REFERENCES entries
    ) STRICT;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
    CREATE TRIGGER entries_are_kept BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
    """,
)

_FIELDS = (
    "traded_on", "account", "kind", "symbol", "shares", "price", "currency", "fees", "fx_rate",
    "tax_base_price", "lot", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the journal keeps it.

    Attributes:
        id: Its number.
        entry: What it says.
        source: The file it came from, or `record`.
        recorded_at: When, UTC, ISO 8601.
        takes_back: Number of the entry it takes back, None for an ordinary one.
        taken_back: Whether a later entry takes this one back.
    """

    id: int
    entry: Entry
    source: str
    recorded_at: str
    takes_back: int | None = None
    taken_back: bool = False


class SqliteJournal:
    """The journal of one portfolio; use as a context manager."""

    def __init__(self, path: Path, *, wait_seconds: float = 5.0) -> None:
        """Open the database, creating it where there is none; a backup is written before tables change.

        Raises:
            InputError: The file is no database, or was written by a newer version.
            ServiceError: Another program keeps it locked.
        """
        self.path = path
        with told(path):
            self._connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None)
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
                self._migrate()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> SqliteJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _migrate(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(STEPS):
            raise InputError(
                "database-newer",
                f"the journal was written by a newer version of steelyard (step {version} of {len(STEPS)})",
                "update steelyard",
            )
        if version and version < len(STEPS):
            copy = self.path.with_name(f"{self.path.name}.step-{version}.backup")
            with sqlite3.connect(copy) as other:
                self._connection.backup(other)
        for number, step in enumerate(STEPS[version:], version + 1):
            self._connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")

    def add(self, entries: Sequence[Entry], *, source: str, always: bool = False) -> int:
        """Add entries, all or none.

        Args:
            entries: In the order of their file.
            source: Where they come from.
            always: Add an entry also when an equal one is there (typed by hand).

        Returns:
            How many were new.
        """
        added = 0
        seen: Counter[str] = Counter()
        with told(self.path), transaction(self._connection):
            for entry in entries:
                row = _row(entry)
                text = "\x1f".join("" if value is None else value for value in row)
                seen[text] += 1
                while True:
                    key = hashlib.sha256(f"{text}\x1e{seen[text]}".encode()).hexdigest()
                    taken = self._state(key)
                    if taken is None or (taken == "active" and not always):
                        break
                    # Taken back, or an equal one typed by hand: this is one more.
                    seen[text] += 1
                if taken is None:
                    self._insert(key, row, source, None)
                    added += 1
        return added

    def _state(self, key: str) -> str | None:
        row = self._connection.execute(
            "SELECT (SELECT 1 FROM entries AS u WHERE u.takes_back = e.id) FROM entries AS e WHERE e.key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        return "taken back" if row[0] else "active"

    def _insert(self, key: str, row: Sequence[str | None], source: str, takes_back: int | None) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        marks = ", ".join("?" * (len(_FIELDS) + 4))
        self._connection.execute(
            f"INSERT INTO entries (key, {', '.join(_FIELDS)}, source, recorded_at, takes_back) "
            f"VALUES ({marks})",
            (key, *row, source, now, takes_back),
        )

    def undo(self) -> Recorded:
        """Take the last entry that still counts back, by a counter-entry.

        Raises:
            InputError: Nothing is left to take back (`nothing-to-undo`).
        """
        counting = [r for r in self.history() if r.takes_back is None and not r.taken_back]
        if not counting:
            raise InputError("nothing-to-undo", "the journal has no entry to take back", "see `history`")
        last = counting[-1]
        with told(self.path), transaction(self._connection):
            self._insert(f"undo:{last.id}", _row(last.entry), "undo", last.id)
        return last

    def history(self) -> list[Recorded]:
        """Return everything ever recorded, in the order it was."""
        with told(self.path):
            rows = self._connection.execute(
                f"SELECT id, {', '.join(_FIELDS)}, source, recorded_at, takes_back, "
                "EXISTS (SELECT 1 FROM entries AS u WHERE u.takes_back = e.id) FROM entries AS e ORDER BY id"
            ).fetchall()
        return [Recorded(row[0], _entry(row[1:13]), row[13], row[14], row[15], bool(row[16])) for row in rows]

    def entries(self) -> list[Entry]:
        """Return the entries that count, in the order they were recorded."""
        with told(self.path):
            rows = self._connection.execute(
                f"SELECT {', '.join(_FIELDS)} FROM entries AS e WHERE takes_back IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM entries AS u WHERE u.takes_back = e.id) ORDER BY id"
            ).fetchall()
        return [_entry(row) for row in rows]


def _row(entry: Entry) -> tuple[str | None, ...]:
    return (
        entry.traded_on.isoformat(),
        entry.account,
        entry.kind,
        entry.symbol,
        plain(entry.shares),
        _text(entry.price),
        entry.currency,
        plain(entry.fees),
        _text(entry.fx_rate),
        _text(entry.tax_base_price),
        entry.lot.isoformat() if entry.lot else None,
        entry.note,
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _entry(row: Sequence[str | None]) -> Entry:
    day, account, kind, symbol, shares, price, currency, fees, fx, base, lot, note = row
    return Entry(
        traded_on=date.fromisoformat(str(day)),
        account=str(account),
        kind=str(kind),
        symbol=str(symbol),
        shares=Decimal(str(shares)),
        price=_number(price),
        currency=str(currency),
        fees=Decimal(str(fees)),
        fx_rate=_number(fx),
        tax_base_price=_number(base),
        lot=date.fromisoformat(lot) if lot else None,
        note=str(note),
    )
