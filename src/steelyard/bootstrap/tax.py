"""What the tax of a portfolio is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.bootstrap.books import sessions

if TYPE_CHECKING:
    from steelyard.app.tax.situation import TaxSituation
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.tax.rules import Rule


def tax_situation(portfolio: Portfolio, as_of: date, *, needed: bool = False) -> TaxSituation | None:
    """Return what tax is computed from; see `situation_of_sales`."""
    if portfolio.tax is None:
        # As it answers too, without importing the law of two countries.
        return None
    from steelyard.app.tax.situation import situation_of_sales

    return situation_of_sales(portfolio, sessions(), tax_figures, as_of=as_of, needed=needed)


def tax_figures(country: str) -> tuple[Mapping[str, Any], Sequence[Rule]]:
    """Return a country's tax data and rules."""
    return load_tax_rules(country)
