"""How much is traded, compiled: the operations of `plain_backtest`, in the same order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner


@inner
def fee(costs, i, size):
    """Return what one trade of a value in an instrument costs; see `plain_backtest.fee`."""
    # The least commission is the broker's; changing money is paid on top of it.
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
    # The nearest point of the box that sums to one is all weights shifted by the same amount and clipped.
    # That sum rises with the shift in straight pieces, which bend only where a weight meets an end of its
    # side: between two bends the shift is read off a line, and nothing is iterated to a tolerance.
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
            # On a flat piece (every weight clipped) there is no line to read from, and its end is as good.
            flat = total <= below
            shift = point if flat else shift + (point - shift) * (1.0 - below) / (total - below)
            break
        shift = point
        below = total
    for i in range(n):
        start[i] = _clip(start[i] + shift, low[i], high[i])


@inner
def rebalance(worth, weights, managed, costs, dust, bought):
    """Write the values to buy (negative: sell); False when there are none; see `plain_backtest`."""
    # Who trades is settled first, at full value: a least commission that came and went with the value looked
    # for would make the equation below jump, and no value might solve it.
    n = worth.shape[0]
    trading = False
    for i in range(n):
        bought[i] = 0.0
        if abs(weights[i] * managed - worth[i]) > dust * managed:
            bought[i] = 1.0
            trading = True
    if not trading:
        return False
    # The value left after costs is what the weights are of, and the costs depend on it. What is spent in all
    # is convex in that value and rises, so Newton's steps from above fall towards the root and never pass it;
    # they end where a step no longer moves a float. 64 is a guard that is not met.
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
    """Write purchases that spend free cash; False when fees eat it. See `plain_backtest.buy`."""
    # In proportion to what each lacks, as `invest` does; where nothing lacks anything, by target.
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
    # From above, as in `rebalance`.
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
    # From below this time: sales bring in less than they sell, so at least the need has to be sold.
    raised = need
    for _ in range(64):
        missing = need - raised
        slope = 1.0
        for i in range(parts.shape[0]):
            if parts[i] > 0.0:
                size = parts[i] * raised
                missing = missing + fee(costs, i, size)
                slope = slope - steepness(costs, i, size) * parts[i]
        # Where fees take a whole unit of each unit sold, no amount is enough.
        if slope <= 0.0:
            return np.inf
        upper = raised + missing / slope
        if not upper > raised:
            break
        raised = upper
    return raised


@inner
def sell(worth, targets, managed, need, costs, bought):
    """Write sales that raise the cash needed; see `plain_backtest.sell`."""
    # First of what stands above its target, which costs no nearness; where that is too little, of all alike;
    # and where that is too little too, everything goes.
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
            # Asked this way round: infinity times nothing is not a number, and does not fit either.
            if not bought[i] * raised <= worth[i]:
                fits = False
        if fits:
            for i in range(n):
                bought[i] = -(bought[i] * raised)
            return
    for i in range(n):
        bought[i] = -worth[i]
