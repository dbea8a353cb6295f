"""When an exchange takes orders: its regular hours on the days it has a session.

A session shortened at short notice is not known here; a broker that has a clock of its own is asked instead.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from steelyard.adapters.machine.calendar import early_close
from steelyard.ports.market import Sessions

_HOURS = {
    "XKRX": (ZoneInfo("Asia/Seoul"), time(9, 0), time(15, 30)),
    "XNYS": (ZoneInfo("America/New_York"), time(9, 30), time(16, 0)),
}


def is_open(exchange: str, at: datetime, sessions: Sessions) -> bool:
    """Say whether the regular session of `exchange` is on at a moment (with its zone)."""
    if exchange not in _HOURS:
        return False
    zone, opens, closes = _HOURS[exchange]
    there = at.astimezone(zone)
    closes = early_close(exchange, there.date()) or closes
    return opens <= there.time() < closes and sessions.is_session(exchange, there.date())


def trading_day(exchange: str, at: datetime) -> datetime:
    """Return the moment in the exchange's own time; its date is the trading day."""
    zone = _HOURS[exchange][0] if exchange in _HOURS else ZoneInfo("UTC")
    return at.astimezone(zone)


def close_of(exchange: str, day: date) -> datetime:
    """Return when the regular session of a day ends, in UTC; the end of the day where hours are unknown."""
    zone, _, closes = _HOURS.get(exchange, (ZoneInfo("UTC"), time(0), time(23, 59)))
    return datetime.combine(day, early_close(exchange, day) or closes, zone).astimezone(UTC)
