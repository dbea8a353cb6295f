"""The compiled part of the exact one-budget search; `compiled` is its door.

The method is that of `search`: price the budget, list the states within the gap, bound by merged hulls,
walk, then undominated layers. Money is int64; misses are float64 with slack. Plans closer than the slack
are compared exactly: squares in three 27-bit limbs, unlike divisors in double-double with an error
bound, a sum of zero proven modulo primes.
It is one method from pricing to proof, hence the length. `fastmath` is off.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled as _compiled

PROVEN, LIMITED, INFEASIBLE, UNDECIDED, TOO_LARGE = range(5)
"""How a problem ended; `compiled.solve_batch` says what each means."""

COLUMNS = 15
"""Width of a packed line, see `compiled.solve_batch`."""

# Columns of a packed line.
PRICE, HELD, ODD, TARGET_N, TARGET_D, DIVISOR_N, DIVISOR_D, BUY, SELL = range(9)
RATE, FLOOR, EXTRA, LEAST, MOST, RANK = range(9, 15)
# Columns of a prepared line in search order; the first three and the last are those of a packed one.
OFF, STRIDE, BUY_LOW, BUY_HIGH, SELL_LOW, SELL_HIGH, WHOLE = range(3, 10)
COST_RATE, COST_FLOOR, COST_EXTRA, KNEE, RANKED, PARTS, TARGET, CLASS, TWIN, ROW, UNIT = range(10, 21)
PREPARED = 23
OVER, UNDER = 21, 22
INVERSE, HALF, WANTED = range(3)

# Behind them what a class counts for modulo every prime 2**31 - k, filled in when first asked for.
RESIDUES = PREPARED
BELOW = (
    1, 19, 61, 69, 85, 99, 105, 151, 159, 171, 225, 249, 295, 325, 379, 399, 411, 469, 477, 511, 525,
    571, 579, 589, 595, 615, 619, 697, 699, 705, 711, 727, 771, 775, 781, 789, 829, 831, 837, 847, 885,
    909, 951, 955, 967, 985, 987, 1027,
)  # fmt: skip
PRIMES = len(BELOW)

WALK_LIMIT = 20_000
LIST_LIMIT = 50_000
LONG = 12
LAYER_LIMIT = 3_000_000
TIE = 8  # states that an exact comparison across unlike divisors counts for; it takes about as long
SLACK = 1e-12
NONE = -(1 << 62)
LIMB = 27
MASK = (1 << LIMB) - 1


@_compiled
def _gcd(a, b):
    while b:
        a, b = b, a % b
    return a


@_compiled
def _before(lines, a, b):
    """Say whether line a comes before b in search order: dearest first, kinds together, then symbols."""
    if lines[a, PRICE] != lines[b, PRICE]:
        return lines[a, PRICE] > lines[b, PRICE]
    for c in range(COLUMNS):
        if lines[a, c] != lines[b, c]:
            return lines[a, c] < lines[b, c]
    return False


@_compiled
def _fits(lines, budget, min_trade, unit):
    """Say whether every number of the search stays exact: int64 for money, 52 bits for values and parts."""
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


@_compiled
def _prepare(lines, budget, min_trade, unit, w, r):
    """Fill the prepared lines in search order: whole numbers `w`, floats `r`."""
    n = lines.shape[0]
    order = np.empty(n, np.int64)
    parts, widest, raised = 1, 0.0, 0
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
            w[place, KNEE] = floor // (rate * price) if rate else max(most, held)
        w[place, RANKED], w[place, PARTS], w[place, TARGET] = lines[i, RANK], own, target
        w[place, OVER], w[place, UNDER] = lines[i, DIVISOR_N], lines[i, DIVISOR_D]
        w[place, ROW], w[place, UNIT], w[place, CLASS], w[place, TWIN] = i, unit, place, 0
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


# A state is a code: twice the steps bought (sold when negative), plus 1 when the odd fraction left too.


@_compiled
def _amount(w, i, code):
    return w[i, PRICE] * abs(code >> 1) + (w[i, ODD] if code & 1 else 0)


@_compiled
def _value(w, i, code):
    if code & 1:
        return 0
    return w[i, ODD] + w[i, PRICE] * (w[i, HELD] + (code >> 1))


@_compiled
def _spent(w, i, code):
    if code == 0:
        return 0
    amount = _amount(w, i, code)
    cost = max(w[i, COST_FLOOR], w[i, COST_RATE] * amount) + w[i, COST_EXTRA] * amount
    return cost + (amount if code > 1 else -amount) * w[i, UNIT]


@_compiled
def _away(w, i, code):
    """Return the signed miss in 1 / parts ticks."""
    if code & 1:
        return -w[i, TARGET]
    return w[i, OFF] + w[i, STRIDE] * (code >> 1)


@_compiled
def _miss(w, r, i, code):
    away = float(_away(w, i, code))
    return away * away * r[i, INVERSE]


@_compiled
def _side(w, r, i, multiplier, sign):
    """Return the code of least reduced cost among purchases (sign 1) or sales, and that cost."""
    low, high = (w[i, BUY_LOW], w[i, BUY_HIGH]) if sign == 1 else (w[i, SELL_LOW], w[i, SELL_HIGH])
    best, least = NONE, np.inf
    if high < low:
        return best, least
    knee, unit = w[i, KNEE], float(w[i, UNIT])
    for turn in range(3 if knee >= 0 else 1):
        if turn == 2:
            near = min(max(knee, low), high)
        else:
            rate = (float(w[i, COST_EXTRA]) + (float(w[i, COST_RATE]) if turn == 0 else 0.0)) / unit
            away = sign * (r[i, WANTED] - multiplier * unit * (1.0 + sign * rate) * r[i, HALF])
            near = int(np.floor(min(max(away / float(w[i, PRICE]), float(low)), float(high))))
        for size in range(near, min(near + 1, high) + 1):
            code = 2 * sign * size
            reduced = _miss(w, r, i, code) + multiplier * float(_spent(w, i, code))
            if reduced < least:
                best, least = code, reduced
    return best, least


@_compiled
def _evaluate(w, r, multiplier, codes):
    """Let every line choose at a price of money: the bound without the budget, its size, the money spent."""
    total, size, spent = 0.0, 0.0, 0
    for i in range(w.shape[0]):
        best, least = 0, _miss(w, r, i, 0)
        unit, extra = float(w[i, UNIT]), float(w[i, COST_EXTRA])
        # Without a pull at the first share, and a least cost only adds, no trade beats none on that side.
        if r[i, WANTED] > multiplier * (unit + extra) * r[i, HALF]:
            code, reduced = _side(w, r, i, multiplier, 1)
            if reduced < least:
                best, least = code, reduced
        if r[i, WANTED] < multiplier * (unit - extra) * r[i, HALF]:
            code, reduced = _side(w, r, i, multiplier, -1)
            if reduced < least:
                best, least = code, reduced
        if w[i, WHOLE]:
            code = -2 * w[i, HELD] + 1
            reduced = _miss(w, r, i, code) + multiplier * float(_spent(w, i, code))
            if reduced < least:
                best, least = code, reduced
        codes[i] = best
        total += least
        size += abs(least)
        spent += _spent(w, i, best)
    return total, size, spent


@_compiled
def _cheapest(w, plan):
    """Write the plan that raises the most money; return what it spends."""
    spent = 0
    for i in range(w.shape[0]):
        best, least = 0, 0
        low, high = w[i, SELL_LOW], w[i, SELL_HIGH]
        for size in (low, high, w[i, KNEE], w[i, KNEE] + 1):
            if low <= size <= high and _spent(w, i, -2 * size) < least:
                best, least = -2 * size, _spent(w, i, -2 * size)
        if w[i, WHOLE] and _spent(w, i, -2 * w[i, HELD] + 1) < least:
            best = -2 * w[i, HELD] + 1
            least = _spent(w, i, best)
        plan[i] = best
        spent += least
    return spent


@_compiled
def _divisible(w, r, budget):
    """Return the price of money at which divisible shares spend the budget, and its change per unit."""
    n = w.shape[0]
    total = float(budget) / float(w[0, UNIT])
    low, high, slope = 0.0, 0.0, 0.0
    up, down = np.empty(n), np.empty(n)
    most, least = np.zeros(n), np.zeros(n)
    for i in range(n):
        rate = float(w[i, COST_RATE] + w[i, COST_EXTRA]) / float(w[i, UNIT])
        up[i], down[i] = 1.0 + rate, 1.0 - rate
        if w[i, BUY_HIGH] >= w[i, BUY_LOW]:
            most[i] = float(w[i, BUY_HIGH] * w[i, PRICE])
        if w[i, SELL_HIGH] >= w[i, SELL_LOW]:
            least[i] = -float(w[i, SELL_HIGH] * w[i, PRICE])
        slope += up[i] * up[i] * r[i, HALF]
        away = (abs(r[i, WANTED]) - least[i]) / (min(up[i], abs(down[i]) if down[i] else up[i]) * r[i, HALF])
        high = max(high, away)
    for turn in range(40):
        middle = (low + high) / 2.0 if turn else 0.0
        spent = 0.0
        for i in range(n):
            change = r[i, WANTED] - middle * up[i] * r[i, HALF]
            if change > 0.0:
                spent += min(change, most[i]) * up[i]
            else:
                change = r[i, WANTED] - middle * down[i] * r[i, HALF]
                spent += max(min(change, 0.0), least[i]) * down[i]
        if spent > total:
            low = middle
        elif turn == 0:
            high = 0.0
            break
        else:
            high = middle
            if total - spent < 1e-4 * abs(total):
                break
    unit = float(w[0, UNIT])
    return high / unit, 1.0 / (slope * unit * unit)


@_compiled
def _price(w, r, budget, plan, beyond):
    """Find the best price of money by cutting planes.

    `plan` comes in as any feasible plan and leaves as the dearest feasible one met; `beyond` receives the
    cheapest one that was not.

    Returns:
        The multiplier, the bound it proves, the slack its rounding asks for, what `beyond` spends too much.
    """
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
        jump = jump * 4.0 if jump else 2.0 * abs(over) * step
        multiplier = multiplier + jump if high < 0.0 else max(multiplier - jump, 0.0)
    return best, dual, margin, short


@_compiled
def _allowed(w, i, change):
    if change > 0:
        return w[i, BUY_LOW] <= change <= w[i, BUY_HIGH]
    return change == 0 or w[i, SELL_LOW] <= -change <= w[i, SELL_HIGH]


@_compiled
def _repair(w, r, over, plan):
    """Make a plan that spends `over` too much affordable, dearest miss last; say whether that succeeded."""
    n = w.shape[0]
    for _ in range(3 * n):
        if over <= 0:
            return True
        score, line, chosen, saved = np.inf, -1, 0, 0
        for i in range(n):
            now = plan[i] >> 1
            if plan[i] & 1:
                continue
            change = now - -(-over // (w[i, PRICE] * w[i, UNIT]))
            if now > 0 and change < w[i, BUY_LOW]:
                change = 0
            elif now <= 0:
                change = max(min(change, -w[i, SELL_LOW]), -w[i, SELL_HIGH])
            less = _spent(w, i, plan[i]) - _spent(w, i, 2 * change)
            if less <= 0 or not _allowed(w, i, change):
                continue
            here = (_miss(w, r, i, 2 * change) - _miss(w, r, i, plan[i])) / float(min(less, over))
            if here < score:
                score, line, chosen, saved = here, i, 2 * change, less
        if line < 0:
            return False
        plan[line] = chosen
        over -= saved
    return over <= 0


@_compiled
def _improve(w, r, budget, plan):
    """Improve a feasible plan by single changes of one line that the money left allows; return its miss."""
    n = w.shape[0]
    left, total = budget, 0.0
    miss = np.empty(n)
    for i in range(n):
        left -= _spent(w, i, plan[i])
        miss[i] = _miss(w, r, i, plan[i])
    for _ in range(2 * n + 20):
        gain, line, chosen = 0.0, -1, 0
        for i in range(n):
            now = plan[i] >> 1
            spent = _spent(w, i, plan[i])
            dear = w[i, PRICE] * (w[i, UNIT] + w[i, COST_RATE] + w[i, COST_EXTRA])
            # A cheap line can take up at once what is left over after the dear ones.
            jump = min(now + left // dear, int(np.floor(r[i, WANTED] / float(w[i, PRICE]))))
            for change in (now - 1, now + 1, jump, jump + 1, 0, w[i, BUY_LOW], -w[i, SELL_LOW]):
                code = 2 * change
                if not _allowed(w, i, change):
                    continue
                less = miss[i] - _miss(w, r, i, code)
                if less > gain and _spent(w, i, code) - spent <= left:
                    gain, line, chosen = less, i, code
        if line < 0:
            break
        left += _spent(w, line, plan[line]) - _spent(w, line, chosen)
        plan[line] = chosen
        miss[line] = _miss(w, r, line, chosen)
    for i in range(n):
        total += miss[i]
    return total


@_compiled
def _exchange(w, r, budget, plan, best):
    """Improve a plan by one share more or less of a line and what the others make of it; return its miss."""
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
                over += _spent(w, j, trial[j])
            if over > 0 and not _repair(w, r, over, trial):
                continue
            miss = _improve(w, r, budget, trial)
            if miss < best:
                best = miss
                plan[:] = trial
    return best


@_compiled
def _reach(w, r, i, multiplier, most, code, step, end):
    """Walk from a state outwards while its reduced cost is at most `most`; return the last step count."""
    change = code >> 1
    limit = change + step * LIST_LIMIT
    while change not in (end, limit):
        following = 2 * (change + step)
        if _miss(w, r, i, following) + multiplier * float(_spent(w, i, following)) > most:
            break
        change += step
    return change


@_compiled
def _ranges(w, r, multiplier, gap, spans):
    """Fill for every line the states within the gap: sales from .. to, purchases from .. to, none, whole.

    Returns:
        How many states there are, and whether a list was cut short.
    """
    count, cut = 0, False
    for i in range(w.shape[0]):
        none = _miss(w, r, i, 0)
        whole = np.inf
        if w[i, WHOLE]:
            code = -2 * w[i, HELD] + 1
            whole = _miss(w, r, i, code) + multiplier * float(_spent(w, i, code))
        sale, sold = _side(w, r, i, multiplier, -1)
        purchase, bought = _side(w, r, i, multiplier, 1)
        most = min(min(none, whole), min(sold, bought)) + gap
        spans[i, 0], spans[i, 1], spans[i, 2], spans[i, 3] = 0, -1, 0, -1
        if sold <= most:
            spans[i, 0] = _reach(w, r, i, multiplier, most, sale, -1, -w[i, SELL_HIGH])
            spans[i, 1] = _reach(w, r, i, multiplier, most, sale, 1, -w[i, SELL_LOW])
        if bought <= most:
            spans[i, 2] = _reach(w, r, i, multiplier, most, purchase, -1, w[i, BUY_LOW])
            spans[i, 3] = _reach(w, r, i, multiplier, most, purchase, 1, w[i, BUY_HIGH])
        spans[i, 4], spans[i, 5] = none <= most, whole <= most
        here = spans[i, 1] - spans[i, 0] + spans[i, 3] - spans[i, 2] + 2
        cut = cut or here > LIST_LIMIT
        count += here + spans[i, 4] + spans[i, 5]
    return count, cut


@_compiled
def _lists(w, r, spans, starts, codes, spent, miss):
    """Write the states of every line in ascending order of the money they take."""
    k = 0
    for i in range(w.shape[0]):
        starts[i] = k
        first = k
        for part in range(4):
            low, high = 0, -1
            if part == 0 and spans[i, 5]:
                low, high = -w[i, HELD], -w[i, HELD]
            elif part == 1:
                low, high = spans[i, 0], spans[i, 1]
            elif part == 2 and spans[i, 4]:
                low, high = 0, 0
            elif part == 3:
                low, high = spans[i, 2], spans[i, 3]
            for change in range(low, high + 1):
                code = 2 * change + (1 if part == 0 else 0)
                money, away = _spent(w, i, code), _miss(w, r, i, code)
                j = k
                while j > first and (spent[j - 1] > money or (spent[j - 1] == money and miss[j - 1] > away)):
                    codes[j], spent[j], miss[j] = codes[j - 1], spent[j - 1], miss[j - 1]
                    j -= 1
                codes[j], spent[j], miss[j] = code, money, away
                k += 1
    starts[w.shape[0]] = k


@_compiled
def _corners(starts, spent, miss, i, corner):
    """Write the places of the falling lower convex hull of one line's states; return how many."""
    count = 0
    for k in range(starts[i], starts[i + 1]):
        if count and miss[k] >= miss[corner[count - 1]]:
            continue
        if count and spent[k] == spent[corner[count - 1]]:
            count -= 1
        while count > 1:
            a, b = corner[count - 2], corner[count - 1]
            left = (miss[b] - miss[a]) * float(spent[k] - spent[a])
            if left < (miss[k] - miss[a]) * float(spent[b] - spent[a]):
                break
            count -= 1
        corner[count] = k
        count += 1
    return count


