"""The journal and the recorded days of one portfolio as reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.app.books.performance import ValueHistory, value_history
from steelyard.app.books.prices import Stored, stored, wanted_by
from steelyard.domain.books.entry_text import DETAILS, written
from steelyard.domain.books.ledger import Entry, Recorded
from steelyard.domain.books.valuations import DayValue
from steelyard.domain.market.prices import PriceLimits
from steelyard.domain.money import plain
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import SteelyardError
from steelyard.ports.books import PortfolioText
from steelyard.ports.market import PriceRecords
from steelyard.records import dataclass

Held = Callable[[Portfolio], Portfolio]
"""Puts what the journal holds in place of what the file holds."""


@dataclass(frozen=True, slots=True)
class History:
    """The rows of a journal, first written first, and the recorded days where they were asked for."""

    rows: tuple[Recorded, ...]
    values: ValueHistory | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `history --json` (`steelyard/history/1`); numbers are decimal text."""
        document: dict[str, Any] = {
            "schema": "steelyard/history/1",
            "entries": [_entry(row) for row in self.rows],
        }
        if self.values is not None:
            document["values"] = self.values.to_dict()
        return document


def _entry(row: Recorded) -> dict[str, Any]:
    e = row.entry
    return {
        "number": row.number,
        "date": e.traded_on.isoformat(),
        "account": e.account,
        "type": e.kind,
        "symbol": e.symbol,
        "shares": plain(e.shares),
        "price": _text(e.price),
        "currency": e.currency,
        "fees": plain(e.fees),
        "fx_rate": _text(e.fx_rate),
        "tax_base_price": _text(e.tax_base_price),
        "lot": None if e.lot is None else e.lot.isoformat(),
        "note": e.note,
        **{key: text for key, text in written(e).items() if key in DETAILS},
        "source": row.source,
        "recorded_at": row.recorded_at.isoformat(),
        "takes_back": row.takes_back,
        "counts": row.counts,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def recorded_values(
    file: PortfolioText,
    days: Sequence[DayValue],
    prices: PriceRecords | None,
    entries: Iterable[Entry],
    held: Held,
) -> ValueHistory:
    """Return value, deposits, drift and rebalances over time of what a scheduled job recorded.

    Args:
        file: The portfolio file.
        days: What was recorded.
        prices: What was fetched, None before anything was.
        entries: Of the journal, those that count.
        held: What the journal makes of a portfolio.

    Raises:
        SteelyardError: The portfolio file cannot be read.
    """
    outline, _ = file.outline()
    base = outline.base_currency

    def rate_on(currency: str, day: date) -> Decimal | None:
        closes = prices.history(f"{currency}{base}") if prices else ()
        known = next((close.price for _, close in closes if close.day <= day), None)
        # Before anything was fetched, the file's own rate is the only one there is.
        return known or outline.fx.get(currency)

    return value_history(
        days,
        tuple(entries),
        currency=base,
        rate_on=rate_on,
        portfolio=_priced(file, outline, prices, held),
    )


def _priced(
    file: PortfolioText, outline: Portfolio, prices: PriceRecords | None, held: Held
) -> Portfolio | None:
    """Return the portfolio at the newest good prices, None when some are missing."""
    wanted = wanted_by(outline)
    # How old they are plays no part in what was brought: they are the newest there are.
    known = stored(wanted, prices, PriceLimits()) if prices is not None else Stored({}, {}, {})
    try:
        return held(file.load(known.quotes, known.rates))
    except SteelyardError:
        # The history itself needs no prices; only what rebalances brought is left out.
        return None
