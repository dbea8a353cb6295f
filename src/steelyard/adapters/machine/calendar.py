"""Trading sessions of exchanges, from a data file that the `holidays` package was asked for once.

That package is right but costs more to import than the whole of `check`, so its closures are kept as data
(see tools/closures.py). A year that the data does not know is refused: a guessed calendar would move looks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time
from functools import cache
from pathlib import Path

from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

_FILE = Path(__file__).parents[2] / "data" / "closures.json"
EXCHANGES = ("XKRX", "XNYS")
SETTLING = ("XTKS", "XHKG")
"""Exchanges that nothing is traded on from here, whose days decide when a sale recorded there was settled."""


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What is known of an exchange; days are ISO 8601 text, which is quicker to read than dates."""

    first: int
    last: int
    closed: frozenset[str]
    early: str
    early_days: frozenset[str]


@cache
def _known() -> Mapping[str, _Calendar]:
    rows = json.loads(_FILE.read_text(encoding="utf-8"))["exchanges"]
    return {
        name: _Calendar(
            row["first"],
            row["last"],
            frozenset(row["closed"]),
            row.get("early", ""),
            frozenset(row.get("early_days", ())),
        )
        for name, row in rows.items()
    }


class ExchangeSessions:
    """Sessions of XKRX and XNYS, and of the exchanges only settled on: weekdays that are no closure.

    Args:
        extra_closures: Further closed days by exchange, for what was announced at short notice.
    """

    def __init__(self, extra_closures: Mapping[str, frozenset[date]] | None = None) -> None:
        self._extra = dict(extra_closures or {})

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether the exchange trades on a day.

        Raises:
            InputError: The exchange is not known (`unknown-exchange`), or not its calendar of that year
                (`calendar-year`).
        """
        if exchange not in EXCHANGES + SETTLING:
            raise InputError(
                "unknown-exchange",
                say("no trading calendar for exchange {exchange!r}", exchange=exchange),
                say("use one of {choices}", choices=", ".join(EXCHANGES)),
            )
        calendar = _known()[exchange]
        if not calendar.first <= day.year <= calendar.last:
            raise InputError(
                "calendar-year",
                say(
                    "the calendar of {exchange} is known for {first} to {last}, not for {day}",
                    exchange=exchange,
                    first=calendar.first,
                    last=calendar.last,
                    day=day,
                ),
                say("take a day between {first} and {last}", first=calendar.first, last=calendar.last),
            )
        if day.weekday() >= 5 or day in self._extra.get(exchange, ()):
            return False
        return day.isoformat() not in calendar.closed


def early_close(exchange: str, day: date) -> time | None:
    """Return when a shortened session ends, in the exchange's own time; None for a day of usual length."""
    calendar = _known().get(exchange)
    if calendar is None or day.isoformat() not in calendar.early_days:
        return None
    return time.fromisoformat(calendar.early)
