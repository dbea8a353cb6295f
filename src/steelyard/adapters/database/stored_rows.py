"""Every row of a foreign database read before any of it is used: what no command of ours would write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path

from steelyard.adapters.database.connection import time_of
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.domain.books.ledger import SIGNED_KINDS
from steelyard.domain.trading.audit import Break, first_break
from steelyard.domain.trading.audit_state import disagreement, told_by
from steelyard.errors import SteelyardError
from steelyard.words import say

_NUMBERS = {
    "entries": (
        "shares price fees fx_rate tax_base_price gift_value gift_tax per part foreign_tax foreign_rate"
    ),
    "closes": "price split",
    "valuations": "total cash largest_drift misplaced",
    "orders": "shares price_limit filled paid fees",
    "fills": "shares price fees",
}
_ANY_SIGN = {"entries": SIGNED_KINDS, "valuations": None}
"""Tables whose numbers may be negative, for these kinds of rows or for all."""
_LARGEST = Decimal("1e18")


def first_fault(path: Path) -> str | None:
    """Return what is wrong with the first row that no command could have written, None when there is none.

    Args:
        path: A private copy, its parts up to date: it is opened for writing.
    """
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        base.row_factory = sqlite3.Row
        for fault in _faults(base):
            return fault
    try:
        with closing(StoredJournal(path)) as journal:
            journal.rows()
        with closing(SqliteOrderBook(path)) as book:
            plans = {o.plan_id for o in book.orders()}
            for plan in plans:
                book.plan(plan)
            book.fills()
            book.arming()
            broken = _broken(book)
    except SteelyardError as error:
        return error.message
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        return say("a row cannot be read: {error}", error=type(error).__name__)
    if broken is not None:
        return say("its audit record is broken at link {number}: {why}", number=broken.number, why=broken.why)
    return None


def _broken(book: SqliteOrderBook) -> Break | None:
    count, head = book.head()
    links = tuple(book.links())
    return first_break(links, count=count, head=head) or disagreement(
        told_by(links),
        orders=book.orders(),
        halted=book.halted(),
        arming=book.arming(),
        approvals=book.all_approvals(),
    )


def _faults(base: sqlite3.Connection) -> Iterator[str]:
    there = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, columns in _NUMBERS.items():
        for row in base.execute(f"SELECT * FROM {table}") if table in there else ():
            signed = table in _ANY_SIGN
            if table == "entries":
                signed = row["kind"] in SIGNED_KINDS
            for column in columns.split():
                if not _is_number(row[column], signed):
                    text = row[column]
                    yield say("{table}: {column} is {text!r}", table=table, column=column, text=str(text))
    for table, column in (("saved_plans", "saved_at"), ("runs", "started_at"), ("batches", "recorded_at")):
        for row in base.execute(f"SELECT {column} FROM {table}") if table in there else ():
            try:
                time_of(str(row[0]))
            except ValueError:
                yield say("{table}: {column} is {text!r}", table=table, column=column, text=str(row[0]))


def _is_number(text: object, signed: bool) -> bool:
    if text is None:
        return True
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return False
    return number.is_finite() and abs(number) <= _LARGEST and (signed or number >= 0)
