"""Days as people and brokers write them: `2025-03-04`, `2025.03.04`, `2025/3/4`, `20250304`.

A time behind the day is understood and dropped; with a zone it is the day at the exchange that counts. A day
whose month and day could change places is not read, unless the other days of its file tell (`day_order`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from steelyard.errors import Problem
from steelyard.words import say

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
"""The days of a portfolio. Beyond them a year more or less is no day of Python's at all."""
YEAR_FIRST, MONTH_FIRST, DAY_FIRST = "YMD", "MDY", "DMY"

_FIRST = (
    r"([0-9]{4})(?:([-./])\s?([0-9]{1,2})\2\s?([0-9]{1,2})\.?|([0-9]{2})([0-9]{2})"
    r"|년\s?([0-9]{1,2})월\s?([0-9]{1,2})일)"
)
_LAST = r"([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{4})"
_TIME = (
    r"(?:(?:,?\s+|T|;)([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(?:\s?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})|\s?[A-Z]{3,4})?)?"
)
_ZONES = {
    "XKRX": "Asia/Seoul", "XNYS": "America/New_York", "XLON": "Europe/London", "XTKS": "Asia/Tokyo",
    "XETR": "Europe/Berlin", "XHKG": "Asia/Hong_Kong",
}  # fmt: skip


def read_day(text: str, *, zone: tzinfo | None = None, order: str = YEAR_FIRST) -> date:
    """Return the day a text names.

    A time with a zone is taken to the exchange: `2023-12-31T15:00Z` is 2024-01-01 in Seoul. Midnight is how
    programs write a day that has no time, and stays.

    Args:
        text: One day, perhaps with a time.
        zone: Of the exchange; None keeps the day as it is written.
        order: `MONTH_FIRST` or `DAY_FIRST` where `03/04/2025` is to be read; the year may stand first always.

    Raises:
        ValueError: It is no day, there is none like it, or something else stands behind it.

    >>> read_day("2025.03.04"), read_day("03/04/2025", order=DAY_FIRST)
    (datetime.date(2025, 3, 4), datetime.date(2025, 4, 3))
    """
    found = _parts(text.strip(), order)
    if found is None:
        raise ValueError(say("{text!r} is not a date", text=text))
    day, clock, offset = found
    if clock is None or offset is None:
        return day
    return day_at(datetime.combine(day, clock, timezone(_behind(offset))), zone)


def within(day: date) -> date:
    """Return a day that is within those of a portfolio.

    Raises:
        ValueError: It is not.
    """
    if not EARLIEST <= day <= LATEST:
        raise ValueError(say("{day} is before {first} or after {last}", day=day, first=EARLIEST, last=LATEST))
    return day


def day_at(at: datetime, zone: tzinfo | None) -> date:
    """Return the day of a moment at an exchange; midnight, or a moment without zone, is the day it bears."""
    if zone is None or at.tzinfo is None or at.time() == time():
        return at.date()
    return at.astimezone(zone).date()


def zone_of(exchange: str) -> tzinfo | None:
    """Return the time zone of an exchange by its code (`XKRX`), None where it is not known."""
    name = _ZONES.get(exchange)
    return None if name is None else zone_by_name(name)


def zone_by_form(symbol: str) -> tzinfo | None:
    """Return the time zone of a symbol's exchange as far as its form tells; None for a pair of currencies."""
    exchange = exchange_by_form(symbol)
    return None if exchange is None else zone_of(exchange)


def exchange_by_form(symbol: str) -> str | None:
    """Return the exchange of a symbol as far as its form tells; None for a pair of currencies."""
    if len(symbol) == 6 and symbol.isalpha():
        return None
    return "XKRX" if re.fullmatch(r"[0-9][0-9A-Z]{5}", symbol) else "XNYS"


@lru_cache(maxsize=8)
def zone_by_name(name: str) -> tzinfo:
    """Return a time zone by its name (`Asia/Seoul`)."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


class TwoOrders(ValueError):
    """The days of a file do not tell whether the month or the day stands first."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    @property
    def readings(self) -> tuple[date, date]:
        """What it is with the month first, and with the day first."""
        return read_day(self.text, order=MONTH_FIRST), read_day(self.text, order=DAY_FIRST)

    def problem(self, file: str) -> Problem:
        """Return what to tell the owner of the file."""
        month, day = self.readings
        return Problem(
            "days-undecided",
            say(
                "{text} may be {month} or {day}, and no other date tells",
                text=self.text,
                month=month,
                day=day,
            ),
            say("write dates with the year first, as {month}", month=month),
            file,
        )


def day_order(texts: Iterable[str]) -> str:
    """Return the order of day, month and year that all days of a file have.

    `13/02/2025` has its day first and `02/13/2025` its month; `03/04/2025` tells nothing. What is no day in
    any order tells nothing either.

    Raises:
        TwoOrders: Days that read two ways, and no other tells.
    """
    orders = {MONTH_FIRST, DAY_FIRST}
    doubtful = ""
    for text in set(texts):
        stripped = text.strip()
        if _parts(stripped, YEAR_FIRST) is not None:
            continue
        fits = {o for o in (MONTH_FIRST, DAY_FIRST) if _parts(stripped, o) is not None}
        if not fits:
            continue
        if len(fits) == 2 and len({read_day(stripped, order=o) for o in fits}) == 2:
            doubtful = min(doubtful or stripped, stripped)
        orders &= fits
    if len(orders) == 1:
        return orders.pop()
    if doubtful:
        raise TwoOrders(doubtful)
    return YEAR_FIRST


def _parts(text: str, order: str) -> tuple[date, time | None, str | None] | None:
    """Return day, time and offset as written, None where the text is no day in this order."""
    match = re.match(_FIRST, text)
    if match:
        year, _, month, day, month2, day2, month3, day3 = match.groups()
        numbers = year, month or month2 or month3, day or day2 or day3
    elif order != YEAR_FIRST and (match := re.match(_LAST, text)):
        first, _, second, year = match.groups()
        numbers = (year, first, second) if order == MONTH_FIRST else (year, second, first)
    else:
        return None
    rest = re.fullmatch(_TIME, text[match.end() :])
    if rest is None:
        return None
    hour, minute, second, offset = rest.groups()
    try:
        day = within(date(*(int(n) for n in numbers)))
        clock = None if hour is None else time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    return day, clock, "Z" if offset in ("Z", "UTC", "GMT") else offset


def _behind(offset: str) -> timedelta:
    if offset == "Z":
        return timedelta()
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
