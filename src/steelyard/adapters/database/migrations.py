"""Bringing one part of `steelyard.db` up to date: a backup first, then every step of it or none.

Several parts share the file (automation, orders), and each counts its own steps in the table `parts`; the
journal counts in `user_version`. Steps are only ever appended to.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from steelyard.errors import InputError
from steelyard.words import say


def bring_up_to_date(connection: sqlite3.Connection, path: Path, part: str, steps: Sequence[str]) -> None:
    """Do the steps of a part that are left, in one transaction.

    A part that has tables already is backed up first, to `steelyard.db.PART-vN.backup` beside the database.

    Args:
        connection: In autocommit mode.
        path: Its file.
        part: Name of the part.
        steps: Statements, from the first version on.

    Raises:
        InputError: A newer version of steelyard wrote the part (`database-newer`).
        sqlite3.Error: A statement failed; nothing of the transaction stays.
    """
    version = _version(connection, path, part, len(steps))
    if version == len(steps):
        return
    if version:
        back_up(connection, path.with_name(f"{path.name}.{part}-v{version}.backup"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"
        )
        # Asked again inside the transaction: another process may have done it meanwhile.
        for step in steps[_version(connection, path, part, len(steps)) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(
            "INSERT INTO parts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (part, len(steps)),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Write a consistent copy only its owner can read; one cut short never bears the name `target`.

    Raises:
        InputError: It cannot be written (`unwritable`).
    """
    part = target.with_name(target.name + ".part")
    try:
        # Made first, so that it is never readable by others: it holds what the owner has.
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise InputError(
            "unwritable",
            say("{target} cannot be written: {strerror}", target=target, strerror=error.strerror),
            say("check the folder"),
        ) from None
    try:
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
            # One file and no log beside it, also when somebody looks into it.
            copy.execute("PRAGMA journal_mode = DELETE")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _version(connection: sqlite3.Connection, path: Path, part: str, known: int) -> int:
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchone()
    row = exists and connection.execute("SELECT version FROM parts WHERE name = ?", (part,)).fetchone()
    version = int(row[0]) if row else 0
    if version > known:
        raise InputError(
            "database-newer",
            say(
                "{name} was written by a newer version of steelyard ({part} {version}, this one "
                "knows {known})",
                name=path.name,
                part=part,
                version=version,
                known=known,
            ),
            say("update steelyard"),
        )
    return version


def _statements(step: str) -> Iterator[str]:
    """Give the statements of a script one by one: a script run as a whole would commit what is open."""
    text = ""
    for piece in step.split(";"):
        text += piece + ";"
        if sqlite3.complete_statement(text):
            if text.strip() != ";":
                yield text
            text = ""