@_compiled
def _hulls(starts, spent, miss):
    """Merge the hulls of every suffix of the lines.

    Returns:
        Where each suffix starts in the next three (one longer), money, least miss, slope from there on.
    """
    n = starts.shape[0] - 1
    corner = np.empty(starts[n], np.int64)
    counts = np.empty(n + 1, np.int64)
    counts[n] = 1
    total = 1
    places = np.empty(starts[n], np.int64)
    for i in range(n - 1, -1, -1):
        here = _corners(starts, spent, miss, i, corner)
        places[starts[i] : starts[i] + here] = corner[:here]
        counts[i] = counts[i + 1] + here - 1
        total += counts[i]
    where = np.empty(n + 2, np.int64)
    where[n + 1] = total
    at, least, slope = np.empty(total, np.int64), np.empty(total), np.empty(total)
    base = total - 1
    where[n], at[base], least[base], slope[base] = base, 0, 0.0, 0.0
    for i in range(n - 1, -1, -1):
        after = where[i + 1]
        base = after - counts[i]
        where[i] = base
        corners = counts[i] - counts[i + 1] + 1
        place = starts[i]
        at[base] = at[after] + spent[places[place]]
        least[base] = least[after] + miss[places[place]]
        j, c = after, 0
        for k in range(base, after - 1):
            steep = 0.0
            if c < corners - 1:
                a, b = places[place + c], places[place + c + 1]
                steep = (miss[b] - miss[a]) / float(spent[b] - spent[a])
            if c == corners - 1 or (j < where[i + 2] - 1 and slope[j] <= steep):
                slope[k], length = slope[j], at[j + 1] - at[j]
                j += 1
            else:
                slope[k], length = steep, spent[b] - spent[a]
                c += 1
            at[k + 1] = at[k] + length
            least[k + 1] = least[k] + slope[k] * float(length)
        slope[after - 1] = 0.0
    return where, at, least, slope


