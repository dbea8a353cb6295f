"""Backup and restore of `steelyard.db`, both safe while a run is writing.

A restore brings back what was recorded; it never takes back what happened. Orders, halt, arming and the audit
record stay as they are now, or as they are in the copy where that is newer: a budget that was spent stays
spent, and an order that was sent stays sent.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from steelyard.adapters.database.automation_schema import AUTOMATION
from steelyard.adapters.database.connection import connect, open_bare, open_to_read, told, transaction
from steelyard.adapters.database.journal_schema import JOURNAL
from steelyard.adapters.database.known_schema import PARTS, need_known, no_strangers, triggers_of
from steelyard.adapters.database.migrations import back_up as write_copy
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.database.stored_rows import first_fault
from steelyard.domain.trading.audit import against_anchor
from steelyard.errors import DataError, InputError, SteelyardError
from steelyard.records import dataclass
from steelyard.words import say

_HAPPENED = (
    "saved_plans", "orders", "order_events", "order_questions", "fills", "plan_approvals", "audit",
    "execution_state",
)  # fmt: skip
"""Tables that a restore never rewinds, each after those its rows name."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        kept: Where the present database was kept, None without one.
        orders: Which record of orders stands now: `present`, `copy`, or `both` where each had what the other
            had not.
        halted: Why everything is halted now, empty when it is not.
    """

    kept: Path | None
    orders: str
    halted: str


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
    # A link that leads nowhere is there, too: nothing is written through it, and nothing over it.
    if target.is_symlink() or target.exists():
        raise InputError(
            "file-exists", say("{target} is there already", target=target), say("give another name")
        )
    with told(target), closing(open_to_read(database)) as base:
        write_copy(base, target)


def restore(source: Path, database: Path, at: datetime) -> Restored:
    """Put what a copy recorded in the place of what the database has; what happened since stays.

    Args:
        source: The copy.
        database: To be restored.
        at: Now, for the link that the restore is in the audit record.

    Raises:
        InputError: The copy is no sound database of this or an earlier version.
        PlanError: A plan is being carried out.
        ServiceError: Another program keeps the database locked.
    """
    with _examined(source, database) as copy:
        kept = None
        if database.is_file():
            kept = _unused(database)
            back_up(database, kept)
        if database.is_file() and not _is_usable(database):
            # What cannot be read cannot be kept: its anchor tells what is missing.
            _copy(copy, database)
        for part in PARTS:
            connect(database, part).close()
        with closing(SqliteOrderBook(database)) as book, book.sole_run():
            which = _take_over(copy, database)
            halted = _link(book, copy, which, source.name, at)
        return Restored(kept, which, halted)


@contextmanager
def _examined(source: Path, database: Path) -> Iterator[Path]:
    """Give a private copy of the copy, up to date and looked through row by row; removed at the end."""
    examine(source)
    folder = Path(tempfile.mkdtemp(prefix=f".{database.name}.", dir=database.parent))
    try:
        copy = folder / "copy.db"
        _copy(source, copy)
        try:
            for part in PARTS:
                connect(copy, part).close()
            with closing(sqlite3.connect(copy)) as base:
                need_known(base, source)
            fault = first_fault(copy)
        except (DataError, InputError) as error:
            raise _unsound(source, error.message) from None
        if fault is not None:
            raise _unsound(source, fault)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_usable(database: Path) -> bool:
    try:
        if sound(database) is not None:
            return False
        for part in PARTS:
            connect(database, part).close()
    except SteelyardError as error:
        if error.code in ("database-locked", "disk-full", "database-newer"):
            raise
        return False
    return True


def _take_over(copy: Path, database: Path) -> str:
    """Replace what was recorded, add what happened; return whose record of orders stands."""
    with told(database), closing(connect(database, JOURNAL)) as base:
        base.execute("PRAGMA foreign_keys = OFF")
        base.execute("ATTACH DATABASE ? AS copy", (str(copy),))
        with transaction(base):
            which = _which(base)
            tables = [t for part in (JOURNAL, AUTOMATION) for t in _tables(base, part)]
            happened = list(_HAPPENED) if which == "copy" else []
            ours = triggers_of(base)
            for name in ours:
                base.execute(f"DROP TRIGGER main.{name}")
            for table in reversed([*tables, *happened]):
                base.execute(f"DELETE FROM main.{table}")
            for table in (*tables, *happened):
                base.execute(f"INSERT INTO main.{table} SELECT * FROM copy.{table}")
            if which == "both":
                _add_missing(base)
            for sql in ours.values():
                base.execute(sql)
        return which


def _which(base: sqlite3.Connection) -> str:
    """Say which record goes on from the other: `present`, `copy`, or neither, which is `both`."""
    ours, theirs = (
        [row[0] for row in base.execute(f"SELECT hash FROM {name}.audit ORDER BY number")]
        for name in ("main", "copy")
    )
    if ours[: len(theirs)] == theirs:
        return "present"
    return "copy" if theirs[: len(ours)] == ours else "both"


def _tables(base: sqlite3.Connection, part: object) -> list[str]:
    return _RECORDED[part is JOURNAL]


_RECORDED = {
    True: ["batches", "entries"],
    False: [
        "price_answers", "closes", "runs", "valuations", "messages", "alerts", "deliveries", "attempts"
    ],
}  # fmt: skip
"""Tables that a restore brings back as they were, each after those its rows name."""


def _add_missing(base: sqlite3.Connection) -> None:
    """Take over plans, orders and fills that only the copy knows; approvals and leave are none of it."""
    for table in ("saved_plans", "fills"):
        base.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM copy.{table}")


def _link(book: SqliteOrderBook, copy: Path, which: str, name: str, at: datetime) -> str:
    """Say in the record what was restored; halt where something is missing that once was recorded."""
    with closing(SqliteOrderBook(copy)) as theirs:
        head = theirs.head()
        strangers = () if which != "both" else theirs.orders()
    anchor = book.anchor()
    gap = None if anchor is None else against_anchor(tuple(book.links()), anchor)
    body: dict[str, object] = {"copy": name, "links": head[0], "head": head[1], "orders": which}
    if anchor is not None:
        body |= {"anchor": f"{anchor[0]} {anchor[1]}"}
    book.adopt(strangers, at)
    book.record("restore", "", body, at)
    if gap is None and which != "both":
        return book.halted()
    why = say("a copy was restored that lacks what was recorded since; look at your brokers' own pages")
    if not book.halted():
        book.halt(why, at)
    if book.arming() is not None:
        book.disarm(at)
    if gap is not None:
        book.anchor_anew(at)
    return book.halted()


def _unused(database: Path) -> Path:
    """Return a name beside the database that nothing has yet."""
    names = (database.with_name(f"{database.name}.before-restore.{n}") for n in count(1))
    return next(name for name in names if not (name.exists() or name.is_symlink()))


def sound(database: Path) -> str | None:
    """Return what SQLite finds wrong with a database, None when it is sound, or not there yet."""
    if not database.exists():
        return None
    with told(database), closing(open_to_read(database)) as base:
        found: str = base.execute("PRAGMA integrity_check").fetchone()[0]
    return None if found == "ok" else found


def examine(source: Path) -> None:
    """Refuse what is no sound copy of a database of this or an earlier version (`InputError`)."""
    if not source.is_file():
        raise InputError(
            "no-file", say("there is no file {source}", source=source), say("give a file that `backup` wrote")
        )
    try:
        with told(source), closing(open_to_read(source)) as base:
            found = base.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            newer = any(part.version(base) > part.newest for part in PARTS)
            if not newer:
                no_strangers(base, source)
                need_known(base, source)
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
