"""What a portfolio was worth on a day, as automation records it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class DayValue:
    """The value and drift of one day.

    Attributes:
        day: The date it was evaluated for.
        currency: Base currency.
        total: Targets plus all cash.
        cash: All cash.
        largest_drift: Size of the largest drift, fraction.
        misplaced: Share of the money in the wrong place, fraction.
        due: Whether a rebalance was due.
        drifts: Signed drift by symbol.
        priced_on: Day of the oldest fetched close it rests on, None when the file gave every price.
    """

    day: date
    currency: str
    total: Decimal
    cash: Decimal
    largest_drift: Decimal
    misplaced: Decimal
    due: bool
    drifts: Mapping[str, Decimal]
    priced_on: date | None = None
