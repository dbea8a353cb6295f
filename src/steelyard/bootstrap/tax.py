"""What the tax of a portfolio is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.bootstrap.books import sessions
from steelyard.errors import InputError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.tax.situation import Returns
    from steelyard.domain.books.statements import StatedSale
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.tax.rules import Rule


def tax_situation(portfolio: Portfolio, as_of: date, *, needed: bool = False) -> Returns | None:
    """Return what tax is computed from, a return each; see `situation_of_sales`."""
    if portfolio.tax is None:
        # As it answers too, without importing the law of two countries.
        return None
    from steelyard.app.tax.situation import situation_of_sales

    return situation_of_sales(portfolio, sessions(), tax_figures, as_of=as_of, needed=needed)


def tax_figures(country: str) -> tuple[Mapping[str, Any], Sequence[Rule]]:
    """Return a country's tax data and rules."""
    return load_tax_rules(country)


def stated_sales(file: Path) -> tuple[StatedSale, ...]:
    """Return the sales of a broker's yearly statement.

    Raises:
        InputError: The file cannot be read (`unreadable`), or says what cannot be understood.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            "unreadable",
            say("{file} cannot be read: {reason}", file=file, reason=error.strerror),
            say("check its name and rights"),
        ) from None
    from steelyard.adapters.importers.statement import read_statement

    return read_statement(data, str(file), load_catalogue())
