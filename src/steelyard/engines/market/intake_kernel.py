"""Prices from memory, compiled: one pass that counts days, looks at every price and keeps a copy."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled, inner

_SEVENTH, _PLACES = np.uint64(1_227_133_514), np.uint64(33)
"""A seventh, rounded up, as a fraction of 2 ** 33."""


@compiled
def take(stamps, ticks_a_day, epoch, values, highest, days, closes):
    """Copy prices and count days; say whether nothing has to be mended.

    Whole arrays at a time this took three times as long, most of it waiting for memory.

    Args:
        stamps: (T,) int64, ticks since an epoch.
        ticks_a_day: Ticks of a day. epoch: Day number of the epoch's first day.
        values: (T, M) float64, C-contiguous. highest: No price is as high.
        days: (T,) int64, written: day numbers.
        closes: (T, M) float64, C-contiguous, written: the same values.

    Returns:
        Whether the days rise and are above zero, and every price is above zero and below `highest`.
    """
    clean = _count(stamps, ticks_a_day, epoch, days)
    given, kept = values.reshape(-1), closes.reshape(-1)
    for k in range(given.shape[0]):
        price = given[k]
        kept[k] = price
        clean &= _is_price(price, highest)
    return clean


@compiled
def take_columns(stamps, ticks_a_day, epoch, columns, highest, level, days, closes):
    """Do the same with (M, T) prices, a row an instrument, as frames keep them.

    Returns:
        That, and whether all of it is usual besides; see `is_usual`.
    """
    clean = _count(stamps, ticks_a_day, epoch, days)
    count, sessions = columns.shape
    given, kept = columns.reshape(-1), closes.reshape(-1)
    steady = True
    for m in range(count):
        own = columns[m]
        clean &= _is_price(own[0], highest)
        for t in range(1, sessions):
            # What follows a price by such a move is above zero too.
            steady &= _is_move(own[t - 1], own[t], level) & (own[t] < highest)
    for k in range(0 if steady else given.shape[0]):
        clean &= _is_price(given[k], highest)
    usual = steady & _on_weekdays(days)
    # Four sessions at a time, by places that cannot be negative: a third of the time of one by one.
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    row, width = np.uint64(sessions), np.uint64(count)
    whole = sessions - sessions % 4
    for t in range(0, whole, 4):
        here, there = np.uint64(t), np.uint64(t) * width
        for _ in range(count):
            kept[there] = given[here]
            kept[there + width] = given[here + one]
            kept[there + two * width] = given[here + two]
            kept[there + three * width] = given[here + three]
            here += row
            there += one
    for t in range(whole, sessions):
        for m in range(count):
            closes[t, m] = columns[m, t]
    return clean, usual


@compiled
def is_usual(days, closes, level):
    """Say whether no close is of a Saturday or a Sunday, and none so many times the one before it, or less.

    Args:
        days: (T,) int64 day numbers, above zero.
        closes: (T, M) float64 > 0, C-contiguous.
        level: Times a price, above 1.
    """
    usual = _on_weekdays(days)
    prices, width = closes.reshape(-1), closes.shape[1]
    for k in range(width, prices.shape[0]):
        usual &= _is_move(prices[k - width], prices[k], level)
    return usual


@inner
def _on_weekdays(days):
    found: bool | np.bool = True
    for t in range(days.shape[0]):
        # Day 1 is a Monday. The quotient by 7 as a product, exact up to day 3,000,000,000: four at a time.
        since = np.uint64(days[t] - 1)
        found &= since - (since * _SEVENTH >> _PLACES) * np.uint64(7) < np.uint64(5)
    return found


@inner
def _is_move(before, price, level):
    return (price < before * level) & (price * level > before)


@inner
def _is_price(price, highest):
    # A comparison with what is not a number is false.
    return (price > 0.0) & (price < highest)


@inner
def _count(stamps, ticks_a_day, epoch, days):
    """Write day numbers; say whether they rise and are above zero."""
    sessions = stamps.shape[0]
    # By numbers known when this is compiled, a division is a multiplication.
    if ticks_a_day == 1:
        for t in range(sessions):
            days[t] = stamps[t] + epoch
    elif ticks_a_day == 86_400:
        for t in range(sessions):
            days[t] = stamps[t] // 86_400 + epoch
    elif ticks_a_day == 86_400_000_000:
        for t in range(sessions):
            days[t] = stamps[t] // 86_400_000_000 + epoch
    elif ticks_a_day == 86_400_000_000_000:
        for t in range(sessions):
            days[t] = stamps[t] // 86_400_000_000_000 + epoch
    else:
        for t in range(sessions):
            days[t] = stamps[t] // ticks_a_day + epoch
    rising = days[0] > 0
    for t in range(1, sessions):
        rising &= days[t] > days[t - 1]
    return rising
