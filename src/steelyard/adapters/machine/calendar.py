"""Trading sessions of exchanges, from a data file that the `holidays` package was asked for once.

That package is right but costs more to import than the whole of `check`, so its closures for 1990 to
2040 are kept as data (see tools/closures.py); a year outside is asked of the package itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from steelyard.errors import InputError
from steelyard.words import say

_FILE = Path(__file__).parents[2] / "data" / "closures.json"
EXCHANGES = ("XKRX", "XNYS")


class ExchangeSessions:
    """Sessions of XKRX and XNYS: weekdays that are no closure.

    Args:
        extra_closures: Further closed days by exchange, for what was announced at short notice.
    """

    def __init__(self, extra_closures: Mapping[str, frozenset[date]] | None = None) -> None:
        self._extra = dict(extra_closures or {})
        self._closed: dict[str, frozenset[str]] = {}
        self._years = range(0)
        self._asked: dict[tuple[str, int], frozenset[date]] = {}

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether the exchange trades on a day.

        Raises:
            InputError: The exchange is not known.
        """
        if exchange not in EXCHANGES:
            raise InputError(
                "unknown-exchange",
                say("no trading calendar for exchange {exchange!r}", exchange=exchange),
                say("use one of {choices}", choices=", ".join(EXCHANGES)),
            )
        if day.weekday() >= 5 or day in self._extra.get(exchange, ()):
            return False
        if not self._closed:
            data = json.loads(_FILE.read_text(encoding="utf-8"))
            self._years = range(data["first"], data["last"] + 1)
            self._closed = {name: frozenset(days) for name, days in data["closures"].items()}
        if day.year in self._years:
            return day.isoformat() not in self._closed[exchange]
        return day not in self._ask(exchange, day.year)

    def _ask(self, exchange: str, year: int) -> frozenset[date]:
        key = exchange, year
        if key not in self._asked:
            import holidays

            self._asked[key] = frozenset(holidays.financial_holidays(exchange, years=year))
        return self._asked[key]
