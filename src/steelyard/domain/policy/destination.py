"""Where a rebalance trades to: the target, the band edge, or halfway.

Edge and halfway are the allocation nearest in least squares to today's weights inside the bands (or
half bands) that sums to one: the projection onto a box cut by a plane, found by shifting all weights
by one number and clipping. The shift is piecewise linear, so it is solved exactly between breakpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.policy.policies import Policy, band

# All weights end at one place, so that their sum needs no more digits than the context has.
_FINEST = Decimal("1e-38")


def destination(
    weights: Mapping[str, Decimal], targets: Mapping[str, Decimal], policy: Policy
) -> dict[str, Decimal]:
    """Return the weights to trade to, summing to exactly 1, in the order of the targets.

    Args:
        weights: Today's, fractions of the managed value; they may sum to less than 1 (idle cash).
        targets: Wanted fractions, summing to 1.
        policy: Its destination and bands. Without bands every destination is the target.

    Returns:
        Decimals of 38 places; the last digit of rounding goes to the largest weight.

    Source: the projection onto {lo <= w <= hi, sum w = 1}; least squares as the contract asks.
    """
    bands = {s: band(s, w, policy) for s, w in targets.items()}
    if policy.destination == "target" or any(b is None for b in bands.values()):
        return dict(targets)
    share = Fraction(1) if policy.destination == "edge" else Fraction(1, 2)
    box = {}
    for symbol, target in targets.items():
        half = Fraction(bands[symbol] or ZERO) * share
        box[symbol] = (max(Fraction(target) - half, Fraction(0)), min(Fraction(target) + half, Fraction(1)))
    start = {s: Fraction(weights.get(s, ZERO)) for s in targets}
    exact = _project(start, box)
    rounded = {
        s: EXACT.divide(Decimal(v.numerator), Decimal(v.denominator)).quantize(_FINEST, context=EXACT)
        for s, v in exact.items()
    }
    largest = max(rounded, key=lambda s: rounded[s])
    others = exact_sum(v for s, v in rounded.items() if s != largest)
    rounded[largest] = EXACT.subtract(ONE, others)
    return rounded


def _project(
    start: Mapping[str, Fraction], box: Mapping[str, tuple[Fraction, Fraction]]
) -> dict[str, Fraction]:
    """Return the point of the box with sum 1 that is nearest to `start`; targets sum to 1, so one exists."""

    def shifted(shift: Fraction) -> dict[str, Fraction]:
        return {s: min(max(v + shift, box[s][0]), box[s][1]) for s, v in start.items()}

    breaks = sorted({edge - start[s] for s in start for edge in box[s]})
    low = breaks[0]
    for point in breaks:
        reached = sum(shifted(point).values())
        if reached >= 1:
            below = sum(shifted(low).values())
            if reached == below:
                return shifted(point)
            return shifted(low + (point - low) * (1 - below) / (reached - below))
        low = point
    return shifted(low)
