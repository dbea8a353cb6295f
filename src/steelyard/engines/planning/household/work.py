"""Work counted in place of time: what may still be spent on one plan.

A plan must not depend on the machine, so no clock is read. What is counted are steps whose time is known:
about a microsecond each on a machine of 2026. A household that somebody has is searched to the end with less;
where it is spent, every search ends with the best it has, and a bound that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MOST = 3_200_000
"""Microseconds, about: set so that a command on many equal targets ends within five seconds."""

NEAREST = 0.6
"""Part of it that the nearest plan may take: the rest is for the plan to follow."""

PER_ITERATION, PER_CELL = 30.0, 0.012
"""Of one iteration of the simplex, and of each row and column of its model in one."""

PER_CALL, PER_ENTRY, PER_SQUARE = 300.0, 0.25, 1.6e-4
"""Of what a whole-number solver does between two questions whether to go on, of each entry of a model, and of
their square: ten thousand entries take more than ten times what one thousand do."""

WIDE, PER_ENTRY_OF_WIDE, FEW_ENTRIES = 1e8, 25.0, 800
"""Where entries of a model, more than a few, differ by so much (least trades or limits of them beside divided
shares, or cost next to nothing) making cuts takes most of the time: so much for an entry instead."""

PER_SEARCH = 0.06
"""Of the smaller models that a whole-number solver makes of its own to find solutions early, by the square of
entries: while it works on one it does not ask whether to go on."""

PER_ROW = 6.0
"""Of writing a row of a model, handing it over and making it smaller."""

PER_TOTAL, PER_CHOSEN = 5.0, 0.02
"""Of listing or extending one total, and of every one chosen before it."""

PER_MISS = 4.0
"""Of what one total misses, in exact numbers."""

PER_CORNER = 0.2
"""Of one corner of one hull of totals; nothing is listed where their hulls would take more than `CORNERS`."""

CORNERS = 4_000_000

PER_PAIR = 0.6
"""Of looking at two trades together."""

PER_WAY = 0.12
"""Of one way to hand out a total, by account that may have it."""

PER_FILLED = 6.0
"""Of one purchase while money is spent in one pass."""

PER_PURCHASE = 60.0
"""Of one step of new money in a household of one account."""

PER_WRITTEN = 25.0
"""Of a row of a model while it is made."""

PER_OPTION = 2.5
"""Of one count of one position, or some together, written down with all that it does. It takes some eight:
charged whole, an American household of four accounts has no work left for its best plan."""

PER_NUMBER = 0.004
"""Of one number of a list of plans."""

NUMBERS = 8_000_000
"""Numbers that lists of plans hold at once, at most: 64 MB."""

PER_POSITION = 12.0
"""Of judging one position of one plan in exact numbers."""


class Work:
    """A counter that is passed along; every search takes from it.

    Attributes:
        left: What may still be done; below zero nothing more is begun.
    """

    __slots__ = ("left",)

    def __init__(self, most: float = MOST) -> None:
        self.left = most

    def take(self, steps: float) -> None:
        """Count what is done."""
        self.left -= steps

    @contextmanager
    def kept(self, part: float) -> Iterator[None]:
        """Keep a part of what is left for what comes afterwards."""
        apart = max(self.left, 0.0) * part
        self.left -= apart
        try:
            yield
        finally:
            self.left += apart

    @property
    def over(self) -> bool:
        """Whether nothing more should be begun."""
        return self.left <= 0
