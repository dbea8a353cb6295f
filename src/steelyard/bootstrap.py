"""The only place that pairs ports with adapters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.adapters.calendar import ExchangeSessions
from steelyard.adapters.packaged_data import load_catalogue, sample_path
from steelyard.adapters.portfolio_file import load
from steelyard.domain.portfolio import Portfolio
from steelyard.ports import Sessions

if TYPE_CHECKING:
    from steelyard.domain.models import Model
    from steelyard.engines.price_history import PriceHistory


def sessions() -> Sessions:
    """Return the trading calendars."""
    return ExchangeSessions()


def portfolio(path: Path) -> Portfolio:
    """Read a portfolio file against the packaged catalogue."""
    return load(path, load_catalogue())


def backtest_portfolio(path: Path) -> Portfolio:
    """Read a portfolio file of which only targets, policy and costs are needed."""
    return load(path, load_catalogue(), need_accounts=False)


def price_history(
    path: Path, symbols: Sequence[str], pairs: Sequence[str], start: date | None, end: date | None
) -> PriceHistory:
    """Read closing prices from a CSV or Parquet file."""
    from steelyard.adapters.prices_file import load as load_prices

    return load_prices(path, symbols, pairs=pairs, start=start, end=end)


def sample() -> Portfolio:
    """Read the bundled sample portfolio."""
    return portfolio(sample_path())


def models() -> tuple[Model, ...]:
    """Return the model portfolios."""
    from steelyard.adapters.packaged_data import load_models

    return load_models()


def new_portfolio_text(model: Model | None, base_currency: str) -> str:
    """Return a commented portfolio file to start from."""
    from steelyard.adapters.portfolio_template import template

    return template(base_currency=base_currency, model=model, catalogue=load_catalogue())
