"""Trades in whole shares, compiled: what `whole_shares` says, planned by the compiled exact search."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner
from steelyard.engines.planning.compiled.line_kernel import (
    BUY,
    DIVISOR_D,
    DIVISOR_N,
    EXTRA,
    FLOOR,
    HELD,
    INFEASIBLE,
    LEAST,
    MOST,
    ODD,
    PRICE,
    PROVEN,
    RANK,
    RATE,
    SELL,
    TARGET_D,
    TARGET_N,
    TOO_LARGE,
)
from steelyard.engines.planning.compiled.search_kernel import solve_rows

REBALANCE, INVEST, RAISE = range(3)
ROUNDING = 2.0**-10


@inner
def trades(mode, shares, prices, weights, managed, free, whole, bought):
    """Write the value to buy (negative: sell) of each instrument; see `whole_shares.trades`.

    `whole` is a `records_kernel.Planner`.

    Returns:
        Whether anything is traded, and 1.0 for a plan that is not proven, infinity for numbers too large.
    """
    tick, lines, places, steps, sold = whole.tick, whole.lines, whole.places, whole.steps, whole.sold
    n = shares.shape[0]
    k = 0
    for i in range(n):
        bought[i] = 0.0
        price, held = int(prices[i] / tick), int(shares[i])
        target = max(int(np.rint(weights[i] * managed / tick)), 0)
        short = target - price * held
        # New money goes to what lacks some; the others are no lines of that plan.
        if mode == INVEST and short <= 0:
            continue
        places[k] = i
        line = lines[k]
        line[PRICE], line[HELD], line[ODD] = price, held, 0
        line[TARGET_N], line[TARGET_D] = target, 1
        line[DIVISOR_N], line[DIVISOR_D] = short if mode == INVEST else 1, 1
        line[BUY], line[SELL] = mode != RAISE, mode != INVEST
        line[RATE], line[FLOOR], line[EXTRA] = whole.rate, whole.floor, whole.extra[i]
        line[LEAST], line[MOST], line[RANK] = 0, -1, whole.ranks[i]
        k += 1
    # Money is whole ticks in the plan and a float in the walk: a sum that falls short of a tick by rounding
    # is that tick.
    budget = int(np.floor(free / tick + ROUNDING))
    if k == 0 or (mode == INVEST and budget <= 0):
        return False, 0.0
    status, _, _, _ = solve_rows(lines[:k], budget, whole.least, whole.unit, whole.limit, steps[:k], sold[:k])
    if status == TOO_LARGE:
        return False, np.inf
    if status == INFEASIBLE:
        # The need is more than all shares bring: all are sold, and the walk sees that the money ran out.
        dealt = False
        if mode == RAISE:
            for i in range(n):
                bought[i] = -(shares[i] * prices[i])
            dealt = True
        return dealt, 0.0
    dealt = False
    for j in range(k):
        i = places[j]
        bought[i] = (float(steps[j]) - shares[i]) * prices[i]
        dealt = dealt or bought[i] != 0.0
    return dealt, 0.0 if status == PROVEN else 1.0
