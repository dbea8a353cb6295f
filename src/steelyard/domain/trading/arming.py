"""Arming: leave to trade unattended, until a day and up to an amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.domain.money import ZERO
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Arming:
    """Leave to trade unattended: until a date, up to a sum of amounts in base currency."""

    until: date
    max_amount: Decimal
    spent: Decimal = ZERO

    def covers(self, amount: Decimal, on: date) -> bool:
        """Say whether a plan of that turnover may run unattended on that day."""
        return on <= self.until and self.spent + amount <= self.max_amount