@_compiled
def _find(at, low, high, money):
    """Return the last place in [low, high) whose money is at most `money`, low - 1 when there is none."""
    while low < high:
        middle = (low + high) >> 1
        if at[middle] <= money:
            low = middle + 1
        else:
            high = middle
    return low - 1


@_compiled
def _two_product(a, b):
    product = a * b
    scaled = 134217729.0 * a
    high_a = scaled - (scaled - a)
    scaled = 134217729.0 * b
    high_b = scaled - (scaled - b)
    low_a, low_b = a - high_a, b - high_b
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


@_compiled
def _two_sum(a, b):
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@_compiled
def _plus(a, a_low, b, b_low):
    """Add two double-doubles."""
    high, low = _two_sum(a, b)
    more, least = _two_sum(a_low, b_low)
    high, low = _two_sum(high, low + more)
    return _two_sum(high, low + least)


@_compiled
def _times(a, a_low, b):
    high, low = _two_product(a, b)
    return _two_sum(high, low + a_low * b)


@_compiled
def _over(a, a_low, b):
    first = a / b
    high, low = _two_product(first, b)
    rest, rest_low = _plus(a, a_low, -high, -low)
    second = rest / b
    high, low = _two_product(second, b)
    rest, rest_low = _plus(rest, rest_low, -high, -low)
    first, second = _two_sum(first, second)
    return _two_sum(first, second + rest / b)


