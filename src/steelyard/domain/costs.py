"""What trading costs: commission, and the spread of changing money."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs.

    Attributes:
        commission: Fraction of the traded value.
        min_commission: Least commission of one trade, base currency.
        fx_spread: Fraction of the value converted between currencies.
    """

    commission: Decimal = ZERO
    min_commission: Decimal = ZERO
    fx_spread: Decimal = ZERO

    def commission_of(self, amount: Decimal, rate: Decimal = ONE) -> Decimal:
        """Return the commission of one trade: the fraction or the least, whichever is more.

        The one home of the rule. Searches repeat it in whole ticks, in fractions and in binary floats, and a
        test holds them to this.

        Args:
            amount: Traded value, > 0; nothing traded has no commission to ask for.
            rate: Units of base currency for one unit of the currency of `amount`.

        Returns:
            In the currency of `amount`.

        >>> Costs(Decimal("0.001"), Decimal("5")).commission_of(Decimal("2000"))
        Decimal('5')
        """
        least = self.min_commission if rate == ONE else EXACT.divide(self.min_commission, rate)
        return max(least, EXACT.multiply(self.commission, amount))

    def conversion_of(self, amount: Decimal) -> Decimal:
        """Return what converting an amount between currencies costs, in its own currency."""
        return EXACT.multiply(self.fx_spread, amount)
