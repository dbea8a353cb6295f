"""Backup and restore of `steelyard.db`, both safe while a run is writing."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from pathlib import Path

from steelyard.adapters.database.automation_schema import AUTOMATION
from steelyard.adapters.database.connection import open_bare, open_to_read, told
from steelyard.adapters.database.journal import JOURNAL
from steelyard.adapters.database.migrations import back_up as write_copy
from steelyard.adapters.database.order_schema import EXECUTION
from steelyard.errors import DataError, InputError
from steelyard.words import say

_PARTS = (JOURNAL, AUTOMATION, EXECUTION)


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
    with told(target), closing(open_to_read(database)) as base:
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
    with told(database), closing(open_to_read(database)) as base:
        found: str = base.execute("PRAGMA integrity_check").fetchone()[0]
    return None if found == "ok" else found


def _examine(source: Path) -> None:
    if not source.is_file():
        raise InputError(
            "no-file", say("there is no file {source}", source=source), say("give a file that `backup` wrote")
        )
    try:
        with told(source), closing(open_to_read(source)) as base:
            found = base.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            newer = any(part.version(base) > part.newest for part in _PARTS)
    except DataError as error:
        # The hint of a damaged journal is to put a copy back, and this is the copy.
        raise _unsound(source, error.message) from None
    if found != "ok":
        raise _unsound(source, found)
    if not tables & {"parts", "entries"}:
        raise _unsound(source, say("it has none of steelyard's tables"))
    if newer:
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


def _copy(source: Path, target: Path) -> None:
    with (
        told(target),
        closing(open_to_read(source)) as theirs,
        closing(open_bare(target)) as ours,
    ):
        theirs.backup(ours)
