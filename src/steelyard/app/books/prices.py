"""Which prices and rates a portfolio needs, and what of them was fetched before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from steelyard.domain.market.prices import Close, PriceLimits, Wanted
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.ports.market import PriceRecords
from steelyard.records import dataclass


def wanted_by(portfolio: Portfolio) -> tuple[Wanted, ...]:
    """Return every instrument of a portfolio and the rates its currencies need, in the file's order."""
    instruments = portfolio.instruments.values()
    base = portfolio.base_currency
    cash = {c for account in portfolio.accounts for c in account.cash}
    # What has a rate in the file may be cash of the journal alone.
    foreign = sorted(({i.currency for i in instruments} | cash | set(portfolio.fx)) - {base})
    return (
        *(Wanted(i.symbol, i.currency, i.exchange) for i in instruments),
        *(Wanted(f"{currency}{base}", base) for currency in foreign),
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """What was fetched before, as a portfolio takes it.

    Attributes:
        quotes: Prices by symbol.
        rates: Units of base currency by foreign currency, as quotes in base currency.
        kept: Source and close of each, by symbol or pair.
    """

    quotes: Mapping[str, Quote]
    rates: Mapping[str, Quote]
    kept: Mapping[str, tuple[str, Close]]


def stored(
    symbols: Sequence[Wanted], records: PriceRecords, limits: PriceLimits, *, until: date | None = None
) -> Stored:
    """Return the newest good price of each instrument and rate, with its day, source and limit of age.

    Args:
        symbols: What is wanted.
        records: What was fetched.
        limits: How old a price of each source may be.
        until: None later than this day: a price of tomorrow is none of today's.
    """
    kept = {w.symbol: found for w in symbols if (found := records.newest(w.symbol, until)) is not None}

    def quote(wanted: Wanted) -> Quote:
        source, close = kept[wanted.symbol]
        return Quote(
            close.price,
            close.currency or wanted.currency,
            priced_on=close.day,
            source=source,
            max_age_days=limits.age(source),
        )

    known = [w for w in symbols if w.symbol in kept]
    return Stored(
        {w.symbol: quote(w) for w in known if not w.is_rate},
        {w.symbol[:3]: quote(w) for w in known if w.is_rate},
        kept,
    )
