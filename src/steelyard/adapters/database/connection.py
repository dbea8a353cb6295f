"""Opening `steelyard.db`: write-ahead log, every commit on disk before the next step, one clear error.

Times are ISO-8601 text in UTC and exact numbers decimal text; nothing is a binary float.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from steelyard.adapters.database.automation_schema import STEPS
from steelyard.adapters.database.journal_file import corrupt
from steelyard.adapters.database.migrations import bring_up_to_date
from steelyard.errors import InputError, ServiceError
from steelyard.words import say

PART = "automation"


def connect(path: Path, *, wait_seconds: float = 5.0) -> sqlite3.Connection:
    """Open the database and bring the tables of automation up to date.

    Raises:
        InputError: The file cannot be opened, written, or is no database.
        ServiceError: Another program keeps it locked.
    """
    with told(path):
        connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            bring_up_to_date(connection, path, PART, STEPS)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_to_read(path: Path) -> sqlite3.Connection | None:
    """Open the database for reading alone; None when it has no tables of automation yet.

    Raises:
        InputError: The file cannot be opened, or is no database.
        ServiceError: Another program keeps it locked.
    """
    with told(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'closes'").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        if found:
            return connection
        connection.close()
        return None


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into errors for the owner."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise ServiceError(
                "database-locked",
                say("{name} is locked by another program", name=path.name),
                say("end it, or try again later"),
            ) from None
        if "full" in text:
            raise InputError(
                "disk-full",
                say("there is no room to write {name}", name=path.name),
                say("free some space; nothing is lost"),
            ) from None
        if (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise corrupt(path, text) from None
        raise InputError(
            "database",
            say("{path} cannot be used: {text}", path=path, text=text),
            say("check its rights and those of its folder"),
        ) from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run statements as one: all on disk when it ends, or none of them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def stamp(at: datetime) -> str:
    """Return a time as the database keeps it; sorting the text sorts the times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    """Return a time the database kept."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
