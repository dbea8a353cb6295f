"""Reads closing prices from CSV or Parquet: a column a symbol, or date, symbol, close, or of one instrument.

What can be mended without guessing is mended and said: order, repeated equal rows, short gaps, ends
that not all symbols reach. What cannot is an error that names the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

from steelyard.adapters.prices.intake.columns import Names, columns_of, find, find_in_name
from steelyard.adapters.prices.intake.completed import Calendars, Rows, completed
from steelyard.adapters.prices.slips import judged
from steelyard.adapters.prices.table import Reading, Table, reading_of, table_of
from steelyard.domain.days import day_at, read_day, zone_by_form
from steelyard.domain.numerals import POINT
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import DataError, InputError, PortfolioProblems, Problem
from steelyard.words import say

MOST_PROBLEMS = 20
"""Reading stops after so many: a file of another kind has the same one in every line."""
_BLANK = ("", "na", "nan", "n/a", "null", "none", "-", "--")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the values of a file are.

    Attributes:
        word: For messages and error codes.
        columns: What the column of values is called, the one to be taken first.
        zero: Whether a value may be zero; it is then as good as blank.
        needed: What to do about a value that cannot be right.
        twice: What to do about two values of one day.
        usual: What the column of values is called in a hint.
    """

    word: str
    columns: tuple[str, ...]
    zero: bool
    needed: str
    twice: str
    usual: str = "close"


PRICES = Kind(
    say("price"),
    (
        *("adj close", "adj_close", "adjusted close", "adjusted_close", "adjclose", "adjusted", "수정종가"),
        *("수정주가", "close", "price", "종가", "현재가", "기준가", "기준가격", "rate", "매매기준율", "환율"),
    ),
    zero=False,
    needed=say("correct it, or leave it blank where there was no trading"),
    twice=say("delete one of the two lines"),
)


def load(
    path: Path,
    symbols: Sequence[str],
    *,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    called: Mapping[str, str] | None = None,
    calendars: Calendars | None = None,
) -> PriceHistory:
    """Read the prices of some symbols over the time that all of them cover.

    Args:
        path: A `.csv` or `.parquet` file.
        symbols: Those wanted, found by the ways `columns.find` knows.
        pairs: Currency pairs (`USDKRW`) wanted where the file has them.
        start, end: First and last date wanted, both included.
        called: Symbol to name of an instrument, which a file may call it by.
        calendars: When exchanges are shut.

    Raises:
        InputError: The file cannot be read as prices.
        DataError: A symbol is missing, has too long a gap, or too few sessions are left.
    """
    table = table_of(path)
    return arranged(
        path, table, symbols, pairs=pairs, start=start, end=end, called=called, calendars=calendars
    )


def arranged(
    path: Path,
    table: Table,
    symbols: Sequence[str],
    *,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    called: Mapping[str, str] | None = None,
    calendars: Calendars | None = None,
) -> PriceHistory:
    """Check and complete rows of prices, wherever they come from; the rest as for `load`.

    Args:
        path: Its name is what messages call the source.
        table: See there.
        symbols, pairs, start, end, called, calendars: As for `load`.
    """
    header = table.header
    found, notes = values_of(path, table, Names((*symbols, *pairs), called or {}), PRICES)
    missing = [s for s in symbols if not found.get(s)]
    if missing:
        raise DataError(
            "price-missing",
            say("{name} has no prices of {missing}", name=path.name, missing=", ".join(missing)),
            say(
                "add a column for each; the file has {header}",
                header=", ".join(h for h in header[:12] if h.lower() != "date"),
            ),
        )
    pairs = [p for p in pairs if found.get(p)]
    return judged(completed(path.name, found, tuple(symbols), tuple(pairs), start, end, notes, calendars))


def values_of(
    path: Path,
    table: Table,
    names: Names,
    kind: Kind,
    *,
    alone: str | None = None,
) -> tuple[Rows, list[str]]:
    """Return the values of some names by date, and what was mended; a name may have none.

    Args:
        path, table: As for `arranged`.
        names: Symbols and pairs.
        kind: What the values are.
        alone: Whose the values of a file of one instrument are, where its owner says so; else its name tells.

    Raises:
        InputError: The rows cannot be read, with every problem of the first `MOST_PROBLEMS`; or its numbers
            or days read two ways (`numbers-undecided`, `days-undecided`).
    """
    header, keys = table.header, names.keys()
    at = columns_of(header, keys, kind.columns)
    if at.twice:
        raise InputError(
            "price-header",
            say("{name} has more than one column of {twice}", name=path.name, twice=", ".join(at.twice)),
            say("delete or rename all but one of them"),
        )
    if at.day is None:
        raise InputError(
            "price-header",
            say("{name} has no column `date`: {header}", name=path.name, header=", ".join(header[:6])),
            say("write the first line as: date,VOO,TLT or as: date,symbol,{columns}", columns=kind.usual),
        )
    rows, columns = list(table.rows), dict(at.wide)
    # Korean programs write 34,050 for 34050: the comma never is their decimal sign.
    usual = POINT if table.usual is None and any("가" <= c <= "힣" for c in "".join(header)) else table.usual
    if at.symbol is not None and at.value is not None:
        said = _Said(kind, reading_of(path, rows, at.day, (at.value,), usual))
        found = _long(path, rows, at.day, at.symbol, at.value, keys, said)
    else:
        own = alone or find_in_name(path, keys)
        if at.value is not None and own is not None:
            columns = {own: at.value}
        said = _Said(kind, reading_of(path, rows, at.day, tuple(columns.values()), usual))
        found = _wide(path, rows, at.day, columns, said)
    said.refuse()
    return found, said.notes()


