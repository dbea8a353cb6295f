"""Closing prices and rates from a folder of CSV or Parquet files: the default source, no network.

One file a symbol (`VOO.csv` with `date,close` and perhaps `currency` and `split`), or `prices.csv` with
a column a symbol, or `prices.csv` with `date,symbol,close`; or the same as `.parquet`.
Numbers are read exactly as written (binary ones of Parquet as their shortest text). A row that is cut off at
the end of a file, as a copy under way leaves it, is an error and not a price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, tzinfo
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.files.delimited import cells_of, delimiter_of, text_of, usual_sign
from steelyard.adapters.machine.file_bytes import read_file
from steelyard.adapters.prices import parquet
from steelyard.adapters.prices import rows as price_rows
from steelyard.domain.days import TwoOrders, day_order, read_day, zone_by_form
from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.money import ONE
from steelyard.domain.numerals import POINT, TwoReadings, decimal_sign, read_numeral
from steelyard.errors import DataError
from steelyard.words import message_of, say

_CLOSES = ("close", "price")
_BLANK = ("", "na", "nan", "n/a", "null", "none", "-")
TOGETHER = "prices"


class FolderPrices:
    """Prices from the files of a folder.

    Args:
        folder: Where the files lie.
    """

    name = "folder"
    remote = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def offers(self, wanted: Wanted) -> bool:
        """Say whether there is a file to look into."""
        return any(path.is_file() for path in self._candidates(wanted))

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return the rows of the first file that has any, the numbers as written; see `PriceSource`.

        Raises:
            DataError: No file has the symbol, or a file cannot be read as prices.
        """
        for path in self._candidates(wanted):
            if path.is_file():
                found = tuple(c for c in _read(path, wanted.symbol) if first <= c.day <= last)
                if found:
                    return price_rows.written(found)
        raise DataError(
            "price-empty",
            say(
                "no file in {name} has {symbol} between {first} and {last}",
                name=self._folder.name,
                symbol=wanted.symbol,
                first=first,
                last=last,
            ),
            say("put {symbol}.csv with the columns date,close there", symbol=wanted.symbol),
        )

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in such rows; see `PriceSource`."""
        return price_rows.read(answer)

    def _candidates(self, wanted: Wanted) -> tuple[Path, ...]:
        # A symbol comes from the owner's file, and must not lead out of the folder.
        own = Path(f"{wanted.symbol}.csv").name.removesuffix(".csv")
        return tuple(
            self._folder / f"{name}{end}" for name in (own, TOGETHER) for end in (".csv", ".parquet")
        )


def _read(path: Path, symbol: str) -> Iterator[Close]:
    names, rows, usual = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    columns = {name.strip().lower(): name for name in names}
    close = next((columns[c] for c in _CLOSES if c in columns), columns.get(symbol.lower()))
    if "date" not in columns or (close is None and path.stem != TOGETHER):
        raise DataError(
            "price-header",
            say("{name} needs the columns date and close", name=path.name),
            say("write date,close on line 1"),
        )
    if close is None:
        return
    named, day = columns.get("symbol"), columns["date"]
    numbers = [names for names in (close, columns.get("split")) if names is not None]
    try:
        # All rows tell, also those of other symbols and days: they were written by one program.
        decimal = decimal_sign((row[n] or "" for _, row in rows for n in numbers), usual=usual)
        order = day_order(row[day] or "" for _, row in rows)
    except (TwoReadings, TwoOrders) as error:
        problem = error.problem(path.name)
        said = say("{name}: {problem}", name=path.name, problem=problem.message)
        raise DataError(problem.code, said, problem.hint) from None
    for line, row in rows:
        if named is not None and (row[named] or "").strip() != symbol:
            continue
        if str(row[close] or "").strip().lower() not in _BLANK:
            yield _close(path, line, row, columns, close, decimal, order, zone_by_form(symbol))


_Rows = list[tuple[int, Mapping[str, str | None]]]
"""Line numbers and fields as text by column."""


def _csv(path: Path) -> tuple[list[str], _Rows, str | None]:
    try:
        text = text_of(read_file(path, parquet.LARGEST))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or say("it is not UTF-8 text")
        raise DataError(
            "price-file",
            say("{name} cannot be read: {reason}", name=path.name, reason=reason),
            say("check the file"),
        ) from None
    if text and not text.endswith("\n"):
        # The last row may be half of a row: 412.35 cut to 41 would pass for a price.
        raise DataError(
            "price-file-cut",
            say("{name} does not end with a line end: it may still be being written", name=path.name),
            say("let the copy finish, or add an empty line at the end"),
        )
    text = text.lstrip("\n")
    delimiter = delimiter_of(text.partition("\n")[0])
    rows = [(line, row) for line, row in cells_of(text, delimiter) if row]
    names = rows[0][1] if rows else []
    # A row that is too short has no such cells.
    found: _Rows = [
        (line, {n: row[i] if i < len(row) else None for i, n in enumerate(names)}) for line, row in rows[1:]
    ]
    return names, found, usual_sign(delimiter)


def _parquet(path: Path) -> tuple[list[str], _Rows, str | None]:
    try:
        columns = parquet.read(path)
    except ValueError as error:
        raise DataError(
            "price-file",
            say("{name} cannot be read: {error}", name=path.name, error=message_of(error)),
            say("let the copy finish, or write it again"),
        ) from None
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    found: _Rows = [
        (number, {name: _text(value) for name, value in zip(names, row, strict=True)})
        for number, row in enumerate(rows, 1)
    ]
    return names, found, POINT


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _close(
    path: Path,
    line: int,
    row: Mapping[str, str | None],
    columns: Mapping[str, str],
    close: str,
    decimal: str,
    order: str,
    zone: tzinfo | None,
) -> Close:
    def field(key: str) -> str:
        return (row.get(columns[key]) or "").strip() if key in columns else ""

    try:
        split = read_numeral(field("split"), decimal).value if field("split").lower() not in _BLANK else ONE
        price = read_numeral(row[close] or "", decimal)
        currency = field("currency") or price.currency
        return Close(read_day(field("date"), order=order, zone=zone), price.value, currency, _ratio(split))
    except ValueError as error:
        raise DataError(
            "price-row",
            say("{name}:{line}: {problem}", name=path.name, line=line, problem=message_of(error)),
            say("correct the row, or leave the price blank"),
        ) from None


def _ratio(split: Decimal) -> Decimal:
    """Return a split ratio; sources write 0 for none."""
    return split if split > 0 else ONE