@_compiled
def _inverse(value, prime):
    """Return the inverse modulo a prime, 0 where there is none."""
    a, b, x, y = value % prime, prime, 1, 0
    while a > 1:
        quotient = b // a
        a, b, x, y = b - quotient * a, a, y - quotient * x, x
    return x % prime if a else 0


@_compiled
def _vanishes(w, limbs, size):
    """Say whether the difference of two misses, known to be below `size` * 2**-80, is proven to be zero.

    Over the product of the divisors it is a whole number. One that is zero modulo enough primes is smaller
    than their product only when it is zero.
    """
    n = w.shape[0]
    if w[0, RESIDUES] < 0:
        for j in range(PRIMES):
            prime = (1 << 31) - BELOW[j]
            for c in range(n):
                parts = w[c, PARTS] % prime
                bottom = (parts * parts % prime) * (w[c, OVER] % prime) % prime
                w[c, RESIDUES + j] = (w[c, UNDER] % prime) * _inverse(bottom, prime) % prime
    bits = np.log2(size) - 80.0
    for c in range(limbs.shape[0]):
        if limbs[c, 0] or limbs[c, 1] or limbs[c, 2]:
            bits += np.log2(float(w[c, OVER])) + 2.0 * np.log2(float(w[c, PARTS])) + 1e-9
    for j in range(PRIMES):
        prime = (1 << 31) - BELOW[j]
        total, usable = 0, True
        for c in range(limbs.shape[0]):
            if limbs[c, 0] or limbs[c, 1] or limbs[c, 2]:
                usable = usable and w[c, RESIDUES + j] > 0
                here = ((limbs[c, 2] % prime) * (1 << LIMB) + limbs[c, 1]) % prime
                here = (here * (1 << LIMB) + limbs[c, 0]) % prime
                total = (total + here * w[c, RESIDUES + j]) % prime
        if not usable:
            continue
        if total:
            return False
        bits -= 30.99
        if bits < 0.0:
            return True
    return False


