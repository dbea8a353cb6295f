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


_NEUTRAL = frozenset({"split", "merger", "rename", "spin_off"})
"""Kinds that change what is held on their day, which is nothing before an opening."""
_MOST_RANGES = 20
"""Ranges of lines in a hint."""


def refuse_before_opening(there: Sequence[Recorded], rows: Sequence[Row], name: str) -> None:
    """Refuse what happened before the day an account was opened with what it held: it would count twice.

    Raises:
        PortfolioProblems: One problem an account (`entry-before-opening`).
    """
    opened: dict[str, Recorded] = {}
    for recorded in there:
        entry = recorded.entry
        if recorded.counts and entry.note == OPENING_NOTE:
            found = opened.setdefault(entry.account, recorded)
            if found.entry.traded_on < entry.traded_on:
                opened[entry.account] = recorded
    if not opened:
        return
    early: dict[str, list[Row]] = {}
    for row in rows:
        for account in row.entry.accounts:
            begun = opened.get(account)
            neutral = row.entry.kind in _NEUTRAL or row.entry.note == OPENING_NOTE
            if begun is not None and row.entry.traded_on < begun.entry.traded_on and not neutral:
                early.setdefault(account, []).append(row)
    problems = [
        _before(account, opened[account], rows, name, _taking_back(there, opened[account]))
        for account, rows in early.items()
    ]
    if problems:
        raise PortfolioProblems(tuple(problems))


def _taking_back(there: Sequence[Recorded], opened: Recorded) -> Text:
    """Return the commands that take an opening back, and nothing that was written with it."""
    batch = [r for r in there if r.batch == opened.batch and r.counts]
    if all(r.entry.note == OPENING_NOTE for r in batch):
        return say("`steelyard undo {number} --import`", number=opened.number)
    own = [r for r in batch if r.entry.note == OPENING_NOTE and r.entry.account == opened.entry.account]
    return join(", ", [say("`steelyard undo {number}`", number=r.number) for r in own])


def _before(account: str, opened: Recorded, rows: Sequence[Row], name: str, back: Text) -> Problem:
    days = [row.entry.traded_on for row in rows]
    day = opened.entry.traded_on
    text = say(
        "{many} {many:entry|entries} of account {account!r} from {first} to {last} would count twice: on"
        " {opened} the journal was opened with what the account held",
        many=len(rows),
        account=account,
        first=min(days),
        last=max(days),
        opened=day,
    )
    whole = say(
        'for the whole history instead, write kept = "journal" under the account and take the opening back:'
        " {back}",
        back=back,
    )
    lines = sorted({row.line for row in rows if row.line is not None})
    if lines:
        said = _ranges(lines)
        hint = say("leave them out with --leave {lines}", lines=said)
    else:
        hint = say("what was not held yet then is entered with the day {opened}", opened=day)
    return Problem("entry-before-opening", text, join("; ", [hint, whole]), name, lines[0] if lines else None)


def _ranges(lines: Sequence[int]) -> str:
    """Return numbers as `2-5,8`, the first of them where they are many."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    shown = [f"{a}" if a == b else f"{a}-{b}" for a, b in ranges[:_MOST_RANGES]]
    return ",".join(shown) + (",..." if len(ranges) > _MOST_RANGES else "")


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


def _bought_later(account: Account, symbol: str, bought: date, opened: date, source: str) -> Problem:
    text = say(
        "a lot of {symbol} in account {account!r} was bought on {bought}, after {opened},"
        " the day of the opening",
        symbol=symbol,
        account=account.name,
        bought=bought,
        opened=opened,
    )
    hint = say(
        "open the journal on {bought} or later, or leave the lot out of the file and record the purchase",
        bought=bought,
    )
    return Problem("lot-after-opening", text, hint, source)


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
        PortfolioProblems: A lot was bought after that day (`lot-after-opening`).
    """
    opened = portfolio.accounts if accounts is None else tuple(accounts)
    later = [_bought_later(a, p.symbol, lot.bought, as_of, portfolio.source)
             for a in opened for p in a.positions for lot in p.lots if lot.bought > as_of]  # fmt: skip
    if later:
        raise PortfolioProblems(tuple(later))
    entries = []
    for account in opened:
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
