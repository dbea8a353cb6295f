"""Resampled markets, compiled: the operations of `resample`, in the same order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled, inner


@inner
def _mix(state):
    """Return the finaliser of splitmix64: 64 well mixed bits."""
    # Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled
def draw(prices, distributions, interest, seed, number, ending, fixed, tick, path, paid, earned):
    """Fill `path`, `paid` and `earned` with the resampled market of path `number`.

    A block ends with the chance `ending` a session, or after `fixed` sessions where that is not zero.
    Prices are rounded to multiples of `tick` where that is not zero, as `records.on_ticks` does.
    """
    sessions, n = prices.shape
    # The state is a counter in steps of the golden ratio, so a path is drawn from its number alone: any path
    # of a million can be drawn again by itself, and threads share no generator.
    step = np.uint64(0x9E3779B97F4A7C15)
    # 2**53: the upper 53 bits become a float in [0, 1) without rounding.
    scale = 1.0 / 9007199254740992.0
    state = _mix(seed + step * np.uint64(number + 1))
    chosen = 0
    for i in range(n):
        path[0, i] = prices[0, i]
    for t in range(1, sessions):
        state += step
        chance = float(_mix(state) >> np.uint64(11)) * scale
        chosen += 1
        ends = chance < ending if fixed == 0 else (t - 1) % fixed == 0
        if t == 1 or ends:
            state += step
            chosen = int(float(_mix(state) >> np.uint64(11)) * scale * (sessions - 1)) + 1
        # Circular, as Politis and Romano have it: otherwise late sessions would be drawn less often.
        elif chosen == sessions:
            chosen = 1
        for i in range(n):
            path[t, i] = path[t - 1, i] * (prices[chosen, i] / prices[chosen - 1, i])
        if distributions.shape[0] > 0:
            for i in range(n):
                paid[t, i] = path[t - 1, i] * (distributions[chosen, i] / prices[chosen - 1, i])
        if interest.shape[0] > 0:
            earned[t] = interest[chosen]
    # In the end and not on the way: rounded at every session, errors would add up along the path.
    if tick > 0.0:
        for t in range(sessions):
            for i in range(n):
                path[t, i] = max(np.rint(path[t, i] / tick), 1.0) * tick
