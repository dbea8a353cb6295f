"""Figures on a screen are rounded one by one, so that a sum may be a won off them: then it is said."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from steelyard.domain.money import EXACT, ONE, exact_sum, minor_digits
from steelyard.words import say

_WIDE = Context(prec=1000)
ROUNDED = say("Figures are rounded one by one; sums are of the exact amounts.")
CUT = say("Gains are shown rounded; the return counts them exactly, and cuts sums as its rules say.")


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in the decimals that its currency is counted in."""
    return _WIDE.quantize(amount, ONE.scaleb(-minor_digits(currency)))


def adds_up(parts: Iterable[Decimal | None], total: Decimal | None, currency: str) -> bool:
    """Say whether figures, each rounded as it is shown, come to their sum as that is shown.

    Args:
        parts: Exact; one that is not known leaves nothing to compare.
        total: Their exact sum, None where it is not shown.
        currency: Of all of them.

    >>> adds_up([Decimal("1.5"), Decimal("2.5")], Decimal("4"), "KRW")
    True
    >>> adds_up([Decimal("1.4"), Decimal("2.4")], Decimal("3.8"), "KRW")
    False
    """
    known = list(parts)
    if total is None or None in known:
        return True
    shown = exact_sum(rounded(part, currency) for part in known if part is not None)
    return EXACT.subtract(shown, rounded(total, currency)) == 0
