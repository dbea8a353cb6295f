"""Whether an account is due, and how far from its targets it is and ends: in whole numbers, exact."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.batch.table_kernel import (
    CALENDAR,
    COOLDOWN,
    GUARD,
    INTERVAL,
    KIND_CALENDAR,
    KIND_HYBRID,
    KIND_THRESHOLD,
    L_BAND,
    L_RANK,
    L_RULE,
    L_WEIGHT,
    M_COOLDOWN,
    M_INTERVAL,
    M_KIND,
    M_LOOK,
    MOST,
    NO_RULE,
    PLACES,
    R_DAY,
    THRESHOLD,
    UNKNOWN,
)
from steelyard.engines.batch.wide_kernel import (
    fraction,
    wide_fraction,
    wide_gap,
    wide_product,
    wide_quotient,
    wide_rest,
    wide_shifted,
    wide_sum,
    wide_times,
)
from steelyard.engines.compilation import inner


@inner
def judge(lines, first, n, worth, managed, whole, model, run, last):
    """Return whether a rebalance is due, the rule that says so or holds back, and its line (-1: none).

    The rule is `domain.policy.policies.decide`: bands, worst first, then the longest interval.
    """
    rule, line, widest = NO_RULE, -1, 0
    kind = model[M_KIND]
    if kind in (KIND_THRESHOLD, KIND_HYBRID):
        for i in range(n):
            band = lines[first + i, L_BAND]
            if band < 0:
                continue
            away = abs(worth[i] * whole - lines[first + i, L_WEIGHT] * managed)
            if away <= band * managed:
                continue
            earlier = line >= 0 and lines[first + i, L_RANK] < lines[first + line, L_RANK]
            if line < 0 or away > widest or (away == widest and earlier):
                widest, line, rule = away, i, THRESHOLD + lines[first + i, L_RULE]
    known = last != UNKNOWN
    days = run[R_DAY] - last if known else 0
    overdue = known and model[M_INTERVAL] >= 0 and days > model[M_INTERVAL]
    if kind == KIND_HYBRID and rule == NO_RULE and overdue:
        rule = INTERVAL
    if kind == KIND_CALENDAR and model[M_LOOK] != UNKNOWN and not (known and last >= model[M_LOOK]):
        rule = CALENDAR
    if rule != NO_RULE and known and model[M_COOLDOWN] and days < model[M_COOLDOWN]:
        return False, COOLDOWN, -1
    return rule != NO_RULE, rule, line


@inner
def distance(lines, first, n, worth, managed, whole):
    """Return the misplaced share of the money in units of 1e-12."""
    away = 0
    for i in range(n):
        away += abs(worth[i] * whole - lines[first + i, L_WEIGHT] * managed)
    return fraction(away, 2 * managed * whole)


@inner
def distance_after(lines, first, n, worth, managed, whole, unit):
    """The same where the managed value has `unit` parts of a tick, which costs leave it with."""
    high, low = np.uint64(0), np.uint64(0)
    for i in range(n):
        a, b = wide_product(worth[i] * whole, unit)
        c, d = wide_product(managed, lines[first + i, L_WEIGHT])
        a, b = wide_gap(a, b, c, d)
        high, low = wide_sum(high, low, a, b)
    if high == 0 and low < np.uint64(1 << 60) and float(managed) * float(whole) < MOST / 2:
        return fraction(np.int64(low), 2 * managed * whole)
    under_high, under_low = wide_product(managed, 2 * whole)
    return wide_fraction(high, low, under_high, under_low)


@inner
def objective(lines, first, n, worth, managed, whole):
    """Return the sum of squared misses, in ticks over `whole`, squared."""
    high, low = np.uint64(0), np.uint64(0)
    for i in range(n):
        away = abs(worth[i] * whole - lines[first + i, L_WEIGHT] * managed)
        a, b = wide_product(away, away)
        high, low = wide_sum(high, low, a, b)
    return high, low


@inner
def shortfall(lines, first, n, held, worth, managed, whole, places):
    """Return the sum of squared misses over what was missing, of the lines that were short.

    Args:
        held: (N,) worth before the trades.
        places: Decimals of a tick over `whole`.

    Returns:
        In units of 1e-12, and whether it is certain to the last digit.
    """
    high, low, count = np.uint64(0), np.uint64(0), 0
    more = PLACES + GUARD - places
    if more < 0:
        return high, low, False
    ten = np.uint64(10)
    for i in range(n):
        target = lines[first + i, L_WEIGHT] * managed
        short = target - held[i] * whole
        if short <= 0:
            continue
        away = abs(worth[i] * whole - target)
        a, b = wide_product(away, away)
        quotient, rest = wide_quotient(a, b, short)
        a, b = np.uint64(0), quotient
        for _ in range(more):
            rest *= ten
            a, b, _ = wide_times(a, b, 10)
            a, b = wide_sum(a, b, np.uint64(0), rest // np.uint64(short))
            rest %= np.uint64(short)
        count += rest != 0
        high, low = wide_sum(high, low, a, b)
    # What was cut off adds less than one a line: near a half that could decide.
    last, half = wide_rest(high, low), 500_000
    certain = count == 0 or last > half or last + count <= half
    high, low, _ = wide_shifted(high, low, GUARD)
    return high, low, certain
