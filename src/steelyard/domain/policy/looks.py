"""Look dates: the first or last joint trading session of a week, month, quarter, half or year.

A look needs every exchange of the portfolio open, so that what the policy asks for can be traded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, get_args

from steelyard.words import Text, say

Look = Literal["daily", "weekly", "biweekly", "monthly", "quarterly", "semiannual", "annual"]
LookAt = Literal["first", "last"]
LOOKS: tuple[Look, ...] = get_args(Look)
LOOK_ATS: tuple[LookAt, ...] = get_args(LookAt)
MONTHS = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}
"""How many months a period has, counted from January."""
MONDAY = date(1970, 1, 5)
"""From here weeks, and pairs of weeks, are counted."""
_DAY = timedelta(days=1)

_NAMES = {
    "daily": say("daily"),
    "weekly": say("weekly"),
    "biweekly": say("biweekly"),
    "monthly": say("monthly"),
    "quarterly": say("quarterly"),
    "semiannual": say("semiannual"),
    "annual": say("annual"),
}

Open = Callable[[date], bool]
"""Says whether every exchange has a session on a day."""


def look_name(look: str) -> Text:
    """Return the word for how often a policy looks, for messages."""
    return _NAMES[look]


def period(look: str, day: date) -> tuple[date, date]:
    """Return the first day of the look period that holds `day`, and the first day of the next one.

    Two-weekly periods are counted from Monday 1970-01-05.
    """
    if look == "daily":
        return day, day + _DAY
    if look in ("weekly", "biweekly"):
        length = 7 if look == "weekly" else 14
        start = day - timedelta(days=(day - MONDAY).days % length)
        return start, start + timedelta(days=length)
    months = MONTHS[look]
    first = (day.month - 1) // months * months
    end = first + months
    return date(day.year, first + 1, 1), date(day.year + end // 12, end % 12 + 1, 1)


def look_in(look: str, look_at: str, day: date, is_open: Open) -> date | None:
    """Return the look date of the period that holds `day`, None when no day of it is open."""
    start, end = period(look, day)
    days = (end - start).days
    order = range(days) if look_at == "first" else range(days - 1, -1, -1)
    return next((d for d in (start + timedelta(days=n) for n in order) if is_open(d)), None)


def next_look(look: str, look_at: str, after: date, is_open: Open) -> date | None:
    """Return the first look date after a day, None when none comes within five years."""
    day = after
    while day < after + timedelta(days=5 * 366):
        found = look_in(look, look_at, day, is_open)
        if found is not None and found > after:
            return found
        day = period(look, day)[1]
    return None


def last_look(look: str, look_at: str, as_of: date, is_open: Open) -> date | None:
    """Return the latest look date that is not after a day, None when none lies within five years."""
    day = as_of
    while day > as_of - timedelta(days=5 * 366):
        found = look_in(look, look_at, day, is_open)
        if found is not None and found <= as_of:
            return found
        day = period(look, day)[0] - _DAY
    return None
