"""The journal's use cases: record, import, show, take back, and what a portfolio holds by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from steelyard.app.books.lots import open_lots
from steelyard.domain.books.holdings import ADDING, holdings, shortfalls
from steelyard.domain.books.ledger import OPENING_NOTE, Entry, Recorded, Row
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Account, Portfolio, Position
from steelyard.errors import DataError, InputError, PortfolioProblems, Problem
from steelyard.words import say


class Journal(Protocol):
    """Where entries are kept: rows are added, never changed."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def rows(self) -> tuple[Recorded, ...]:
        """Return every row, first written first, counter-entries included."""
        ...

    def fresh(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows of one file that are not there yet."""
        ...

    def add(self, rows: Sequence[Row], source: str, at: datetime) -> tuple[int, ...]:
        """Add what is not there yet, all or nothing; return the numbers of the new rows."""
        ...

    def record(self, entry: Entry, source: str, at: datetime) -> int:
        """Add one entry, whether or not an equal one is there; return its number."""
        ...

    def take_back(self, numbers: Sequence[int], at: datetime) -> tuple[int, ...]:
        """Add a counter-entry for each of these rows, all or none."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows added, and rows that were there already.

    Attributes:
        added, known: How many.
        taken_back: How many of those that were there already do not count, since they were taken back.
    """

    added: int
    known: int
    taken_back: int = 0


@dataclass(frozen=True, slots=True)
class FromJournal:
    """What the journal says a portfolio holds.

    Attributes:
        accounts: The portfolio's accounts with the journal's positions and lots.
        cash_from: Names of the accounts whose cash is the journal's too.
    """

    accounts: tuple[Account, ...]
    cash_from: frozenset[str]


def entries_of(rows: Iterable[Recorded]) -> list[Entry]:
    """Return the facts that count, in the order they were written."""
    return [row.entry for row in rows if row.counts]


def record(journal: Journal, entry: Entry, *, as_of: date, at: datetime) -> int:
    """Add one entry and return its number.

    Raises:
        InputError: It is dated after `as_of`, or more would be taken than is held on some day.
    """
    _check(journal.rows(), [Row(entry)], journal.name, as_of)
    return journal.record(entry, "record", at)


def import_rows(journal: Journal, rows: Sequence[Row], name: str, *, as_of: date, at: datetime) -> Imported:
    """Add the rows of a file, all or none; what is there already is not added again.

    Args:
        journal: Where to.
        rows: Of one file.
        name: The file.
        as_of: No row may be dated later.
        at: The time of writing.

    Raises:
        PortfolioProblems: Rows dated later, or that take more than is held on their day, by line.
    """
    # What is known already was looked at when it came, and would count twice here.
    there, fresh = journal.rows(), journal.fresh(rows)
    _refuse_amended(there, rows, fresh, name)
    _check(there, fresh, name, as_of)
    added = journal.add(rows, name, at)
    known = Counter(_identity(row.entry) for row in rows) - Counter(_identity(row.entry) for row in fresh)
    counting = Counter(_identity(row.entry) for row in there if row.counts)
    return Imported(len(added), len(rows) - len(added), (known - counting).total())


def undo(journal: Journal, *, number: int | None, whole_import: bool, at: datetime) -> tuple[Recorded, ...]:
    """Take back an entry by a counter-entry and return what was taken back.

    Args:
        journal: Where.
        number: Which row; a counter-entry too, which brings back what it took. The newest that counts
            unless given.
        whole_import: All rows of its import with it.
        at: The time of writing.

    Raises:
        InputError: There is nothing to take back, or what is left would sell more than is held.
    """
    rows = journal.rows()
    counting = [row for row in rows if row.counts]
    if number is None and not counting:
        raise InputError(
            "nothing-to-undo", say("the journal has no entry that counts"), say("see `steelyard history`")
        )
    chosen = [row for row in rows if row.number == (counting[-1].number if number is None else number)]
    if whole_import and chosen:
        chosen = [row for row in counting if row.batch == chosen[0].batch] or chosen
    numbers = [row.number for row in chosen] or [number or 0]
    back = {row.takes_back for row in chosen if row.takes_back is not None}
    left = [r.entry for r in rows if (r.counts and r.number not in numbers) or r.number in back]
    before = {id(s.entry) for s in shortfalls(entries_of(rows))}
    for short in shortfalls(left):
        if id(short.entry) not in before:
            raise short.error
    journal.take_back(numbers, at)
    return tuple(chosen)


def opening_day(now: datetime) -> date:
    """Return the day it is in New York, the last of the exchanges to begin one.

    What is sold in its session bears that day. Held only from a later one, as the owner's clock in Seoul or
    London has it, it would be sold before it is there.
    """
    return now.astimezone(ZoneInfo("America/New_York")).date()


def moved_over(portfolio: Portfolio, as_of: date) -> list[Entry]:
    """Return the entries that open a journal with what a portfolio file holds.

    Each lot is a transfer_in at its original cost and purchase date; a position without lots is one
    without a price; cash is a deposit.

    Args:
        portfolio: From its file.
        as_of: The date of the entries.

    Raises:
        InputError: A position is known by its value only (`value-without-shares`).
    """
    entries = []
    for account in portfolio.accounts:
        for position in account.positions:
            quote = portfolio.quotes.get(position.symbol)
            if quote is not None and quote.by_value and position.shares:
                raise InputError(
                    "value-without-shares",
                    say(
                        "{symbol} in account {name!r} has a value but no shares",
                        symbol=position.symbol,
                        name=account.name,
                    ),
                    say("write its shares and its price into the portfolio file"),
                )
            currency = portfolio.instruments[position.symbol].currency
            here = Entry(as_of, account.name, "transfer_in", position.symbol, note=OPENING_NOTE)
            for lot in position.lots:
                entries.append(
                    replace(
                        here,
                        shares=lot.shares,
                        price=lot.unit_cost,
                        currency=lot.currency,
                        fx_rate=lot.fx,
                        lot=lot.bought,
                    )
                )
            if not position.lots and position.shares:
                entries.append(replace(here, shares=position.shares, currency=currency))
        for code, amount in account.cash.items():
            if amount:
                entries.append(
                    Entry(
                        as_of,
                        account.name,
                        "deposit",
                        shares=amount,
                        currency=code,
                        note=OPENING_NOTE,
                    )
                )
    return entries


def move_over(journal: Journal, entries: Sequence[Entry], source: str, at: datetime) -> int:
    """Open an empty journal with the entries of `moved_over`; return how many that took.

    Args:
        journal: Where to.
        entries: What is held.
        source: The portfolio file.
        at: The time of writing.

    Raises:
        InputError: The journal has entries already (`journal-not-empty`).
    """
    if journal.rows():
        raise InputError(
            "journal-not-empty",
            say("{name} has entries already", name=journal.name),
            say("see `steelyard history`; start a new one in another folder"),
        )
    return len(journal.add([Row(entry) for entry in entries], source, at))


def positions_from(portfolio: Portfolio, entries: Sequence[Entry], *, as_of: date) -> FromJournal:
    """Return a portfolio's accounts with the positions and lots of the journal in place of the file's.

    The cash of an account is the journal's when a deposit to it is recorded and no currency of it is
    negative; else the journal plainly does not know all of it, and the file's own figure stays.
    A position has lots only when the cost of every share of it is known.

    Args:
        portfolio: From its file, loaded with the journal's instruments (`symbols=`).
        entries: Those that count.
        as_of: End of which day.

    Raises:
        InputError: See `holdings`; an account the file does not have (`unknown-account`).
        DataError: A price is needed and the file has none (`price-missing`).
    """
    held = holdings(entries, as_of)
    known = {account.name for account in portfolio.accounts}
    for name in sorted({account for account, _ in held.shares} - known):
        raise InputError(
            "unknown-account",
            say(
                "the journal has an account {name!r} that {source} does not have",
                name=name,
                source=portfolio.source,
            ),
            say('add [[accounts]] with name = "{name}"', name=name),
        )
    for _, symbol in held.shares:
        quote = portfolio.quotes.get(symbol)
        if quote is None or quote.by_value:
            raise DataError(
                "price-missing",
                say("the journal holds {symbol}, and there is no price for it", symbol=symbol),
                say('add under [prices]: {symbol} = "..."', symbol=symbol),
            )
    lots = open_lots(entries, portfolio, as_of)
    funded = {e.account for e in entries if e.kind == "deposit"}
    overdrawn = {account for (account, _), amount in held.cash.items() if amount < ZERO}
    own_cash = frozenset((funded - overdrawn) & known)
    accounts = []
    for account in portfolio.accounts:
        positions = tuple(
            Position(symbol, shares, lots.get((name, symbol), ()))
            for (name, symbol), shares in held.shares.items()
            if name == account.name
        )
        cash = account.cash
        if account.name in own_cash:
            cash = {code: amount for (name, code), amount in held.cash.items() if name == account.name}
        accounts.append(replace(account, positions=positions, cash=cash))
    return FromJournal(tuple(accounts), own_cash)


GAINING = ADDING | {"stock_dividend"}
"""Kinds after which shares of the entry's symbol are held."""


def symbols_of(entries: Iterable[Entry]) -> Collection[str]:
    """Return the instruments that a portfolio file must know for the journal's sake."""
    return {s for e in entries for s in (e.symbol if e.kind in GAINING else "", e.other) if s}


def _identity(entry: Entry) -> Entry:
    return replace(entry, note="")


def _event(entry: Entry) -> Entry:
    """The entry without what is often added to a file later."""
    return replace(
        entry, note="", fx_rate=None, tax_base_price=None, lot=None, ex_date=None, gift_value=None,
        gift_tax=None, order_id="", part=None,
    )  # fmt: skip


def _refuse_amended(there: Iterable[Recorded], rows: Sequence[Row], fresh: Sequence[Row], name: str) -> None:
    """Refuse rows that are there already with fewer or other details: they would count as a second trade."""
    new = {id(row) for row in fresh}
    said_again = Counter(_event(row.entry) for row in rows if id(row) not in new)
    numbers: dict[Entry, list[int]] = {}
    for recorded in there:
        if recorded.counts:
            numbers.setdefault(_event(recorded.entry), []).append(recorded.number)
    problems = []
    for row in fresh:
        event = _event(row.entry)
        # Equal rows are two trades, in the file and in the journal alike; only a changed one is doubtful.
        left = numbers.get(event, [])[said_again[event] :]
        if row.reference or not left:
            continue
        said_again[event] += 1
        problems.append(
            Problem(
                "entry-amended",
                say(
                    "the {kind} is entry {left} already, with another fx_rate, tax_base_price, lot "
                    "or other detail",
                    kind=row.entry.kind,
                    left=left[0],
                ),
                say(
                    "take the old one back with `steelyard undo {left}` (`--import` for its whole "
                    "file) and import again; a second trade like it is entered with `steelyard "
                    "record`",
                    left=left[0],
                ),
                name,
                row.line,
            )
        )
    if problems:
        raise PortfolioProblems(tuple(problems))


def _check(there: Iterable[Recorded], rows: Sequence[Row], name: str, as_of: date) -> None:
    """Raise every row that is dated too late or takes what is not there."""
    problems = [
        Problem(
            "entry-in-future",
            say(
                "the {kind} is dated {traded_on}, after {as_of}",
                kind=row.entry.kind,
                traded_on=row.entry.traded_on,
                as_of=as_of,
            ),
            say("correct the date, or enter it when it has happened"),
            name,
            row.line,
        )
        for row in rows
        if row.entry.traded_on > as_of
    ]
    old = entries_of(there)
    line = {id(row.entry): row.line for row in rows}
    before = {id(short.entry) for short in shortfalls(old)}
    for short in shortfalls([*old, *(row.entry for row in rows)]):
        if id(short.entry) not in before:
            error = short.error
            problems.append(Problem(error.code, error.message, error.hint, name, line.get(id(short.entry))))
    if problems:
        raise PortfolioProblems(tuple(sorted(problems, key=lambda p: p.line or 0)))
