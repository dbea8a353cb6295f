"""Stretches in which a policy trades nothing, compiled: most of a walk, in loops that do nothing else."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner
from steelyard.engines.lab.backtest.records_kernel import Tally


@inner
def hold(shares, cash, prices, look, t, values):
    """Write wealth from session `t` up to the next look or to ruin, and return that session.

    Four sessions at a time: their sums do not wait for each other, each adds up in its own order. Places that
    cannot be negative need no look whether they are, which was a fifth of the loop.
    """
    sessions, n = prices.shape
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    while t + 4 <= sessions:
        first = np.uint64(t)
        second, third, fourth = first + one, first + two, first + three
        if look[first] | look[second] | look[third] | look[fourth]:
            break
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for place in range(n):
            i = np.uint64(place)
            held = shares[i]
            a = a + held * prices[first, i]
            b = b + held * prices[second, i]
            c = c + held * prices[third, i]
            d = d + held * prices[fourth, i]
        a, b, c, d = cash + a, cash + b, cash + c, cash + d
        # Left to the loop below, which finds the session of the ruin.
        if not ((a > 0.0) & (b > 0.0) & (c > 0.0) & (d > 0.0)):
            break
        values[first], values[second], values[third], values[fourth] = a, b, c, d
        t += 4
    while t < sessions and not look[t]:
        a = 0.0
        for place in range(n):
            a = a + shares[place] * prices[t, place]
        a = cash + a
        if not a > 0.0:
            break
        values[t] = a
        t += 1
    return t


@inner
def glide(market, policy, terms, shares, cash, last, t, tally):
    """Return the session on which a policy is due, or is ruined, and the tally up to it.

    It looks as `_decide` does; where nothing can happen but a rebalance most of a walk is spent in here.
    """
    prices, days = market
    sessions, n = prices.shape
    look, width, targets = policy.look, policy.width, policy.targets
    growth, peak, trough, mean, square, previous = (
        tally.growth, tally.peak, tally.trough, tally.mean, tally.square, tally.previous,
    )  # fmt: skip
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    going = True
    while going and t < sessions:
        a, b, c, d, count, looking = 0.0, 0.0, 0.0, 0.0, 1, True
        first = np.uint64(t)
        if t + 4 <= sessions:
            count = 4
            looking = look[first] | look[first + one] | look[first + two] | look[first + three]
            for place in range(n):
                i = np.uint64(place)
                held = shares[i]
                a = a + held * prices[first, i]
                b = b + held * prices[first + one, i]
                c = c + held * prices[first + two, i]
                d = d + held * prices[first + three, i]
        else:
            for place in range(n):
                a = a + shares[place] * prices[t, place]
        for k in range(count):
            value = cash + (a if k == 0 else b if k == 1 else c if k == 2 else d)
            if not value > 0.0:
                going = False
                break
            if looking and look[t] and days[t] - last >= policy.cooldown:
                waited = days[t] - last
                managed = value - (terms.reserve_amount + terms.reserve_weight * value)
                due = policy.always or 0 <= policy.max_interval < waited
                if policy.banded and not due:
                    for place in range(n):
                        i = np.uint64(place)
                        size = abs(shares[i] * prices[t, i] - targets[i] * managed)
                        due |= size > width[i] * managed
                if due and managed > 0.0:
                    going = False
                    break
            change = value / previous
            growth = growth * change
            mean = mean + (change - 1.0)
            square = square + (change - 1.0) * (change - 1.0)
            peak = growth if growth > peak else peak
            fall = growth / peak
            trough = fall if growth < trough * peak else trough
            previous = value
            t += 1
    return t, Tally(growth, peak, trough, mean, square, tally.turnover, tally.costs, tally.taxes, previous)