def _long(
    path: Path,
    table: Iterable[tuple[int, Sequence[object]]],
    day: int,
    symbol: int,
    close: int,
    keys: Mapping[str, str],
    said: _Said,
) -> Rows:
    found: Rows = {}
    last: dict[str, date] = {}
    known: dict[str, str | None] = {}
    for line, row in table:
        with said.collecting():
            if len(row) <= max(day, symbol, close):
                raise _short_row(path, line)
            text = str(row[symbol])
            if text not in known:
                known[text] = find(text, keys)
            name = known[text]
            if name is not None:
                on = _date(path, line, row[day], said.reading, zone_by_form(name))
                said.order(path, line, on, last.get(name))
                last[name] = on
                _put(path, line, found.setdefault(name, {}), on, name, row[close], said)
    return found


def _wide(
    path: Path,
    table: Iterable[tuple[int, Sequence[object]]],
    day: int,
    columns: dict[str, int],
    said: _Said,
) -> Rows:
    found: Rows = {name: {} for name in columns}
    # A moment may be of one day in Seoul and of another in New York: each column has that of its exchange.
    zones: dict[tzinfo | None, list[tuple[str, int]]] = {}
    for name, n in columns.items():
        zones.setdefault(zone_by_form(name), []).append((name, n))
    last: dict[tzinfo | None, date] = {}
    for line, row in table:
        with said.collecting():
            if len(row) <= max([day, *columns.values()]):
                raise _short_row(path, line)
            on: date | None = None
            for zone, members in zones.items():
                if on is None or not _is_day(row[day]):
                    on = _date(path, line, row[day], said.reading, zone)
                said.order(path, line, on, last.get(zone))
                last[zone] = on
                for name, n in members:
                    with said.collecting():
                        _put(path, line, found[name], on, name, row[n], said)
    return found


class _Said:
    """What reading finds: problems that refuse the file, and what was mended."""

    def __init__(self, kind: Kind, reading: Reading) -> None:
        self.kind = kind
        self.reading = reading
        self._problems: list[Problem] = []
        self._unsorted: str | None = None
        self._repeated: list[str] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an error of one row, so that the next rows are read as well."""
        try:
            yield
        except PortfolioProblems:
            raise
        except InputError as error:
            self._problems += error.problems
            if len(self._problems) >= MOST_PROBLEMS:
                self.refuse()

    def order(self, path: Path, line: int, on: date, last: date | None) -> None:
        """Note the first date that is before the one above it."""
        if last is not None and on < last and self._unsorted is None:
            self._unsorted = say("{name}:{line}: dates are not in order; sorted", name=path.name, line=line)

    def repeated(self, place: str) -> None:
        """Note a price that is there twice."""
        self._repeated.append(place)

    def refuse(self) -> None:
        """Raise the problems there are, if any."""
        if self._problems:
            raise PortfolioProblems(tuple(self._problems))

    def notes(self) -> list[str]:
        """Return what was mended, a sentence each."""
        notes = [] if self._unsorted is None else [self._unsorted]
        if self._repeated:
            notes.append(
                say(
                    "{repeated} repeated equal {word}s dropped, the first in {first}",
                    repeated=len(self._repeated),
                    word=self.kind.word,
                    first=self._repeated[0],
                )
            )
        return notes


def _short_row(path: Path, line: int) -> InputError:
    return InputError(
        "price-row",
        say("{name}:{line} has too few fields", name=path.name, line=line),
        say("fill the row, or delete it"),
    )


def _is_day(raw: object) -> bool:
    """Say whether it is a day without a time, the same everywhere."""
    if isinstance(raw, str):
        return len(raw) <= 10
    return not isinstance(raw, datetime)


def _date(path: Path, line: int, raw: object, reading: Reading, zone: tzinfo | None) -> date:
    if isinstance(raw, datetime):
        return day_at(raw, zone)
    if isinstance(raw, date):
        return raw
    try:
        return read_day(str(raw), order=reading.order, zone=zone)
    except ValueError:
        raise InputError(
            "price-date",
            say("{name}:{line}: {raw!r} is not a date", name=path.name, line=line, raw=raw),
            say("write dates as 2026-11-23"),
        ) from None


def _put(
    path: Path,
    line: int,
    prices: dict[date, tuple[float, int]],
    on: date,
    name: str,
    raw: object,
    said: _Said,
) -> None:
    """Keep one value; a blank one is none, one that contradicts an earlier one is an error."""
    kind = said.kind
    if raw is None or (isinstance(raw, str) and raw.strip().lower() in _BLANK):
        return
    try:
        price = said.reading.number(raw)
    except (TypeError, ValueError):
        price = -1.0
    if math.isnan(price):
        return
    if kind.zero and price == 0.0:
        return
    if not 0.0 < price < 1e15:
        wrong = "price-value" if kind is PRICES else "distribution-value"
        raise InputError(
            wrong,
            say(
                "{file}:{line}: {name} on {on} is {raw!r}, not a {word} above zero",
                file=path.name,
                line=line,
                name=name,
                on=on,
                raw=raw,
                word=kind.word,
            ),
            kind.needed,
        )
    if on in prices and prices[on][0] != price:
        doubled = "price-duplicate" if kind is PRICES else "distribution-duplicate"
        raise InputError(
            doubled,
            say(
                "{file}:{line}: {name} has two {word}s on {on}: {price:g}, and {other:g} in line {earlier}",
                file=path.name,
                line=line,
                name=name,
                word=kind.word,
                on=on,
                price=price,
                other=prices[on][0],
                earlier=prices[on][1],
            ),
            kind.twice,
        )
    if on in prices:
        said.repeated(f"{path.name}:{line}")
    prices[on] = (price, line)
