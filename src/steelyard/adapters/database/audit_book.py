"""The audit record in `steelyard.db`, its anchor beside it, and what stands over every plan: halt and arming.

Every write is one transaction that also adds its link to the chain, on disk before the call returns; the
anchor follows it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date, datetime
from pathlib import Path

from steelyard.adapters.database.audit_anchor import AuditAnchor
from steelyard.adapters.database.connection import (
    connect,
    number_of,
    open_bare,
    stamp,
    told,
    transaction,
    understood,
)
from steelyard.adapters.database.order_schema import EXECUTION
from steelyard.domain.trading.arming import Arming
from steelyard.domain.trading.audit import START, Link, chain
from steelyard.domain.trading.fingerprint import canonical
from steelyard.errors import PlanError
from steelyard.words import say


class AuditBook:
    """The part of the order book that is not about single plans. See `steelyard.ports.trading.OrderBook`."""

    def __init__(self, path: Path) -> None:
        """Open the database, with its tables up to date.

        Raises:
            As `connection.connect`.
        """
        self._path = path
        self._anchor = AuditAnchor(path)
        self._db = connect(path, EXECUTION, wait_seconds=10)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def sole_sending(self) -> AbstractContextManager[bool]:
        """Hold what keeps a halt from overtaking an order on its way; False where somebody else holds it."""
        return self._alone(".sending")

    def record(self, kind: str, plan_id: str, body: Mapping[str, object], at: datetime) -> None:
        """Add a link to the audit record."""
        with self._writing():
            self._link(kind, plan_id, body, at)

    def links(self, after: int = 0) -> Iterator[Link]:
        """Return the audit record after a link, one by one.

        Bytes that are no UTF-8 come as lone surrogates.
        """
        # As bytes: a damaged character, or a column that became of another type, is to be told link by link.
        columns = "number, CAST(text AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB)"
        with told(self._path):
            rows = self._db.execute(f"SELECT {columns} FROM audit WHERE number > ? ORDER BY number", (after,))
            for number, *raw in rows:
                text, previous, hash_ = (bytes(b or b"").decode("utf-8", "surrogateescape") for b in raw)
                yield Link(number, text, previous, hash_)

    def head(self) -> tuple[int, str]:
        """Return how many links there should be, and the hash of the last one."""
        value = self._value("audit-head")
        count, _, last = (value or f"0 {START}").partition(" ")
        with understood(self._path):
            return int(count), last

    def anchor(self) -> tuple[int, str] | None:
        """Return count and hash that the anchor says; None where none is to be expected, count -1 if gone."""
        found = self._anchor.read()
        return (-1, "") if found is None and self._value("anchored") else found

    def anchor_anew(self, at: datetime) -> None:
        """Let the anchor follow this record from now on, whatever it says; a link tells what it said."""
        with self._writing():
            said = self._anchor.read() or (0, START)
            self._link("anchored-anew", "", {"said": f"{said[0]} {said[1]}"}, at)
        self._anchor.put(*self.head())

    def halted(self) -> str:
        """Return why everything is halted, empty when it is not."""
        return self._value("halted") or ""

    def halt(self, why: str, at: datetime) -> None:
        """Refuse everything from now on."""
        with self._writing():
            self._set("halted", why or "no reason given")
            self._set("halts", str(self.halts() + 1))
            self._link("halt", "", {"why": why}, at)

    def halts(self) -> int:
        """Return how many halts there have been."""
        with understood(self._path):
            return int(self._value("halts") or 0)

    def resume(self, at: datetime) -> None:
        """Lift the halt."""
        with self._writing():
            self._set("halted", "")
            self._link("resume", "", {}, at)

    def arm(self, arming: Arming, at: datetime) -> None:
        """Give leave to trade unattended."""
        body = {"until": arming.until, "max_amount": arming.max_amount, "spent": arming.spent}
        with self._writing():
            self._set("arming", armed_text(arming))
            self._link("arming", "", body, at)

    def disarm(self, at: datetime) -> None:
        """Take the leave to trade unattended back."""
        with self._writing():
            self._set("arming", "")
            self._link("disarming", "", {}, at)

    def arming(self) -> Arming | None:
        """Return the leave to trade unattended, None when there is none."""
        text = self._value("arming")
        if not text:
            return None
        with understood(self._path):
            data = json.loads(text)
            return Arming(
                date.fromisoformat(data["until"]), number_of(data["max_amount"]), number_of(data["spent"])
            )

    @contextmanager
    def sole_run(self) -> Iterator[None]:
        """Keep every other process from executing."""
        with self._alone(".run") as alone:
            if not alone:
                raise PlanError(
                    "another-run", say("another plan is being carried out"), say("wait until it has ended")
                )
            yield

    @contextmanager
    def _alone(self, end: str) -> Iterator[bool]:
        """Say whether this process alone holds a lock beside the database, and hold it.

        The lock is a transaction on a file of its own: the system lets go of it when the process ends,
        a kill included, so no stale lock is ever left.
        """
        beside = self._path.with_name(self._path.name + end)
        with told(beside):
            lock = open_bare(beside, wait_seconds=0)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                alone = False
            else:
                alone = True
            yield alone
        finally:
            with suppress(sqlite3.Error):
                lock.close()

    def _link(self, kind: str, plan_id: str, body: Mapping[str, object], at: datetime) -> None:
        count, last = self.head()
        link = chain(count + 1, last, at=stamp(at), kind=kind, plan=plan_id, body=body)
        self._db.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?)", (link.number, link.text, link.previous, link.hash)
        )
        self._set("audit-head", f"{link.number} {link.hash}")
        self._set("anchored", "1")

    def _value(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM execution_state WHERE name = ?", name)
        return rows[0]["value"] if rows else None

    def _set(self, name: str, value: str) -> None:
        self._db.execute("REPLACE INTO execution_state VALUES (?, ?)", (name, value))

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with told(self._path):
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with told(self._path), transaction(self._db):
            yield
        # After the commit, and under the lock of a transaction again: another process may have written since.
        with told(self._path), transaction(self._db):
            self._anchor.follow(*self.head(), self._hash_of)

    def _hash_of(self, number: int) -> str | None:
        rows = self._rows("SELECT hash FROM audit WHERE number = ?", number)
        return rows[0]["hash"] if rows else None


def armed_text(arming: Arming) -> str:
    """Return an arming as it is kept."""
    return canonical({"until": arming.until, "max_amount": arming.max_amount, "spent": arming.spent})
