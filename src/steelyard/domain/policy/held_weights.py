"""What is held as targets: today's weights, in steps that people write."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from steelyard.domain.money import EXACT, ONE, exact_sum

STEP = Decimal("0.001")
"""A tenth of a percent."""


def held_weights(values: Mapping[str, Decimal], step: Decimal = STEP) -> dict[str, Decimal]:
    """Return weights in proportion to values, each a multiple of a step, that sum to exactly 1.

    Each is rounded down; the steps that are missing then go to the largest remainders, ties in the order
    given.
    No weight is further from its proportion than a step.

    >>> held_weights({"A": Decimal(1), "B": Decimal(2)})
    {'A': Decimal('0.333'), 'B': Decimal('0.667')}

    Args:
        values: By name, >= 0, their sum above zero.
        step: A divisor of 1.
    """
    total = exact_sum(values.values())
    steps = {name: EXACT.divide(EXACT.divide(value, total), step) for name, value in values.items()}
    whole = {name: count.to_integral_value(ROUND_FLOOR) for name, count in steps.items()}
    missing = int(EXACT.subtract(EXACT.divide(ONE, step), exact_sum(whole.values())))
    behind = sorted(steps, key=lambda name: EXACT.subtract(whole[name], steps[name]))
    for name in behind[:missing]:
        whole[name] = EXACT.add(whole[name], ONE)
    return {name: EXACT.multiply(count, step) for name, count in whole.items()}