@_compiled
def _miss_order(w, a, b, count):
    """Compare the misses of two plans of the first `count` lines: -1, 0, 1, or 2 where they are too near."""
    limbs = np.zeros((count, 3), np.int64)
    for i in range(count):
        if a[i] == b[i]:
            continue
        x, y = _away(w, i, a[i]), _away(w, i, b[i])
        u, v, c = x - y, x + y, w[i, CLASS]
        u_low, v_low = u & MASK, v & MASK
        u_high, v_high = u >> LIMB, v >> LIMB
        low = limbs[c, 0] + u_low * v_low
        middle = limbs[c, 1] + u_low * v_high + u_high * v_low + (low >> LIMB)
        limbs[c, 0] = low & MASK
        limbs[c, 1] = middle & MASK
        limbs[c, 2] += u_high * v_high + (middle >> LIMB)
    above, below = False, False
    total, total_low, size = 0.0, 0.0, 0.0
    for c in range(count):
        if limbs[c, 2] < 0:
            below = True
        elif limbs[c, 2] or limbs[c, 1] or limbs[c, 0]:
            above = True
        else:
            continue
        base = float(1 << LIMB)
        high, low = _times(float(limbs[c, 2] >> LIMB), 0.0, base)
        high, low = _plus(high, low, float(limbs[c, 2] & MASK), 0.0)
        for limb in (1, 0):
            high, low = _times(high, low, base)
            high, low = _plus(high, low, float(limbs[c, limb]), 0.0)
        high, low = _times(high, low, float(w[c, UNDER]))
        for divisor in (OVER, PARTS, PARTS):
            high, low = _over(high, low, float(w[c, divisor]))
        total, total_low = _plus(total, total_low, high, low)
        size += abs(high)
    if not above and not below:
        return 0
    if not below:
        return 1
    if not above:
        return -1
    # Each term is right to some 2**-98 of itself, each sum to 2**-103.
    if abs(total) <= size * (count + 8.0) * 2.0**-96:
        return 0 if _vanishes(w, limbs, size) else 2
    return 1 if total > 0.0 else -1


