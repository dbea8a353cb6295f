"""Past prices for the lab, from a file or from what a caller holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.adapters.prices import distributions as distributions_file
from steelyard.adapters.prices import file as prices_file
from steelyard.adapters.prices import frame as prices_frame
from steelyard.bootstrap.books import sessions
from steelyard.bootstrap.tax import tax_figures

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.tax.backtest import BacktestTax
    from steelyard.engines.market.price_history import PriceHistory


def price_history(
    path: Path, symbols: Sequence[str], pairs: Sequence[str], start: date | None, end: date | None
) -> PriceHistory:
    """Read closing prices from a CSV or Parquet file."""
    return prices_file.load(path, symbols, pairs=pairs, start=start, end=end)


def history_of(
    prices: Any,
    symbols: Sequence[str],
    *,
    dates: Iterable[Any] | None = None,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
) -> PriceHistory:
    """Take closing prices from a file, a frame, columns or an array."""
    if isinstance(prices, (str, Path)):
        return price_history(Path(prices), symbols, pairs, start, end)
    return prices_frame.load(prices, symbols, dates=dates, pairs=pairs, start=start, end=end)


def with_paid_out(history: PriceHistory, distributions: Any) -> PriceHistory:
    """Return a history with what its funds paid out, from a file, a frame or columns."""
    if isinstance(distributions, str | Path):
        return distributions_file.load(Path(distributions), history)
    table = prices_frame.rows_of(distributions, history.symbols)
    return distributions_file.paid(Path("distributions"), table, history)


def backtest_tax(portfolio: Portfolio, *, harvest: bool = False) -> BacktestTax | str:
    """Return what a backtest of a portfolio with [tax] is taxed by, or a sentence why it is not."""
    from steelyard.app.lab.backtest_tax import backtest_tax as of_portfolio

    return of_portfolio(portfolio, sessions(), tax_figures, harvest=harvest)
