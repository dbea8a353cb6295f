"""A broker's yearly statement of sales, as a file has it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class StatedSale:
    """A line of a broker's statement; None where it has no such column.

    Attributes:
        line: Of the file.
        symbol: As the catalogue resolves it.
        on: Trade or settlement date of the sale.
        shares: > 0.
        proceeds, cost, expenses, gain: In the tax currency, as stated.
    """

    line: int
    symbol: str
    on: date
    shares: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    expenses: Decimal | None
    gain: Decimal
