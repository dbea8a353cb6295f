"""Many policies side by side in vector lanes, compiled: the operations of `plain_backtest`, in its order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from steelyard.engines.compilation import compiled
from steelyard.engines.lab.backtest.records_kernel import Costs, Market, Rules, Terms
from steelyard.engines.lab.backtest.sizing_kernel import fee, project, rebalance

STATES = 13
"""Numbers that a lane keeps, besides two for each instrument."""
_BLOCK = 16
"""Lanes asked together whether one of them trades: lane by lane, that took a quarter of the time."""


@compiled
def walk_together(market, rules, costs, terms, state, last, anyone, scratch, breaks, out):
    """Walk all policies side by side, where money neither flows nor earns: same numbers, in vector lanes.

    Every loop over `p` is short and touches few arrays, so that it becomes vector instructions; what is
    rare (a trade) leaves the lanes. Nothing is made here, as compiling NumPy's constructors takes longer
    than the first run.

    Args:
        market, rules, costs, terms: As for `walk_kernel.walk`.
        state: (STATES + 2 N, P), zeroed. last: (P,) int64. anyone: (T,) bool, zeroed.
        scratch: (3, N). breaks: (2 N,).
        out: (P, 10), written in the order of `records.TALLIES`.
    """
    market, rules, costs, terms = Market(*market), Rules(*rules), Costs(*costs), Terms(*terms)
    prices, days = market
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high = rules
    sessions, n = prices.shape
    policies = schedule.shape[0]
    shares, widths = state[STATES : STATES + n], state[STATES + n :]
    cash, total, managed, over, previous, growth = state[0], state[1], state[2], state[3], state[4], state[5]
    peak, trough, mean, square, turnover = state[6], state[7], state[8], state[9], state[10]
    spent, count = state[11], state[12]
    worth, bought, weights = scratch[0], scratch[1], scratch[2]
    for p in range(policies):
        cash[p], trough[p], last[p] = terms.initial, 1.0, days[0]
    clocked = False
    for p in range(policies):
        clocked |= always[p] or max_interval[p] >= 0
    for p in range(policies):
        for i in range(n):
            widths[i, p] = bands[p, i]
        for t in range(sessions):
            anyone[t] |= looks[schedule[p], t]
    for t in range(sessions):
        # Two instruments at a time: half as often is what lies in the lanes fetched and put back.
        for p in range(policies):
            total[p] = 0.0
        for i in range(0, n - 1, 2):
            price, row, second, below = prices[t, i], shares[i], prices[t, i + 1], shares[i + 1]
            for p in range(policies):
                total[p] = total[p] + row[p] * price + below[p] * second
        if n % 2 == 1:
            price, row = prices[t, n - 1], shares[n - 1]
            for p in range(policies):
                total[p] = total[p] + row[p] * price
        for p in range(policies):
            total[p] = cash[p] + total[p]
        if anyone[t] or t == 0:
            for p in range(policies):
                managed[p] = total[p] - (terms.reserve_amount + terms.reserve_weight * total[p])
                over[p] = -1.0
            for i in range(0, n - 1, 2):
                price, target, row, width = prices[t, i], targets[i], shares[i], widths[i]
                second, aim, below, broad = prices[t, i + 1], targets[i + 1], shares[i + 1], widths[i + 1]
                for p in range(policies):
                    # x > y exactly where x - y > 0: the band test of `walk` without a branch.
                    excess = abs(row[p] * price - target * managed[p]) - width[p] * managed[p]
                    more = abs(below[p] * second - aim * managed[p]) - broad[p] * managed[p]
                    most = excess if excess > more else more
                    over[p] = most if most > over[p] else over[p]
            if n % 2 == 1:
                price, target, row, width = prices[t, n - 1], targets[n - 1], shares[n - 1], widths[n - 1]
                for p in range(policies):
                    excess = abs(row[p] * price - target * managed[p]) - width[p] * managed[p]
                    over[p] = excess if excess > over[p] else over[p]
            for begin in range(0, policies, _BLOCK):
                stop = min(begin + _BLOCK, policies)
                hit = clocked or t == 0
                for p in range(begin, stop):
                    hit |= over[p] > 0.0
                if not hit:
                    continue
                for p in range(begin, stop):
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
                        project(weights, low[p], high[p], breaks)
                    if not rebalance(worth, weights, managed[p], costs, terms.dust, bought):
                        continue
                    paid, moved = 0.0, 0.0
                    for i in range(n):
                        if bought[i] != 0.0:
                            size = abs(bought[i])
                            shares[i, p] = (worth[i] + bought[i]) / prices[t, i]
                            cash[p] = cash[p] - bought[i]
                            moved = moved + size
                            paid = paid + fee(costs, i, size)
                    cash[p] = cash[p] - paid
                    total[p] = total[p] - paid
                    spent[p] = spent[p] + paid
                    if t > 0:
                        turnover[p] = turnover[p] + moved / 2.0 / (total[p] + paid)
                        count[p] = count[p] + 1.0
                        last[p] = days[t]
        if t == 0:
            for p in range(policies):
                growth[p] = total[p] / terms.initial
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
        out[p, 4], out[p, 5], out[p, 6], out[p, 7] = square[p], turnover[p], spent[p], count[p]
        liquid = cash[p]
        for i in range(n):
            size = shares[i, p] * prices[sessions - 1, i]
            got = size - fee(costs, i, size)
            if got > 0.0:
                liquid = liquid + got
        out[p, 8], out[p, 9] = 0.0, liquid
