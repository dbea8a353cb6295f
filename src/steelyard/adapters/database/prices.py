"""Price answers and closes in `steelyard.db`: raw first, judged after."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.adapters.database.connection import stamp, told, transaction, understood
from steelyard.domain.market.prices import Close, Finding, Suspicion, Wanted


class StoredPrices:
    """The `PriceRecords` of one database.

    Args:
        connection: From `database.connect`.
        path: Its file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = connection, path

    def keep_answer(self, wanted: Wanted, source: str, at: datetime, raw: str, failure: str | None) -> int:
        """Keep an answer as it came, before anybody reads or judges it; return its number."""
        with told(self._path), transaction(self._db):
            row = self._db.execute(
                "INSERT INTO price_answers (symbol, currency, source, asked_at, failure, raw)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (wanted.symbol, wanted.currency, source, stamp(at), failure, raw),
            )
            return int(row.lastrowid or 0)

    def keep_judgement(
        self, answer: int, wanted: Wanted, source: str, good: Sequence[Close], findings: Sequence[Finding]
    ) -> None:
        """Keep what was decided about an answer, durably and whole."""
        refused = [f.day.isoformat() for f in findings if f.refused and f.day is not None]
        with told(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE price_answers SET findings = ? WHERE id = ?",
                (json.dumps([_finding(f) for f in findings], ensure_ascii=False), answer),
            )
            # What is refused today may have been taken yesterday, from this or the other source.
            self._db.executemany(
                "DELETE FROM closes WHERE symbol = ? AND day = ? AND (source = ? OR ?)",
                [
                    (wanted.symbol, day, source, any(f.code == "price-disagree" for f in findings))
                    for day in refused
                ],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO closes VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        wanted.symbol,
                        c.day.isoformat(),
                        source,
                        str(c.price),
                        c.currency or wanted.currency,
                        str(c.split),
                        answer,
                    )
                    for c in good
                ],
            )

    def newest(self, symbol: str, until: date | None = None) -> tuple[str, Close] | None:
        """Return the newest good close up to a day and its source, None when there is none."""
        with told(self._path):
            row = self._db.execute(
                "SELECT source, day, price, currency, split FROM closes WHERE symbol = ? AND day <= ?"
                " ORDER BY day DESC, answer DESC LIMIT 1",
                (symbol, (until or date.max).isoformat()),
            ).fetchone()
        with understood(self._path):
            return None if row is None else (row[0], _close(*row[1:]))

    def splits(self) -> tuple[tuple[str, date, Decimal], ...]:
        """Return the splits that sources told of with their closes: symbol, day, new shares for one old."""
        with told(self._path):
            rows = self._db.execute(
                "SELECT DISTINCT symbol, day, split FROM closes WHERE split <> '1' ORDER BY symbol, day"
            ).fetchall()
        with understood(self._path):
            return tuple((symbol, date.fromisoformat(day), Decimal(split)) for symbol, day, split in rows)

    def history(self, symbol: str, limit: int = -1) -> tuple[tuple[str, Close], ...]:
        """Return the newest closes, newest first, with their sources; all without a limit."""
        with told(self._path):
            rows = self._db.execute(
                "SELECT source, day, price, currency, split FROM closes WHERE symbol = ?"
                " ORDER BY day DESC, answer DESC LIMIT ?",
                (symbol, limit),
            ).fetchall()
        with understood(self._path):
            return tuple((row[0], _close(*row[1:])) for row in rows)

    def suspicions(self, symbols: Collection[str]) -> tuple[Suspicion, ...]:
        """Return what the newest answer of each source suggests has happened to some of these instruments.

        A jump that looks like a split is one until a good close of its day or a later one is kept; an
        instrument of which every source that was asked knows nothing is gone.
        """
        with told(self._path):
            rows = self._db.execute(
                "SELECT symbol, findings FROM price_answers WHERE id IN"
                " (SELECT max(id) FROM price_answers GROUP BY symbol, source) ORDER BY symbol, source"
            ).fetchall()
        with understood(self._path):
            return self._suspicions(rows, symbols)

    def _suspicions(self, rows: Sequence[tuple[str, str]], symbols: Collection[str]) -> tuple[Suspicion, ...]:
        by_symbol: dict[str, list[list[Any]]] = {}
        for symbol, findings in rows:
            if symbol in symbols:
                by_symbol.setdefault(symbol, []).append(json.loads(findings or "[]"))
        found = []
        for symbol, answers in by_symbol.items():
            newest = self.newest(symbol)
            jumps = [
                Suspicion(symbol, date.fromisoformat(f[3]), (f[4], f[5]), Decimal(f[6]))
                for answer in answers
                for f in answer
                if len(f) > 3
            ]
            first = min(jumps, key=lambda s: s.day or date.max, default=None)
            if first is not None and first.day is not None and (newest is None or newest[1].day < first.day):
                found.append(first)
            elif all("price-empty" in {f[0] for f in answer} for answer in answers):
                found.append(Suspicion(symbol))
        return tuple(found)

    def last_findings(self, symbol: str) -> tuple[str, ...]:
        """Return what the newest judged or failed answer of each source was blamed for."""
        with told(self._path):
            rows = self._db.execute(
                "SELECT source, failure, findings FROM price_answers WHERE id IN"
                " (SELECT max(id) FROM price_answers WHERE symbol = ? GROUP BY source) ORDER BY source",
                (symbol,),
            ).fetchall()
        texts: list[str] = []
        with understood(self._path):
            for source, failure, findings in rows:
                texts += [f"{source}: {failure}"] if failure else []
                texts += [text for _, text, *_ in json.loads(findings or "[]")]
        return tuple(texts)


def _close(day: str, price: str, currency: str, split: str) -> Close:
    return Close(date.fromisoformat(day), Decimal(price), currency, Decimal(split))


def _finding(finding: Finding) -> list[Any]:
    """Return a finding as it is kept: code, text, refused; of what looks like a split day, ratio, price."""
    kept: list[Any] = [finding.code, finding.text, finding.refused]
    if finding.split is not None and finding.day is not None:
        kept += [finding.day.isoformat(), *finding.split, str(finding.price)]
    return kept
