"""The one way into a database file: open, run a transaction, and say in the owner's words what failed.

Write-ahead log, every commit on disk before the next step. Times are ISO-8601 text in UTC and exact numbers
decimal text; nothing is a binary float. The file and what SQLite puts beside it are its owner's alone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.automation_schema import AUTOMATION
from steelyard.adapters.database.known_schema import need_known, no_strangers
from steelyard.adapters.database.migrations import Part, bring_up_to_date
from steelyard.adapters.machine.private import make_private
from steelyard.errors import DataError, InputError, ServiceError
from steelyard.words import say

_MOST_DIGITS = 40
_BESIDE = ("", "-wal", "-shm")
_UNUSABLE = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_PERM", "SQLITE_AUTH")


def connect(path: Path, part: Part = AUTOMATION, *, wait_seconds: float = 5.0) -> sqlite3.Connection:
    """Open a database, made when there is none, and bring one part of it up to date.

    Args:
        path: The file.
        part: Whose tables are wanted; those of automation unless told.
        wait_seconds: How long to wait for another program that is writing.

    Raises:
        InputError: It cannot be opened or written, or a newer version of steelyard wrote it.
        DataError: It is damaged, or no database.
        ServiceError: Another program keeps it locked.
    """
    with told(path):
        connection = sqlite3.connect(_private(path), timeout=wait_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _distrust(connection)
            bring_up_to_date(connection, path, part)
            # What a run opens every day is looked through by name; what is written by hand or sent, in full.
            if part is AUTOMATION:
                no_strangers(connection, path)
            else:
                need_known(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_to_read(path: Path, *, having: str = "closes") -> sqlite3.Connection | None:
    """Open a database for reading alone; None when there is none, or it lacks the table `having`.

    Raises:
        As `connect`.
    """
    if path.is_dir():
        raise InputError(
            "database", say("{path} is a folder, not a database", path=path), say("move it away")
        )
    if not path.is_file() or not path.stat().st_size:
        return None
    with told(path):
        connection = open_to_read(path)
        try:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (having,)
            ).fetchone()
        except BaseException:
            connection.close()
            raise
        if found:
            return connection
        connection.close()
        return None


def open_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that can only read, whatever the file holds; see `told` for what may fail.

    A log that holds nothing, or none, means that all is in the file and nobody is writing: it is read as it
    is, and SQLite puts no files beside it, so that a folder one may only read will do. Else the log is read
    with it.
    """
    log = path.with_name(f"{path.name}-wal")
    alone = not log.exists() or not log.stat().st_size
    how = "mode=ro&immutable=1" if alone else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=5.0)
    _distrust(connection)
    return connection


def _distrust(connection: sqlite3.Connection) -> None:
    """Let nothing that stands in the schema of a file call functions that reach outside it."""
    connection.execute("PRAGMA trusted_schema = OFF")


def open_bare(path: Path, *, wait_seconds: float = 5.0) -> sqlite3.Connection:
    """Return a connection in autocommit mode to a private file, its tables as they are."""
    return sqlite3.connect(_private(path), timeout=wait_seconds, isolation_level=None)


def _private(path: Path) -> Path:
    for end in _BESIDE:
        each = path.with_name(path.name + end)
        # SQLite gives its own files the rights of the database; those of an earlier version are closed here.
        # What cannot be made here SQLite cannot make either, and it says why.
        with suppress(OSError):
            if not end or each.exists():
                make_private(each)
    return path


@contextmanager
def made_apart(path: Path) -> Iterator[Path]:
    """Return where a database that is not there yet is made: in a folder beside it that is gone at the end.

    Where no such folder can be made it is the place itself, and whoever opens it says what is wrong with it.
    """
    import tempfile

    try:
        apart = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
    except OSError:
        yield path
        return
    with apart as folder:
        yield Path(folder) / path.name


def put_in_place(made: Path, path: Path) -> None:
    """Give a closed database that was made apart its name; one that came there meanwhile is not written over.

    Raises:
        ServiceError: Another program has made one.
        InputError: It cannot be moved.
    """
    if made == path:
        return
    try:
        try:
            os.link(made, path)
        except FileExistsError:
            raise
        except OSError:
            # A file system without second names; in the moment between the two nobody is there as a rule.
            if path.exists():
                raise FileExistsError from None
            made.rename(path)
    except FileExistsError:
        raise ServiceError(
            "database-locked",
            say("{name} is locked by another program", name=path.name),
            say("end it, or try again later"),
        ) from None
    except OSError as error:
        raise InputError(
            "database",
            say("{path} cannot be used: {text}", path=path, text=str(error.strerror)),
            say("check its rights and those of its folder"),
        ) from None


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into errors for the owner."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # A mistake of ours, not of the file.
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise ServiceError(
                "database-locked",
                say("{name} is locked by another program", name=path.name),
                say("end it, or try again later"),
            ) from None
        if code == "SQLITE_FULL":
            raise InputError(
                "disk-full",
                say("there is no room to write {name}", name=path.name),
                say("free some space; nothing is lost"),
            ) from None
        if code.startswith(_UNUSABLE):
            raise InputError(
                "database",
                say("{path} cannot be used: {text}", path=path, text=str(error)),
                say("check its rights and those of its folder"),
            ) from None
        raise corrupt(path, str(error)) from None


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Turn values that were never written there into the error of a damaged database."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise corrupt(path, say("a row holds what was never written there")) from None


def corrupt(path: Path, text: str) -> DataError:
    """Return the error of a database that cannot be read."""
    return DataError(
        "journal-corrupt",
        say("{name} is damaged or not a database: {text}", name=path.name, text=text),
        say("move it away and put a copy back: {name}.*.backup or your own", name=path.name),
    )


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


def number_of(text: str) -> Decimal:
    """Return a number the database kept; no other can have been written there."""
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(text)
    return number
