"""Which lots planned sales take where the account leaves the choice and nobody asked the planner.

Within a bucket of the country's formula the dearest shares are always the best to sell, so with two buckets
(short and long) only the split between them is open, and every whole share of it is tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from steelyard.app.planning.plan_request import LotTaxes
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.planning import tax_at
from steelyard.domain.trades import Trade

Key = tuple[str, str]
MOST_SPLITS = Decimal(500)
"""Splits tried at most; of a sale of more shares than that every second, third and so on."""


def cheapest(taxes: LotTaxes, trades: Sequence[Trade]) -> dict[Key, tuple[Decimal, ...]]:
    """Return by (account, symbol) the shares that each lot of a planned sale gives.

    Sales are looked at in the order of the trades, each on top of those before it.

    Args:
        taxes: Lots in selling order with gain and bucket, and the year's tax as formulas.
        trades: Of the plan.
    """
    realised: dict[str, Decimal] = {}
    sold: dict[Key, tuple[Decimal, ...]] = {}
    for trade in trades:
        key = trade.account, trade.symbol
        if trade.side != "sell" or key not in taxes.lots:
            continue
        everything = range(len(taxes.lots[key]))
        choices = [_filled(taxes, key, [(everything, trade.shares)])]
        if key in taxes.free_choice:
            choices += _splits(taxes, key, trade.shares)
        sold[key] = min(choices, key=lambda parts: _tax(taxes, _with(taxes, key, parts, realised)))
        realised = _with(taxes, key, sold[key], realised)
    return sold


def _splits(taxes: LotTaxes, key: Key, shares: Decimal) -> list[tuple[Decimal, ...]]:
    buckets = taxes.buckets[key]
    names = sorted({b or "" for b in buckets})
    if len(names) != 2:
        return []
    ours = [i for i, b in enumerate(buckets) if (b or "") == names[0]]
    others = [i for i, b in enumerate(buckets) if (b or "") == names[1]]
    low = max(EXACT.subtract(shares, exact_sum(taxes.lots[key][i].shares for i in others)), ZERO)
    high = min(exact_sum(taxes.lots[key][i].shares for i in ours), shares)
    wide = EXACT.divide(EXACT.subtract(high, low), MOST_SPLITS)
    stride = max(wide.to_integral_value(ROUND_CEILING), ONE)
    found, count = [], low
    while count < high:
        found.append(count)
        count = EXACT.add(count, stride)
    return [_filled(taxes, key, [(ours, n), (others, EXACT.subtract(shares, n))]) for n in [*found, high]]


def _filled(
    taxes: LotTaxes, key: Key, wanted: Sequence[tuple[Sequence[int], Decimal]]
) -> tuple[Decimal, ...]:
    """Return the shares each lot gives when lots in order give as many as wanted of them."""
    parts = [ZERO] * len(taxes.lots[key])
    for order, shares in wanted:
        left = shares
        for i in order:
            parts[i] = min(left, taxes.lots[key][i].shares)
            left = EXACT.subtract(left, parts[i])
    return tuple(parts)


def _with(
    taxes: LotTaxes, key: Key, parts: Sequence[Decimal], realised: dict[str, Decimal]
) -> dict[str, Decimal]:
    gains = dict(realised)
    for part, gain, bucket in zip(parts, taxes.gains[key], taxes.buckets[key], strict=True):
        if bucket is not None and part:
            gains[bucket] = EXACT.add(gains.get(bucket, ZERO), EXACT.multiply(part, gain))
    return gains


def _tax(taxes: LotTaxes, gains: dict[str, Decimal]) -> Decimal:
    return exact_sum(tax_at(formula, gains) for formula in taxes.taxes)
