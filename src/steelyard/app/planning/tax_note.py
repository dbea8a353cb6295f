"""What a plan says of tax where it counts none."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan
from steelyard.errors import DataError, InputError
from steelyard.ports.market import Sessions

if TYPE_CHECKING:
    from steelyard.app.tax.situation import Figures, Returns


def returns_or_why_not(
    portfolio: Portfolio, sessions: Sessions, figures: Figures, as_of: date
) -> tuple[Returns | None, str]:
    """Return what the tax of a plan is computed from, or why it cannot be: the plan stands without it."""
    if portfolio.tax is None:
        # As it answers too, without importing the law of a country.
        return None, ""
    from steelyard.app.tax.situation import situation_of_sales

    try:
        return situation_of_sales(portfolio, sessions, figures, as_of=as_of), ""
    except (InputError, DataError) as error:
        return None, error.message


def costless(portfolio: Portfolio, result: Plan) -> str:
    """Say of a plan that counts no tax, since no cost at all is known, which of its sales are taxed."""
    sold = [(t.account, t.symbol) for t in result.trades if t.side == "sell"]
    if portfolio.tax is None or result.taxes is not None or not sold:
        return ""
    from steelyard.app.tax.situation import not_counted

    return not_counted(portfolio, sold)
