"""What a portfolio was worth on a day, as automation records it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class DayContent:
    """What the value of a day rests on, so that it can be put right when the journal learns more of that day.

    Attributes:
        accounts: Names of those that the journal kept: only what is in them can change afterwards.
        shares: (account, symbol) to shares in them.
        cash: (account, currency) to money in them.
        prices: Symbol to the worth of one share in base currency, as far as it counted, and the day its price
            was of (None where nobody said). What did not count for any target is not named.
        rates: Currency to units of base currency for one unit of it.
    """

    accounts: frozenset[str]
    shares: Mapping[tuple[str, str], Decimal]
    cash: Mapping[tuple[str, str], Decimal]
    prices: Mapping[str, tuple[Decimal, date | None]]
    rates: Mapping[str, Decimal]

    def __hash__(self) -> int:
        return hash(self.accounts)


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
        content: What it rests on, None where an earlier version recorded the day.
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
    content: DayContent | None = None
