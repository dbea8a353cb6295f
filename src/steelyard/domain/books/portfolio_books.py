"""A portfolio of which books are kept: what happened in its accounts, and the exchange rates of those days.

All of it is a value, read once when the portfolio is loaded. What is planned or taxed from it never asks a
file again, so that it comes out the same in whatever folder that happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import Entry
from steelyard.domain.caveats import HoldingDifference, RateDifference, UnrecordedAction
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import SteelyardError
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Books:
    """What is known of a portfolio beyond its file.

    Attributes:
        entries: Those of the journal that count, in the order they were written.
        rates: Pair (`USDKRW`: won for one dollar) to day to rate, for entries and lots that state none.
        differences: What the file says differently than the journal.
        actions: Splits, changes of name and ends that price sources suggest and the books lack.
        kept: Names of the accounts of which the journal says what they hold.
        unread: What kept the rates from being read; whoever needs one is told.
        rate_names: Pair to day to where its rate comes from: a folder, or a price source.
        rates_differ: Rates of the file that are not what was fetched.
        tax_base_prices: Symbol to day to the Korean tax base price of a share, for entries that state none.
    """

    entries: tuple[Entry, ...] = ()
    rates: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    unread: SteelyardError | None = None
    differences: tuple[HoldingDifference, ...] = ()
    kept: frozenset[str] = frozenset()
    actions: tuple[UnrecordedAction, ...] = ()
    rates_differ: tuple[RateDifference, ...] = ()
    rate_names: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    tax_base_prices: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)

    def rates_until(self, currency: str, other: str, as_of: date) -> Mapping[date, Decimal]:
        """Return units of the other currency for one unit of a currency, by day, none later than `as_of`.

        Raises:
            SteelyardError: The rates could not be read when the portfolio was loaded.
        """
        if self.unread is not None:
            raise self.unread
        known = self.rates.get(currency + other, {})
        return {day: rate for day, rate in known.items() if day <= as_of}

    def __hash__(self) -> int:
        return hash(self.entries)


@dataclass(frozen=True, slots=True)
class KeptPortfolio(Portfolio):
    """A portfolio with its books; wherever a portfolio is asked for, it is one."""

    books: Books = Books()

    __hash__ = Portfolio.__hash__


def books_of(portfolio: Portfolio) -> Books:
    """Return the books of a portfolio, empty where none are kept."""
    return portfolio.books if isinstance(portfolio, KeptPortfolio) else Books()


def with_books(portfolio: Portfolio, books: Books) -> KeptPortfolio:
    """Return a portfolio with books in place of what it had."""
    parts = {name: getattr(portfolio, name) for name in Portfolio.__match_args__}
    return KeptPortfolio(**parts, books=books)
