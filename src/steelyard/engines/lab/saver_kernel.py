"""A saver's years under many bands, compiled: whole shares, deposits, least commissions and tax on gains."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled_with_arrays, inner
from steelyard.engines.lab.saver_codes_kernel import (
    EACH_SALE,
    LARGEST,
    SQUARE,
    TAX,
    TRACKING,
    TRADES,
    TRADING,
    TURNOVER,
    UNTAXED,
    VALUE,
    YEARLY,
)


@inner
def _spend(cash, value, prices, shares, basis, targets, whole):
    """Buy what is short with the cash, without selling, and return what is left."""
    n = len(prices)
    if whole:
        while True:
            best, gap = -1, 0.0
            for i in range(n):
                short = targets[i] * value - shares[i] * prices[i]
                # A share is bought where it brings the fund nearer to its target.
                if prices[i] <= cash and short > prices[i] / 2.0 and short > gap:
                    best, gap = i, short
            if best < 0:
                return cash
            # Many at once, as long as no other fund could become the shortest of them.
            count = max(np.floor(min(cash, gap / n) / prices[best]), 1.0)
            shares[best] += count
            basis[best] += count * prices[best]
            cash -= count * prices[best]
    total = 0.0
    for i in range(n):
        total += max(targets[i] * value - shares[i] * prices[i], 0.0)
    for i in range(n):
        short = max(targets[i] * value - shares[i] * prices[i], 0.0)
        bought = cash * short / total if total > cash else short
        shares[i] += bought / prices[i]
        basis[i] += bought
    return max(cash - total, 0.0)


@inner
def _counts(wanted, wealth, prices, whole):
    """Turn wanted values into shares, whole ones rounded to what the wealth pays for."""
    n = len(prices)
    total = 0.0
    for i in range(n):
        wanted[i] = wanted[i] / prices[i]
        if whole:
            wanted[i] = np.rint(wanted[i])
        total += wanted[i] * prices[i]
    excess = total - wealth
    if not whole or excess <= 0.0:
        return
    # One fund gives way, the one that can do it with the least money.
    least, gives = np.inf, -1
    for i in range(n):
        given = np.ceil(excess / prices[i] - 1e-9)
        if given <= wanted[i] and given * prices[i] < least:
            least, gives = given * prices[i], i
    if gives >= 0:
        wanted[gives] -= np.ceil(excess / prices[gives] - 1e-9)


@inner
def _owed(gain, carried, carries, rate, allowance):
    """Return the tax of a year's net gain, and the loss that goes on to the next."""
    net = gain + carried
    return rate * max(net - allowance, 0.0), min(net, 0.0) if carries else 0.0


@inner
def _lift(realised, allowance, prices, shares, basis, kinds):
    """Realise gains up to what is left of the allowance, by selling and buying back, and return the sum."""
    for i in range(len(prices)):
        free = allowance - realised
        gain = shares[i] * prices[i] - basis[i]
        if kinds[i] == YEARLY and free > 0.0 and gain > 0.0:
            lifted = min(free, gain)
            basis[i] += lifted
            realised += lifted
    return realised


