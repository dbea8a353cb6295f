"""Bringing one part of a database up to date: a backup first, then every step of it or none.

Several parts share a file (journal, automation, orders), and each counts its own steps. Steps are only ever
appended to, so that every database an earlier version wrote can be read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, count
from pathlib import Path

from steelyard.adapters.machine.private import fresh_beside
from steelyard.errors import InputError, unwritable
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Part:
    """The tables of one subject in a database.

    Attributes:
        name: For messages, backups and the table `parts`.
        steps: Statements, from the first version on.
        in_header: Its version is SQLite's `user_version`, as the journal's is, which was there first;
            else a row of the table `parts`.
    """

    name: str
    steps: tuple[str, ...]
    in_header: bool = False

    @property
    def newest(self) -> int:
        """The newest version that this program knows."""
        return len(self.steps)

    def version(self, connection: sqlite3.Connection) -> int:
        """Return the version a database has of this part, 0 for none."""
        if self.in_header:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
        exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchone()
        row = (
            exists and connection.execute("SELECT version FROM parts WHERE name = ?", (self.name,)).fetchone()
        )
        return int(row[0]) if row else 0

    def note(self, connection: sqlite3.Connection) -> None:
        """Write the newest version down."""
        if self.in_header:
            connection.execute(f"PRAGMA user_version = {self.newest}")
            return
        connection.execute(
            "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"
        )
        connection.execute(
            "INSERT INTO parts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (self.name, self.newest),
        )


def bring_up_to_date(connection: sqlite3.Connection, path: Path, part: Part) -> None:
    """Do the steps of a part that are left, in one transaction.

    A part that has tables already is backed up first, to `steelyard.db.PART-vN.backup` beside the database.

    Args:
        connection: In autocommit mode.
        path: Its file.
        part: What to bring up to date.

    Raises:
        InputError: A newer version of steelyard wrote the part (`database-newer`).
        sqlite3.Error: A statement failed; nothing of the transaction stays.
    """
    version = _known(connection, path, part)
    if version == part.newest:
        return
    if version:
        # A migration that was killed leaves one behind, and the next makes its own.
        first = path.with_name(f"{path.name}.{part.name}-v{version}.backup")
        others = (first.with_name(f"{first.name}.{n}") for n in count(2))
        back_up(connection, next(p for p in chain([first], others) if not os.path.lexists(p)))
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again inside the transaction: another process may have done it meanwhile.
        for step in part.steps[_known(connection, path, part) :]:
            for statement in _statements(step):
                connection.execute(statement)
        part.note(connection)
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
    try:
        # Private from the first byte on: it holds what the owner has.
        part = fresh_beside(target, ".part")
    except OSError as error:
        raise unwritable(target, error) from None
    try:
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
            # One file and no log beside it, also when somebody looks into it.
            copy.execute("PRAGMA journal_mode = DELETE")
        _name(part, target)
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, target: Path) -> None:
    """Give a finished copy its name, over nothing that bears it, a link included."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise InputError(
            "file-exists", say("{target} is there already", target=target), say("give another name")
        ) from None
    except OSError:  # A file system without hard links.
        part.replace(target)


def _known(connection: sqlite3.Connection, path: Path, part: Part) -> int:
    version = part.version(connection)
    if version > part.newest:
        raise InputError(
            "database-newer",
            say(
                "{name} was written by a newer version of steelyard"
                " ({part} {version}, this one knows {newest})",
                name=path.name,
                part=part.name,
                version=version,
                newest=part.newest,
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