@_compiled
def _order(w, a, b, count):
    """Compare the ranks of two plans of the first `count` lines: -1, 0, 1, or 2 where they are too near."""
    order = _miss_order(w, a, b, count)
    if order != 0:
        return order
    trades, turnover, first, more = 0, 0, 1 << 60, 0
    for i in range(count):
        if a[i] == b[i]:
            continue
        trades += (1 if a[i] else 0) - (1 if b[i] else 0)
        turnover += _amount(w, i, a[i]) - _amount(w, i, b[i])
        if w[i, RANKED] < first:
            difference = _value(w, i, b[i]) - _value(w, i, a[i])
            if difference:
                first, more = w[i, RANKED], difference
    for level in (trades, turnover, more):
        if level:
            return 1 if level > 0 else -1
    return 0


@_compiled
def _walk(w, budget, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, limit):
    """Search depth first.

    Returns:
        The status (LIMITED where the walk was given up), the least miss met, the states looked at.
    """
    n = w.shape[0]
    bounds, states = np.empty(starts[n]), np.empty(starts[n], np.int64)
    counts = np.empty(n, np.int64)
    left, missed = np.empty(n + 1, np.int64), np.empty(n + 1)
    chosen = np.empty(n, np.int64)
    left[0], missed[0] = budget, 0.0
    place, nodes, fresh = 0, 0, True
    while place >= 0:
        if place == n:
            total = missed[n]
            if total <= best + margin:
                order = -1
                if total >= best - margin:
                    order = _order(w, chosen, plan, n)
                    if order == 2:
                        return UNDECIDED, best, nodes
                if order < 0:
                    best = total
                    plan[:] = chosen
            place, fresh = n - 1, False
            continue
        start = starts[place]
        if fresh:
            size = starts[place + 1] - start
            nodes += size
            if nodes > limit:
                return LIMITED, best, nodes
            ceiling = _value(w, place - 1, chosen[place - 1]) if w[place, TWIN] else 1 << 62
            worst, count = best + margin - missed[place], 0
            low = where[place + 1]
            here = _find(at, low, where[place + 2], left[place] - spent[start])
            for k in range(start, starts[place + 1]):
                money = left[place] - spent[k]
                while here >= low and at[here] > money:
                    here -= 1
                if here < low:
                    break
                bound = miss[k] + least[here] + slope[here] * float(money - at[here])
                if bound <= worst and _value(w, place, codes[k]) <= ceiling:
                    bounds[start + count], states[start + count] = bound, k
                    count += 1
            counts[place] = count
        # The child of least bound next; most nodes have few that are ever taken.
        count, pick = counts[place], -1
        bound = best + margin - missed[place]
        for k in range(start, start + count):
            if bounds[k] <= bound:
                bound, pick = bounds[k], k
        if pick < 0:
            place, fresh = place - 1, False
            continue
        k = states[pick]
        count -= 1
        counts[place] = count
        bounds[pick], states[pick] = bounds[start + count], states[start + count]
        chosen[place] = codes[k]
        left[place + 1], missed[place + 1] = left[place] - spent[k], missed[place] + miss[k]
        place, fresh = place + 1, True
    return PROVEN, best, nodes


@_compiled
def _chain(parents, chosen, parent, code, count, out):
    """Write the codes of a partial plan of `count` lines."""
    out[count - 1] = code
    for i in range(count - 2, -1, -1):
        out[i] = chosen[parent]
        parent = parents[parent]


