"""How far apart the closes of a history are, so that yearly figures come from dates and not from rows.

A year is a year of the calendar. What moves from close to close is counted by how many closes a year has: two
markets that close on different days have some 259, one has some 250, month-ends are 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from steelyard.engines.arrays import Ints

_MEAN_YEAR = 365.2425
"""Days of a year on average. Source: the Gregorian calendar, 146,097 days in 400 years."""
_EVERY_DAY = 0.1
"""Part of the closes that Saturdays and Sundays have at least where each day of the calendar has one."""
_USUAL = 0.8
"""Part of the waits that must be of one kind for it to be the kind of the file."""
_KINDS = (
    ("daily", 1, 12, 252.0),
    ("weekly", 5, 11, _MEAN_YEAR / 7),
    ("biweekly", 12, 17, _MEAN_YEAR / 14),
    ("monthly", 26, 35, 12.0),
    ("quarterly", 84, 98, 4.0),
    ("semiannual", 175, 190, 2.0),
    ("annual", 350, 380, 1.0),
)
"""Name, shortest and longest wait in days, and how many a year where the file is too short to tell.

A wait beyond the longest is a hole. Ten days is the longest that Seoul has been shut for (October 2017).
"""


@dataclass(frozen=True, slots=True)
class Spacing:
    """The rhythm of closes.

    Attributes:
        kind: daily | weekly | biweekly | monthly | quarterly | semiannual | annual | irregular.
        years: From the first close to the last, in years of the calendar.
        a_year: Closes a year, holes left out.
    """

    kind: str
    years: float
    a_year: float


def years_between(first: int, last: int) -> float:
    """Return the years from a day to a later one: by anniversary, the rest by the days of its year.

    Args:
        first, last: Day numbers, `date.toordinal`.

    >>> years_between(date(2010, 1, 4).toordinal(), date(2020, 1, 4).toordinal())
    10.0
    """
    begin = date.fromordinal(first)
    whole = date.fromordinal(last).year - begin.year
    if _anniversary(begin, whole) > last:
        whole -= 1
    before, after = _anniversary(begin, whole), _anniversary(begin, whole + 1)
    return whole + (last - before) / (after - before)


def spacing_of(days: Ints) -> Spacing:
    """Return the rhythm of closes.

    Where there is a year or more of them, how many a year has is counted; else it is what such files have.

    Args:
        days: (T,) day numbers, strictly rising.
    """
    if len(days) < 2:
        return Spacing("irregular", 0.0, 0.0)
    waits = np.diff(days)
    years = years_between(int(days[0]), int(days[-1]))
    middle = int(np.sort(waits)[len(waits) // 2])
    for kind, shortest, longest, usual in _KINDS:
        if not (shortest <= middle <= longest and (kind != "daily" or middle <= 4)):
            continue
        fitting = waits[waits <= longest]
        alike = fitting if kind == "daily" else fitting[fitting >= shortest]
        if len(alike) < _USUAL * len(waits):
            break
        span = years * float(fitting.sum()) / float(waits.sum())
        if span >= 1.0:
            return Spacing(kind, years, len(fitting) / span)
        if kind == "daily" and np.mean((days - 1) % 7 > 4) >= _EVERY_DAY:
            usual = _MEAN_YEAR
        return Spacing(kind, years, usual)
    return Spacing("irregular", years, len(waits) / years)


def _anniversary(day: date, years: int) -> int:
    """Return the same day so many years later as a day number; of 29 February the 28th in a common year."""
    year = day.year + years
    if (day.month, day.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        return date(year, 2, 28).toordinal()
    return day.replace(year=year).toordinal()
