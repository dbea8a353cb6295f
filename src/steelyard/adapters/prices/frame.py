"""Reads closing prices from what a Python session holds: a pandas or Polars frame, columns or an array.

Frames are known by what they can do, so neither library is ever imported here. The rows then take the same
road as those of a file, with the same checks and notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.adapters.prices import file as prices_file
from steelyard.adapters.prices.intake.completed import Calendars
from steelyard.adapters.prices.intake.off_days import slips, way_of
from steelyard.adapters.prices.parquet import plain_columns
from steelyard.adapters.prices.slips import LEVEL, judged
from steelyard.adapters.prices.table import Table
from steelyard.engines.arrays import Ints
from steelyard.engines.market.intake import take, take_columns
from steelyard.engines.market.price_history import PriceHistory, SessionDates, day_numbers
from steelyard.errors import InputError
from steelyard.words import join, say

_NAME = "prices"
_SOURCE = Path(_NAME)
_HIGHEST = 1e15
_EPOCH = date(1970, 1, 1).toordinal()
_TICKS_A_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def load(
    prices: Any,
    symbols: Sequence[str],
    *,
    dates: Iterable[Any] | None = None,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    called: Mapping[str, str] | None = None,
    calendars: Callable[[], Calendars] | None = None,
) -> PriceHistory:
    """Return complete prices from values in memory.

    Args:
        prices: A frame or a mapping of columns, wide (a column a symbol) or long (date, symbol, close);
            or rows, (T, N), with the symbols in the order given.
        symbols: Those wanted.
        dates: T dates, where `prices` has no column `date` and no index of dates.
        pairs, start, end, called: As for `prices_file.load`.
        calendars: Makes what that takes, where something is missing.

    Raises:
        InputError, DataError: As `prices_file.load` does.
    """
    prices = _opened(prices)
    found = _clean(prices, symbols, dates, pairs, start, end)
    if found is not None:
        clean, usual = found
        if isinstance(prices, np.ndarray):
            # Rows without names are what somebody has computed.
            return clean
        notes = _told(prices, clean, None if calendars is None else calendars())
        if notes is not None:
            if notes:
                clean = PriceHistory(clean.symbols, clean.dates, clean.prices, clean.rates, notes, _NAME)
            return clean if usual else judged(clean)
    table = rows_of(prices, symbols, dates)
    known = None if calendars is None else calendars()
    return prices_file.arranged(
        _SOURCE, table, symbols, pairs=pairs, start=start, end=end, called=called, calendars=known
    )


_TOLD: list[Any] = [None, None, None, None]
"""The dates of the last pandas frame, its calendars, symbols and length, and what was to say of them."""


def _told(prices: Any, history: PriceHistory, calendars: Calendars | None) -> tuple[str, ...] | None:
    """Return what `_of_sessions` does, of a frame with the dates of the last one what was said then."""
    if not hasattr(type(prices), "iloc"):
        return _of_sessions(history, calendars)
    days = day_numbers(history.dates)
    index, key = prices.index, (history.symbols, len(days), int(days[0]))
    if index is not _TOLD[0] or calendars is not _TOLD[1] or key != _TOLD[2]:
        # The dates of a frame never change, and holidays took longer than the backtest.
        _TOLD[:] = [index, calendars, key, _of_sessions(history, calendars)]
    notes: tuple[str, ...] | None = _TOLD[3]
    return notes


def _of_sessions(history: PriceHistory, calendars: Calendars | None) -> tuple[str, ...] | None:
    """Return what to say of closes of days without a session; None where some of them are slips."""
    dates = history.dates
    days = dates.days if isinstance(dates, SessionDates) else day_numbers(dates)
    first, last = date.fromordinal(int(days[0])), date.fromordinal(int(days[-1]))
    of_exchange: dict[tuple[int, ...], list[str]] = {}
    for symbol in history.symbols:
        closed = calendars.closed(symbol, first, last) if calendars is not None else ()
        of_exchange.setdefault(closed, []).append(symbol)
    notes: list[str] = []
    for closed, symbols in of_exchange.items():
        wrong, way = slips(days, closed)
        if len(wrong):
            return None
        notes += way_of(symbols, way)
    return tuple(notes)


def rows_of(prices: Any, symbols: Sequence[str], dates: Iterable[Any] | None = None) -> Table:
    """Return values in memory as a header and numbered rows; the rest as for `load`."""
    prices = _opened(prices)
    dates = None if dates is None else list(dates)
    header, columns = _columns(prices, symbols)
    if not any(name.strip().lower() == "date" for name in header):
        days = _index(prices) if dates is None else dates
        if days is None:
            raise InputError(
                "price-header",
                say("the prices have no dates: {header}", header=", ".join(header[:6])),
                say("give dates=..., or a column `date`, or an index of dates"),
            )
        header, columns = ["date", *header], [days, *columns]
    lengths = {len(c) for c in columns}
    if len(lengths) != 1:
        raise InputError(
            "price-row",
            say(
                "the columns of the prices have {lengths} rows",
                lengths=join(say(" and "), [str(n) for n in sorted(lengths)]),
            ),
            say("give a price and a date for every row"),
        )
    rows = zip(*([_plain(v) for v in c] for c in columns), strict=True)
    return Table(header, enumerate(rows, 1))


def _opened(prices: Any) -> Any:
    """Return a frame that is at hand: a lazy one collected, one of Arrow as columns.

    Known by what they can do: a Polars LazyFrame collects, a DuckDB relation gives an Arrow table, and a
    pyarrow Table or RecordBatch its columns.
    """
    # Of the class: pandas looks for a column of each name that its frames do not have, which takes a while.
    kind = type(prices)
    if hasattr(kind, "iloc"):
        return prices
    if hasattr(kind, "collect") and hasattr(kind, "collect_schema") and not hasattr(kind, "get_column"):
        prices = prices.collect()
        kind = type(prices)
    if hasattr(kind, "to_arrow_table"):
        prices = prices.to_arrow_table()
        kind = type(prices)
    if hasattr(kind, "column_names") and hasattr(kind, "to_pydict"):
        return plain_columns(prices)
    return prices


def _doubles(values: Any) -> Any:
    """Return numbers in double precision, those of single precision by their shortest text."""
    if values.dtype.kind == "f" and values.dtype.itemsize < 8:
        return values.astype("U32").astype(np.float64)
    return values


def _clean(
    prices: Any,
    symbols: Sequence[str],
    dates: Any,
    pairs: Sequence[str],
    start: date | None,
    end: date | None,
) -> tuple[PriceHistory, bool] | None:
    """Return the history where nothing has to be mended, None where the rows need a closer look.

    With it comes whether nothing in it is to be judged.

    Row by row in Python, checking took a thousand times as long as the backtest itself.
    """
    wanted = [*symbols, *pairs]
    try:
        found = _arrays(prices, wanted, dates)
        stamps = None if found is None else _stamps(found[0])
        if found is None or stamps is None:
            return None
        values = np.asarray(_doubles(found[1]), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    ticks, ticks_a_day, epoch = stamps
    if len(ticks) < 2 or values.shape != (len(ticks), len(wanted)):
        return None
    # Always a copy: statistics are computed when asked for, and by then the caller may have reused the array.
    days, closes = np.empty(len(ticks), dtype=np.int64), np.empty(values.shape)
    if values.flags.f_contiguous:
        clean, usual = take_columns(ticks, ticks_a_day, epoch, values.T, _HIGHEST, LEVEL, days, closes)
    else:
        usual = False
        clean = take(ticks, ticks_a_day, epoch, np.ascontiguousarray(values), _HIGHEST, days, closes)
    if not clean:
        return None
    if start is not None or end is not None:
        first = 0 if start is None else int(np.searchsorted(days, start.toordinal()))
        last = len(days) if end is None else int(np.searchsorted(days, end.toordinal(), side="right"))
        if last - first < 2:
            return None
        days, closes = days[first:last], closes[first:last]
    rates = {pair: np.ascontiguousarray(closes[:, len(symbols) + n]) for n, pair in enumerate(pairs)}
    if pairs:
        closes = np.ascontiguousarray(closes[:, : len(symbols)])
    # Rows without names are what somebody has computed.
    usual |= isinstance(prices, np.ndarray)
    return PriceHistory(tuple(symbols), SessionDates(days), closes, rates, (), _NAME), usual


_LAST: list[Any] = [None, None, None]
"""The labels of the last pandas frame, what was wanted of it, and where that is."""


def _places(names: list[Any], wanted: list[str]) -> tuple[list[Any], list[int], int | None] | None:
    """Return the names, which of them are wanted, and which has the dates; None where some are not there."""
    plain = [str(name).strip().lower() for name in names]
    places = {name: n for n, name in enumerate(plain)}
    if len(places) < len(names) or "symbol" in places or any(n.lower() not in places for n in wanted):
        return None
    return names, [places[name.lower()] for name in wanted], places.get("date")


def _arrays(prices: Any, wanted: list[str], dates: Any) -> tuple[Any, Any] | None:
    """Return the dates and (T, N) closes of columns named as wanted, None where they are not so at hand."""
    if isinstance(prices, np.ndarray):
        return None if dates is None else (dates, prices)
    if not hasattr(prices, "columns") and not isinstance(prices, Mapping):
        return None
    labels = getattr(prices, "columns", prices)
    if labels is not _LAST[0] or wanted != _LAST[1]:
        # A frame's labels never change, and to read them took longer than to read its dates.
        _LAST[:] = [labels if hasattr(type(prices), "iloc") else None, wanted, _places(list(labels), wanted)]
    if _LAST[2] is None:
        return None
    names, at, days = _LAST[2]
    if days is not None:
        dates = prices[names[days]]
    elif dates is None:
        dates = prices.index if hasattr(type(prices), "iloc") else None
    if dates is None:
        return None
    if hasattr(type(prices), "iloc") and at == list(range(len(names))):
        values = prices.to_numpy()
        return (dates, values) if values.dtype.kind in "fiu" else None
    columns = [_doubles(np.asarray(prices[names[n]])) for n in at]
    if any(column.dtype.kind not in "fiu" for column in columns):
        return None
    return dates, np.column_stack(columns)


def _stamps(dates: Any) -> tuple[Ints, int, int] | None:
    """Return dates as (T,) int64 ticks, with the ticks of a day and the day number of tick 0.

    None where one is no date or has a time zone.
    """
    stamps = dates
    if not isinstance(dates, np.ndarray):
        kind = getattr(dates, "dtype", None)
        if kind is None:
            return _listed_stamps(dates)
        zoned = not isinstance(kind, np.dtype)
        if zoned and (getattr(kind, "tz", None) or getattr(kind, "time_zone", None)):
            # What day it is depends on the zone, and the rows' own reading decides.
            return None
        stamps = np.asarray(dates)
    if stamps.dtype.kind != "M":
        return _listed_stamps(stamps.tolist()) if stamps.dtype.kind == "O" else None
    unit, step = np.datetime_data(stamps.dtype)
    if unit not in _TICKS_A_DAY or step != 1 or not stamps.dtype.isnative:
        unit, stamps = "D", stamps.astype("M8[D]", copy=False)
    # What is no time is far below zero, which `take` refuses.
    return np.ascontiguousarray(stamps).view(np.int64), _TICKS_A_DAY[unit], _EPOCH


def _listed_stamps(dates: Any) -> tuple[Ints, int, int] | None:
    """Return a sequence of dates as `_stamps` does."""
    if not isinstance(dates, Sequence):
        return None
    kinds = set(map(type, dates))
    if kinds == {date}:
        return np.fromiter(map(date.toordinal, dates), np.int64, len(dates)), 1, 0
    if not all(issubclass(kind, datetime) for kind in kinds) or any(d.tzinfo is not None for d in dates):
        return None
    return np.fromiter((d.toordinal() for d in dates), np.int64, len(dates)), 1, 0


def _columns(prices: Any, symbols: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return the names of the columns and their values."""
    if hasattr(type(prices), "iloc"):
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
            say(
                "targets are of {symbols}, rows of prices have {widths} columns",
                symbols=", ".join(symbols),
                widths=join(say(" or "), [str(n) for n in sorted(widths)] or [say("none")]),
            ),
            say("give an array with a column a target, in their order"),
        )
    return list(symbols), [[row[n] for row in rows] for n in range(len(symbols))]


def _index(prices: Any) -> list[Any] | None:
    """Return a frame's own row labels where they are dates."""
    index = getattr(prices, "index", None)
    if not hasattr(type(prices), "iloc") or index is None:
        return None
    days = _listed(index)
    return days if days and all(isinstance(d, date | str) for d in days) else None


def _plain(value: Any) -> Any:
    """Return None for what is not equal to itself, a frame's way of saying that nothing is there."""
    if isinstance(value, np.floating) and not isinstance(value, np.float64):
        value = float(str(value))
    return None if value != value else value


def _listed(column: Any) -> list[Any]:
    """Return the values of a pandas column or index; its dates as such, which is ten times as fast."""
    if getattr(column.dtype, "kind", "") == "M":
        values = column if hasattr(column, "date") else column.dt
        # A missing date has no date: `arranged` says so.
        return list(values.date)
    listed: list[Any] = column.tolist()
    return listed