@_compiled
def _partials(size):
    """Return room for partial plans: money spent, miss, the plan extended, the code of the last line."""
    return np.empty(size, np.int64), np.empty(size), np.empty(size, np.int64), np.empty(size, np.int64)


@_compiled
def _extend(
    money, away, taken, lost, budget, worst, at, least, slope, low, high, out, out_money, out_away, out_up
):
    """Extend a layer by one state (`taken` money, `lost` miss); return where its plans end in `out_*`.

    With empty `out_*` they are only counted.
    """
    size = money.shape[0]
    if size == 0:
        return out
    write = out_money.shape[0] > 0
    here = _find(at, low, high, budget - money[0] - taken)
    for j in range(size):
        left = budget - money[j] - taken
        while here >= low and at[here] > left:
            here -= 1
        if here < low:
            break
        miss = away[j] + lost
        if miss + least[here] + slope[here] * float(left - at[here]) <= worst:
            if write:
                out_money[out], out_away[out], out_up[out] = money[j] + taken, miss, j
            out += 1
    return out


@_compiled
def _merge(w, count, margin, parents, codes, base, run, other, source, goal, x, y):
    """Merge two runs of partial plans, leaving out what another one beats while spending no more.

    Returns:
        Where the merged run ends in `goal`, -1 where two plans are too near to tell, and the ties met.
    """
    ties = 0
    money, away, up, code = source
    to_money, to_away, to_up, to_code = goal
    start, first, middle = run[0], run[0], run[1]
    second, end, out = other[0], other[1], run[0]
    while first < middle or second < end:
        if second == end:
            left = True
        elif first == middle:
            left = False
        elif money[first] != money[second]:
            left = money[first] < money[second]
        else:
            left = away[first] <= away[second]
        take = first if left else second
        if left:
            first += 1
        else:
            second += 1
        if out > start:
            behind = away[take] - to_away[out - 1]
            if behind > margin:
                continue
            if behind >= -margin:
                _chain(parents, codes, base + up[take], code[take], count, x)
                _chain(parents, codes, base + to_up[out - 1], to_code[out - 1], count, y)
                order = _order(w, x, y, count)
                ties += 1
                if order == 2:
                    return -1, ties
                if order >= 0:
                    continue
        to_money[out], to_away[out], to_up[out], to_code[out] = money[take], away[take], up[take], code[take]
        out += 1
    return out, ties


