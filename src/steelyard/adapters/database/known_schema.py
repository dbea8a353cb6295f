"""The schema that this program made, held to the one a file has: a stranger's trigger runs with our rights.

Triggers and views that are not ours are refused, ours that are missing or were changed too. Tables and
indexes of somebody else are left alone: nothing reads them.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from steelyard.adapters.database.automation_schema import AUTOMATION
from steelyard.adapters.database.journal_schema import JOURNAL
from steelyard.adapters.database.migrations import Part
from steelyard.adapters.database.order_schema import EXECUTION
from steelyard.errors import InputError
from steelyard.words import say

PARTS = (JOURNAL, AUTOMATION, EXECUTION)
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+)\s.*?\bEND(?=;|\s*$)", re.DOTALL)


def no_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Return when a file has no view, and no trigger but ours; quick enough for every opening.

    Raises:
        InputError: It has one (`database-schema`).
    """
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')")
    for kind, name, sql in rows:
        if kind == "view" or _plain(sql) not in triggers().get(name, ()):
            raise _refused(path, say("it has a {kind} {name} that is not ours", kind=kind, name=name))


def need_known(connection: sqlite3.Connection, path: Path) -> None:
    """Return when everything in a file is as the steps of its parts made it, at whatever version.

    Raises:
        InputError: Something is missing, changed or foreign (`database-schema`).
    """
    no_strangers(connection, path)
    known = _schema(tuple(part.version(connection) for part in PARTS))
    found = _read(connection)
    for (kind, name), sql in known.items():
        if (kind, name) not in found:
            raise _refused(path, say("its {kind} {name} is missing", kind=kind, name=name))
        if found[kind, name] != sql:
            raise _refused(path, say("its {kind} {name} was changed", kind=kind, name=name))


def _refused(path: Path, text: str) -> InputError:
    return InputError(
        "database-schema",
        say("{name} is not as steelyard made it: {text}", name=path.name, text=text),
        say("put a copy of your own back: `steelyard restore FILE`"),
    )


def triggers_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the triggers of a file by name, as they can be made again."""
    rows = connection.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' ORDER BY name")
    return dict(rows.fetchall())


@cache
def triggers() -> dict[str, set[str]]:
    """Return the text of every trigger of every version, by name."""
    found: dict[str, set[str]] = {}
    for part in PARTS:
        for step in part.steps:
            for one in _TRIGGER.finditer(step):
                found.setdefault(one[1], set()).add(_plain(one[0]))
    return found


@cache
def _schema(versions: tuple[int, ...]) -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as made:
        for part, version in zip(PARTS, versions, strict=True):
            made.executescript(";".join(part.steps[:version]))
            if version:
                Part(part.name, part.steps[:version], part.in_header).note(made)
        return _read(made)


def _read(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    ours = "substr(name, 1, 7) != 'sqlite_'"
    rows = connection.execute(f"SELECT type, name, sql FROM sqlite_master WHERE {ours}")
    return {(kind, name): _plain(sql) for kind, name, sql in rows}


def _plain(sql: str | None) -> str:
    return " ".join((sql or "").split())
