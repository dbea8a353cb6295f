"""The file that holds the journal, before anything in it is read: is there one, and what is wrong with it.

Most portfolios have none, so what only asks for that stays light to import.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import DataError, InputError
from steelyard.words import say


def has_entries(path: Path) -> bool:
    """Say whether there is a journal with entries, without making one.

    Raises:
        InputError: It is a folder (`journal-unwritable`).
        DataError: See `StoredJournal`.
    """
    if path.is_dir():
        raise InputError(
            "journal-unwritable",
            say("{path} is a folder, not a journal", path=path),
            say("move it away; nothing was changed"),
        )
    if not path.is_file() or not path.stat().st_size:
        return False
    with told(path), opened(f"{path.absolute().as_uri()}?mode=ro", uri=True) as connection:
        named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'entries'"
        if connection.execute(named).fetchone() is None:
            return False
        return connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is not None


@contextmanager
def opened(name: str, *, uri: bool) -> Iterator[sqlite3.Connection]:
    """Connect, and close at the end."""
    connection = sqlite3.connect(name, uri=uri)
    try:
        yield connection
    finally:
        connection.close()


def corrupt(path: Path, text: str) -> DataError:
    """Return the error of a journal that cannot be read."""
    return DataError(
        "journal-corrupt",
        say("{name} is damaged or not a journal: {text}", name=path.name, text=text),
        say("move it away and put a copy back: {name}.v*.backup or your own", name=path.name),
    )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into errors for the owner."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise DataError(
                "journal-locked",
                say("{name} is being written by another program", name=path.name),
                say("end that program, or try again; nothing was changed"),
            ) from None
        if code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_FULL", "SQLITE_IOERR",
                            "SQLITE_PERM", "SQLITE_AUTH")):  # fmt: skip
            raise InputError(
                "journal-unwritable",
                say("{path} cannot be used: {error}", path=path, error=str(error)),
                say("check the folder, its rights and the free space; nothing was changed"),
            ) from None
        raise corrupt(path, str(error)) from None
