"""Prices from several files and folders: of each instrument the rows that fit together, and what was used.

A file may hold many instruments or one, prices or rates. Two files of one instrument are joined where they
agree; where they differ one is taken alone, since a seam would be a jump: the longer one, or the adjusted of
adjusted and plain closes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from steelyard.adapters.prices.file import PRICES, values_of
from steelyard.adapters.prices.intake.columns import Names
from steelyard.adapters.prices.intake.completed import Calendars, Rows, completed
from steelyard.adapters.prices.slips import judged
from steelyard.adapters.prices.table import Table, table_of
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import DataError, InputError
from steelyard.words import say

ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq")
"""Files that are looked into in a folder."""
ALIKE = 0.001
"""Largest difference of two closes of a day that are the same close, fraction of the smaller: rounding."""

_AS_LONG, _END = 0.9, 0.02
"""What adjusted closes must have of the others' days, and how far their last may be: one distribution."""


@dataclass(frozen=True, slots=True)
class Source:
    """One of the places that prices are taken from.

    Attributes:
        path: A file, or the name that messages call it.
        table: Its rows where they are at hand; else the file is read.
        alone: Whose prices it has, where its owner says so.
        asked: Its owner named it, so what is wrong with it is an error and not a reason to pass it by.
    """

    path: Path
    table: Table | None = None
    alone: str | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class _Part:
    """The values of one name in one source."""

    name: str
    rows: dict[date, tuple[float, int]]


def sources_of(paths: Sequence[Path]) -> list[Source]:
    """Return the files of paths; of a folder those of its own that may hold prices, by name.

    Raises:
        InputError: A folder has none (`price-file`).
    """
    found: list[Source] = []
    for path in paths:
        if not path.is_dir():
            found.append(Source(path))
            continue
        files = sorted(
            f for f in path.iterdir() if f.suffix.lower() in ENDINGS and not f.name.startswith(".")
        )
        if not files:
            raise InputError(
                "price-file",
                say("{path} has no file of prices", path=path),
                say("put CSV or Parquet files there, or name a file with --prices"),
            )
        found += [Source(file, asked=False) for file in files]
    return found


def gathered(
    sources: Sequence[Source],
    symbols: Sequence[str],
    *,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    called: Mapping[str, str] | None = None,
    calendars: Calendars | None = None,
) -> PriceHistory:
    """Read the prices of some symbols from several sources; see `prices.file.load`.

    Raises:
        InputError: A source that was named cannot be read.
        DataError: A symbol is in none of them, has too long a gap, or too few sessions are left.
    """
    names = Names((*symbols, *pairs), called or {})
    parts: dict[str, list[_Part]] = {}
    notes: list[str] = []
    passed: list[str] = []
    for source in sources:
        try:
            table = source.table or table_of(source.path)
            rows, mended = values_of(source.path, table, names, PRICES, alone=source.alone)
        except InputError:
            if source.asked:
                raise
            passed.append(source.path.name)
            continue
        used = {name: values for name, values in rows.items() if values}
        for name, values in used.items():
            parts.setdefault(name, []).append(_Part(source.path.name, values))
        if used:
            notes += mended
        elif source.asked:
            notes.append(say("{name} has nothing that is asked for", name=source.path.name))
    if passed:
        notes.append(say("passed by, since it is not a table of prices: {names}", names=", ".join(passed)))
    missing = [s for s in symbols if s not in parts]
    if missing:
        raise DataError(
            "price-missing",
            say("no file has prices of {missing}", missing=", ".join(missing)),
            say(
                "name a file after each, such as {symbol}.csv, or give --prices {symbol}=FILE",
                symbol=missing[0],
            ),
        )
    found: Rows = {}
    for name in (*symbols, *pairs):
        if name in parts:
            found[name] = _joined(name, parts[name], start, end, notes)
    there = tuple(p for p in pairs if p in found)
    source_name = say("the prices")
    return judged(completed(source_name, found, tuple(symbols), there, start, end, notes, calendars))


def _joined(
    name: str, parts: Sequence[_Part], start: date | None, end: date | None, notes: list[str]
) -> dict[date, tuple[float, int]]:
    """Return the values of one name from the sources that fit together, and note which those are."""
    low, high = start or date.min, end or date.max
    longest = max(parts, key=lambda part: sum(low <= day <= high for day in part.rows))
    longest = next((part for part in parts if _is_adjusted(part, longest)), longest)
    rows, used, left = dict(longest.rows), [longest.name], []
    for part in parts:
        if part is longest:
            continue
        apart = next(
            (day for day in sorted(part.rows) if day in rows and not _alike(part.rows[day], rows[day])), None
        )
        if apart is None:
            rows = {**part.rows, **rows}
            used.append(part.name)
            continue
        left.append(
            say(
                "{name}: {other} has {price:g} on {day}, not {ours:g}, and is left out",
                name=name,
                other=part.name,
                price=part.rows[apart][0],
                day=apart,
                ours=rows[apart][0],
            )
        )
    days = sorted(rows)
    text = say(
        "{name}: {files}, {count} closes from {first} to {last}",
        name=name,
        files=", ".join(used),
        count=len(days),
        first=days[0],
        last=days[-1],
    )
    notes += [text, *left]
    return rows


def _is_adjusted(part: _Part, other: _Part) -> bool:
    """Say whether closes are those of another with what was paid out taken off: lower, but for the end."""
    common = sorted(part.rows.keys() & other.rows.keys())
    if part is other or len(part.rows) < _AS_LONG * len(other.rows) or not common:
        return False
    first, last = common[0], common[-1]
    ends_alike = abs(part.rows[last][0] / other.rows[last][0] - 1.0) < _END
    return ends_alike and part.rows[first][0] < other.rows[first][0] * (1.0 - _END)


def _alike(one: tuple[float, int], other: tuple[float, int]) -> bool:
    return abs(one[0] - other[0]) <= ALIKE * min(one[0], other[0])
