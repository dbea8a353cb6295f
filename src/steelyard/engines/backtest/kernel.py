"""The compiled backtest: the operations of `reference`, in the same order, on preallocated arrays.

All compiled functions of the engine are in this one file, because numba's cache watches only the
file of the function it compiles; constants come in as arguments for the same reason. `fastmath` is
off, so no sum is reordered and no product fused: results equal the reference bit for bit.
The entry points release the interpreter lock, so that threads can share the work. The file is longer
than the house's limit because of its first sentence.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, call-arg"

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numba
import numpy as np

from steelyard.engines.backtest.problem import DUST, TALLIES, Floats, Market, Problem, Runs, empty_runs

_LANES = 256
"""Policies walked side by side: few enough that their state stays in the fastest cache."""
_STATES = 13
"""Numbers that a lane keeps, besides two for each instrument."""
_FEW = 4
"""Fewer policies than this are walked one by one."""

# numba's stubs do not know the options that leave wrappers out.
_njit: Any = numba.njit
_compiled = _njit(cache=True, nogil=True, error_model="numpy")
# Called from compiled code only: without the wrappers for Python they compile faster.
_inner = _njit(cache=True, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


def run(problem: Problem, *, holdings: bool = True) -> Runs:
    """Return what every policy of a problem did; equal to `reference.run` bit for bit.

    Args:
        problem: See its record for shapes and units.
        holdings: Keep the shares of every session.
    """
    runs = empty_runs(problem, holdings=holdings)
    n = problem.shape[2]
    _run(*_flat(problem), np.empty((4, n)), np.empty(2 * n), np.empty(0), *runs.arrays)
    return runs


def tallies(
    problem: Problem, *, seed: int, first: int, count: int, block: float, out: Floats | None = None
) -> Floats:
    """Return the tallies of every policy on resampled paths first .. first + count - 1.

    Path k depends on the seed and on k alone. Its sessions are drawn from the history in blocks
    (stationary bootstrap), see `resample.draws`; the calendar stays that of the problem.

    Args:
        problem: Its prices are the history.
        seed: 0 .. 2**63 - 1.
        first: Number of the first path, >= 0.
        count: How many.
        block: Mean length of a block in sessions, >= 1.
        out: (count, P, 8) float64 to fill, made unless given.

    Returns:
        (count, P, 8) float64 in the order of `problem.TALLIES`.
    """
    if out is None:
        out = np.empty((count, problem.shape[0], len(TALLIES)))
    history = problem.market
    prices, paid = np.empty_like(history.prices), np.empty_like(history.distributions)
    earned = np.empty_like(history.interest)
    path = replace(problem, market=Market(prices, history.days, paid, earned, history.flows))
    for k in range(count):
        _draw(
            history.prices, history.distributions, history.interest,
            np.uint64(seed), first + k, 1.0 / block, prices, paid, earned,
        )  # fmt: skip
        history_tallies(path, out=out[k])
    return out


def history_tallies(problem: Problem, *, out: Floats | None = None) -> Floats:
    """Return the tallies of every policy on the history itself, (P, 8) float64."""
    if out is None:
        out = np.empty((problem.shape[0], len(TALLIES)))
    flat = _flat(problem)
    market = problem.market
    moving = len(market.flows) + len(market.interest) + len(market.distributions)
    if moving or problem.shape[0] < _FEW:
        _tallied(*flat, out)
    else:
        prices, days, targets, looks, *rules = flat[0], flat[1], *flat[5:15]
        for first in range(0, problem.shape[0], _LANES):
            part = slice(first, first + _LANES)
            rows = [rule[part] for rule in rules]
            count, n = len(rows[0]), prices.shape[1]
            room = (
                np.zeros((_STATES + 2 * n, count)),
                np.empty(count, np.int64),
                np.zeros(len(days), np.bool_),
            )
            _lanes(
                prices, days, targets, looks, *rows, flat[15], flat[16],
                *room, np.empty((4, n)), np.empty(2 * n), out[part],
            )  # fmt: skip
    return out


def _flat(problem: Problem) -> tuple[Any, ...]:
    market, rules, terms = problem.market, problem.rules, problem.terms
    return (
        market.prices,
        market.days,
        market.distributions,
        market.interest,
        market.flows,
        rules.targets,
        rules.looks,
        rules.schedule,
        rules.always,
        rules.bands,
        rules.max_interval,
        rules.cooldown,
        rules.boxed,
        rules.low,
        rules.high,
        terms.conversion,
        np.array([terms.initial, terms.rate, terms.floor, terms.reserve_amount, terms.reserve_weight, DUST]),
        terms.buy_with_flows,
    )


@_inner
def _fee(size, conversion, rate, floor):
    commission = rate * size
    if commission < floor:
        commission = floor
    return commission + conversion * size


@_inner
def _slope(size, conversion, rate, floor):
    if rate * size < floor:
        return conversion
    return rate + conversion


@_inner
def _clip(value, low, high):
    if low > value:
        value = low
    if high < value:
        value = high
    return value


@_inner
def _project(start, low, high, breaks):
    """Overwrite `start` with its projection; `breaks` is scratch of twice its length."""
    n = start.shape[0]
    for i in range(n):
        breaks[i] = low[i] - start[i]
        breaks[n + i] = high[i] - start[i]
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


@_inner
def _rebalance(worth, weights, managed, conversion, rate, floor, dust, bought):
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
                excess = excess + _fee(size, conversion[i], rate, floor)
                steep = _slope(size, conversion[i], rate, floor) * weights[i]
                slope = slope + steep if gap >= 0.0 else slope - steep
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


@_inner
def _buy(worth, targets, managed, free, conversion, rate, floor, bought):
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
                excess = excess + _fee(size, conversion[i], rate, floor)
                slope = slope + _slope(size, conversion[i], rate, floor) * bought[i]
        lower = spend - excess / slope
        if not lower < spend:
            break
        spend = lower
    if spend <= 0.0:
        return False
    for i in range(n):
        bought[i] = bought[i] * spend
    return True


@_inner
def _gross(parts, need, conversion, rate, floor):
    raised = need
    for _ in range(64):
        missing = need - raised
        slope = 1.0
        for i in range(parts.shape[0]):
            if parts[i] > 0.0:
                size = parts[i] * raised
                missing = missing + _fee(size, conversion[i], rate, floor)
                slope = slope - _slope(size, conversion[i], rate, floor) * parts[i]
        if slope <= 0.0:
            return np.inf
        upper = raised + missing / slope
        if not upper > raised:
            break
        raised = upper
    return raised


@_inner
def _sell(worth, targets, managed, need, conversion, rate, floor, bought):
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
        raised = _gross(bought, need, conversion, rate, floor)
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


@_inner
def _walk(
    prices, days, distributions, interest, flows,
    targets, looks, always, bands, max_interval, cooldown, boxed, low, high, conversion, scalars, buys,
    scratch, breaks, recording, values, paid, costs, traded, drifts, rebalanced, held_cash, held_shares, sums,
):  # fmt: skip
    """Walk one policy through all sessions.

    Args from `prices` to `buys` are those of `_flat`, with the policy's own row; `scratch` is
    (4, N), `breaks` (2 N,). With `recording` the arrays up to `held_shares` are written, else `sums`
    (the tallies).
    Returns the session of ruin, -1 for none.
    """
    sessions, n = prices.shape
    initial, rate, floor = scalars[0], scalars[1], scalars[2]
    reserve_amount, reserve_weight, dust = scalars[3], scalars[4], scalars[5]
    shares, worth, bought, weights = scratch[0], scratch[1], scratch[2], scratch[3]
    for i in range(n):
        shares[i] = 0.0
    cash = initial
    last = days[0]
    earns, distributes, flowing = interest.shape[0] > 0, distributions.shape[0] > 0, flows.shape[0] > 0
    keeps = held_shares.shape[0] > 0
    banded = True
    for i in range(n):
        banded = banded and bands[i] == np.inf
    banded = not banded
    ruined = -1
    previous = initial
    growth, peak, trough, mean, square, turnover = 1.0, 1.0, 1.0, 0.0, 0.0, 0.0
    all_costs, count, value = 0.0, 0.0, 0.0
    for t in range(sessions):
        if t > 0 and earns:
            cash = cash + cash * interest[t]
        if t > 0 and distributes:
            for i in range(n):
                cash = cash + shares[i] * distributions[t, i]
        held = 0.0
        for i in range(n):
            held = held + shares[i] * prices[t, i]
        flow = 0.0
        before = cash + held
        if flowing:
            flow = flows[t]
            cash = cash + flow
        total = cash + held
        spent, dealt, moved, pays = 0.0, False, 0.0, flow
        if total <= 0.0:
            pays = -before
            ruined = t
        else:
            due = t == 0
            if t > 0 and looks[t] and days[t] - last >= cooldown:
                due = always or 0 <= max_interval < days[t] - last
                looking = banded and not due
            else:
                looking = False
            if due or looking or recording or flow != 0.0:
                reserve = reserve_amount + reserve_weight * total
                managed = total - reserve
                if managed > 0.0:
                    if looking:
                        for i in range(n):
                            size = abs(shares[i] * prices[t, i] - targets[i] * managed)
                            due |= size > bands[i] * managed
                    if recording and t > 0:
                        worst = 0.0
                        for i in range(n):
                            size = abs(shares[i] * prices[t, i] - targets[i] * managed)
                            worst = size if size > worst else worst
                        drifts[t] = worst / managed
                    if due or flow != 0.0:
                        # Kept only where something may be traded: the loop is faster without the stores.
                        for i in range(n):
                            worth[i] = shares[i] * prices[t, i]
                    if due:
                        if t > 0 and boxed:
                            for i in range(n):
                                weights[i] = worth[i] / managed
                            _project(weights, low, high, breaks)
                        else:
                            for i in range(n):
                                weights[i] = targets[i]
                        dealt = _rebalance(worth, weights, managed, conversion, rate, floor, dust, bought)
                        if dealt and t > 0:
                            last = days[t]
                            count = count + 1.0
                            if recording:
                                rebalanced[t] = True
                if not dealt and t > 0 and flow > 0.0 and buys and cash - reserve > dust * managed:
                    dealt = _buy(worth, targets, managed, cash - reserve, conversion, rate, floor, bought)
                if not dealt and flow < 0.0 and reserve - cash > dust * total:
                    for i in range(n):
                        worth[i] = shares[i] * prices[t, i]
                    _sell(worth, targets, managed, reserve - cash, conversion, rate, floor, bought)
                    dealt = True
            if dealt:
                for i in range(n):
                    if bought[i] != 0.0:
                        size = abs(bought[i])
                        shares[i] = (worth[i] + bought[i]) / prices[t, i]
                        cash = cash - bought[i]
                        moved = moved + size
                        spent = spent + _fee(size, conversion[i], rate, floor)
                cash = cash - spent
            value = total - spent
            if value <= 0.0:
                pays = flow - value
                ruined = t
        if ruined >= 0:
            value = 0.0
        if recording:
            paid[t] = pays
            costs[t] = spent
            traded[t] = moved
            if ruined >= 0:
                # What comes after is zero already.
                break
            values[t] = value
            held_cash[t] = cash
            if keeps:
                for i in range(n):
                    held_shares[t, i] = shares[i]
        else:
            if t == 0:
                growth = value / initial
                peak = growth
                all_costs = spent
            else:
                change = (value - pays) / previous
                growth = growth * change
                mean = mean + (change - 1.0)
                square = square + (change - 1.0) * (change - 1.0)
                peak = growth if growth > peak else peak
                fall = growth / peak
                trough = fall if growth < trough * peak else trough
                if moved > 0.0:
                    turnover = turnover + moved / 2.0 / (value + spent)
                    all_costs = all_costs + spent
            previous = value
            if ruined >= 0:
                break
    if not recording:
        sums[0], sums[1], sums[2], sums[3] = value, growth, trough, mean
        sums[4], sums[5], sums[6], sums[7] = square, turnover, all_costs, count
    return ruined


@_compiled
def _run(
    prices, days, distributions, interest, flows,
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, scalars, buys, scratch, breaks, sums,
    values, paid, costs, traded, drifts, rebalanced, cash, shares, ruined,
):  # fmt: skip
    for p in range(schedule.shape[0]):
        ruined[p] = _walk(
            prices, days, distributions, interest, flows,
            targets, looks[schedule[p]], always[p], bands[p], max_interval[p], cooldown[p], boxed[p],
            low[p], high[p], conversion, scalars, buys, scratch, breaks, True,
            values[p], paid[p], costs[p], traded[p], drifts[p], rebalanced[p], cash[p], shares[p], sums,
        )  # fmt: skip


@_compiled
def _lanes(
    prices, days, targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, scalars, state, last, anyone, scratch, breaks, out,
):  # fmt: skip
    """Walk all policies side by side, where money neither flows nor earns: same numbers, in vector lanes.

    `state` (_STATES + 2 N, P) and `anyone` (T,) come zeroed; nothing is made here, as compiling NumPy's
    constructors takes longer than the first run.

    Every loop over `p` is short and touches few arrays, so that it becomes vector instructions; what is
    rare (a trade) leaves the lanes.
    """
    sessions, n = prices.shape
    policies = schedule.shape[0]
    initial, rate, floor = scalars[0], scalars[1], scalars[2]
    reserve_amount, reserve_weight, dust = scalars[3], scalars[4], scalars[5]
    shares, widths = state[_STATES : _STATES + n], state[_STATES + n :]
    cash, total, managed, over, previous, growth = state[0], state[1], state[2], state[3], state[4], state[5]
    peak, trough, mean, square, turnover = state[6], state[7], state[8], state[9], state[10]
    costs, count = state[11], state[12]
    worth, bought, weights = scratch[0], scratch[1], scratch[2]
    for p in range(policies):
        cash[p], trough[p], last[p] = initial, 1.0, days[0]
    for p in range(policies):
        for i in range(n):
            widths[i, p] = bands[p, i]
        for t in range(sessions):
            anyone[t] |= looks[schedule[p], t]
    for t in range(sessions):
        for p in range(policies):
            total[p] = 0.0
        for i in range(n):
            price, row = prices[t, i], shares[i]
            for p in range(policies):
                total[p] = total[p] + row[p] * price
        for p in range(policies):
            total[p] = cash[p] + total[p]
        if anyone[t] or t == 0:
            for p in range(policies):
                managed[p] = total[p] - (reserve_amount + reserve_weight * total[p])
                over[p] = -1.0
            for i in range(n):
                price, target, row, width = prices[t, i], targets[i], shares[i], widths[i]
                for p in range(policies):
                    # x > y exactly where x - y > 0: the band test of `_walk` without a branch.
                    excess = abs(row[p] * price - target * managed[p]) - width[p] * managed[p]
                    over[p] = excess if excess > over[p] else over[p]
            for p in range(policies):
                waited = days[t] - last[p]
                if t > 0 and not (looks[schedule[p], t] and waited >= cooldown[p]):
                    continue
                due = t == 0 or over[p] > 0.0 or always[p] or 0 <= max_interval[p] < waited
                if not due or not managed[p] > 0.0:
                    continue
                for i in range(n):
                    worth[i] = shares[i, p] * prices[t, i]
                    weights[i] = targets[i]
                if t > 0 and boxed[p]:
                    for i in range(n):
                        weights[i] = worth[i] / managed[p]
                    _project(weights, low[p], high[p], breaks)
                if not _rebalance(worth, weights, managed[p], conversion, rate, floor, dust, bought):
                    continue
                spent, moved = 0.0, 0.0
                for i in range(n):
                    if bought[i] != 0.0:
                        size = abs(bought[i])
                        shares[i, p] = (worth[i] + bought[i]) / prices[t, i]
                        cash[p] = cash[p] - bought[i]
                        moved = moved + size
                        spent = spent + _fee(size, conversion[i], rate, floor)
                cash[p] = cash[p] - spent
                total[p] = total[p] - spent
                costs[p] = costs[p] + spent
                if t > 0:
                    turnover[p] = turnover[p] + moved / 2.0 / (total[p] + spent)
                    count[p] = count[p] + 1.0
                    last[p] = days[t]
        if t == 0:
            for p in range(policies):
                growth[p] = total[p] / initial
                peak[p] = growth[p]
                previous[p] = total[p]
            continue
        for p in range(policies):
            change = total[p] / previous[p]
            growth[p] = growth[p] * change
            mean[p] = mean[p] + (change - 1.0)
            square[p] = square[p] + (change - 1.0) * (change - 1.0)
            previous[p] = total[p]
        for p in range(policies):
            high_mark = growth[p] if growth[p] > peak[p] else peak[p]
            fall = growth[p] / high_mark
            trough[p] = fall if growth[p] < trough[p] * high_mark else trough[p]
            peak[p] = high_mark
    for p in range(policies):
        out[p, 0], out[p, 1], out[p, 2], out[p, 3] = total[p], growth[p], trough[p], mean[p]
        out[p, 4], out[p, 5], out[p, 6], out[p, 7] = square[p], turnover[p], costs[p], count[p]


@_compiled
def _tallied(
    prices, days, distributions, interest, flows,
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, scalars, buys, out,
):  # fmt: skip
    scratch, breaks = np.empty((4, prices.shape[1])), np.empty(2 * prices.shape[1])
    nothing, no_flags, no_shares = np.empty(0), np.empty(0, dtype=np.bool_), np.empty((0, prices.shape[1]))
    for p in range(schedule.shape[0]):
        _walk(
            prices, days, distributions, interest, flows,
            targets, looks[schedule[p]], always[p], bands[p], max_interval[p], cooldown[p], boxed[p],
            low[p], high[p], conversion, scalars, buys, scratch, breaks, False,
            nothing, nothing, nothing, nothing, nothing, no_flags, nothing, no_shares, out[p],
        )  # fmt: skip


@_inner
def _mix(state):
    """Return the finaliser of splitmix64: 64 well mixed bits."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@_compiled
def _draw(prices, distributions, interest, seed, number, ending, path, paid, earned):
    """Fill `path`, `paid` and `earned` with the resampled market of path `number`."""
    sessions, n = prices.shape
    step = np.uint64(0x9E3779B97F4A7C15)
    scale = 1.0 / 9007199254740992.0
    state = _mix(seed + step * np.uint64(number + 1))
    chosen = 0
    for i in range(n):
        path[0, i] = prices[0, i]
    for t in range(1, sessions):
        state += step
        chance = float(_mix(state) >> np.uint64(11)) * scale
        chosen += 1
        if t == 1 or chance < ending:
            state += step
            chosen = int(float(_mix(state) >> np.uint64(11)) * scale * (sessions - 1)) + 1
        elif chosen == sessions:
            chosen = 1
        for i in range(n):
            path[t, i] = path[t - 1, i] * (prices[chosen, i] / prices[chosen - 1, i])
        if distributions.shape[0] > 0:
            for i in range(n):
                paid[t, i] = path[t - 1, i] * (distributions[chosen, i] / prices[chosen - 1, i])
        if interest.shape[0] > 0:
            earned[t] = interest[chosen]
