"""Closes of several instruments brought to the same sessions: cut, filled, or refused.

Each exchange has its own holidays. A close that is not there because the exchange was shut is none that is
missing: the one before it stands, however long that takes, and nothing is traded on such a session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from steelyard.adapters.prices.intake.off_days import closed_weekdays, on_sessions, slips, way_of
from steelyard.engines.arrays import Flags, Floats
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.engines.market.spacing import spacing_of
from steelyard.errors import DataError, InputError
from steelyard.ports.market import Sessions
from steelyard.words import say

LONGEST_GAP = 5
"""A symbol without a price for more sessions in a row than this is not filled but refused."""
APART_DAYS = 31
"""One whose closes begin (end) within so many days of the first (last) of all is waited for: files are rarely
cut on the same day. One that begins later than that joins on the way, one that ends earlier leaves."""
_BY_MONTH = ("monthly", "quarterly", "semiannual", "annual")

Rows = dict[str, dict[date, tuple[float, int]]]
"""Symbol and date to a value and the line it stands in."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """When the exchange of each instrument is shut.

    Attributes:
        sessions: Trading days.
        exchanges: Symbol to exchange; of what is not there nothing is known.
    """

    sessions: Sessions
    exchanges: Mapping[str, str]

    def closed(self, symbol: str, first: date, last: date) -> tuple[int, ...]:
        """Return the weekdays between two days, and some beside them, without a session: day numbers."""
        exchange = self.exchanges.get(symbol)
        years = range(first.year, last.year + 1) if exchange is not None else ()
        known: Any = self.sessions  # a protocol does not say that it can be hashed
        return tuple(n for year in years for n in closed_weekdays(known, exchange or "", year))

    def shut(self, symbol: str, day: date) -> bool:
        """Say whether it is known that an instrument could not be traded on a day."""
        exchange = self.exchanges.get(symbol)
        if exchange is None:
            return False
        try:
            return not self.sessions.is_session(exchange, day)
        except InputError:
            # An exchange or a year that no calendar has.
            return False


def completed(
    source: str,
    found: Rows,
    symbols: tuple[str, ...],
    pairs: tuple[str, ...],
    start: date | None,
    end: date | None,
    notes: list[str],
    calendars: Calendars | None = None,
) -> PriceHistory:
    """Bring all symbols to the same sessions, fill short gaps, and say so.

    It begins and ends where the first and the last of them do, cut by a few days to where those that begin
    or end together all have a close. Who joins later or leaves earlier is in `PriceHistory.present`.

    Args:
        source: What messages call it.
        found: Values by name and day, every name with at least one.
        symbols, pairs: What the columns become, in this order.
        start, end: First and last date wanted.
        notes: What was mended before.
        calendars: When exchanges are shut; None to know of none.

    Raises:
        DataError: Too few sessions are left (`price-short`), or a gap is too long, or between two of them
            there is none at all (`price-gap`).
    """
    names = (*symbols, *pairs)
    found = _on_sessions(source, found, symbols, notes, calendars)
    found = _in_months(found, symbols, pairs)
    low, high = _window(found, pairs, start, end, notes)
    lives = {s: _life(source, s, found[s], low, high) for s in symbols}
    low, high = _together_at_the_ends(lives, low, high, notes)
    # A day on which only the currency has a price is not a session of the portfolio.
    dates = sorted({d for s in symbols for d in found[s] if low <= d <= high})
    together = [all(d in found[s] for s in symbols if lives[s][0] <= d <= lives[s][1]) for d in dates]
    # The first session buys all that there are.
    begin = together.index(True) if any(together) else len(dates)
    dates, together = dates[begin:], together[begin:]
    if len(dates) < 2:
        raise DataError(
            "price-short",
            say(
                "{source} has {dates} sessions in common for {symbols}; a backtest needs two",
                source=source,
                dates=len(dates),
                symbols=", ".join(symbols),
            ),
            say("give more history, or widen --from and --to"),
        )
    present = _present(source, symbols, lives, dates, np.array(together))
    shut: dict[str, list[date]] = {}
    columns = [
        _filled(source, s, found[s], dates, lives.get(s, (date.min, date.max)), notes, shut, calendars)
        for s in names
    ]
    traded = {s: days for s, days in shut.items() if s in symbols}
    if traded:
        notes.append(
            say(
                "an exchange was shut on sessions of another ({counts}; first {first}): the close before "
                "stands, and nothing is traded",
                counts=", ".join(f"{s} {len(days)}" for s, days in traded.items()),
                first=min(days[0] for days in traded.values()),
            )
        )
    prices = np.ascontiguousarray(np.column_stack(columns[: len(symbols)]))
    rates = {p: columns[len(symbols) + n] for n, p in enumerate(pairs)}
    opened = None if all(together) else np.array(together)
    return PriceHistory(
        symbols, tuple(dates), prices, rates, tuple(notes), source, opened=opened, present=present
    )


def _window(
    found: Rows, pairs: Sequence[str], start: date | None, end: date | None, notes: list[str]
) -> tuple[date, date]:
    """Return the first and last day that is asked for and that all rates cover."""
    low, high = start or date.min, end or date.max
    for pair in pairs:
        first, last = min(found[pair]), max(found[pair])
        days = [d for name, rows in found.items() if name != pair for d in rows if low <= d <= high]
        if days and first > min(days):
            notes.append(say("cut to start on {first}: {late} has no price before", first=first, late=pair))
        if days and last < max(days):
            notes.append(say("cut to end on {last}: {early} has no price after", last=last, early=pair))
        low, high = max(low, first), min(high, last)
    return low, high


def _life(
    source: str, name: str, prices: Mapping[date, tuple[float, int]], low: date, high: date
) -> tuple[date, date]:
    """Return the first and last day in a window on which one has a close, or has had one before it."""
    days = [d for d in prices if low <= d <= high]
    if not days:
        raise DataError(
            "price-short",
            say(
                "{source} has no price of {name} in the time asked for: its prices are of {first} to {last}",
                source=source,
                name=name,
                first=min(prices),
                last=max(prices),
            ),
            say("widen --from and --to, or leave it out of the targets"),
        )
    return (low if min(prices) < low else min(days)), (high if max(prices) > high else max(days))


def _together_at_the_ends(
    lives: Mapping[str, tuple[date, date]], low: date, high: date, notes: list[str]
) -> tuple[date, date]:
    """Return a window that begins and ends where those that do so about the same time all have a close."""
    apart = timedelta(APART_DAYS)
    earliest, latest = min(first for first, _ in lives.values()), max(last for _, last in lives.values())
    first = max(f for f, _ in lives.values() if f - earliest <= apart)
    last = min(e for _, e in lives.values() if latest - e <= apart)
    if first > earliest:
        late = ", ".join(s for s, (f, _) in lives.items() if f == first)
        notes.append(say("cut to start on {first}: {late} has no price before", first=first, late=late))
    if last < latest:
        early = ", ".join(s for s, (_, e) in lives.items() if e == last)
        notes.append(say("cut to end on {last}: {early} has no price after", last=last, early=early))
    return max(low, first), min(high, last)


def _present(
    source: str,
    symbols: Sequence[str],
    lives: Mapping[str, tuple[date, date]],
    dates: Sequence[date],
    together: Flags,
) -> Flags | None:
    """Return which instruments may be held from each close on, None where all may from the first.

    One joins, and leaves, on a session on which all that there are can be traded.
    """
    present = np.ones((len(dates), len(symbols)), dtype=np.bool_)
    days, trading = np.array(dates), np.flatnonzero(together)
    for n, symbol in enumerate(symbols):
        first, last = lives[symbol]
        there = trading[(days[trading] >= first) & (days[trading] <= last)]
        if len(there) < 2:
            raise DataError(
                "price-short",
                say(
                    "{source}: {name} has no two sessions on which all that there are have a close",
                    source=source,
                    name=symbol,
                ),
                say("give more history of it, or leave it out of the targets"),
            )
        present[: there[0], n] = False
        if last < dates[-1]:
            present[there[-1] :, n] = False
    if present.all():
        return None
    nobody = np.flatnonzero(~present.any(axis=1))
    if len(nobody):
        raise DataError(
            "price-gap",
            say("{source} has no instrument from {day} on", source=source, day=dates[nobody[0]]),
            say("fill the gap, or leave it out with --from and --to"),
        )
    return present


def _on_sessions(
    source: str, found: Rows, symbols: Sequence[str], notes: list[str], calendars: Calendars | None
) -> Rows:
    """Return closes without those of days on which the exchange of their instrument was shut."""
    kept = dict(found)
    for symbol in symbols:
        days = day_numbers(sorted(found[symbol]))
        first, last = min(found[symbol]), max(found[symbol])
        closed = calendars.closed(symbol, first, last) if calendars is not None else ()
        wrong, way = slips(days, closed)
        notes += way_of((symbol,), way)
        if len(wrong):
            shut = frozenset(closed)
            kept[symbol] = on_sessions(
                source,
                symbol,
                found[symbol],
                wrong,
                lambda day, shut=shut: day.weekday() < 5 and day.toordinal() not in shut,  # type: ignore[misc]
                notes,
            )
    return kept


def _in_months(found: Rows, symbols: Sequence[str], pairs: Sequence[str]) -> Rows:
    """Return closes of months, quarters or years that end on different days as closes of the last of these.

    The last session of December is the 30th in Seoul and the 31st in New York: two rows, of one month.
    """
    kinds = {spacing_of(day_numbers(sorted(found[s]))).kind for s in symbols}
    days = {d for s in symbols for d in found[s]}
    if len(kinds) != 1 or kinds.pop() not in _BY_MONTH or all(len(found[s]) == len(days) for s in symbols):
        return found
    ends: dict[tuple[int, int], date] = {}
    for day in sorted(days):
        ends[day.year, day.month] = day
    moved = {s: {ends[d.year, d.month]: found[s][d] for d in sorted(found[s])} for s in symbols}
    return moved | {p: found[p] for p in pairs}


def _filled(
    source: str,
    name: str,
    prices: Mapping[date, tuple[float, int]],
    dates: Sequence[date],
    life: tuple[date, date],
    notes: list[str],
    shut: dict[str, list[date]],
    calendars: Calendars | None,
) -> Floats:
    """Return one column; where there is no close the one before it stands, and before the first the first."""
    value = prices[max((d for d in prices if d <= dates[0]), default=min(prices))][0]
    column, filled, gap = np.empty(len(dates)), [], 0
    for n, day in enumerate(dates):
        if day in prices:
            value, gap = prices[day][0], 0
        elif not life[0] <= day <= life[1]:
            pass
        elif calendars is not None and calendars.shut(name, day):
            shut.setdefault(name, []).append(day)
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
