"""Which day it is, for every command alike: where the portfolio's market is, or where its owner says.

A machine in another zone, or one that keeps UTC, would else check a portfolio of tomorrow or yesterday.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

from steelyard.adapters.files.toml_text import tree_to_read
from steelyard.bootstrap.folder import Folder
from steelyard.domain.portfolio import Portfolio, home_zone

# Every offset that a market's zone has had since 1988.
_OFFSETS = {
    "Asia/Seoul": (timezone(timedelta(hours=9)),),
    "America/New_York": (timezone(timedelta(hours=-5)), timezone(timedelta(hours=-4))),
}


def today(portfolio: Portfolio) -> date:
    """Return the day where a portfolio's market is, or where its owner says."""
    return _day_in(portfolio.zone, datetime.now(UTC))


def today_at(folder: Folder) -> date:
    """Return the same of a portfolio file that need not be readable as a whole."""
    return _day_in(stated_zone(folder) or home_of(folder), datetime.now(UTC))


def stated_zone(folder: Folder) -> str:
    """Return the zone that `[alerts]` of automation.toml names, empty when it names none that can be used."""
    if not folder.automation.exists():
        return ""
    from steelyard.adapters.files.automation import zone_named

    return zone_named(folder.automation)


def home_of(folder: Folder) -> str:
    """Return the zone of a portfolio file's market."""
    base = "KRW"
    # Whatever is wrong with the file its reader says; which day it is does not depend on the rest of it.
    text = folder.text()
    with suppress(ValueError):
        base = base if text is None else str(tree_to_read(text).get("base_currency", base))
    return home_zone(base)


def _day_in(zone: str, moment: datetime) -> date:
    # The table of zones takes longer to import than a portfolio to read, and only in the hour between the
    # two midnights of a market with summer time does the day hang on it.
    days = {moment.astimezone(offset).date() for offset in _OFFSETS.get(zone, ())}
    if len(days) == 1:
        return days.pop()
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).date()
