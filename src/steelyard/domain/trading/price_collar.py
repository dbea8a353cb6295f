"""The price collar: how far the price of an order may lie from what a second source says."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT


def is_outside(price: Decimal, second: Decimal, collar: Decimal) -> bool:
    """Say whether a price is more than `collar`, a fraction of the second price, away from it."""
    return abs(EXACT.subtract(price, second)) > EXACT.multiply(collar, second)
