"""How far each instrument is from its target.

Weights are fractions of the managed value. Values are compared before anything is divided, so
that "exactly on the band" is decided exactly: `Drift` keeps the numerator beside the quotient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Drift:
    """One instrument against its target.

    Attributes:
        symbol: The instrument.
        value: Its worth, base currency.
        total: The managed value the weight refers to, base currency.
        target: Wanted fraction of the total.
    """

    symbol: str
    value: Decimal
    total: Decimal
    target: Decimal

    @property
    def weight(self) -> Decimal:
        """Fraction of the managed value, 0 when there is none."""
        return EXACT.divide(self.value, self.total) if self.total else ZERO

    @property
    def drift(self) -> Decimal:
        """Weight less target, signed; 0 where no money is that could be in the wrong place."""
        return EXACT.divide(self.excess, self.total) if self.total else ZERO

    @property
    def excess(self) -> Decimal:
        """Value less wanted value, base currency, exact."""
        return EXACT.subtract(self.value, EXACT.multiply(self.target, self.total))

    @property
    def relative(self) -> Decimal | None:
        """Drift as a fraction of the target, None for a target of zero."""
        return EXACT.divide(self.drift, self.target) if self.target else None

    def beyond(self, limit: Decimal) -> bool:
        """Say whether |drift| is MORE than `limit` (a fraction); exactly on it is not. Exact."""
        return bool(self.total) and self.excess.copy_abs() > EXACT.multiply(limit, self.total)


def measure(
    values: Mapping[str, Decimal], total: Decimal, targets: Mapping[str, Decimal]
) -> tuple[Drift, ...]:
    """Return the drift of every target, in the order of the targets.

    Args:
        values: Symbol to worth, base currency; a missing one is zero.
        total: Managed value, base currency.
        targets: Symbol to wanted fraction, summing to 1.
    """
    return tuple(Drift(s, values.get(s, ZERO), total, w) for s, w in targets.items())


def misplaced(drifts: Sequence[Drift]) -> Decimal:
    """Return the share of the money that is in the wrong place: half the sum of absolute drifts.

    Idle cash is not a drift of its own here; it shows as the missing weight of the others.
    """
    return EXACT.divide(exact_sum(d.drift.copy_abs() for d in drifts), Decimal(2))


def largest(drifts: Sequence[Drift]) -> Decimal:
    """Return the drift that is largest in size, with its sign; 0 when there is none."""
    return max((d.drift for d in drifts), key=Decimal.copy_abs, default=ZERO)
