"""The order book of a portfolio file, to write in or to look at; no broker is opened for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING

from steelyard.adapters.database.audit_anchor import AuditAnchor
from steelyard.adapters.database.connection import connect_to_read, open_to_read, told
from steelyard.adapters.database.migrations import back_up
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.database.order_schema import EXECUTION
from steelyard.bootstrap.folder import Folder
from steelyard.records import replace

if TYPE_CHECKING:
    from steelyard.ports.trading import OrderBook


@contextmanager
def order_book(folder: Folder) -> Iterator[OrderBook]:
    """Open the order book of a portfolio file, and close it at the end."""
    book = SqliteOrderBook(folder.database)
    try:
        yield book
    finally:
        book.close()


@contextmanager
def order_book_to_look_at(folder: Folder) -> Iterator[OrderBook]:
    """Open the order book of a portfolio file for reading alone: nothing is made or brought up to date.

    What would have to be written first, or may not be, is read from a copy that is gone again.
    """
    from tempfile import TemporaryDirectory

    base = folder.database
    with TemporaryDirectory() as elsewhere:
        looked = connect_to_read(base, having="orders")
        if looked is not None:
            with closing(looked):
                if EXECUTION.version(looked) < EXECUTION.newest or not _may_write(base.parent):
                    folder = _copied(folder, looked, Path(elsewhere))
        else:
            folder = replace(folder, database=Path(elsewhere) / base.name)
        if folder.database != base:
            # A record is held to the anchor beside its own database, also where that is gone.
            AuditAnchor(base).copy_to(folder.database)
        with order_book(folder) as book:
            yield book


@contextmanager
def only_looked_at(folder: Folder) -> Iterator[Folder]:
    """Give a folder whose databases are copies that are gone again, so that nothing is made beside the file.

    What is opened there is opened as always: looked through, brought up to date, begun where there is none.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as elsewhere:
        aside = replace(folder, database=Path(elsewhere) / folder.database.name)
        for base, copy in ((folder.database, aside.database), (folder.paper_book, aside.paper_book)):
            if base.is_file() and base.stat().st_size:
                with told(base), closing(open_to_read(base)) as looked:
                    back_up(looked, copy)
        AuditAnchor(folder.database).copy_to(aside.database)
        yield aside


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _copied(folder: Folder, looked: Connection, elsewhere: Path) -> Folder:
    copy = elsewhere / folder.database.name
    back_up(looked, copy)
    anchor = AuditAnchor(folder.database).path
    if anchor.is_file():
        AuditAnchor(copy).path.write_bytes(anchor.read_bytes())
    return replace(folder, database=copy)
