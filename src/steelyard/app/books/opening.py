"""How a journal begins: with what the portfolio file holds, so that no first entry ever erases it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from steelyard.domain.books.ledger import OPENING_NOTE, Entry, Recorded, Row
from steelyard.domain.money import plain
from steelyard.domain.portfolio import Account, Portfolio
from steelyard.errors import InputError, PortfolioProblems, Problem
from steelyard.records import replace
from steelyard.words import Text, join, say


class Opened(Protocol):
    """Of a journal, what opening it takes."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def rows(self) -> tuple[Recorded, ...]:
        """Return every row, first written first, counter-entries included."""
        ...

    def add(self, rows: Sequence[Row], source: str, at: datetime) -> tuple[int, ...]:
        """Add what is not there yet, all or nothing; return the numbers of the new rows."""
        ...


def openings(
    file: Portfolio | None, there: Sequence[Entry], new: Sequence[Entry], journal: str, *, asked: bool
) -> list[Entry]:
    """Return the entries that must stand before new ones, none where the journal is opened or need not be.

    They are dated the day before the first new entry of their account, so that whatever happens on its day
    finds them there.

    Args:
        file: What the portfolio file alone holds, None where there is none.
        there: Entries that count already.
        new: Those to come.
        journal: Its name, for messages.
        asked: The owner wants them written.

    Raises:
        PortfolioProblems: An account holds something in the file that the journal knows nothing of, and
            nobody has said what to do about it (`journal-opening`).
    """
    begun = {name for e in there for name in e.accounts}
    opened = {e.account for e in there if e.note == OPENING_NOTE}
    first: dict[str, date] = {}
    for e in new:
        for name in e.accounts:
            first[name] = min(first.get(name, e.traded_on), e.traded_on)
    entries: list[Entry] = []
    problems = []
    for account in file.accounts if file is not None else ():
        name = account.name
        if name not in first or name in opened or account.kept is not None or not account.holds:
            continue
        assert file is not None
        if asked and name not in begun:
            entries += moved_over(file, first[name] - timedelta(days=1), [account])
            continue
        problems.append(_unopened(file, account, there, journal, begun=name in begun))
    if problems:
        raise PortfolioProblems(tuple(problems))
    return entries


def _unopened(
    file: Portfolio, account: Account, there: Sequence[Entry], journal: str, *, begun: bool
) -> Problem:
    # Imported here: only a refusal needs to know what the journal makes of the account.
    from steelyard.domain.books.holdings import holdings

    found = holdings(there, max((e.traded_on for e in there), default=date.min))
    has = [
        (what, number)
        for (name, what), number in (*found.shares.items(), *found.cash.items())
        if name == account.name
    ]
    ours = [(p.symbol, p.shares) for p in account.positions if p.shares]
    ours += [(currency, amount) for currency, amount in account.cash.items() if amount]
    message = say(
        "account {account!r} holds {file_holds} in {file} and {journal_holds} in {journal}:"
        " the entry would make it forget the first",
        account=account.name,
        file_holds=_listed(ours),
        file=file.source,
        journal_holds=_listed(has),
        journal=journal,
    )
    whole = say('write kept = "journal" under the account where the journal has its whole history')
    if begun:
        hint = join("; ", [whole, say('or kept = "file" where the file goes on saying what is held')])
    else:
        hint = join(
            "; ",
            [
                say("run `steelyard init --journal` first, or say it again with --open"),
                say("both write what the file holds into the journal, lots included"),
                whole,
            ],
        )
    return Problem("journal-opening", message, hint)


def _listed(amounts: Sequence[tuple[str, Decimal]]) -> Text:
    if not amounts:
        return say("nothing")
    return join(", ", [say("{what} {amount}", what=what, amount=plain(amount)) for what, amount in amounts])


def moved_over(portfolio: Portfolio, as_of: date, accounts: Iterable[Account] | None = None) -> list[Entry]:
    """Return the entries that open a journal with what a portfolio file holds.

    Each lot is a transfer_in at its original cost and purchase date; a position without lots is one
    without a price; cash is a deposit.

    Args:
        portfolio: From its file.
        as_of: The date of the entries.
        accounts: Those to open; all unless given.

    Raises:
        InputError: A position is known by its value only (`value-without-shares`).
    """
    entries = []
    for account in portfolio.accounts if accounts is None else accounts:
        for position in account.positions:
            quote = portfolio.quotes.get(position.symbol)
            if quote is not None and quote.by_value and position.shares:
                raise InputError(
                    "value-without-shares",
                    say(
                        "{symbol} in account {account!r} has a value but no shares",
                        symbol=position.symbol,
                        account=account.name,
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


def move_over(journal: Opened, entries: Sequence[Entry], source: str, at: datetime) -> int:
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
            say("{journal} has entries already", journal=journal.name),
            say("see `steelyard history`; `record --open` opens one account more"),
        )
    return len(journal.add([Row(entry) for entry in entries], source, at))


def opening_day(now: datetime) -> date:
    """Return the day it is in New York, the last of the exchanges to begin one.

    What is sold in its session bears that day. Held only from a later one, as the owner's clock in Seoul or
    London has it, it would be sold before it is there.
    """
    return now.astimezone(ZoneInfo("America/New_York")).date()
