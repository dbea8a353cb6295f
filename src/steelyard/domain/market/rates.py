"""Rates the owner has fetched, for entries that state none: that of the day, or the last before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

BASE_RATES = "base_rates"
"""The owner's folder of base rates (매매기준율), which a Korean return counts."""
EXIMBANK = "eximbank"
"""The source that has them to fetch; all others have the market's closes."""
LONGEST_GAP_DAYS = 7
"""How far back a day without a rate looks: the longest holidays close the banks for a week."""


def rate_by(known: Mapping[date, Decimal], day: date) -> tuple[date, Decimal] | None:
    """Return the rate of a day, or of the last of the seven days before it that has one; None without any.

    >>> rate_by({date(2026, 5, 1): Decimal("1.1")}, date(2026, 5, 4))
    (datetime.date(2026, 5, 1), Decimal('1.1'))
    """
    if day in known:
        return day, known[day]
    earliest = day - timedelta(days=LONGEST_GAP_DAYS)
    found = max((d for d in known if earliest <= d <= day), default=None)
    return None if found is None else (found, known[found])
