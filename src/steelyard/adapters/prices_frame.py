"""Reads closing prices from what a Python session holds: a pandas or Polars frame, columns or an array.

Frames are known by what they can do, so neither library is ever imported here. The rows then take the same
road as those of a file, with the same checks and notes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

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
    clean = _clean(header, columns, symbols, pairs, start, end)
    if clean is not None:
        return clean
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


def _clean(
    header: Sequence[str],
    columns: Sequence[Sequence[Any]],
    symbols: Sequence[str],
    pairs: Sequence[str],
    start: date | None,
    end: date | None,
) -> PriceHistory | None:
    """Return the history where nothing has to be mended, None where the rows need a closer look.

    Row by row in Python, checking took a hundred times as long as the backtest itself.
    """
    named = {name.strip().lower(): n for n, name in enumerate(header)}
    wanted = [s.lower() for s in symbols]
    if "date" not in named or pairs or len(named) < len(header) or not named.keys() >= set(wanted):
        return None
    days = [d.date() if isinstance(d, datetime) else d for d in columns[named["date"]]]
    if not all(type(d) is date for d in days) or any(a >= b for a, b in pairwise(days)):
        return None
    first = 0 if start is None else bisect_left(days, start)
    last = len(days) if end is None else bisect_right(days, end)
    if last - first < 2 or any(len(columns[named[s]]) != len(days) for s in wanted):
        return None
    try:
        values = np.column_stack([np.asarray(columns[named[s]], dtype=np.float64) for s in wanted])
    except (TypeError, ValueError):
        return None
    if not (np.isfinite(values).all() and (values > 0.0).all() and (values < 1e15).all()):
        return None
    closes, dates = np.ascontiguousarray(values[first:last]), tuple(days[first:last])
    notes = prices_file.oddities(tuple(symbols), list(dates), closes)
    return PriceHistory(tuple(symbols), dates, closes, {}, tuple(notes), _SOURCE.name)


def _columns(prices: Any, symbols: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return the names of the columns and their values."""
    if hasattr(prices, "iloc"):
        names = [str(name) for name in prices.columns]
        return names, [_listed(prices.iloc[:, n]) for n in range(len(names))]
    if hasattr(prices, "get_column"):
        return list(prices.columns), [prices.get_column(name).to_list() for name in prices.columns]
    if isinstance(prices, Mapping):
        return [str(name) for name in prices], [list(column) for column in prices.values()]
    if isinstance(prices, np.ndarray) and prices.ndim == 2 and prices.shape[1] == len(symbols):
        return list(symbols), list(prices.T)
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
    days = _listed(index)
    return days if days and all(isinstance(d, date | str) for d in days) else None


def _plain(value: Any) -> Any:
    """Return None for what is not equal to itself, a frame's way of saying that nothing is there."""
    return None if value != value else value


def _listed(column: Any) -> list[Any]:
    """Return the values of a pandas column or index; its dates as such, which is ten times as fast."""
    if getattr(column.dtype, "kind", "") == "M":
        values = column if hasattr(column, "date") else column.dt
        # A missing date has no date: `arranged` says so.
        return list(values.date)
    listed: list[Any] = column.tolist()
    return listed
