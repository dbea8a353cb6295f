"""What is known of prices when orders are about to be sent, each with its source and its age.

A price of the owner's own file counts as seen when the file was last written; a fetched one when its session
closed. The price collar needs somebody else's word: a source other than the one an order was priced by.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from steelyard.app.books.prices import wanted_by
from steelyard.app.market.prices import fetch
from steelyard.domain.books.comparison import told, undecided
from steelyard.domain.books.portfolio_books import books_of
from steelyard.domain.caveats import unrecorded_action
from steelyard.domain.market.prices import Close, PriceSettings, Wanted, is_stale
from steelyard.domain.money import EXACT
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trading.guardrails import Refusal
from steelyard.ports.machine import Clock
from steelyard.ports.market import PriceRecords, PriceSource
from steelyard.records import dataclass, field
from steelyard.words import say

OWN = "file"
"""The source of what the portfolio file says itself."""


@dataclass(frozen=True, slots=True)
class Market:
    """Prices known now, in each instrument's currency: when seen, and what a second source says.

    Rates stand under their pair (`USDKRW`). `doubts` is what stands against any plan beforehand.
    """

    prices: Mapping[str, tuple[Decimal, datetime]]
    second: Mapping[str, Decimal] = field(default_factory=dict)
    doubts: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where prices come from, and what was fetched.

    Attributes:
        sources: In the order of the settings.
        records: What was fetched.
        settings: The owner's.
        clock: For ages.
        closed: When a session of an exchange on a day ended.
    """

    sources: Sequence[PriceSource]
    records: PriceRecords
    settings: PriceSettings
    clock: Clock
    closed: Callable[[str, date], datetime]


def market(
    portfolio: Portfolio,
    fetched: frozenset[str],
    written_at: datetime,
    sources: Sources,
    *,
    second_for: Collection[str] = (),
    accounts: Collection[str] = (),
    traded: Collection[str] = (),
    as_of: date,
) -> Market:
    """Return the prices of a portfolio as they are now.

    A fetched close that is too old for its source is left out: it is good enough for an alert, never
    for an order. A price of the file counts as of the session of its `priced_on`; without one nobody knows
    how old it is, and nothing is traded on it.

    Args:
        portfolio: With its prices filled in.
        fetched: Symbols and pairs that the file leaves open.
        written_at: When the file was last written.
        sources: Where prices come from.
        second_for: Symbols and pairs that need a second price.
        accounts: Those that are about to trade.
        traded: Symbols they are about to trade.
        as_of: Today.
    """
    prices: dict[str, tuple[Decimal, datetime]] = {}
    second: dict[str, Decimal] = {}
    for wanted in wanted_by(portfolio):
        told = _told(portfolio, wanted)
        kept = sources.records.newest(wanted.symbol) if wanted.symbol in fetched else None
        if told is None or (wanted.symbol in fetched and kept is None):
            continue
        if kept is None:
            name, seen = OWN, _seen(portfolio, wanted, written_at, sources)
        else:
            name, seen = kept[0], sources.closed(wanted.exchange, kept[1].day)
            if is_stale(kept[1], name, sources.settings.limits, as_of):
                continue
        prices[wanted.symbol] = told, seen
        if wanted.symbol in second_for and (other := _second(wanted, name, sources, as_of)) is not None:
            second[wanted.symbol] = _as_quoted(portfolio, wanted, other.price)
    doubts = (
        *_undecided(portfolio, accounts),
        *_unrecorded(portfolio, traded),
        *_undated(portfolio, traded),
    )
    return Market(prices, second, doubts)


def _seen(portfolio: Portfolio, wanted: Wanted, written_at: datetime, sources: Sources) -> datetime:
    quote = portfolio.quotes.get(wanted.symbol)
    if quote is None or quote.priced_on is None:
        return written_at
    # Written down during the session it is of, it was seen when it was written.
    return min(written_at, sources.closed(wanted.exchange, quote.priced_on))


def _unrecorded(portfolio: Portfolio, traded: Collection[str]) -> Iterator[Refusal]:
    """Refuse to trade what was split without the journal knowing."""
    for action in books_of(portfolio).actions:
        if action.symbol in traded:
            error = unrecorded_action(action)
            yield Refusal(error.code, "", action.symbol, error.message, error.hint)


def _undated(portfolio: Portfolio, traded: Collection[str]) -> Iterator[Refusal]:
    """Refuse to trade on prices of the file that have no day."""
    undated = [
        symbol
        for symbol in dict.fromkeys(traded)
        if (quote := portfolio.quotes.get(symbol)) is not None
        and quote.priced_on is None
        and not quote.source
    ]
    if undated:
        text = say("prices in the file without a day: {symbols}", symbols=tuple(undated))
        hint = say(
            "write priced_on = 2026-11-23, the day they are of, at the top of {file}", file=portfolio.source
        )
        yield Refusal("price-undated", "", "", text, hint)


def _undecided(portfolio: Portfolio, accounts: Collection[str]) -> Iterator[Refusal]:
    """Refuse to trade in an account of which file and journal say different things."""
    for account, differences in undecided(books_of(portfolio).differences).items():
        if account in accounts:
            text, hint = told(account, differences, portfolio.source)
            yield Refusal("journal-differs", "", "", text, hint)


def _told(portfolio: Portfolio, wanted: Wanted) -> Decimal | None:
    if wanted.is_rate:
        return portfolio.fx.get(wanted.symbol[:3])
    quote = portfolio.quotes.get(wanted.symbol)
    return None if quote is None or quote.by_value else quote.price


def _second(wanted: Wanted, first: str, sources: Sources, as_of: date) -> Close | None:
    """Ask the other sources, in order, for a good close that is not too old."""
    others = [s for s in sources.sources if s.name != first]
    (found,) = fetch([wanted], others, sources.records, sources.clock, sources.settings, as_of=as_of)
    if found.newest is None or found.source is None:
        return None
    stale = is_stale(found.newest, found.source, sources.settings.limits, as_of)
    return None if stale else found.newest


def _as_quoted(portfolio: Portfolio, wanted: Wanted, price: Decimal) -> Decimal:
    """Return a close in the currency the file quotes the instrument in, which need not be its own."""
    if wanted.is_rate or portfolio.quotes[wanted.symbol].currency == wanted.currency:
        return price
    quoted = portfolio.rate(portfolio.quotes[wanted.symbol].currency)
    return EXACT.divide(EXACT.multiply(price, portfolio.rate(wanted.currency)), quoted)
