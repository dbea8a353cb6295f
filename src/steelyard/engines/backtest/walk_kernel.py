"""One policy through all sessions, compiled: the operations of `reference`, in the same order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.backtest.sizing_kernel import buy, fee, project, rebalance, sell
from steelyard.engines.compilation import compiled, inner


@inner
def walk(
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
                            project(weights, low, high, breaks)
                        else:
                            for i in range(n):
                                weights[i] = targets[i]
                        dealt = rebalance(worth, weights, managed, conversion, rate, floor, dust, bought)
                        if dealt and t > 0:
                            last = days[t]
                            count = count + 1.0
                            if recording:
                                rebalanced[t] = True
                if not dealt and t > 0 and flow > 0.0 and buys and cash - reserve > dust * managed:
                    dealt = buy(worth, targets, managed, cash - reserve, conversion, rate, floor, bought)
                if not dealt and flow < 0.0 and reserve - cash > dust * total:
                    for i in range(n):
                        worth[i] = shares[i] * prices[t, i]
                    sell(worth, targets, managed, reserve - cash, conversion, rate, floor, bought)
                    dealt = True
            if dealt:
                for i in range(n):
                    if bought[i] != 0.0:
                        size = abs(bought[i])
                        shares[i] = (worth[i] + bought[i]) / prices[t, i]
                        cash = cash - bought[i]
                        moved = moved + size
                        spent = spent + fee(size, conversion[i], rate, floor)
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


@compiled
def run_all(
    prices, days, distributions, interest, flows,
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, scalars, buys, scratch, breaks, sums,
    values, paid, costs, traded, drifts, rebalanced, cash, shares, ruined,
):  # fmt: skip
    """Walk all policies and record every session."""
    for p in range(schedule.shape[0]):
        ruined[p] = walk(
            prices, days, distributions, interest, flows,
            targets, looks[schedule[p]], always[p], bands[p], max_interval[p], cooldown[p], boxed[p],
            low[p], high[p], conversion, scalars, buys, scratch, breaks, True,
            values[p], paid[p], costs[p], traded[p], drifts[p], rebalanced[p], cash[p], shares[p], sums,
        )  # fmt: skip


@compiled
def tally_all(
    prices, days, distributions, interest, flows,
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, scalars, buys, out,
):  # fmt: skip
    """Walk all policies and keep their tallies only."""
    scratch, breaks = np.empty((4, prices.shape[1])), np.empty(2 * prices.shape[1])
    nothing, no_flags, no_shares = np.empty(0), np.empty(0, dtype=np.bool_), np.empty((0, prices.shape[1]))
    for p in range(schedule.shape[0]):
        walk(
            prices, days, distributions, interest, flows,
            targets, looks[schedule[p]], always[p], bands[p], max_interval[p], cooldown[p], boxed[p],
            low[p], high[p], conversion, scalars, buys, scratch, breaks, False,
            nothing, nothing, nothing, nothing, nothing, no_flags, nothing, no_shares, out[p],
        )  # fmt: skip
