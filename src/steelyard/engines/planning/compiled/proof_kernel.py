"""The two ways to the end of the compiled search: a walk in depth, and layers of undominated states."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner, inner_with_arrays
from steelyard.engines.planning.compiled.line_kernel import (
    CLASS,
    LIMITED,
    PROVEN,
    TWIN,
    UNDECIDED,
    line_value,
)
from steelyard.engines.planning.compiled.order_kernel import order_plans
from steelyard.engines.planning.compiled.states_kernel import find_corner

LAYER_LIMIT = 3_000_000
"""Partial plans of one layer: with 64 bytes each, 192 MB while two of them are merged."""
TIE = 8  # states that an exact comparison across unlike divisors counts for; it takes about as long


@inner
def _order(w, chosen, plan, total, best, margin):
    """Compare a plan that misses `total` with the best one, as `order_plans` where they are near."""
    # Outside the margin floats can tell, and the exact comparison takes as long as many states.
    if total < best - margin:
        return -1
    return order_plans(w, chosen, plan, w.shape[0])


@inner_with_arrays
def walk_states(w, budget, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, limit):
    """Search depth first.

    Returns:
        The status (LIMITED where the walk was given up), the least miss met, the states looked at.
    """
    # A loop over places with the path in arrays: what is left and missed at a place is that of its path.
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
                order = _order(w, chosen, plan, total, best, margin)
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
            # Of interchangeable lines only falling values, see `one_budget.search._walk`.
            ceiling = line_value(w, place - 1, chosen[place - 1]) if w[place, TWIN] else 1 << 62
            worst, count = best + margin - missed[place], 0
            low = where[place + 1]
            here = find_corner(at, low, where[place + 2], left[place] - spent[start])
            for k in range(start, starts[place + 1]):
                money = left[place] - spent[k]
                # States come by rising money, so the corner only moves down: one pass for all of them, no
                # search each.
                while here >= low and at[here] > money:
                    here -= 1
                if here < low:
                    break
                bound = miss[k] + least[here] + slope[here] * float(money - at[here])
                if bound <= worst and line_value(w, place, codes[k]) <= ceiling:
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
        # The last one takes the place of the one that is taken: no list is kept in order for the few that
        # are.
        counts[place] = count
        bounds[pick], states[pick] = bounds[start + count], states[start + count]
        chosen[place] = codes[k]
        left[place + 1], missed[place + 1] = left[place] - spent[k], missed[place] + miss[k]
        place, fresh = place + 1, True
    return PROVEN, best, nodes


@inner_with_arrays
def walk_few(w, budget, starts, codes, spent, miss, plan, best, margin):
    """Try out every plan of short lists: what remains is bounded by its own least miss and money alone.

    Returns:
        The status, the least miss met, the states looked at.
    """
    n = w.shape[0]
    whole, parts = np.empty((4, n + 1), np.int64), np.empty((2, n + 1))
    left, money, chosen, following = whole[0], whole[1], whole[2], whole[3]
    missed, least = parts[0], parts[1]
    money[n], least[n] = 0, 0.0
    for i in range(n - 1, -1, -1):
        lowest = miss[starts[i]]
        for k in range(starts[i] + 1, starts[i + 1]):
            lowest = min(lowest, miss[k])
        # In a list the first state takes the least money.
        money[i], least[i] = money[i + 1] + spent[starts[i]], least[i + 1] + lowest
    left[0], missed[0], following[0] = budget, 0.0, starts[0]
    place, nodes = 0, 0
    while place >= 0:
        if place == n:
            total = missed[n]
            order = _order(w, chosen, plan, total, best, margin)
            if order == 2:
                return UNDECIDED, best, nodes
            if order < 0:
                best = total
                plan[:] = chosen[:n]
            place -= 1
            continue
        k = following[place]
        if k == starts[place + 1]:
            place -= 1
            continue
        following[place] = k + 1
        nodes += 1
        rest, lost = left[place] - spent[k], missed[place] + miss[k]
        if rest >= money[place + 1] and lost + least[place + 1] <= best + margin:
            chosen[place], left[place + 1], missed[place + 1] = codes[k], rest, lost
            place += 1
            if place < n:
                following[place] = starts[place]
    return PROVEN, best, nodes


@inner
def _chain(parents, chosen, parent, code, count, out):
    """Write the codes of a partial plan of `count` lines."""
    out[count - 1] = code
    for i in range(count - 2, -1, -1):
        out[i] = chosen[parent]
        parent = parents[parent]


@inner
def _extend(
    money, away, taken, lost, budget, worst, at, least, slope, low, high, out, out_money, out_away, out_up
):
    """Extend a layer by one state (`taken` money, `lost` miss); return where its plans end in `out_*`.

    With empty `out_*` they are only counted.
    """
    # Plans come by rising money, so what is left falls along the layer and its corner only moves down.
    size = money.shape[0]
    if size == 0:
        return out
    write = out_money.shape[0] > 0
    here = find_corner(at, low, high, budget - money[0] - taken)
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


@inner
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
        # By money: only the last one kept can beat what comes now, as misses fall along what is kept.
        if out > start:
            behind = away[take] - to_away[out - 1]
            if behind > margin:
                continue
            if behind >= -margin:
                _chain(parents, codes, base + up[take], code[take], count, x)
                _chain(parents, codes, base + to_up[out - 1], to_code[out - 1], count, y)
                order = order_plans(w, x, y, count)
                ties += 1
                if order == 2:
                    return -1, ties
                if order >= 0:
                    continue
        to_money[out], to_away[out], to_up[out], to_code[out] = money[take], away[take], up[take], code[take]
        out += 1
    return out, ties


@inner_with_arrays
def walk_layers(
    w, budget, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, nodes, limit
):
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
            # Counted first: the arrays of a layer are made once and of the right size.
            for k in range(begin, begin + count):
                total = _extend(
                    money, away, spent[k], miss[k], budget, worst, at, least, slope, low, high,
                    total, none, nothing, none,
                )  # fmt: skip
        if nodes > limit or total > LAYER_LIMIT:
            bound, low, high = np.inf, where[place], where[place + 1]
            for j in range(money.shape[0]):
                left = budget - money[j]
                here = find_corner(at, low, high, left)
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
        # Every state moves the whole layer by the same money, so its plans stay sorted: they are merged in
        # pairs, as in a merge sort, and what is beaten falls out on the way.
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
        # A plan is kept as its last state and the plan it extends: whole ones would take n times the memory.
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
        order = _order(w, x, plan, away[last], best, margin)
        if order == 2:
            return UNDECIDED, best, -np.inf, nodes
        if order < 0:
            plan[:] = x
            best = away[last]
    return PROVEN, best, np.inf, nodes
