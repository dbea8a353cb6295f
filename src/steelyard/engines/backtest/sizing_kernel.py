"""How much is traded, compiled: the operations of `reference`, in the same order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner


@inner
def fee(costs, i, size):
    """Return what one trade of a value in an instrument costs; see `reference.fee`."""
    commission = costs.rate * size
    if commission < costs.floor:
        commission = costs.floor
    return commission + costs.conversion[i] * size


@inner
def steepness(costs, i, size):
    """Return what one more unit of value adds to the fee."""
    if costs.rate * size < costs.floor:
        return costs.conversion[i]
    return costs.rate + costs.conversion[i]


@inner
def _clip(value, low, high):
    if low > value:
        value = low
    if high < value:
        value = high
    return value


@inner
def project(start, low, high, breaks):
    """Overwrite `start` with its projection; `breaks` is scratch of twice its length."""
    n = start.shape[0]
    for i in range(n):
        breaks[i] = low[i] - start[i]
        breaks[n + i] = high[i] - start[i]
    # Sorted by insertion: there are few instruments, and nothing has to be made for it.
    for i in range(1, 2 * n):
        value = breaks[i]
        j = i - 1
        while j >= 0 and breaks[j] > value:
            breaks[j + 1] = breaks[j]
            j -= 1
        breaks[j + 1] = value
    shift = breaks[0]
    below = 0.0
    for i in range(n):
        below = below + _clip(start[i] + shift, low[i], high[i])
    for k in range(2 * n):
        point = breaks[k]
        total = 0.0
        for i in range(n):
            total = total + _clip(start[i] + point, low[i], high[i])
        if total >= 1.0:
            flat = total <= below
            shift = point if flat else shift + (point - shift) * (1.0 - below) / (total - below)
            break
        shift = point
        below = total
    for i in range(n):
        start[i] = _clip(start[i] + shift, low[i], high[i])


@inner
def rebalance(worth, weights, managed, costs, dust, bought):
    """Write the values to buy (negative: sell); False when there are none; see `reference`."""
    n = worth.shape[0]
    trading = False
    for i in range(n):
        bought[i] = 0.0
        if abs(weights[i] * managed - worth[i]) > dust * managed:
            bought[i] = 1.0
            trading = True
    if not trading:
        return False
    value = managed
    for _ in range(64):
        excess = value - managed
        slope = 1.0
        for i in range(n):
            if bought[i] != 0.0:
                gap = weights[i] * value - worth[i]
                size = abs(gap)
                excess = excess + fee(costs, i, size)
                steep = steepness(costs, i, size) * weights[i]
                slope = slope + (steep if gap >= 0.0 else -steep)
        lower = value - excess / slope
        if not lower < value:
            break
        value = lower
    if value <= 0.0:
        return False
    for i in range(n):
        if bought[i] != 0.0:
            bought[i] = weights[i] * value - worth[i]
    return True


@inner
def buy(worth, targets, managed, free, costs, bought):
    """Write purchases that spend free cash; False when fees eat it. See `reference.buy`."""
    n = worth.shape[0]
    short = 0.0
    for i in range(n):
        gap = targets[i] * managed - worth[i]
        if gap < 0.0:
            gap = 0.0
        bought[i] = gap
        short = short + gap
    for i in range(n):
        bought[i] = bought[i] / short if short > 0.0 else targets[i]
    spend = free
    for _ in range(64):
        excess = spend - free
        slope = 1.0
        for i in range(n):
            if bought[i] > 0.0:
                size = bought[i] * spend
                excess = excess + fee(costs, i, size)
                slope = slope + steepness(costs, i, size) * bought[i]
        lower = spend - excess / slope
        if not lower < spend:
            break
        spend = lower
    if spend <= 0.0:
        return False
    for i in range(n):
        bought[i] = bought[i] * spend
    return True


@inner
def _gross(parts, need, costs):
    raised = need
    for _ in range(64):
        missing = need - raised
        slope = 1.0
        for i in range(parts.shape[0]):
            if parts[i] > 0.0:
                size = parts[i] * raised
                missing = missing + fee(costs, i, size)
                slope = slope - steepness(costs, i, size) * parts[i]
        if slope <= 0.0:
            return np.inf
        upper = raised + missing / slope
        if not upper > raised:
            break
        raised = upper
    return raised


@inner
def sell(worth, targets, managed, need, costs, bought):
    """Write sales that raise the cash needed; see `reference.sell`."""
    n = worth.shape[0]
    for attempt in range(2):
        whole = 0.0
        for i in range(n):
            base = worth[i]
            if attempt == 0:
                base = worth[i] - targets[i] * managed
                if base < 0.0:
                    base = 0.0
            bought[i] = base
            whole = whole + base
        if whole <= 0.0:
            continue
        for i in range(n):
            bought[i] = bought[i] / whole
        raised = _gross(bought, need, costs)
        fits = True
        for i in range(n):
            if not bought[i] * raised <= worth[i]:
                fits = False
        if fits:
            for i in range(n):
                bought[i] = -(bought[i] * raised)
            return
    for i in range(n):
        bought[i] = -worth[i]
