"""Rows of a CSV or Parquet file of prices, and how their numbers and days are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from steelyard.adapters.files.delimited import cells_of, delimiter_of, text_of, usual_sign
from steelyard.adapters.machine.file_bytes import read_file
from steelyard.adapters.prices import parquet
from steelyard.domain.days import TwoOrders, day_order
from steelyard.domain.numerals import POINT, TwoReadings, decimal_sign, read_numeral
from steelyard.errors import InputError, PortfolioProblems
from steelyard.words import say

_FLOAT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as a source has them.

    Attributes:
        header: Column names, wide or long.
        rows: Line numbers and rows.
        usual: The decimal sign where no number tells, None where nothing implies one.
    """

    header: Sequence[str]
    rows: Iterable[tuple[int, Sequence[object]]]
    usual: str | None = POINT


@dataclass(frozen=True, slots=True)
class Reading:
    """How the numbers and days of one source are written."""

    decimal: str
    order: str

    def number(self, raw: object) -> float:
        """Return a number.

        Raises:
            ValueError, TypeError: It is none.
        """
        if not isinstance(raw, str):
            return float(raw)  # type: ignore[arg-type]
        text = raw.strip()
        if self.decimal == POINT and _FLOAT.fullmatch(text):
            return float(text)
        return float(read_numeral(text, self.decimal).value)


def reading_of(
    path: Path,
    rows: Iterable[tuple[int, Sequence[object]]],
    day: int,
    values: Sequence[int],
    usual: str | None,
) -> Reading:
    """Find out from all rows how their numbers and days are written."""
    numbers: set[str] = set()
    days: set[str] = set()
    for _, row in rows:
        numbers.update(v for n in values if n < len(row) and isinstance(v := row[n], str) and v)
        if day < len(row) and isinstance(on := row[day], str):
            days.add(on)
    try:
        return Reading(decimal_sign(numbers, usual=usual), day_order(days))
    except (TwoReadings, TwoOrders) as error:
        raise PortfolioProblems((error.problem(path.name),)) from None


def table_of(path: Path) -> Table:
    """Return the header and the numbered rows of a file.

    Raises:
        InputError: It cannot be read (`price-file`).
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path)
    try:
        text = text_of(read_file(path, parquet.LARGEST))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or say("it is not UTF-8 text")
        raise InputError(
            "price-file",
            say("{path} cannot be read: {reason}", path=path, reason=reason),
            say("give a CSV or Parquet file with --prices"),
        ) from None
    text = text.lstrip("\n")
    delimiter = delimiter_of(text.partition("\n")[0])
    rows = ((line, row) for line, row in cells_of(text, delimiter) if row)
    _, header = next(rows, (1, []))
    return Table(header, rows, usual_sign(delimiter))


def _parquet(path: Path) -> Table:
    try:
        columns = parquet.read(path)
    except ValueError as error:
        raise InputError(
            "price-file",
            say("{path} is no Parquet file: {error}", path=path, error=str(error)),
            say("check the file, or give a CSV"),
        ) from None
    rows: Iterator[tuple[int, Sequence[object]]] = enumerate(zip(*columns.values(), strict=True), 1)
    return Table(list(columns), rows)
