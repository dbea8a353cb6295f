"""The sessions on which periods begin or end, compiled: a few of thousands, found by halving."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from steelyard.engines.compilation import compiled


@compiled
def mark(days, starts, last, mask):
    """Mark the first session of every period, or the last one before each but the first begins.

    Args:
        days: (T,) int64, strictly rising.
        starts: (K,) int64, rising: first days of the periods after that of `days[0]`, up to `days[T - 1]`.
        last: Mark the last sessions instead.
        mask: (T,) bool, written.
    """
    sessions = days.shape[0]
    for t in range(sessions):
        mask[t] = False
    mask[0] = not last
    low = 0
    for k in range(starts.shape[0]):
        # `low` stays where the period before was found: starts rise, so the search only moves on.
        start, high = starts[k], sessions - 1
        # `days[high]` is not before the period begins, all before `days[low]` are.
        while low < high:
            middle = (low + high) // 2
            if days[middle] < start:
                low = middle + 1
            else:
                high = middle
        mask[low - 1 if last else low] = True