@_compiled
def _layers(w, budget, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, nodes, limit):
    """Keep, line by line, the partial plans that none beats while spending no more.

    Returns:
        The status, the least miss met, the least bound left open, the states looked at.
    """
    n = w.shape[0]
    parents, chosen = np.empty(1024, np.int64), np.empty(1024, np.int64)
    kept, base = 0, 0
    money, away = np.zeros(1, np.int64), np.zeros(1)
    none, nothing = np.empty(0, np.int64), np.empty(0)
    x, y = np.empty(n, np.int64), np.empty(n, np.int64)
    worst, tie = best + margin, 1
    for place in range(n):
        if w[place, CLASS]:
            tie = TIE
    for place in range(n):
        begin, count = starts[place], starts[place + 1] - starts[place]
        low, high = where[place + 1], where[place + 2]
        nodes += count * money.shape[0]
        total = 0
        if nodes <= limit:
            for k in range(begin, begin + count):
                total = _extend(
                    money, away, spent[k], miss[k], budget, worst, at, least, slope, low, high,
                    total, none, nothing, none,
                )  # fmt: skip
        if nodes > limit or total > LAYER_LIMIT:
            bound, low, high = np.inf, where[place], where[place + 1]
            for j in range(money.shape[0]):
                left = budget - money[j]
                here = _find(at, low, high, left)
                if here >= low:
                    bound = min(bound, away[j] + least[here] + slope[here] * float(left - at[here]))
            return LIMITED, best, bound - margin, nodes
        source = (
            np.empty(total, np.int64),
            np.empty(total),
            np.empty(total, np.int64),
            np.empty(total, np.int64),
        )
        goal = (
            np.empty(total, np.int64),
            np.empty(total),
            np.empty(total, np.int64),
            np.empty(total, np.int64),
        )
        runs = np.empty((count, 2), np.int64)
        end, live = 0, 0
        for k in range(begin, begin + count):
            if total == 0:
                break
            runs[live, 0] = end
            end = _extend(
                money, away, spent[k], miss[k], budget, worst, at, least, slope, low, high,
                end, source[0], source[1], source[2],
            )  # fmt: skip
            runs[live, 1] = end
            source[3][runs[live, 0] : end] = codes[k]
            live += end > runs[live, 0]
        while live > 1:
            for pair in range(0, live - 1, 2):
                run, other = runs[pair], runs[pair + 1]
                end, ties = _merge(
                    w, place + 1, margin, parents, chosen, base, run, other, source, goal, x, y
                )  # fmt: skip
                nodes += tie * ties
                if end < 0:
                    return UNDECIDED, best, -np.inf, nodes
                runs[pair // 2, 0], runs[pair // 2, 1] = runs[pair, 0], end
            if live % 2:
                first, end = runs[live - 1, 0], runs[live - 1, 1]
                for c in range(first, end):
                    goal[0][c], goal[1][c], goal[2][c], goal[3][c] = (
                        source[0][c], source[1][c], source[2][c], source[3][c],
                    )  # fmt: skip
                runs[live // 2, 0], runs[live // 2, 1] = first, end
            live = (live + 1) // 2
            source, goal = goal, source
        if live == 0:
            return PROVEN, best, np.inf, nodes
        first, end = runs[0, 0], runs[0, 1]
        while kept + end - first > parents.shape[0]:
            parents = np.concatenate((parents, np.empty_like(parents)))
            chosen = np.concatenate((chosen, np.empty_like(chosen)))
        for c in range(first, end):
            parents[kept + c - first] = base + source[2][c]
            chosen[kept + c - first] = source[3][c]
        money, away = source[0][first:end].copy(), source[1][first:end].copy()
        base = kept
        kept += end - first
    # Ranks fall strictly along a layer: only the last can come before the plan.
    last = money.shape[0] - 1
    _chain(parents, chosen, parents[base + last], chosen[base + last], n, x)
    if away[last] <= best + margin:
        order = -1
        if away[last] >= best - margin:
            order = _order(w, x, plan, n)
            if order == 2:
                return UNDECIDED, best, -np.inf, nodes
        if order < 0:
            plan[:] = x
            best = away[last]
    return PROVEN, best, np.inf, nodes


@_compiled
def solve_rows(lines, budget, min_trade, unit, limit, steps, sold):
    """Solve one packed problem; `steps` and `sold` receive the plan in the order of the lines.

    Returns:
        Status, objective reached, bound, states looked at.
    """
    n = lines.shape[0]
    if not _fits(lines, budget, min_trade, unit):
        return TOO_LARGE, np.nan, np.nan, 0
    w, r = np.empty((n, PREPARED + PRIMES), np.int64), np.empty((n, 3))
    w[0, RESIDUES] = -1
    _prepare(lines, budget, min_trade, unit, w, r)
    money = budget * unit
    plan = np.empty(n, np.int64)
    if _cheapest(w, plan) > money:
        return INFEASIBLE, np.nan, np.nan, 0
    beyond = np.empty(n, np.int64)
    multiplier, dual, margin, short = _price(w, r, money, plan, beyond)
    best = _improve(w, r, money, plan)
    if short > 0 and best > dual + margin and _repair(w, r, short, beyond):
        other = _improve(w, r, money, beyond)
        if other < best:
            best = other
            plan[:] = beyond
    spans = np.empty((n, 6), np.int64)
    count, cut = _ranges(w, r, multiplier, best - dual + margin, spans)
    if count > LONG * n:
        # Long lists: a better plan is worth more time before they are searched.
        best = _exchange(w, r, money, plan, best)
        count, cut = _ranges(w, r, multiplier, best - dual + margin, spans)
    starts, codes = np.empty(n + 1, np.int64), np.empty(count, np.int64)
    spent, miss = np.empty(count, np.int64), np.empty(count)
    _lists(w, r, spans, starts, codes, spent, miss)
    where, at, least, slope = _hulls(starts, spent, miss)
    margin = max(margin, SLACK * abs(least[0]))
    walk = min(limit, WALK_LIMIT)
    status, best, nodes = _walk(
        w, money, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, walk
    )
    bound = np.inf
    if status == LIMITED:
        status, best, bound, nodes = _layers(
            w, money, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, nodes, limit
        )
    if status == PROVEN and cut:
        status = LIMITED
    if cut:
        # A state left off a short list is bounded by the price of money alone.
        bound = min(bound, dual - margin)
    for place in range(n):
        row = w[place, ROW]
        steps[row], sold[row] = w[place, HELD] + (plan[place] >> 1), plan[place] & 1
    value = 0.0
    for place in range(n):
        value += _miss(w, r, place, plan[place])
    return status, value, max(min(bound, value), 0.0), nodes


@_compiled
def solve_rows_each(lines, starts, heads, limit, steps, sold, value, bound, status, nodes):
    """Solve every packed problem of a batch, see `compiled.solve_batch`."""
    for k in range(heads.shape[0]):
        a, b = starts[k], starts[k + 1]
        status[k], value[k], bound[k], nodes[k] = solve_rows(
            lines[a:b], heads[k, 0], heads[k, 1], heads[k, 2], limit, steps[a:b], sold[a:b]
        )
