"""What a portfolio holds where a file and a journal both say something of it.

The journal never erases what the file holds. An account is the journal's when its owner says so (`kept`),
when the journal was opened with what the account held, or when the file names nothing in it; else it stays
the file's. Whatever the two say differently is kept with the portfolio and named by all that reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.app.books.lots import open_lots
from steelyard.domain.books.comparison import amounts, compare
from steelyard.domain.books.holdings import ADDING, Holdings, cash_moves, holdings
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.books.portfolio_books import Books, KeptPortfolio, with_books
from steelyard.domain.caveats import HoldingDifference
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.portfolio import Account, Portfolio, Position, Quote
from steelyard.errors import DataError, InputError
from steelyard.records import replace
from steelyard.words import say

FILE, JOURNAL = "file", "journal"
GAINING = ADDING | {"stock_dividend", "transfer"}
"""Kinds after which shares of the entry's symbol are held."""


def keeper(account: Account, active: Collection[str], opened: Collection[str]) -> str:
    """Return who says what an account holds: `file` or `journal`.

    Args:
        account: As the file has it.
        active, opened: Names of the accounts that the journal has entries of, and has opened.
    """
    if account.kept is not None:
        return account.kept
    name = account.name
    return JOURNAL if name in active and (name in opened or not account.holds) else FILE


def held(portfolio: Portfolio, entries: Sequence[Entry], *, as_of: date) -> KeptPortfolio:
    """Return a portfolio holding what its file and its journal say, with its books and their differences.

    The cash of an account the journal keeps is the fold of its entries, below zero where they took more
    than they brought. A position has lots only when the cost of every share of it is known.

    Args:
        portfolio: From its file, loaded with the journal's instruments (`symbols=`).
        entries: Those that count.
        as_of: End of which day.

    Raises:
        InputError: See `holdings`; the journal has an account the file has not (`unknown-account`).
        DataError: A price or a rate is needed and there is none (`price-missing`, `fx-missing`).
    """
    found = holdings(entries, as_of)
    _need_accounts(portfolio, found)
    shares = _by_account(found.shares)
    cash = _by_account(found.cash)
    opened = {e.account for e in entries if e.note == OPENING_NOTE}
    active = {name for e in entries for name in e.accounts}
    accounts: list[Account] = []
    differences: list[HoldingDifference] = []
    kept_here: set[str] = set()
    for account in portfolio.accounts:
        name = account.name
        counts = keeper(account, active, opened)
        ours = (shares.get(name, {}), cash.get(name, {}))
        if name in active and account.holds:
            differences += (
                HoldingDifference(name, what, file, journal, counts, account.kept is not None)
                for what, file, journal in compare(amounts(account), ours)
            )
        if counts == JOURNAL:
            kept_here.add(name)
            positions = tuple(Position(symbol, number) for symbol, number in ours[0].items())
            account = replace(account, positions=positions, cash=ours[1])
        accounts.append(account)
    _need_values(portfolio, found, kept_here)
    # What came from an account that the file keeps brings its lots from there.
    lots = open_lots(entries, portfolio, as_of) if kept_here else {}
    accounts = [
        replace(a, positions=tuple(replace(p, lots=lots.get((a.name, p.symbol), ())) for p in a.positions))
        if a.name in kept_here
        else a
        for a in accounts
    ]
    portfolio = replace(portfolio, quotes=_of_new_shares(portfolio.quotes, entries, as_of))
    books = Books(tuple(entries), differences=tuple(differences), kept=frozenset(kept_here))
    return with_books(replace(portfolio, accounts=tuple(accounts)), books)


def _of_new_shares(quotes: Mapping[str, Quote], entries: Iterable[Entry], as_of: date) -> Mapping[str, Quote]:
    """Return quotes with those from before a split made prices of one share after it, which are held now."""
    found = dict(quotes)
    splits = {(e.symbol, e.traded_on): e.ratio for e in entries if e.kind == "split" and e.traded_on <= as_of}
    for (symbol, day), ratio in splits.items():
        quote = quotes.get(symbol)
        if quote is not None and quote.priced_on is not None and quote.priced_on < day and not quote.by_value:
            found[symbol] = replace(found[symbol], price=EXACT.divide(found[symbol].price, ratio))
    return found


def _by_account(amounts: Mapping[tuple[str, str], Decimal]) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for (account, what), amount in amounts.items():
        found.setdefault(account, {})[what] = amount
    return found


def _need_accounts(portfolio: Portfolio, found: Holdings) -> None:
    known = {account.name for account in portfolio.accounts}
    for name in sorted({account for account, _ in (*found.shares, *found.cash)} - known):
        raise InputError(
            "unknown-account",
            say(
                "the journal has an account {account!r} that {file} does not have",
                account=name,
                file=portfolio.source,
            ),
            say('add [[accounts]] with name = "{account}"', account=name),
        )


def _need_values(portfolio: Portfolio, found: Holdings, accounts: Collection[str]) -> None:
    """Refuse what the journal holds and nobody can value, with the line to add."""
    for account, symbol in found.shares:
        if account not in accounts:
            continue
        quote = portfolio.quotes.get(symbol)
        if quote is None or quote.by_value:
            raise DataError(
                "price-missing",
                say("the journal holds {symbol}, and there is no price for it", symbol=symbol),
                say('add under [prices]: {symbol} = "..."', symbol=symbol),
            )
    for currency in unrated(portfolio, found, accounts):
        raise fx_missing(currency, portfolio.base_currency)


def unrated(portfolio: Portfolio, found: Holdings, accounts: Collection[str]) -> list[str]:
    """Return the currencies of cash in some accounts that the portfolio has no rate of, sorted."""
    held_in = {currency for account, currency in found.cash if account in accounts}
    return sorted(held_in - set(portfolio.fx) - {portfolio.base_currency})


def fx_missing(currency: str, base: str) -> DataError:
    """Return the error of cash that cannot be valued, with the line to add."""
    return DataError(
        "fx-missing",
        say("the journal holds {currency}, and there is no exchange rate for it", currency=currency),
        say('add under [fx]: {pair} = "..."', pair=f"{currency}{base}"),
    )


def symbols_of(entries: Iterable[Entry]) -> Collection[str]:
    """Return the instruments that a portfolio file must know for the journal's sake."""
    return {s for e in entries for s in (e.symbol if e.kind in GAINING else "", e.other) if s}


def currencies_of(entries: Iterable[Entry]) -> Collection[str]:
    """Return the currencies in which a journal holds cash, below zero or above."""
    cash: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        for currency, amount in cash_moves(entry):
            key = (entry.account, currency)
            cash[key] = EXACT.add(cash.get(key, ZERO), amount)
    return {currency for (_, currency), amount in cash.items() if amount}
