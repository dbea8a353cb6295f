"""The least miss some instruments can reach with some money: merged lower convex hulls of their states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, pairwise
from math import inf

from steelyard.engines.planning.one_budget.states import State


class Hull:
    """Least miss a set of lines can reach with some money, when their states may be mixed."""

    def __init__(self, base: int, miss: float, segments: list[tuple[float, int]]) -> None:
        """Merge `segments` (slope, length), ascending in slope, onto the cheapest states."""
        self.base, self.segments = base, segments
        self.at = list(accumulate((length for _, length in segments), initial=0))
        self.miss = list(accumulate((slope * length for slope, length in segments), initial=miss))
        self.slope = [slope for slope, _ in segments]
        # Behind the last corner more money helps nothing: it need not be spent.
        self.slope.append(0.0)

    def bound(self, money: int) -> float:
        """Return the bound, infinite when the cheapest states cost more than the money."""
        left = money - self.base
        if left < 0:
            return inf
        place = bisect_right(self.at, left) - 1
        return self.miss[place] + self.slope[place] * (left - self.at[place])

    def multiplier(self, money: int) -> float:
        """Return what one more unit of money is worth."""
        return -self.slope[max(bisect_right(self.at, money - self.base) - 1, 0)]


def _segments(states: Iterable[State]) -> tuple[State, list[tuple[float, int]]]:
    """Return the cheapest state and the falling lower convex hull from there, as (slope, length)."""
    corners: list[State] = []
    for state in sorted(states):
        if corners and state.miss >= corners[-1].miss:
            continue
        if corners and state.spent == corners[-1].spent:
            corners.pop()
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            # Strictly: a corner on a straight line would make a segment that bounds nothing.
            if (b.miss - a.miss) * (state.spent - a.spent) < (state.miss - a.miss) * (b.spent - a.spent):
                break
            corners.pop()
        corners.append(state)
    pairs = pairwise(corners)
    return corners[0], [((b.miss - a.miss) / (b.spent - a.spent), b.spent - a.spent) for a, b in pairs]


def whole_hull(lists: list[list[State]]) -> Hull:
    """Return the hull of all the lines together: `suffix_hulls` of them, its first alone."""
    corners = [_segments(states) for states in lists]
    base = sum(first.spent for first, _ in corners)
    miss = sum((first.miss for first, _ in reversed(corners)), 0.0)
    return Hull(base, miss, sorted(segment for _, segments in corners for segment in segments))


def suffix_hulls(lists: list[list[State]]) -> list[Hull]:
    """Return for every place the hull of the lines from there on; one longer than the lists."""
    hulls = [Hull(0, 0.0, [])]
    for states in reversed(lists):
        first, segments = _segments(states)
        after = hulls[-1]
        # If states could be mixed, money would go to the steepest segment first, whosever it is. So the hull
        # of many lines is all their segments by slope; two sorted lists are sorted in one pass.
        merged = sorted(after.segments + segments)
        hulls.append(Hull(after.base + first.spent, after.miss[0] + first.miss, merged))
    return hulls[::-1]
