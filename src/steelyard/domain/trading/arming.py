"""Arming: leave to trade unattended, until a day and up to what the orders may really spend."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Arming:
    """Leave to trade unattended.

    Attributes:
        until: Last day, included.
        max_amount: Most that may be traded in all, base currency.
        spent: What the orders sent so far might cost at most (`sizing.at_most`), base currency; an order that
            filled for less, or not at all, gives nothing back.
    """

    until: date
    max_amount: Decimal
    spent: Decimal = ZERO

    def covers(self, amount: Decimal, on: date) -> bool:
        """Say whether orders of that amount may be sent unattended on that day."""
        return on <= self.until and EXACT.add(self.spent, amount) <= self.max_amount
