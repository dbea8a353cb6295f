"""The states of every line that a better plan could contain, and the merged hulls that bound the rest."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner, inner_with_arrays
from steelyard.engines.planning.compiled.line_kernel import (
    BUY_HIGH,
    BUY_LOW,
    HELD,
    SELL_HIGH,
    SELL_LOW,
    WHOLE,
    line_miss,
    line_spent,
)
from steelyard.engines.planning.compiled.pricing_kernel import best_side

LIST_LIMIT = 50_000


@inner
def _reach(w, r, i, multiplier, most, code, step, end):
    """Walk from a state outwards while its reduced cost is at most `most`; return the last step count."""
    change = code >> 1
    limit = change + step * LIST_LIMIT
    while change not in (end, limit):
        # The reduced cost is convex along a side: the first state that is too dear ends the direction.
        following = 2 * (change + step)
        if line_miss(w, r, i, following) + multiplier * float(line_spent(w, i, following)) > most:
            break
        change += step
    return change


@inner
def state_ranges(w, r, multiplier, gap, spans):
    """Fill for every line the states within the gap: sales from .. to, purchases from .. to, none, whole.

    Returns:
        How many states there are, and whether a list was cut short.
    """
    count, cut = 0, False
    for i in range(w.shape[0]):
        none = line_miss(w, r, i, 0)
        whole = np.inf
        if w[i, WHOLE]:
            code = -2 * w[i, HELD] + 1
            whole = line_miss(w, r, i, code) + multiplier * float(line_spent(w, i, code))
        sale, sold = best_side(w, r, i, multiplier, -1)
        purchase, bought = best_side(w, r, i, multiplier, 1)
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


@inner
def state_lists(w, r, spans, starts, codes, spent, miss):
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
                money, away = line_spent(w, i, code), line_miss(w, r, i, code)
                # Sales, then nothing, then purchases: the parts come nearly in order already, and inserting
                # costs next to nothing. Only a least commission puts one out of order: a sale that costs more
                # than it brings.
                j = k
                while j > first and (spent[j - 1] > money or (spent[j - 1] == money and miss[j - 1] > away)):
                    codes[j], spent[j], miss[j] = codes[j - 1], spent[j - 1], miss[j - 1]
                    j -= 1
                codes[j], spent[j], miss[j] = code, money, away
                k += 1
    starts[w.shape[0]] = k


@inner
def _corners(starts, spent, miss, i, corner):
    """Write the places of the falling lower convex hull of one line's states; return how many."""
    # Only where more money misses less: what costs more and misses as much is no corner of a lower hull.
    count = 0
    for k in range(starts[i], starts[i + 1]):
        if count and miss[k] >= miss[corner[count - 1]]:
            continue
        if count and spent[k] == spent[corner[count - 1]]:
            count -= 1
        while count > 1:
            a, b = corner[count - 2], corner[count - 1]
            left = (miss[b] - miss[a]) * float(spent[k] - spent[a])
            # As in `one_budget.hull._segments`: strictly, so that no corner lies on a straight line.
            if left < (miss[k] - miss[a]) * float(spent[b] - spent[a]):
                break
            count -= 1
        corner[count] = k
        count += 1
    return count


@inner_with_arrays
def merged_hulls(starts, spent, miss):
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
            # The steepest segment first, whosever it is: see `one_budget.hull.suffix_hulls`.
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


@inner
def find_corner(at, low, high, money):
    """Return the last place in [low, high) whose money is at most `money`, low - 1 when there is none."""
    while low < high:
        middle = (low + high) >> 1
        if at[middle] <= money:
            low = middle + 1
        else:
            high = middle
    return low - 1
