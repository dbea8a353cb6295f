"""Reads closing prices from what a Python session holds: a pandas or Polars frame, columns or an array.

Frames are known by what they can do, so neither library is ever imported here. The rows then take the same
road as those of a file, with the same checks and notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from steelyard.adapters import prices_file
from steelyard.engines.price_history import PriceHistory
from steelyard.errors import InputError

_SOURCE = Path("prices")


def load(
    prices: Any,
    symbols: Sequence[str],
    *,
    dates: Iterable[Any] | None = None,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
) -> PriceHistory:
    """Return complete prices from values in memory.

    Args:
        prices: A frame or a mapping of columns, wide (a column a symbol) or long (date, symbol, close);
            or rows, (T, N), with the symbols in the order given.
        symbols: Those wanted.
        dates: T dates, where `prices` has no column `date` and no index of dates.
        pairs, start, end: As for `prices_file.load`.

    Raises:
        InputError, DataError: As `prices_file.load` does.
    """
    header, columns = _columns(prices, symbols)
    if not any(name.strip().lower() == "date" for name in header):
        days = _index(prices) if dates is None else list(dates)
        if days is None:
            raise InputError(
                "price-header",
                f"the prices have no dates: {', '.join(header[:6])}",
                "give dates=..., or a column `date`, or an index of dates",
            )
        header, columns = ["date", *header], [days, *columns]
    lengths = {len(c) for c in columns}
    if len(lengths) != 1:
        raise InputError(
            "price-row",
            f"the columns of the prices have {' and '.join(str(n) for n in sorted(lengths))} rows",
            "give a price and a date for every row",
        )
    rows = zip(*([_plain(v) for v in c] for c in columns), strict=True)
    return prices_file.arranged(
        _SOURCE, header, enumerate(rows, 1), symbols, pairs=pairs, start=start, end=end
    )


def _columns(prices: Any, symbols: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns and their values."""
    if hasattr(prices, "iloc"):
        names = [str(name) for name in prices.columns]
        return names, [prices.iloc[:, n].tolist() for n in range(len(names))]
    if hasattr(prices, "get_column"):
        return list(prices.columns), [prices.get_column(name).to_list() for name in prices.columns]
    if isinstance(prices, Mapping):
        return [str(name) for name in prices], [list(column) for column in prices.values()]
    raw = prices.tolist() if hasattr(prices, "tolist") else prices
    rows = [list(row) if isinstance(row, Sequence) else [row] for row in raw]
    widths = {len(row) for row in rows}
    if widths != {len(symbols)}:
        raise InputError(
            "targets",
            f"targets are of {', '.join(symbols)}, rows of prices have "
            f"{' or '.join(str(n) for n in sorted(widths)) or 'no'} columns",
            "give an array with a column a target, in their order",
        )
    return list(symbols), [[row[n] for row in rows] for n in range(len(symbols))]


def _index(prices: Any) -> list[Any] | None:
    """Return a frame's own row labels where they are dates."""
    index = getattr(prices, "index", None)
    if not hasattr(prices, "iloc") or index is None:
        return None
    days = index.tolist()
    return days if days and all(isinstance(d, date | str) for d in days) else None


def _plain(value: Any) -> Any:
    """Return None for what is not equal to itself, a frame's way of saying that nothing is there."""
    return None if value != value else value
