"""The band strip: one line a target, the band shaded, the target in the middle, a mark where the weight is.

All strips of a table have one scale, so that they can be compared. A template draws the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from steelyard.records import dataclass

MIDDLE, REACH = 100.0, 94.5
"""Of the 200 units that a strip is wide: where the target is, and how far it goes either way."""
_USUAL = Decimal("0.09")


@dataclass(frozen=True, slots=True)
class Strip:
    """Where things are along a strip, in its units.

    Attributes:
        left, right: The ends of the band, None where the target has none.
        at: Where the weight is, or will be.
        outside: Whether that is outside the band.
        was: Where it was before, None where nothing moves.
        was_outside: Whether that was outside.
    """

    left: float | None
    right: float | None
    at: float
    outside: bool
    was: float | None = None
    was_outside: bool = False


def scale(bands: Iterable[Decimal | None], drifts: Iterable[Decimal]) -> Decimal:
    """Return the drift that lies at the end of every strip of a table: nine points where bands are five.

    A drift far outside makes room for itself up to four bands; what is further out lies at the end.
    """
    widest = max((b for b in bands if b), default=None)
    furthest = max((abs(d) for d in drifts), default=Decimal(0)) * Decimal("1.1")
    if widest is None:
        return max(furthest, _USUAL)
    return max(widest * Decimal("1.8"), min(furthest, widest * 4))


def strip(
    drift: Decimal,
    limit: Decimal | None,
    end: Decimal,
    *,
    before: Decimal | None = None,
) -> Strip:
    """Return one strip.

    Args:
        drift: Where the mark is, fraction.
        limit: Band half-width, None without a band.
        end: As `scale` returned it.
        before: Where the weight was, for a plan.
    """
    outside = limit is not None and abs(drift) > limit
    moved = before is not None and abs(_place(before, end) - _place(drift, end)) >= 1
    return Strip(
        left=None if limit is None else _place(-limit, end),
        right=None if limit is None else _place(limit, end),
        at=_place(drift, end),
        outside=outside,
        was=_place(before, end) if moved and before is not None else None,
        was_outside=limit is not None and before is not None and abs(before) > limit,
    )


def _place(drift: Decimal, end: Decimal) -> float:
    share = max(Decimal(-1), min(Decimal(1), drift / end)) if end else Decimal(0)
    return round(MIDDLE + float(share) * REACH, 1)
