"""What the value of a day rests on, taken from a portfolio while it is valued."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.books.portfolio_books import books_of
from steelyard.domain.books.valuations import DayContent
from steelyard.domain.money import EXACT, exact_sum
from steelyard.domain.portfolio import Portfolio


def content_of(portfolio: Portfolio) -> DayContent:
    """Return what the journal's accounts hold, and every price and rate that the value rests on."""
    kept = books_of(portfolio).kept
    # What holds nothing in the file is the journal's with its first entry, whenever that is written.
    kept |= {a.name for a in portfolio.accounts if a.kept == "journal" or (a.kept is None and not a.holds)}
    accounts = [account for account in portfolio.accounts if account.name in kept]
    parts: dict[str, Decimal] = {}
    for goal in portfolio.goals:
        for symbol, part in goal.parts.items():
            parts[symbol] = exact_sum((parts[symbol], part)) if symbol in parts else part
    prices = {
        symbol: (EXACT.multiply(portfolio.base_price(symbol), part), portfolio.quotes[symbol].priced_on)
        for symbol, part in parts.items()
        if symbol in portfolio.quotes
    }
    return DayContent(
        accounts=kept,
        shares={(a.name, p.symbol): p.shares for a in accounts for p in a.positions},
        cash={(a.name, currency): amount for a in accounts for currency, amount in a.cash.items()},
        prices=prices,
        rates=dict(portfolio.fx),
    )
