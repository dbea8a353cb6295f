"""Runs and the values of their days in `steelyard.db`."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.connection import stamp, time_of, told, transaction, understood
from steelyard.domain.books.valuations import DayContent, DayValue
from steelyard.domain.money import plain


class StoredRuns:
    """The `RunRecords` of one database.

    Args:
        connection: From `database.connect`.
        path: Its file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = connection, path

    def handled(self, portfolio: str) -> date | None:
        """Return the newest look date a finished run handled, None when there is none."""
        with told(self._path):
            row = self._db.execute(
                "SELECT max(look) FROM runs WHERE portfolio = ? AND outcome = 'done'", (portfolio,)
            ).fetchone()
        return date.fromisoformat(row[0]) if row[0] else None

    def begin(self, portfolio: str, look: date | None, at: datetime) -> int:
        """Open a run; what an earlier one left unfinished is marked as interrupted."""
        with told(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE runs SET outcome = 'interrupted', finished_at = ?"
                " WHERE portfolio = ? AND outcome IS NULL",
                (stamp(at), portfolio),
            )
            row = self._db.execute(
                "INSERT INTO runs (portfolio, look, started_at, step) VALUES (?, ?, ?, 'begin')",
                (portfolio, look.isoformat() if look else None, stamp(at)),
            )
            return int(row.lastrowid or 0)

    def step(self, run: int, step: str) -> None:
        """Note how far a run has come."""
        with told(self._path), transaction(self._db):
            self._db.execute("UPDATE runs SET step = ? WHERE id = ?", (step, run))

    def record_day(self, run: int, portfolio: str, value: DayValue) -> None:
        """Keep the value and drift of a day, in place of an earlier one of the same day."""
        drifts = json.dumps({symbol: plain(drift) for symbol, drift in value.drifts.items()})
        with told(self._path), transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO valuations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    portfolio,
                    value.day.isoformat(),
                    run,
                    value.currency,
                    plain(value.total),
                    plain(value.cash),
                    plain(value.largest_drift),
                    plain(value.misplaced),
                    int(value.due),
                    drifts,
                    value.priced_on.isoformat() if value.priced_on else "",
                    _written(value.content),
                ),
            )

    def finish(self, run: int, at: datetime, outcome: str, detail: str = "") -> None:
        """Close a run."""
        with told(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE runs SET finished_at = ?, outcome = ?, detail = ?, step = 'end' WHERE id = ?",
                (stamp(at), outcome, detail, run),
            )

    def days(self, portfolio: str) -> tuple[DayValue, ...]:
        """Return every recorded day of a portfolio, oldest first."""
        with told(self._path):
            # What is only read is not brought up to date: an earlier version did not keep the last.
            there = [row[1] for row in self._db.execute("PRAGMA table_info(valuations)")]
            content = "content" if "content" in there else "''"
            rows = self._db.execute(
                "SELECT day, currency, total, cash, largest_drift, misplaced, due, drifts, priced_on,"
                f" {content} FROM valuations WHERE portfolio = ? ORDER BY day",
                (portfolio,),
            ).fetchall()
        with understood(self._path):
            return tuple(
                DayValue(
                    date.fromisoformat(day),
                    currency,
                    Decimal(total),
                    Decimal(cash),
                    Decimal(largest),
                    Decimal(misplaced),
                    bool(due),
                    {s: Decimal(d) for s, d in json.loads(drifts).items()},
                    date.fromisoformat(priced_on) if priced_on else None,
                    _content(content),
                )
                for day, currency, total, cash, largest, misplaced, due, drifts, priced_on, content in rows
            )

    def going(self, portfolio: str) -> datetime | None:
        """Return when the newest run began that has not ended, None when it has."""
        with told(self._path):
            row = self._db.execute(
                "SELECT started_at, outcome FROM runs WHERE portfolio = ? ORDER BY id DESC LIMIT 1",
                (portfolio,),
            ).fetchone()
        with understood(self._path):
            return None if row is None or row[1] is not None else time_of(row[0])

    def last(self, portfolio: str) -> tuple[datetime, str, str] | None:
        """Return start, outcome (or the step it stopped at) and detail of the newest run."""
        with told(self._path):
            row = self._db.execute(
                "SELECT started_at, coalesce(outcome, 'stopped at ' || step), coalesce(detail, '')"
                " FROM runs WHERE portfolio = ? ORDER BY id DESC LIMIT 1",
                (portfolio,),
            ).fetchone()
        with understood(self._path):
            return None if row is None else (time_of(row[0]), row[1], row[2])


def _written(content: DayContent | None) -> str:
    """Return what a day rests on as text, empty for nothing."""
    if content is None:
        return ""
    return json.dumps(
        {
            "accounts": sorted(content.accounts),
            "shares": [[*key, plain(number)] for key, number in content.shares.items()],
            "cash": [[*key, plain(number)] for key, number in content.cash.items()],
            "prices": [
                [symbol, plain(price), None if day is None else day.isoformat()]
                for symbol, (price, day) in content.prices.items()
            ],
            "rates": {code: plain(rate) for code, rate in content.rates.items()},
        },
        ensure_ascii=False,
    )


def _content(text: str) -> DayContent | None:
    if not text:
        return None
    found = json.loads(text)
    return DayContent(
        frozenset(found["accounts"]),
        {(account, symbol): Decimal(number) for account, symbol, number in found["shares"]},
        {(account, code): Decimal(number) for account, code, number in found["cash"]},
        {
            symbol: (Decimal(price), None if day is None else date.fromisoformat(day))
            for symbol, price, day in found["prices"]
        },
        {code: Decimal(rate) for code, rate in found["rates"].items()},
    )
