"""Backup and restore of `steelyard.db`, both safe while a run is writing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

from steelyard.adapters.database.automation_schema import STEPS
from steelyard.adapters.database.connection import PART, told
from steelyard.adapters.database.journal import STEPS as JOURNAL_STEPS
from steelyard.adapters.database.migrations import back_up as write_copy
from steelyard.adapters.database.order_book import PART as ORDERS
from steelyard.adapters.database.order_book import STEPS as ORDER_STEPS
from steelyard.errors import DataError, InputError
from steelyard.words import say

_KNOWN = {PART: len(STEPS), ORDERS: len(ORDER_STEPS), "journal": len(JOURNAL_STEPS)}
"""The newest version of each part that this program knows."""


def back_up(database: Path, target: Path) -> None:
    """Write a consistent copy of the database; a copy that was cut short never bears the name asked for.

    Raises:
        InputError: There is no database, the target is there already, or it cannot be written.
        ServiceError: Another program keeps the database locked.
    """
    if not database.is_file():
        raise InputError(
            "no-database", say("there is no {database}", database=database), say("nothing was recorded yet")
        )
    if target.exists():
        raise InputError(
            "file-exists", say("{target} is there already", target=target), say("give another name")
        )
    with told(target), closing(_read_only(database)) as base:
        write_copy(base, target)


def restore(source: Path, database: Path) -> Path | None:
    """Put a copy in the place of the database; return where the present one was kept, None without one.

    Raises:
        InputError: The copy is no sound database of this or an earlier version.
        ServiceError: Another program keeps the database locked.
    """
    _examine(source)
    kept = None
    if database.is_file():
        kept = _unused(database)
        back_up(database, kept)
    # Through SQLite and not by moving files: another process may have the database open.
    _copy(source, database)
    return kept


def _unused(database: Path) -> Path:
    """Return a name beside the database that nothing has yet."""
    names = (database.with_name(f"{database.name}.before-restore.{n}") for n in count(1))
    return next(name for name in names if not name.exists())


def sound(database: Path) -> str | None:
    """Return what SQLite finds wrong with a database, None when it is sound."""
    with told(database), closing(_read_only(database)) as base:
        found: str = base.execute("PRAGMA integrity_check").fetchone()[0]
    return None if found == "ok" else found


def _examine(source: Path) -> None:
    if not source.is_file():
        raise InputError(
            "no-file", say("there is no file {source}", source=source), say("give a file that `backup` wrote")
        )
    try:
        with told(source), closing(_read_only(source)) as base:
            found = base.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            versions = dict(base.execute("SELECT name, version FROM parts")) if "parts" in tables else {}
            versions["journal"] = base.execute("PRAGMA user_version").fetchone()[0]
    except DataError as error:
        # The hint of a damaged journal is to put a copy back, and this is the copy.
        raise _unsound(source, error.message) from None
    if found != "ok":
        raise _unsound(source, found)
    if not tables & {"parts", "entries"}:
        raise _unsound(source, say("it has none of steelyard's tables"))
    if any(versions.get(part, 0) > known for part, known in _KNOWN.items()):
        raise InputError(
            "database-newer",
            say("{source} was written by a newer version of steelyard", source=source),
            say("update steelyard"),
        )


def _unsound(source: Path, reason: str) -> InputError:
    return InputError(
        "database",
        say("{source} is no sound copy: {reason}", source=source, reason=reason),
        say("give a file that `backup` wrote"),
    )


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)


def _copy(source: Path, target: Path) -> None:
    with (
        told(target),
        closing(_read_only(source)) as theirs,
        closing(sqlite3.connect(target, timeout=5)) as ours,
    ):
        theirs.backup(ours)
