"""The compiled exact one-budget search, from pricing to proof; `compiled_search` is its door.

The method is that of `one_budget.search`: price the budget, list the states within the gap, bound by merged
hulls, walk, then undominated layers. Plans closer than the slack are compared exactly. `fastmath` is off.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled, compiled_with_arrays
from steelyard.engines.planning.compiled.line_kernel import (
    FLOATS,
    HELD,
    INFEASIBLE,
    LIMITED,
    PREPARED,
    PROVEN,
    ROW,
    TOO_LARGE,
    fits_numbers,
    line_miss,
    prepare_lines,
)
from steelyard.engines.planning.compiled.order_kernel import PRIMES, RESIDUES
from steelyard.engines.planning.compiled.pricing_kernel import (
    SLACK,
    cheapest_plan,
    exchange_steps,
    improve_plan,
    price_budget,
    repair_plan,
)
from steelyard.engines.planning.compiled.proof_kernel import walk_few, walk_layers, walk_states
from steelyard.engines.planning.compiled.states_kernel import merged_hulls, state_lists, state_ranges

WALK_LIMIT = 20_000
"""States of the walk before the layers take over. States are counted, not time: the same plan anywhere."""
SHORT = 3
"""States a line, on average, above which a second first plan is worth its time."""
LONG = 12
"""The same for exchanging shares of the first plan."""
FEW = 64
"""Plans up to which trying them all takes less time than a bound for them."""


@compiled_with_arrays
def solve_rows(lines, budget, min_trade, unit, limit, steps, sold):
    """Solve one packed problem; `steps` and `sold` receive the plan in the order of the lines.

    Returns:
        Status, objective reached, bound, states looked at.
    """
    n = lines.shape[0]
    if not fits_numbers(lines, budget, min_trade, unit):
        return TOO_LARGE, np.nan, np.nan, 0
    w, r = np.empty((n, PREPARED + PRIMES), np.int64), np.empty((n, FLOATS))
    w[0, RESIDUES] = -1
    prepare_lines(lines, budget, min_trade, unit, w, r)
    money = budget * unit
    plan = np.empty(n, np.int64)
    # Told first: from here on there is a plan.
    if cheapest_plan(w, plan) > money:
        return INFEASIBLE, np.nan, np.nan, 0
    beyond = np.empty(n, np.int64)
    multiplier, dual, margin, short = price_budget(w, r, money, plan, beyond)
    best = improve_plan(w, r, money, plan)
    spans = np.empty((n, 6), np.int64)
    count, cut = state_ranges(w, r, multiplier, best - dual + margin, spans)
    if count > SHORT * n and short > 0 and repair_plan(w, r, short, beyond):
        # From the other side of the budget: worth it where there is something to leave out.
        other = improve_plan(w, r, money, beyond)
        if other < best:
            best = other
            plan[:] = beyond
            count, cut = state_ranges(w, r, multiplier, best - dual + margin, spans)
    if count > LONG * n:
        # Long lists: a better plan is worth more time before they are searched.
        best = exchange_steps(w, r, money, plan, best)
        count, cut = state_ranges(w, r, multiplier, best - dual + margin, spans)
    starts, codes = np.empty(n + 1, np.int64), np.empty(count, np.int64)
    spent, miss = np.empty(count, np.int64), np.empty(count)
    state_lists(w, r, spans, starts, codes, spent, miss)
    ways, cheapest = 1, 0.0
    for place in range(n):
        ways = min(ways, FEW + 1) * (starts[place + 1] - starts[place])
        # The first state of a list takes the least money: its miss is the largest float the hulls add up.
        cheapest += miss[starts[place]]
    margin = max(margin, SLACK * cheapest)
    bound = np.inf
    if ways <= FEW:
        status, best, nodes = walk_few(w, money, starts, codes, spent, miss, plan, best, margin)
    else:
        where, at, least, slope = merged_hulls(starts, spent, miss)
        walk = min(limit, WALK_LIMIT)
        status, best, nodes = walk_states(
            w, money, starts, codes, spent, miss, where, at, least, slope, plan, best, margin, walk
        )
        if status == LIMITED:
            status, best, bound, nodes = walk_layers(
                w, money, starts, codes, spent, miss, where, at, least, slope,
                plan, best, margin, nodes, limit,
            )  # fmt: skip
    # Every list was searched to its end, but one of them was not complete.
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
        value += line_miss(w, r, place, plan[place])
    return status, value, max(min(bound, value), 0.0), nodes


@compiled
def solve_rows_each(lines, starts, heads, limit, steps, sold, value, bound, status, nodes):
    """Solve every packed problem of a batch, see `compiled_search.solve_batch`."""
    for k in range(heads.shape[0]):
        a, b = starts[k], starts[k + 1]
        status[k], value[k], bound[k], nodes[k] = solve_rows(
            lines[a:b], heads[k, 0], heads[k, 1], heads[k, 2], limit, steps[a:b], sold[a:b]
        )
