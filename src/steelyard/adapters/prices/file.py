"""Reads closing prices from CSV or Parquet, wide (a column a symbol) or long (date, symbol, close).

What can be mended without guessing is mended and said: order, repeated equal rows, short gaps, ends
that not all symbols reach. What cannot is an error that names the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

import numpy as np

from steelyard.adapters.prices.slips import judged
from steelyard.adapters.prices.table import Reading, Table, reading_of, table_of
from steelyard.domain.days import day_at, read_day, zone_by_form
from steelyard.engines.arrays import Floats
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import DataError, InputError, PortfolioProblems, Problem
from steelyard.words import say

LONGEST_GAP = 5
"""A symbol without a price for more sessions in a row than this is not filled but refused."""

_DATES = ("date", "datetime", "timestamp", "", "__index_level_0__")
"""What a column of dates is called; the last two are a frame's unnamed index in CSV and in Parquet."""
MOST_PROBLEMS = 20
"""Reading stops after so many: a file of another kind has the same one in every line."""
_BLANK = ("", "na", "nan", "n/a", "null", "none", "-", "--")

Rows = dict[str, dict[date, tuple[float, int]]]
"""Symbol and date to a value and the line it stands in."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the values of a file are.

    Attributes:
        word: For messages and error codes.
        columns: What the column of values is called in long rows.
        zero: Whether a value may be zero; it is then as good as blank.
        needed: What to do about a value that cannot be right.
        twice: What to do about two values of one day.
    """

    word: str
    columns: tuple[str, ...]
    zero: bool
    needed: str
    twice: str


PRICES = Kind(
    say("price"),
    ("close", "price", "adj close", "adj_close", "adjusted"),
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
) -> PriceHistory:
    """Read the prices of some symbols over the time that all of them cover.

    Args:
        path: A `.csv` or `.parquet` file.
        symbols: Those wanted, found in the header without regard to case.
        pairs: Currency pairs (`USDKRW`) wanted where the file has them.
        start, end: First and last date wanted, both included.

    Raises:
        InputError: The file cannot be read as prices.
        DataError: A symbol is missing, has too long a gap, or too few sessions are left.
    """
    return arranged(path, table_of(path), symbols, pairs=pairs, start=start, end=end)


def arranged(
    path: Path,
    table: Table,
    symbols: Sequence[str],
    *,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
) -> PriceHistory:
    """Check and complete rows of prices, wherever they come from; the rest as for `load`.

    Args:
        path: Its name is what messages call the source.
        table: See there.
        symbols, pairs, start, end: As for `load`.
    """
    header = table.header
    found, notes = values_of(path, table, (*symbols, *pairs), PRICES)
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
    return judged(_complete(path.name, found, tuple(symbols), tuple(pairs), start, end, notes))


def values_of(
    path: Path,
    table: Table,
    names: Sequence[str],
    kind: Kind,
) -> tuple[Rows, list[str]]:
    """Return the values of some names by date, and what was mended; a name may have none.

    Args:
        path, table: As for `arranged`.
        names: Symbols and pairs, found without regard to case.
        kind: What the values are.

    Raises:
        InputError: The rows cannot be read, with every problem of the first `MOST_PROBLEMS`; or its numbers
            or days read two ways (`numbers-undecided`, `days-undecided`).
    """
    header = table.header
    named = {name.strip().lower(): n for n, name in enumerate(header)}
    twice = [s for s in names if sum(h.strip().lower() == s.lower() for h in header) > 1]
    if twice:
        raise InputError(
            "price-header",
            say("{name} has more than one column of {twice}", name=path.name, twice=", ".join(twice)),
            say("delete or rename all but one of them"),
        )
    day = next((named[name] for name in _DATES if name in named), None)
    if day is None:
        raise InputError(
            "price-header",
            say("{name} has no column `date`: {header}", name=path.name, header=", ".join(header[:6])),
            say(
                "write the first line as: date,VOO,TLT or as: date,symbol,{columns}", columns=kind.columns[0]
            ),
        )
    wanted = {s.lower(): s for s in names}
    value = next((named[c] for c in kind.columns if c in named), None)
    rows = list(table.rows)
    if "symbol" in named and value is not None:
        said = _Said(kind, reading_of(path, rows, day, (value,), table.usual))
        found = _long(path, rows, day, named["symbol"], value, wanted, said)
    else:
        columns = {wanted[k]: n for k, n in named.items() if k in wanted}
        said = _Said(kind, reading_of(path, rows, day, tuple(columns.values()), table.usual))
        found = _wide(path, rows, day, columns, said)
    said.refuse()
    return found, said.notes()


