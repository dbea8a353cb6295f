"""The sessions on which a schedule looks, among the dates that there are prices of.

The live policy asks a calendar for one look date after the other (`domain.looks`); a backtest has all
its dates at once, so periods are counted in whole arrays of day numbers.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from steelyard.domain.policy.looks import MONDAY, MONTHS
from steelyard.engines.arrays import Flags, Ints
from steelyard.engines.loading import Kernels

_KERNELS = Kernels("steelyard.engines.lab.backtest.look_kernel")
_EPOCH = date(1970, 1, 1).toordinal()
"""Day number of the first day that NumPy counts from."""


def look_mask(days: Ints, look: str, look_at: str, opened: Flags | None = None) -> Flags:
    """Return which sessions a schedule looks on, (T,) bool.

    It is the first or last session of the period among the dates. The last date of all ends a period
    only by the data's ending, so it is never the last session of one (a daily look apart).

    Args:
        days: (T,) int64 day numbers, strictly rising, T >= 1.
        look: daily | weekly | biweekly | monthly | quarterly | semiannual | annual.
        look_at: first | last.
        opened: (T,) bool, the sessions that count, as the live policy looks when every exchange is open; all
            unless given.
    """
    if opened is not None:
        there = np.flatnonzero(opened)
        mask = np.zeros(len(days), dtype=np.bool_)
        mask[there] = look_mask(np.ascontiguousarray(days[there]), look, look_at)
        return mask
    if look == "daily":
        return np.ones(len(days), dtype=np.bool_)
    mask = np.empty(len(days), dtype=np.bool_)
    starts, last = _period_starts(int(days[0]), int(days[-1]), look), look_at == "last"
    kernels = _KERNELS.at_hand()
    if kernels is not None:
        kernels.mark(days, starts, last, mask)
        return mask
    mask[:] = False
    mask[0] = not last
    mask[np.searchsorted(days, starts) - int(last)] = True
    return mask


@lru_cache(maxsize=64)
def _period_starts(first: int, last: int, look: str) -> Ints:
    """Return the first days of the periods after that of `first` up to `last`: day numbers, only to read."""
    if look in ("weekly", "biweekly"):
        length = 7 if look == "weekly" else 14
        monday = MONDAY.toordinal()
        return np.arange(first + length - (first - monday) % length, last + 1, length)
    length = MONTHS[look]
    begin, end = (12 * (d.year - 1970) + d.month - 1 for d in map(date.fromordinal, (first, last)))
    months = np.arange(begin // length * length + length, end + 1, length, dtype=np.int64)
    starts: Ints = months.view("M8[M]").astype("M8[D]").view(np.int64) + _EPOCH
    return starts