@compiled_with_arrays
def walk(
    growth, widths, ratios, seen, longest, targets, dislike, prices, value, gain, deposit, in_parts, every,
    looks, whole, commission, least, fixed, kinds, yearly, allowance, carries, sale, out,
):  # fmt: skip
    """Walk every rule along every path, the same path for all.

    Costs and taxes are counted as parts of wealth when they fall due and paid from outside, so that shares
    stay what the rule made them. What is left of an allowance at the end of a year is used up, whatever the
    rule: else a rule would seem good for realising gains that anybody may realise for nothing.

    Args:
        growth: (S, T, N) factor of each price by each look.
        widths: (P, N) bands: due when a fund is further off. An infinite one is never left.
        ratios: (P,) where to: all distances shrink until the furthest is this part of its band.
        seen: (P,) looks from one decision to the next. longest: (P,) due after more looks than this; 0 never.
        targets: (N,). dislike: (N, N) half the aversion times the covariance a year.
        prices: (N,) of a share at first. value: At first.
        gain: Part of the first value that is unrealised gain.
        deposit: Money paid in a year. With `in_parts` this, `least`, `fixed` and `allowance` grow as wealth
            does.
        every: Looks from one deposit to the next. looks: A year.
        whole: Whole shares.
        commission: (N,) of a trade's value. least: Of a trade. fixed: Of a rebalance. Money.
        kinds: (N,) UNTAXED, YEARLY or EACH_SALE. yearly: Rate on a year's gain above the allowance; losses go
            on to the next year where it `carries`. sale: Rate on the gain of each sale.
        out: (S, P, MEASURES): costs a year as parts of wealth; trades a year; turnover a year; mean square
            of the largest distance; the largest distance ever; wealth at the end.
    """
    paths, steps, n = growth.shape
    untaxed = True
    for i in range(n):
        untaxed = untaxed and kinds[i] == UNTAXED
    price, shares, basis, off, wanted = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    years = steps / looks
    for s in range(paths):
        for p in range(len(ratios)):
            waited = 0
            for i in range(n):
                price[i] = prices[i]
                shares[i] = 0.0
                basis[i] = 0.0
            cash = _spend(value, value, price, shares, basis, targets, whole)
            for i in range(n):
                basis[i] *= 1.0 - gain
            tracking, trading, tax, trades, turnover, square, largest = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            realised, carried = 0.0, 0.0
            wealth = value
            for t in range(steps):
                wealth = cash
                for i in range(n):
                    price[i] *= growth[s, t, i]
                    wealth += shares[i] * price[i]
                scale = wealth / value if in_parts else 1.0
                if deposit != 0.0 and (t + 1) % every == 0:
                    new = deposit * every / looks * scale
                    cash += new
                    wealth += new
                    cash = _spend(cash, wealth, price, shares, basis, targets, whole)
                waited += 1
                far, shrink, due = 0.0, 1.0, False
                for i in range(n):
                    off[i] = shares[i] * price[i] / wealth - targets[i]
                    size = abs(off[i])
                    far = max(far, size)
                    if size > widths[p, i]:
                        due = True
                        shrink = min(shrink, ratios[p] * widths[p, i] / size)
                if (t + 1) % seen[p] != 0:
                    due = False
                elif 0 < longest[p] < waited:
                    # By the calendar one goes to where the band would have led, or to the target.
                    due, shrink = True, shrink if due else 0.0
                if due:
                    waited = 0
                    paid, moved = fixed * scale, 0.0
                    for i in range(n):
                        wanted[i] = (targets[i] + off[i] * shrink) * wealth
                    _counts(wanted, wealth, price, whole)
                    bought = 0.0
                    for i in range(n):
                        change = wanted[i] - shares[i]
                        size = abs(change) * price[i]
                        if size <= 1e-9 * wealth:
                            continue
                        paid += max(commission[i] * size, least * scale)
                        if change > 0.0:
                            basis[i] += size
                            bought += size
                        else:
                            kept = wanted[i] / shares[i]
                            won = size - (1.0 - kept) * basis[i]
                            basis[i] *= kept
                            moved += size
                            if kinds[i] == EACH_SALE:
                                tax += sale * max(won, 0.0) / wealth
                            elif kinds[i] == YEARLY:
                                realised += won
                        shares[i] = wanted[i]
                        cash -= change * price[i]
                    if moved > 0.0 or bought > 0.0:
                        trading += paid / wealth
                        trades += 1.0
                        turnover += max(moved, bought) / wealth
                far = 0.0
                for i in range(n):
                    off[i] = shares[i] * price[i] / wealth - targets[i]
                    far = max(far, abs(off[i]))
                cost = 0.0
                for i in range(n):
                    for j in range(n):
                        cost += off[i] * dislike[i, j] * off[j]
                tracking += cost / looks
                square += far * far
                largest = max(largest, far)
                if (t + 1) % looks == 0 and not untaxed:
                    if not carries:
                        realised = _lift(realised, allowance * scale, price, shares, basis, kinds)
                    owed, carried = _owed(realised, carried, carries, yearly, allowance * scale)
                    tax += owed / wealth
                    realised = 0.0
            # What is not realised is taxed in the end, so that a tax put off is not one spared.
            for i in range(n):
                won = shares[i] * price[i] - basis[i]
                if kinds[i] == EACH_SALE:
                    tax += sale * max(won, 0.0) / wealth
                elif kinds[i] == YEARLY:
                    realised += won
            owed, carried = _owed(realised, carried, carries, yearly, allowance)
            tax += owed / wealth
            out[s, p, TRACKING] = tracking / years
            out[s, p, TRADING] = trading / years
            out[s, p, TAX] = tax / years
            out[s, p, TRADES] = trades / years
            out[s, p, TURNOVER] = turnover / years
            out[s, p, SQUARE] = square / steps
            out[s, p, LARGEST] = largest
            out[s, p, VALUE] = wealth
