"""Past prices for the lab, from a file or from what a caller holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.engines.price_history import PriceHistory


def price_history(
    path: Path, symbols: Sequence[str], pairs: Sequence[str], start: date | None, end: date | None
) -> PriceHistory:
    """Read closing prices from a CSV or Parquet file."""
    from steelyard.adapters.prices_file import load as load_prices

    return load_prices(path, symbols, pairs=pairs, start=start, end=end)


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
    if isinstance(prices, str | Path):
        return price_history(Path(prices), symbols, pairs, start, end)
    from steelyard.adapters.prices_frame import load as load_frame

    return load_frame(prices, symbols, dates=dates, pairs=pairs, start=start, end=end)
