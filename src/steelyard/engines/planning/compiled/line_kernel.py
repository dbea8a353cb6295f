"""One line of the compiled search: its packed and prepared columns, and what a state of it counts and costs.

Money is int64, misses are float64. A problem whose numbers do not fit is told by `fits_numbers`.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner, inner_with_arrays

PROVEN, LIMITED, INFEASIBLE, UNDECIDED, TOO_LARGE = range(5)
"""How a problem ended; `compiled_search.solve_batch` says what each means."""

COLUMNS = 15
"""Width of a packed line, see `compiled_search.solve_batch`."""

# Columns of a packed line.
PRICE, HELD, ODD, TARGET_N, TARGET_D, DIVISOR_N, DIVISOR_D, BUY, SELL = range(9)
RATE, FLOOR, EXTRA, LEAST, MOST, RANK = range(9, 15)
# Columns of a prepared line in search order; the first three and the last are those of a packed one.
OFF, STRIDE, BUY_LOW, BUY_HIGH, SELL_LOW, SELL_HIGH, WHOLE = range(3, 10)
COST_RATE, COST_FLOOR, COST_EXTRA, KNEE, RANKED, PARTS, TARGET, CLASS, TWIN, ROW, UNIT = range(10, 21)
OVER, UNDER = 21, 22
PREPARED = 23
# Floats beside a prepared line; the last two are the cost of a traded tick, with and without the rate.
INVERSE, HALF, WANTED, SHARE_COST, SHARE_EXTRA = range(5)
FLOATS = 5


@inner
def _gcd(a, b):
    while b:
        a, b = b, a % b
    return a


@inner
def _before(lines, a, b):
    """Say whether line a comes before b in search order: dearest first, kinds together, then symbols."""
    # Dearest first: that is the coarse choice, and the cheap ones behind it can still take up what it leaves.
    if lines[a, PRICE] != lines[b, PRICE]:
        return lines[a, PRICE] > lines[b, PRICE]
    for c in range(COLUMNS):
        if lines[a, c] != lines[b, c]:
            return lines[a, c] < lines[b, c]
    return False


@inner
def fits_numbers(lines, budget, min_trade, unit):
    """Say whether every number of the search stays exact: int64 for money, 52 bits for values and parts."""
    # Checked in floats, which do not overflow; they round, so each bound leaves two bits to spare. Money may
    # be added up over all lines in an int64. A miss is squared as a float and taken apart into two limbs of
    # 27 bits where plans tie (`order_kernel`): there the sum and the difference of two have to stay below
    # 2**53.
    n = lines.shape[0]
    money, rate, floors, price = abs(float(budget)), 0.0, 0.0, 0.0
    for i in range(n):
        money += float(lines[i, PRICE]) * float(lines[i, HELD]) + float(lines[i, ODD])
        rate = max(rate, float(lines[i, RATE]) + float(lines[i, EXTRA]))
        floors += float(lines[i, FLOOR])
        price = max(price, float(lines[i, PRICE]))
    if ((money + price) * (float(unit) + rate) * 4.0 * (n + 1.0) + floors * float(unit)) >= 2.0**61:
        return False
    if float(min_trade) >= 2.0**50:
        return False
    for i in range(n):
        target = float(lines[i, TARGET_N])
        if (money + price) * float(lines[i, TARGET_D]) * 4.0 + target >= 2.0**51:
            return False
        if max(float(lines[i, DIVISOR_N]), float(lines[i, DIVISOR_D])) >= 2.0**52:
            return False
        if max(float(lines[i, LEAST]), float(lines[i, MOST])) >= 2.0**52:
            return False
    return True


@inner_with_arrays
def prepare_lines(lines, budget, min_trade, unit, w, r):
    """Fill the prepared lines in search order: whole numbers `w`, floats `r`."""
    n = lines.shape[0]
    order = np.empty(n, np.int64)
    parts, widest, raised = 1, 0.0, 0
    # Sorted by insertion: there are few lines.
    for i in range(n):
        j = i
        while j > 0 and _before(lines, i, order[j - 1]):
            order[j] = order[j - 1]
            j -= 1
        order[j] = i
        worth = lines[i, PRICE] * lines[i, HELD] + lines[i, ODD]
        widest += float(worth) + float(lines[i, PRICE])
        widest = max(widest, float(lines[i, TARGET_N]) / float(lines[i, TARGET_D]))
        if lines[i, SELL]:
            raised += worth
        if parts < 1 << 40:
            parts *= lines[i, TARGET_D] // _gcd(parts, lines[i, TARGET_D])
    # Equal parts everywhere make more near ties comparable in whole numbers.
    if (widest + abs(float(budget))) * float(parts) * 4.0 >= 2.0**51 or parts >= 1 << 40:
        parts = 0
    most_money = max(budget + raised, 0)
    for place in range(n):
        i = order[place]
        price, held, odd = lines[i, PRICE], lines[i, HELD], lines[i, ODD]
        own = parts if parts else lines[i, TARGET_D]
        worth = price * held + odd
        target = lines[i, TARGET_N] * (own // lines[i, TARGET_D])
        # Rounded up: a trade of just the least size is allowed.
        least = max(-(-min_trade // price), 1)
        most = most_money // price
        if lines[i, MOST] >= 0:
            most = min(most, lines[i, MOST] - held)
        w[place, PRICE], w[place, HELD], w[place, ODD] = price, held, odd
        w[place, OFF], w[place, STRIDE] = worth * own - target, price * own
        w[place, BUY_LOW], w[place, BUY_HIGH] = least, most if lines[i, BUY] else 0
        w[place, SELL_LOW], w[place, SELL_HIGH] = least, held - lines[i, LEAST] if lines[i, SELL] else 0
        w[place, WHOLE] = odd > 0 and lines[i, SELL] and lines[i, LEAST] <= 0 and worth >= min_trade
        rate, floor = lines[i, RATE], lines[i, FLOOR] * unit
        w[place, COST_RATE], w[place, COST_FLOOR], w[place, COST_EXTRA] = rate, floor, lines[i, EXTRA]
        w[place, KNEE] = -1
        if floor:
            # Up to so many shares the least commission holds; without a rate it holds for all.
            w[place, KNEE] = floor // (rate * price) if rate else max(most, held)
        w[place, RANKED], w[place, PARTS], w[place, TARGET] = lines[i, RANK], own, target
        w[place, OVER], w[place, UNDER] = lines[i, DIVISOR_N], lines[i, DIVISOR_D]
        w[place, ROW], w[place, UNIT], w[place, CLASS], w[place, TWIN] = i, unit, place, 0
        # Lines of one class have the same divisor and parts: their squares add up as whole numbers, and plans
        # that differ only there are compared without a fraction.
        for j in range(place):
            if w[j, OVER] == w[place, OVER] and w[j, UNDER] == w[place, UNDER] and w[j, PARTS] == own:
                w[place, CLASS] = j
                break
        if place:
            same = True
            for c in range(RANK):
                same = same and lines[i, c] == lines[order[place - 1], c]
            w[place, TWIN] = same
        scale = float(lines[i, DIVISOR_D]) / float(lines[i, DIVISOR_N])
        r[place, INVERSE] = scale / float(own) / float(own)
        r[place, HALF] = 0.5 / scale
        r[place, WANTED] = -float(w[place, OFF]) / float(own)
        r[place, SHARE_COST] = (float(lines[i, EXTRA]) + float(rate)) / float(unit)
        r[place, SHARE_EXTRA] = float(lines[i, EXTRA]) / float(unit)


# A state is a code: twice the steps bought (sold when negative), plus 1 when the odd fraction left too.


@inner
def line_amount(w, i, code):
    """Return the ticks that are traded to reach a state."""
    return w[i, PRICE] * abs(code >> 1) + (w[i, ODD] if code & 1 else 0)


@inner
def line_value(w, i, code):
    """Return what a line is worth at a state, in ticks."""
    if code & 1:
        return 0
    return w[i, ODD] + w[i, PRICE] * (w[i, HELD] + (code >> 1))


@inner
def line_spent(w, i, code):
    """Return the ticks of the budget that a state takes, costs included."""
    if code == 0:
        return 0
    amount = line_amount(w, i, code)
    cost = max(w[i, COST_FLOOR], w[i, COST_RATE] * amount) + w[i, COST_EXTRA] * amount
    return cost + (amount if code > 1 else -amount) * w[i, UNIT]


@inner
def line_away(w, i, code):
    """Return the signed miss in 1 / parts ticks."""
    if code & 1:
        return -w[i, TARGET]
    return w[i, OFF] + w[i, STRIDE] * (code >> 1)


@inner
def line_miss(w, r, i, code):
    """Return what a state of a line adds to the objective."""
    away = float(line_away(w, i, code))
    return away * away * r[i, INVERSE]
