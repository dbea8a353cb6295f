"""A broker's yearly statement of sales, as a file has it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
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
        disallowed: Loss that the broker disallows as a wash sale (1099-B, box 1g).
        term: `short` or `long` (1099-B, box 2).
    """

    line: int
    symbol: str
    on: date
    shares: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    expenses: Decimal | None
    gain: Decimal
    disallowed: Decimal | None = None
    term: str | None = None

    @property
    def counted(self) -> Decimal:
        """The gain that enters the return, the disallowed loss added back once."""
        if self.disallowed is None or self.proceeds is None or self.cost is None:
            return self.gain
        bare = EXACT.subtract(EXACT.subtract(self.proceeds, self.cost), self.expenses or ZERO)
        return EXACT.add(bare, self.disallowed)
