"""The outbox in `steelyard.db`: every message, every attempt, and which states were told.

An attempt is on disk before the service is called. A process that dies in between leaves `sending`
behind: whether the service took the message cannot be known, so it is sent again and the attempt says so.
So it does when a service hung or hung up instead of answering.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.connection import stamp, time_of, told, transaction, understood
from steelyard.domain.automation.alerts import LONGEST_WAIT, Delivery, Message, Sending, Told
from steelyard.domain.money import plain

UNKNOWN = "the process ended while sending: the service may have this message twice"
UNANSWERED = "an attempt got no answer: the service may have this message twice"


class StoredOutbox:
    """The `Outbox` of one database.

    Args:
        connection: From `database.connect`.
        path: Its file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = connection, path

    def told(self, portfolio: str, key: str) -> Told | None:
        """Return when and at which level a state was told last, None when it is not told."""
        with told(self._path):
            row = self._db.execute(
                "SELECT level, since, told_at FROM alerts WHERE portfolio = ? AND key = ?", (portfolio, key)
            ).fetchone()
        with understood(self._path):
            return None if row is None else Told(Decimal(row[0]), date.fromisoformat(row[1]), time_of(row[2]))

    def queue(self, message: Message, services: Sequence[str], at: datetime, since: date) -> int:
        """Keep a message for every service, and that its state is told: both, or neither."""
        m = message
        with told(self._path), transaction(self._db):
            row = self._db.execute(
                "INSERT INTO messages (portfolio, kind, key, title, body, created_at, picture)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (m.portfolio, m.kind, m.key, m.title, m.body, stamp(at), m.picture),
            )
            number = int(row.lastrowid or 0)
            self._db.execute(
                "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?)",
                (m.portfolio, m.key, plain(m.level), since.isoformat(), stamp(at), number),
            )
            self._db.executemany(
                "INSERT INTO deliveries (message, service, state, next_at) VALUES (?, ?, 'waiting', ?)",
                [(number, service, stamp(at)) for service in services],
            )
            return number

    def audit_head(self) -> tuple[int, str] | None:
        """Return how many links the audit record of this database has, and the last hash; None for none."""
        with told(self._path):
            if not self._db.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'execution_state'"
            ).fetchone():
                return None
            row = self._db.execute("SELECT value FROM execution_state WHERE name = 'audit-head'").fetchone()
        with understood(self._path):
            count, _, last = (row[0] if row else "0 ").partition(" ")
            return (int(count), last) if count != "0" else None

    def clear(self, portfolio: str, key: str) -> None:
        """Forget a state that is over, so that its return is told."""
        if self.told(portfolio, key) is None:
            return
        with told(self._path), transaction(self._db):
            self._db.execute("DELETE FROM alerts WHERE portfolio = ? AND key = ?", (portfolio, key))

    def keys(self, portfolio: str, prefix: str) -> tuple[str, ...]:
        """Return the told states whose key begins with a prefix."""
        with told(self._path):
            rows = self._db.execute(
                "SELECT key FROM alerts WHERE portfolio = ? AND substr(key, 1, ?) = ? ORDER BY key",
                (portfolio, len(prefix), prefix),
            ).fetchall()
        return tuple(row[0] for row in rows)

    def recover(self, at: datetime) -> int:
        """Put back what a killed process was sending; return how many."""
        with told(self._path):
            if (
                self._db.execute("SELECT 1 FROM deliveries WHERE state = 'sending' LIMIT 1").fetchone()
                is None
            ):
                return 0
        with told(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE attempts SET ended_at = ?, outcome = 'unknown', detail = ? WHERE outcome IS NULL",
                (stamp(at), UNKNOWN),
            )
            row = self._db.execute(
                "UPDATE deliveries SET state = 'waiting', next_at = ?, detail = ? WHERE state = 'sending'",
                (stamp(at), UNKNOWN),
            )
            return row.rowcount

    def waiting(self, at: datetime) -> tuple[Delivery, ...]:
        """Return what may be sent now, oldest first.

        A time further ahead than any wait can be was written under a clock that has been set back.
        """
        beyond = at + LONGEST_WAIT + timedelta(days=1)
        with told(self._path):
            rows = self._db.execute(
                "SELECT d.message, d.service, m.title, m.body, d.attempts, m.picture FROM deliveries d"
                " JOIN messages m ON m.id = d.message"
                " WHERE d.state = 'waiting' AND (d.next_at <= ? OR d.next_at > ?)"
                " ORDER BY d.message, d.service",
                (stamp(at), stamp(beyond)),
            ).fetchall()
        return tuple(Delivery(*row) for row in rows)

    def start(self, delivery: Delivery, at: datetime) -> None:
        """Note an attempt before it is made."""
        with told(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE deliveries SET state = 'sending', attempts = ? WHERE message = ? AND service = ?",
                (delivery.attempts + 1, delivery.message, delivery.service),
            )
            self._db.execute(
                "INSERT INTO attempts (message, service, number, started_at) VALUES (?, ?, ?, ?)",
                (delivery.message, delivery.service, delivery.attempts + 1, stamp(at)),
            )

    def end(
        self,
        delivery: Delivery,
        at: datetime,
        failure: str | None,
        next_at: datetime | None,
        *,
        unanswered: bool = False,
        note: str = "",
    ) -> None:
        """Note what came of it: sent, or to be tried again at `next_at`, or given up."""
        sent = failure is None
        state = "sent" if sent else "waiting" if next_at else "given_up"
        outcome = "sent" if sent else "unknown" if unanswered else "failed"
        where = (delivery.message, delivery.service)
        with told(self._path), transaction(self._db):
            detail = failure or note
            if sent:
                # An uncertainty of an earlier attempt stays in sight after the message went through.
                row = self._db.execute(
                    "SELECT detail FROM attempts WHERE message = ? AND service = ? AND outcome = 'unknown'"
                    " ORDER BY number LIMIT 1",
                    where,
                ).fetchone()
                doubt = None if row is None else UNKNOWN if row[0] == UNKNOWN else UNANSWERED
                detail = "; ".join(filter(None, (doubt, note)))
            self._db.execute(
                "UPDATE deliveries SET state = ?, next_at = coalesce(?, next_at), detail = ?"
                " WHERE message = ? AND service = ?",
                (state, stamp(next_at) if next_at else None, detail, *where),
            )
            self._db.execute(
                "UPDATE attempts SET ended_at = ?, outcome = ?, detail = ?"
                " WHERE message = ? AND service = ? AND number = ?",
                (stamp(at), outcome, failure or note, *where, delivery.attempts + 1),
            )

    def newest(self, limit: int) -> tuple[Sending, ...]:
        """Return the newest messages with their services, newest first."""
        with told(self._path):
            rows = self._db.execute(
                "SELECT m.created_at, m.kind, m.title, coalesce(d.service, ''),"
                " coalesce(d.state, 'no service'), coalesce(d.attempts, 0), coalesce(d.detail, '')"
                " FROM messages m LEFT JOIN deliveries d ON d.message = m.id"
                " ORDER BY m.id DESC, d.service LIMIT ?",
                (limit,),
            ).fetchall()
        return tuple(Sending(*row) for row in rows)

    def given_up(self) -> int:
        """Return how many messages a service never took."""
        with told(self._path):
            row = self._db.execute("SELECT count(*) FROM deliveries WHERE state = 'given_up'").fetchone()
        return int(row[0])
