"""The compiled search's first step: a price of money at which the lines' own wishes spend the budget.

What that leaves is repaired, improved and exchanged into a first plan, which is usually the best already.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner, inner_with_arrays
from steelyard.engines.planning.compiled.line_kernel import (
    BUY_HIGH,
    BUY_LOW,
    COST_EXTRA,
    COST_RATE,
    HALF,
    HELD,
    KNEE,
    PRICE,
    SELL_HIGH,
    SELL_LOW,
    SHARE_COST,
    SHARE_EXTRA,
    UNIT,
    WANTED,
    WHOLE,
    line_miss,
    line_spent,
)

SLACK = 1e-12
NONE = -(1 << 62)


@inner
def best_side(w, r, i, multiplier, sign):
    """Return the code of least reduced cost among purchases (sign 1) or sales, and that cost."""
    low, high = (w[i, BUY_LOW], w[i, BUY_HIGH]) if sign == 1 else (w[i, SELL_LOW], w[i, SELL_HIGH])
    # Below the knee a least commission holds, above it the rate: two parabolas that meet there. So the best
    # size is beside the bottom of one of them (turns 0 and 1) or beside the knee (turn 2); none else is
    # looked at.
    best, least = NONE, np.inf
    if high < low:
        return best, least
    knee, unit, price = w[i, KNEE], float(w[i, UNIT]), float(w[i, PRICE])
    for turn in range(3 if knee >= 0 else 1):
        if turn == 2:
            near = min(max(knee, low), high)
            last = min(near + 1, high)
        else:
            rate = r[i, SHARE_COST] if turn == 0 else r[i, SHARE_EXTRA]
            away = sign * (r[i, WANTED] - multiplier * unit * (1.0 + sign * rate) * r[i, HALF])
            # Where no share between pulls, an end is the best, and the only state to look at.
            if away <= price * float(low):
                near, last = low, low
            elif away >= price * float(high):
                near, last = high, high
            else:
                near = int(away / price)
                last = min(near + 1, high)
        for size in range(near, last + 1):
            code = 2 * sign * size
            reduced = line_miss(w, r, i, code) + multiplier * float(line_spent(w, i, code))
            if reduced < least:
                best, least = code, reduced
    return best, least


@inner
def _evaluate(w, r, multiplier, codes):
    """Let every line choose at a price of money: the bound without the budget, its size, the money spent."""
    total, size, spent = 0.0, 0.0, 0
    for i in range(w.shape[0]):
        best, least = 0, line_miss(w, r, i, 0)
        unit, extra = float(w[i, UNIT]), float(w[i, COST_EXTRA])
        # Without a pull at the first share, and a least cost only adds, no trade beats none on that side.
        if r[i, WANTED] > multiplier * (unit + extra) * r[i, HALF]:
            code, reduced = best_side(w, r, i, multiplier, 1)
            if reduced < least:
                best, least = code, reduced
        if r[i, WANTED] < multiplier * (unit - extra) * r[i, HALF]:
            code, reduced = best_side(w, r, i, multiplier, -1)
            if reduced < least:
                best, least = code, reduced
        if w[i, WHOLE]:
            code = -2 * w[i, HELD] + 1
            reduced = line_miss(w, r, i, code) + multiplier * float(line_spent(w, i, code))
            if reduced < least:
                best, least = code, reduced
        codes[i] = best
        total += least
        size += abs(least)
        spent += line_spent(w, i, best)
    return total, size, spent


@inner
def cheapest_plan(w, plan):
    """Write the plan that raises the most money; return what it spends."""
    spent = 0
    for i in range(w.shape[0]):
        best, least = 0, 0
        low, high = w[i, SELL_LOW], w[i, SELL_HIGH]
        # What a sale brings in is straight on either side of the knee: an end or the knee brings the most.
        for size in (low, high, w[i, KNEE], w[i, KNEE] + 1):
            if low <= size <= high and line_spent(w, i, -2 * size) < least:
                best, least = -2 * size, line_spent(w, i, -2 * size)
        if w[i, WHOLE] and line_spent(w, i, -2 * w[i, HELD] + 1) < least:
            best = -2 * w[i, HELD] + 1
            least = line_spent(w, i, best)
        plan[i] = best
        spent += least
    return spent


@inner_with_arrays
def _divisible(w, r, budget):
    """Return the price of money at which divisible shares spend the budget, and its change per unit."""
    n = w.shape[0]
    total = float(budget) / float(w[0, UNIT])
    low, high, slope, near = 0.0, 0.0, 0.0, np.inf
    room = np.zeros((4, n))
    up, down, most, least = room[0], room[1], room[2], room[3]
    for i in range(n):
        up[i], down[i] = 1.0 + r[i, SHARE_COST], 1.0 - r[i, SHARE_COST]
        if w[i, BUY_HIGH] >= w[i, BUY_LOW]:
            most[i] = float(w[i, BUY_HIGH] * w[i, PRICE])
        if w[i, SELL_HIGH] >= w[i, SELL_LOW]:
            least[i] = -float(w[i, SELL_HIGH] * w[i, PRICE])
        slope += up[i] * up[i] * r[i, HALF]
        # A price right to a quarter of the cheapest share is enough: whole shares move it further than that.
        near = min(near, float(w[i, PRICE]) / 4.0)
        away = (abs(r[i, WANTED]) - least[i]) / (min(up[i], abs(down[i]) if down[i] else up[i]) * r[i, HALF])
        high = max(high, away)
    # What is spent falls in straight pieces as money gets dearer: a Newton step ends on the right piece at
    # once, and where pieces meet the halving keeps it in bounds.
    middle = 0.0
    for turn in range(40):
        spent, steep = 0.0, 0.0
        for i in range(n):
            change = r[i, WANTED] - middle * up[i] * r[i, HALF]
            if change > 0.0:
                spent += min(change, most[i]) * up[i]
                steep += up[i] * up[i] * r[i, HALF] if change < most[i] else 0.0
            else:
                change = r[i, WANTED] - middle * down[i] * r[i, HALF]
                spent += max(min(change, 0.0), least[i]) * down[i]
                steep += down[i] * down[i] * r[i, HALF] if least[i] < change < 0.0 else 0.0
        over = spent - total
        if over > 0.0:
            low = middle
        elif turn == 0:
            high = 0.0
            break
        else:
            high = middle
        if abs(over) < near:
            high = middle
            break
        middle = middle + over / steep if steep > 0.0 else high
        if not low < middle < high:
            middle = (low + high) / 2.0
    unit = float(w[0, UNIT])
    return high / unit, 1.0 / (slope * unit * unit)


@inner_with_arrays
def price_budget(w, r, budget, plan, beyond):
    """Find the best price of money by cutting planes.

    `plan` comes in as any feasible plan and leaves as the dearest feasible one met; `beyond` receives the
    cheapest one that was not.

    Returns:
        The multiplier, the bound it proves, the slack its rounding asks for, what `beyond` spends too much.
    """
    # The bound as a function of the price is concave and made of straight pieces; its slope is what a price
    # spends too much. So two prices, one that overspends and one that does not, enclose the best, and where
    # their pieces meet is the next to try. Each price proves its own bound: to stop early loosens it, no
    # more.
    multiplier, step = _divisible(w, r, budget)
    codes = np.empty(w.shape[0], np.int64)
    best, dual, margin = multiplier, -np.inf, 0.0
    low, low_dual, low_over = -1.0, 0.0, 0.0
    high, high_dual, high_over = -1.0, 0.0, 0.0
    cuts, jump, short = 0, 0.0, 0
    for _ in range(60):
        total, size, spent = _evaluate(w, r, multiplier, codes)
        here = total - multiplier * float(budget)
        margin = max(margin, SLACK * (size + abs(multiplier * float(budget))))
        if here > dual:
            best, dual = multiplier, here
        over = float(spent - budget)
        if over <= 0.0:
            high, high_dual, high_over = multiplier, here, over
            plan[:] = codes
            if multiplier == 0.0 or over == 0.0:
                break
        else:
            low, low_dual, low_over = multiplier, here, over
            short = spent - budget
            beyond[:] = codes
        if low >= 0.0 and high >= 0.0:
            cut = (high_dual - low_dual + low_over * low - high_over * high) / (low_over - high_over)
            cuts += 1
            if cuts > 5 or not low < cut < high or low_dual + low_over * (cut - low) <= dual + margin:
                break
            multiplier = cut
            continue
        # Until there is one on either side, in growing steps from where divisible shares would spend the
        # budget.
        jump = jump * 4.0 if jump else 2.0 * abs(over) * step
        multiplier = multiplier + jump if high < 0.0 else max(multiplier - jump, 0.0)
    return best, dual, margin, short


@inner
def _allowed(w, i, change):
    if change > 0:
        return w[i, BUY_LOW] <= change <= w[i, BUY_HIGH]
    return change == 0 or w[i, SELL_LOW] <= -change <= w[i, SELL_HIGH]


@inner
def repair_plan(w, r, over, plan):
    """Make a plan that spends `over` too much affordable, dearest miss last; say whether that succeeded."""
    n = w.shape[0]
    # Counted, so that the effort has a bound whatever the numbers are.
    for _ in range(3 * n):
        if over <= 0:
            return True
        score, line, chosen, saved = np.inf, -1, 0, 0
        for i in range(n):
            now = plan[i] >> 1
            if plan[i] & 1:
                continue
            # As few shares as give back what is spent too much, rounded up; a purchase below its least size
            # is none at all, a sale is raised to its own.
            change = now - -(-over // (w[i, PRICE] * w[i, UNIT]))
            if now > 0 and change < w[i, BUY_LOW]:
                change = 0
            elif now <= 0:
                change = max(min(change, -w[i, SELL_LOW]), -w[i, SELL_HIGH])
            less = line_spent(w, i, plan[i]) - line_spent(w, i, 2 * change)
            if less <= 0 or not _allowed(w, i, change):
                continue
            here = (line_miss(w, r, i, 2 * change) - line_miss(w, r, i, plan[i])) / float(min(less, over))
            if here < score:
                score, line, chosen, saved = here, i, 2 * change, less
        if line < 0:
            return False
        plan[line] = chosen
        over -= saved
    return over <= 0


@inner_with_arrays
def improve_plan(w, r, budget, plan):
    """Improve a feasible plan by single changes of one line that the money left allows; return its miss."""
    n = w.shape[0]
    left, total = budget, 0.0
    miss, room = np.empty(n), np.empty((3, n), np.int64)
    taken, wanted, dear = room[0], room[1], room[2]
    for i in range(n):
        taken[i] = line_spent(w, i, plan[i])
        left -= taken[i]
        miss[i] = line_miss(w, r, i, plan[i])
        wanted[i] = int(np.floor(r[i, WANTED] / float(w[i, PRICE])))
        dear[i] = w[i, PRICE] * (w[i, UNIT] + w[i, COST_RATE] + w[i, COST_EXTRA])
    # A good plan is enough, see `one_budget.search._first_plan`: what more rounds would find, the search
    # finds.
    for _ in range(2 * n + 20):
        gain, line, chosen = 0.0, -1, 0
        for i in range(n):
            now = plan[i] >> 1
            # A cheap line can take up at once what is left over after the dear ones.
            jump = min(now + (left // dear[i] if left >= dear[i] else 0), wanted[i])
            for change in (now - 1, now + 1, jump, jump + 1, 0, w[i, BUY_LOW], -w[i, SELL_LOW]):
                code = 2 * change
                less = miss[i] - line_miss(w, r, i, code)
                if less > gain and _allowed(w, i, change) and line_spent(w, i, code) - taken[i] <= left:
                    gain, line, chosen = less, i, code
        if line < 0:
            break
        left += taken[line]
        plan[line], taken[line] = chosen, line_spent(w, line, chosen)
        left -= taken[line]
        miss[line] = line_miss(w, r, line, chosen)
    for i in range(n):
        total += miss[i]
    return total


@inner_with_arrays
def exchange_steps(w, r, budget, plan, best):
    """Improve a plan by one share more or less of a line and what the others make of it; return its miss."""
    # A share of a dear line is worth several of a cheap one, and no single change trades the one for the
    # others: here one is forced and the rest of the plan settles around it.
    n = w.shape[0]
    trial = np.empty(n, np.int64)
    for i in range(n):
        for step in (1, -1):
            change = (plan[i] >> 1) + step
            if plan[i] & 1 or not _allowed(w, i, change):
                continue
            trial[:] = plan
            trial[i] = 2 * change
            over = -budget
            for j in range(n):
                over += line_spent(w, j, trial[j])
            if over > 0 and not repair_plan(w, r, over, trial):
                continue
            miss = improve_plan(w, r, budget, trial)
            if miss < best:
                best = miss
                plan[:] = trial
    return best
