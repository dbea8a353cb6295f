"""Which prices and rates a portfolio needs, and what of them was fetched before."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.ports.market import PriceRecords


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


def stored(
    symbols: Sequence[Wanted], records: PriceRecords
) -> tuple[dict[str, Quote], dict[str, tuple[str, Close]]]:
    """Return the newest good price of each instrument as a quote, and where each (and each rate) is from."""
    found = {w.symbol: kept for w in symbols if (kept := records.newest(w.symbol)) is not None}
    quotes = {
        w.symbol: Quote(found[w.symbol][1].price, found[w.symbol][1].currency or w.currency)
        for w in symbols
        if w.symbol in found and not w.is_rate
    }
    return quotes, found
