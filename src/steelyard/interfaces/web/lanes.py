"""Threads in lanes: what takes long has its own few, so that a look is never behind it in a queue.

A request that finds its lane full, with as many waiting as may, is told to come back: 429.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Full(Exception):
    """So many wait in a lane that nothing more is taken."""


class Lane:
    """A few threads and whoever waits for them.

    Args:
        threads: How many work at once.
        waiting: How many more may wait.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads, self._most = threads, threads + waiting
        self._limiter: CapacityLimiter | None = None
        self._inside = 0

    async def run(self, work: Callable[..., T], *given: Any) -> T:
        """Return what a function returns, called in a thread of this lane.

        Raises:
            Full: So many wait already.
        """
        if self._inside >= self._most:
            raise Full
        if self._limiter is None:
            self._limiter = CapacityLimiter(self._threads)
        self._inside += 1
        try:
            return await to_thread.run_sync(work, *given, limiter=self._limiter)
        finally:
            self._inside -= 1
