"""The leave to approve orders: given when the server is started, and over by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

MINUTES = 60


class Leave:
    """Whether plans may be approved now.

    Args:
        minutes: From now on; 0 for never.
        clock: Seconds; a suspended machine must not stretch them, so it is the clock on the wall.
    """

    def __init__(self, minutes: int, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._given = minutes > 0
        self._from, self._until = clock(), clock() + 60 * minutes

    def __call__(self) -> bool:
        """Say whether the leave holds; a clock that was put back does not stretch it either."""
        self._given = self._given and self._from <= self._clock() < self._until
        return self._given

    @property
    def minutes_left(self) -> int:
        """Whole minutes until it is over, rounded up."""
        return -int(-(self._until - self._clock()) // 60) if self() else 0