def _long(
    path: Path,
    table: Iterable[tuple[int, Sequence[object]]],
    day: int,
    symbol: int,
    close: int,
    wanted: dict[str, str],
    said: _Said,
) -> Rows:
    found: Rows = {}
    last: dict[str, date] = {}
    for line, row in table:
        with said.collecting():
            if len(row) <= max(day, symbol, close):
                raise _short_row(path, line)
            name = wanted.get(str(row[symbol]).strip().lower())
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
    zones = {zone_by_form(name) for name in columns}
    zone = zones.pop() if len(zones) == 1 else None
    last: date | None = None
    for line, row in table:
        with said.collecting():
            if len(row) <= max([day, *columns.values()]):
                raise _short_row(path, line)
            on = _date(path, line, row[day], said.reading, zone)
            said.order(path, line, on, last)
            last = on
            for name, n in columns.items():
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


def _complete(
    source: str,
    found: Rows,
    symbols: tuple[str, ...],
    pairs: tuple[str, ...],
    start: date | None,
    end: date | None,
    notes: list[str],
) -> PriceHistory:
    """Cut to the time that all symbols cover, fill short gaps, and say so."""
    names = (*symbols, *pairs)
    asked = [
        d for s in names for d in found[s] if (start is None or d >= start) and (end is None or d <= end)
    ]
    firsts = {s: min(found[s]) for s in names}
    lasts = {s: max(found[s]) for s in names}
    first, last = max(firsts.values()), min(lasts.values())
    if asked and first > min(asked):
        late = ", ".join(s for s in names if firsts[s] == first)
        notes.append(say("cut to start on {first}: {late} has no price before", first=first, late=late))
    if asked and last < max(asked):
        early = ", ".join(s for s in names if lasts[s] == last)
        notes.append(say("cut to end on {last}: {early} has no price after", last=last, early=early))
    low, high = max(first, start or first), min(last, end or last)
    # A day on which only the currency has a price is no session of the portfolio.
    dates = sorted({d for s in symbols for d in found[s] if low <= d <= high})
    if len(dates) < 2:
        raise DataError(
            "price-short",
            say(
                "{source} has {dates} sessions in common for {symbols}",
                source=source,
                dates=len(dates),
                symbols=", ".join(symbols),
            ),
            say("give more history, or widen --from and --to"),
        )
    columns = [_filled(source, s, found[s], dates, notes) for s in names]
    prices = np.ascontiguousarray(np.column_stack(columns[: len(symbols)]))
    rates = {p: columns[len(symbols) + n] for n, p in enumerate(pairs)}
    return PriceHistory(symbols, tuple(dates), prices, rates, tuple(notes), source)


def _filled(
    source: str, name: str, prices: dict[date, tuple[float, int]], dates: list[date], notes: list[str]
) -> Floats:
    """Return one column; a gap repeats the close before it."""
    earlier = [d for d in prices if d <= dates[0]]
    value = prices[max(earlier)][0]
    column, filled, gap = np.empty(len(dates)), [], 0
    for n, day in enumerate(dates):
        if day in prices:
            value, gap = prices[day][0], 0
        else:
            filled.append(day)
            gap += 1
            if gap > LONGEST_GAP:
                again = next((d for d in dates[n:] if d in prices), day)
                raise DataError(
                    "price-gap",
                    say(
                        "{source}: {name} has no price on more than {longest_gap} sessions before {again}",
                        source=source,
                        name=name,
                        longest_gap=LONGEST_GAP,
                        again=again,
                    ),
                    say("fill the gap, or start after it with --from {again}", again=again),
                )
        column[n] = value
    if filled:
        notes.append(
            say(
                "{name}: {filled} missing closes filled with the one before, the first on {first}",
                name=name,
                filled=len(filled),
                first=filled[0],
            )
        )
    return column
