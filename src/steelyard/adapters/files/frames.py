"""Positions out of what a Python session holds: a frame of any Arrow kind, of pandas or Polars, or columns.

Frames are known by what they can do, so that no library is imported that is not there already. What `build`
takes is text, whole numbers and decimals, never a binary float: one of a frame stands for the shortest text
that reads back as it, in single precision too, so that 412.35 is 412.35.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from steelyard.errors import InputError
from steelyard.words import say

_COLUMNS = frozenset({"symbol", "shares", "value", "price", "priced_on"})


def is_frame(value: object) -> bool:
    """Say whether something has columns, rather than being rows one by one."""
    # Asked of its class: a frame that is not computed yet would be to name its columns.
    return any(hasattr(type(value), name) for name in ("columns", "collect_schema", "__arrow_c_stream__"))


def position_tables(frame: Any) -> list[dict[str, object]]:
    """Return the rows of a frame as positions of an account: `symbol`, `shares`, `price` and the like."""
    tables = [dict(row) for row in _rows(frame)]
    for row in tables:
        _refuse_columns(row, _COLUMNS)
    return tables


def account_tables(frame: Any) -> list[dict[str, object]]:
    """Return accounts of a frame whose rows are positions and say in a column `account` whose they are."""
    accounts: dict[str, list[dict[str, object]]] = {}
    for row in _rows(frame):
        _refuse_columns(row, _COLUMNS | {"account"})
        accounts.setdefault(str(row.pop("account", "main")), []).append(row)
    return [{"name": name, "positions": positions} for name, positions in accounts.items()]


def _refuse_columns(row: Mapping[str, object], known: frozenset[str]) -> None:
    for name in row:
        if name not in known:
            raise InputError(
                "unknown-key",
                say("a frame of positions has the column {name}", name=name),
                say("its columns are {names}", names=", ".join(sorted(known))),
            )


def _rows(frame: Any) -> Iterator[dict[str, object]]:
    """Yield the rows of a frame, what is empty in them left out."""
    columns = {name.strip().lower(): column for name, column in _columns(frame)}
    for row in zip(*columns.values(), strict=True):
        found = {
            name: value for name, value in zip(columns, map(_plain, row), strict=True) if value is not None
        }
        if found:
            yield found


def _columns(frame: Any) -> Iterator[tuple[str, Sequence[object]]]:
    if hasattr(frame, "collect") and hasattr(frame, "collect_schema") and not hasattr(frame, "get_column"):
        frame = frame.collect()
    if hasattr(frame, "iloc"):
        for n, name in enumerate(frame.columns):
            yield str(name), _kept(frame.iloc[:, n].tolist(), str(frame.dtypes.iloc[n]))
        return
    if hasattr(frame, "get_column"):
        for name in frame.columns:
            column = frame.get_column(name)
            yield str(name), _kept(column.to_list(), str(column.dtype))
        return
    if hasattr(frame, "to_arrow_table"):
        frame = frame.to_arrow_table()
    elif not hasattr(frame, "to_pydict") and hasattr(frame, "__arrow_c_stream__"):
        import pyarrow

        frame = pyarrow.table(frame)
    for name in frame.column_names:
        column = frame.column(name)
        yield str(name), _kept(column.to_pylist(), str(column.type))


def _kept(values: list[object], kind: str) -> list[object]:
    """Return the values of a column, those of single precision in it, which read as they are written."""
    if kind.lower() not in ("float", "float32"):
        return values
    return [value if value is None else np.float32(str(value)) for value in values]


def _plain(value: Any) -> object:
    """Return a value as `build` takes it; None where the frame says that nothing is there."""
    if value is None or value != value or str(value) in ("<NA>", "NaT"):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str | date | Decimal | int):
        return value
    text = str(value)  # of a float of any width its shortest text, of a whole number of any width its digits
    try:
        return format(Decimal(text), "f")
    except ArithmeticError:
        return text
