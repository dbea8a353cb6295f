"""Closes dated on days on which their exchange had no session: a slip of the file, or the way of it.

Where a series has closes on most of the days that its exchange was shut, somebody has filled every weekday or
every day of the calendar, and it is taken so. Where it has few, each is wrong: it is moved to the session
before where that has none, dropped where it repeats it, and refused where it says something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from steelyard.engines.arrays import Ints
from steelyard.errors import InputError, PortfolioProblems, Problem
from steelyard.ports.market import Sessions
from steelyard.words import say

MOST = 20
"""Of the rows that are named."""
_FEW = 0.05
"""Part of the rows that slips are at most; one alone is always few."""
_CLOSE = 12
"""Days that the session before is looked for; no exchange has been shut longer."""
Closes = dict[date, tuple[float, int]]


@lru_cache(maxsize=512)
def closed_weekdays(sessions: Sessions, exchange: str, year: int) -> tuple[int, ...]:
    """Return the day numbers of the weekdays of a year without a session; none where no calendar has it."""
    days = (date(year, 1, 1) + timedelta(n) for n in range(366))
    try:
        return tuple(
            day.toordinal()
            for day in days
            if day.year == year and day.weekday() < 5 and not sessions.is_session(exchange, day)
        )
    except InputError:
        return ()


def slips(days: Ints, closed: Sequence[int]) -> tuple[Ints, Ints]:
    """Return the days without a session that are slips, and those that are the way of a series.

    Args:
        days: (T,) day numbers of closes, rising.
        closed: Weekdays without a session, day numbers; those outside the time of the closes do not count.

    Returns:
        Both (K,) day numbers. A series of weeks, months or years has neither.
    """
    none = days[:0]
    if len(days) < 2:
        return none, none
    first, last = int(days[0]), int(days[-1])
    span = np.arange(first, last + 1)
    weekend = (span - 1) % 7 > 4
    shut = np.asarray([n for n in closed if first <= n <= last], dtype=np.int64)
    if len(days) * 2 < len(span) - int(weekend.sum()) - len(shut):
        return none, none
    off = days[(days - 1) % 7 > 4]
    holidays = days[np.isin(days, shut)]
    wrong, way = [none], [none]
    for found, there in ((off, int(weekend.sum())), (holidays, len(shut))):
        many = len(found) * 2 > there or len(found) > max(1.0, len(days) * _FEW)
        (way if many else wrong).append(found)
    return np.sort(np.concatenate(wrong)), np.sort(np.concatenate(way))


def way_of(symbols: Sequence[str], days: Ints) -> Iterator[str]:
    """Yield what to say of a series that has closes on holidays all along."""
    holidays = days[(days - 1) % 7 <= 4]
    if len(holidays):
        yield say(
            "{symbols}: {count} closes of days without a session, the first on {day}; it seems that every "
            "weekday has one",
            symbols=", ".join(symbols),
            count=len(holidays),
            day=date.fromordinal(int(holidays[0])),
        )


def on_sessions(
    source: str,
    symbol: str,
    closes: Closes,
    wrong: Ints,
    is_session: Callable[[date], bool],
    notes: list[str],
) -> Closes:
    """Return closes of one instrument without those of days without a session.

    Args:
        source: What messages call it.
        symbol: Whose closes they are.
        closes: By day, with the line of each.
        wrong: Day numbers of those that are slips.
        is_session: Says of a day whether the exchange traded.
        notes: Takes what was moved or dropped.

    Raises:
        PortfolioProblems: A close of such a day says something else than that of the session before
            (`price-no-session`).
    """
    found, problems = dict(closes), []
    for day in map(date.fromordinal, wrong.tolist()):
        value, line = found.pop(day)
        before = next((d for n in range(1, _CLOSE) if is_session(d := day - timedelta(n))), None)
        facts = {"symbol": symbol, "day": day, "before": before}
        if before is not None and before not in found:
            found[before] = value, line
            notes.append(say("{symbol}: the close of {day}, no session, is taken for {before}", **facts))
        elif before is not None and found[before][0] == value:
            notes.append(say("{symbol}: the close of {day}, no session, repeats {before}; dropped", **facts))
        else:
            text = say("{symbol} has a close on {day}, when its exchange had no session", **facts)
            hint = say("give it the day of the session that it is of, or leave the row out")
            problems.append(Problem("price-no-session", text, hint, source, line or None))
    if problems:
        raise PortfolioProblems(tuple(problems[:MOST]))
    del notes[MOST * 5 :]
    return dict(sorted(found.items()))
