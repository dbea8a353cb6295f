"""Whole shares in a backtest: prices and costs become whole numbers, as the exact search needs them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from steelyard.engines.lab.backtest.records import WholeShares

_SEARCH_BITS = 61
"""The search counts money times the common denominator of the rates in so many bits."""
_MOST_BITS = 48
"""And money alone, next to wanted values, in so many."""
_GROWTH_BITS = 9
"""Wealth may grow to 512 times all money paid in before it no longer fits."""


def whole_shares(
    symbols: Sequence[str],
    *,
    commission: Decimal,
    conversions: Sequence[Decimal],
    min_commission: Decimal,
    min_trade: Decimal,
    money: float,
) -> WholeShares:
    """Return costs in ticks, and the finest tick that leaves room for growth.

    Args:
        symbols: N instruments; their order by name decides between plans that are equal otherwise.
        commission: Fraction of the traded value.
        conversions: (N,) what is added to it.
        min_commission, min_trade: Base currency.
        money: All that is paid in or taken out over time, base currency, > 0.
    """
    unit = math.lcm(*(part.as_integer_ratio()[1] for part in (commission, *conversions)))
    rate, *extra = (int(part * unit) for part in (commission, *conversions))
    weight = (unit + rate + max(extra)) * 4 * (len(symbols) + 1)
    bits = min(_SEARCH_BITS - math.ceil(math.log2(weight)), _MOST_BITS) - _GROWTH_BITS
    tick = 2.0 ** (math.ceil(math.log2(money)) - bits)
    order = sorted(symbols)
    return WholeShares(
        tick=tick,
        unit=unit,
        rate=rate,
        extra=np.array(extra, np.int64),
        floor=math.ceil(float(min_commission) / tick),
        least=math.ceil(float(min_trade) / tick),
        ranks=np.array([order.index(s) for s in symbols], np.int64),
    )
