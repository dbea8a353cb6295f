"""What prices suggest has happened to instruments, held against the books: new prices meet old shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import gcd

from steelyard.domain.books.holdings import count
from steelyard.domain.books.ledger import ACTION_KINDS, Entry, in_order
from steelyard.domain.books.portfolio_books import Books, books_of, with_books
from steelyard.domain.caveats import RateDifference, UnrecordedAction
from steelyard.domain.market.prices import Suspicion
from steelyard.domain.money import EXACT, ONE
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.ports.market import PriceRecords
from steelyard.records import replace

WINDOW = timedelta(days=10)
"""How far the day of an entry may be from the first session at the new price."""
_NEAR = Decimal("0.01")
"""A price or a rate that is no further from another than this is the same."""
_FEW = 6
"""Terms of a merger that are taken for such, as 2 for 5, are below this: of more, chance fits too often."""
RECENT = timedelta(days=30)
"""How long after a split it is asked whether the shares of a file were counted after it."""


def with_actions(portfolio: Portfolio, prices: PriceRecords, as_of: date) -> Portfolio:
    """Return a portfolio that knows which splits, changes of name and ends its books lack.

    Nobody can see whether the shares of a file were counted after a split. For RECENT its owner is asked, and
    answers with a price by hand; an older one was counted.

    Args:
        portfolio: With its books.
        prices: What was fetched.
        as_of: Nothing later is looked at.
    """
    books = books_of(portfolio)
    differ = tuple(_differing(portfolio, prices, as_of))
    if differ:
        books = replace(books, rates_differ=differ)
        portfolio = with_books(portfolio, books)
    symbols = {p.symbol for a in portfolio.accounts for p in a.positions if p.shares}
    symbols |= {e.symbol for e in books.entries if e.symbol}
    if not symbols:
        return portfolio
    found: list[UnrecordedAction] = []
    for symbol, day, ratio in prices.splits():
        if symbol in symbols and ratio != ONE and day <= as_of:
            found += _unrecorded(books, symbol, day, ratio)
            if as_of - day <= RECENT:
                found += _uncounted(portfolio, books, prices, UnrecordedAction("", symbol, day, ratio))
    for one in prices.suspicions(symbols):
        if one.day is not None and one.split is not None and one.day <= as_of:
            found += _jumped(portfolio, books, one, one.day, one.split)
        elif one.day is None:
            found += _silent(portfolio, books, prices, one.symbol, as_of)
    return with_books(portfolio, replace(books, actions=tuple(found))) if found else portfolio


def splits_of(entries: Iterable[Entry]) -> Mapping[str, Sequence[tuple[date, Decimal]]]:
    """Return the splits that entries record, by symbol: they explain a jump of the price."""
    found: dict[str, dict[date, Decimal]] = {}
    for entry in entries:
        if entry.kind == "split":
            found.setdefault(entry.symbol, {})[entry.traded_on] = entry.ratio
    return {symbol: tuple(sorted(days.items())) for symbol, days in found.items()}


def _unrecorded(
    books: Books, symbol: str, day: date, ratio: Decimal, **known: str | Decimal | None
) -> Iterator[UnrecordedAction]:
    own = [e for e in books.entries if symbol in (e.symbol, e.other)]
    for account in dict.fromkeys(name for e in own for name in e.accounts):
        here = [e for e in own if account in e.accounts]
        if _held_before(here, account, symbol, day) and not any(
            e.kind in ACTION_KINDS and abs(e.traded_on - day) <= WINDOW for e in here
        ):
            yield UnrecordedAction(account, symbol, day, ratio, **known)  # type: ignore[arg-type]


def _uncounted(
    portfolio: Portfolio, books: Books, prices: PriceRecords, split: UnrecordedAction
) -> Iterator[UnrecordedAction]:
    closes = prices.history(split.symbol)
    if any(source == "manual" and close.day >= split.day for source, close in closes):
        return
    for name in _holders(portfolio, split.symbol, books.kept):
        yield replace(split, account=name, kept="file", price=closes[0][1].price)


def _jumped(
    portfolio: Portfolio, books: Books, one: Suspicion, day: date, split: tuple[int, int]
) -> Iterator[UnrecordedAction]:
    ratio = EXACT.divide(Decimal(split[0]), Decimal(split[1]))
    for action in _unrecorded(books, one.symbol, day, ratio, evidence="jump", price=one.price):
        if action.account in books.kept:
            yield action
    for name in _holders(portfolio, one.symbol, books.kept):
        yield UnrecordedAction(name, one.symbol, day, ratio, "jump", "file", one.price)


def _silent(
    portfolio: Portfolio, books: Books, prices: PriceRecords, symbol: str, as_of: date
) -> Iterator[UnrecordedAction]:
    """Name what is held and has no fresh price, while every source that was asked has none."""
    quote = portfolio.quotes.get(symbol)
    if quote is None or quote.priced_on is None or not quote.is_stale(as_of):
        return
    day = quote.priced_on + timedelta(days=1)
    other, terms = _heir(portfolio, prices, symbol, quote)
    for account in portfolio.accounts:
        if any(p.symbol == symbol and p.shares for p in account.positions):
            kept = "journal" if account.name in books.kept else "file"
            yield UnrecordedAction(account.name, symbol, day, None, "silence", kept, None, other, terms)


def _heir(portfolio: Portfolio, prices: PriceRecords, symbol: str, quote: Quote) -> tuple[str, str]:
    """Return what begins where a symbol ends, and its shares for one: the same price, or a plain fraction.

    Only one of the portfolio's own instruments can be it, and only where no second one fits.
    """
    found = []
    for other, instrument in portfolio.instruments.items():
        closes = prices.history(other) if other != symbol else ()
        if not closes or instrument.currency != quote.currency:
            continue
        first = closes[-1][1]
        assert quote.priced_on is not None
        if not timedelta() < first.day - quote.priced_on <= WINDOW or not first.price:
            continue
        fits = [
            (new, old)
            for old in range(1, _FEW)
            for new in range(1, _FEW)
            if gcd(new, old) == 1 and _is_near(EXACT.divide(quote.price, first.price), new, old)
        ]
        if fits:
            new, old = min(fits, key=sum)
            found.append((other, f"{new}/{old}" if old > 1 else f"{new}"))
    return found[0] if len(found) == 1 else ("", "1")


def _is_near(ratio: Decimal, new: int, old: int) -> bool:
    return abs(EXACT.subtract(EXACT.divide(EXACT.multiply(ratio, Decimal(old)), Decimal(new)), ONE)) <= _NEAR


def _differing(portfolio: Portfolio, prices: PriceRecords, as_of: date) -> Iterator[RateDifference]:
    """Name the rates of the file that what was fetched is away from, where that is no older."""
    for currency, quote in portfolio.fx_quotes.items():
        pair = currency + portfolio.base_currency
        known = prices.newest(pair, as_of)
        if known is None or (quote.priced_on is not None and quote.priced_on > known[1].day):
            continue
        source, close = known
        if close.price and abs(EXACT.subtract(EXACT.divide(quote.price, close.price), ONE)) > _NEAR:
            yield RateDifference(pair, quote.price, close.price, close.day, source)


def _holders(portfolio: Portfolio, symbol: str, kept: Collection[str]) -> list[str]:
    return [
        a.name
        for a in portfolio.accounts
        if a.name not in kept and any(p.symbol == symbol and p.shares for p in a.positions)
    ]


def _held_before(entries: Iterable[Entry], account: str, symbol: str, day: date) -> bool:
    shares: dict[tuple[str, str], Decimal] = {}
    for entry in in_order(e for e in entries if e.traded_on < day):
        count(shares, entry)
    return bool(shares.get((account, symbol)))
