"""What every screen of a portfolio says around its own: which portfolio, and of which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from steelyard.domain.money import currency_sign
from steelyard.domain.portfolio import Portfolio


def about(portfolio: Portfolio, as_of: date) -> Mapping[str, Any]:
    """Return the facts that the frame of a page shows."""
    days = [q.priced_on for q in portfolio.quotes.values() if q.priced_on is not None]
    return {
        "portfolio_name": Path(portfolio.source).absolute().parent.name or portfolio.source,
        "accounts": len(portfolio.accounts),
        "base": portfolio.base_currency,
        "sign": currency_sign(portfolio.base_currency),
        "as_of": as_of,
        "oldest_price": min(days, default=None),
        "rates": {code: portfolio.fx[code] for code in sorted(portfolio.fx)},
    }
