"""Other histories from the one we have: stationary or circular bootstrap, and what differences it shows.

Sessions are drawn in blocks of random or of fixed length, all instruments together, so that correlation and
most of the serial dependence survive. Path k depends on the seed and on k alone, never on the batch.

Source: Politis and Romano (1994), The Stationary Bootstrap, JASA 89, and (1992), A Circular Block-Resampling
Procedure for Stationary Data; in both, blocks wrap around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from steelyard.engines.arrays import Floats, Ints
from steelyard.engines.lab.backtest.records import TALLIES, Backtest, Market, on_ticks

_BITS = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def _mix(state: int) -> int:
    """Return the finaliser of splitmix64. Source: Steele, Lea and Flood (2014)."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _BITS
    return state ^ (state >> 31)


def _chances(seed: int, path: int) -> Iterator[float]:
    """Yield numbers in [0, 1) of a path."""
    # Each path has a stream of its own, computed and not handed on: so threads may take paths in any order,
    # and the millionth can be had without the others.
    state = _mix((seed + _STEP * (path + 1)) & _BITS)
    while True:
        state = (state + _STEP) & _BITS
        # 53 bits are what a float holds: every number is exact, and 1.0 never comes.
        yield (_mix(state) >> 11) * 2.0**-53


def draws(sessions: int, *, seed: int, path: int, block: float, circular: bool = False) -> Ints:
    """Return which session of the history each session of a path repeats, (T,) int64.

    Args:
        sessions: T.
        seed: 0 .. 2**63 - 1.
        path: Its number, >= 0.
        block: Mean block length in sessions, >= 1; a block ends with chance 1 / block a session.
        circular: Every block has just that length, a whole number; the last one may be cut off.

    Returns:
        Entry t >= 1 is the session (1 .. T - 1) whose move from the close before is repeated. Entry 0 is 0.
    """
    chances = _chances(seed, path)
    chosen = np.zeros(sessions, dtype=np.int64)
    for t in range(1, sessions):
        chance = next(chances)
        ends = (t - 1) % int(block) == 0 if circular else chance < 1.0 / block
        if ends or t == 1:
            # Never session 0: no move leads into the first close.
            chosen[t] = int(next(chances) * (sessions - 1)) + 1
        else:
            chosen[t] = chosen[t - 1] + 1 if chosen[t - 1] + 1 < sessions else 1
    return chosen


def market(
    history: Market, *, seed: int, path: int, block: float, circular: bool = False, tick: float = 0.0
) -> Market:
    """Return the resampled market of a path: the plain form of what the kernel does.

    Days and flows stay where they are; price moves, distributions (as a fraction of the price the
    day before) and interest are drawn together. With a tick the prices are multiples of it in the end.
    """
    chosen = draws(len(history.days), seed=seed, path=path, block=block, circular=circular)
    prices, paid, earned = history.prices.copy(), history.distributions.copy(), history.interest.copy()
    for t in range(1, len(chosen)):
        c = chosen[t]
        prices[t] = prices[t - 1] * (history.prices[c] / history.prices[c - 1])
        if len(paid):
            paid[t] = prices[t - 1] * (history.distributions[c] / history.prices[c - 1])
        if len(earned):
            earned[t] = history.interest[c]
    if tick:
        prices = on_ticks(prices, tick)
    return Market(prices, history.days, paid, earned, history.flows)


def resampled(
    problem: Backtest,
    *,
    paths: int,
    seed: int,
    block: float,
    circular: bool = False,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Return the tallies of every policy on resampled paths, (S, P, 10) float64.

    A keyboard interrupt stops cleanly: what came back is the unbroken run of paths that was done.

    Args:
        problem: Its market is the history.
        paths: S.
        seed: 0 .. 2**63 - 1.
        block: Mean block length in sessions.
        circular: Every block has that length.
        threads: Workers; the result does not depend on their number.
        progress: Told the number of paths done, in order.
    """
    from steelyard.engines.lab.backtest import compiled_backtest

    policies = problem.shape[0]
    out = np.empty((paths, policies, len(TALLIES)))
    # Several chunks a thread, so that none waits long for the last; small ones, so that an interrupt is
    # heard.
    size = max(1, min(32, paths // (threads * 4) or 1))
    chunks = [(first, min(size, paths - first)) for first in range(0, paths, size)]
    done = 0
    pool = ThreadPoolExecutor(threads)
    running: dict[int, Future[Floats]] = {}
    finished: set[int] = set()
    try:
        for number, (first, count) in enumerate(chunks):
            running[number] = pool.submit(
                compiled_backtest.tallies,
                problem,
                seed=seed,
                first=first,
                count=count,
                block=block,
                circular=circular,
                out=out[first : first + count],
            )
        while len(finished) < len(chunks):
            wait([f for n, f in running.items() if n not in finished], return_when=FIRST_COMPLETED)
            for number, future in running.items():
                if number not in finished and future.done():
                    future.result()
                    finished.add(number)
                    done += chunks[number][1]
            if progress is not None:
                progress(done)
    except KeyboardInterrupt:
        # What runs is let end, a few milliseconds: a first chunk cut off would cost all behind it.
        pool.shutdown(wait=True, cancel_futures=True)
        broken = (n for n in range(len(chunks)) if n not in running or running[n].cancelled())
        unbroken = next(broken, len(chunks))
        return out[: chunks[unbroken][0] if unbroken < len(chunks) else paths]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return out


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """How much one policy did better than another on the same paths.

    Attributes:
        mean: Mean of the paired differences.
        low, high: The interval that holds the given share of the paths' differences.
        wins: Fraction of the paths on which the first did better.
    """

    mean: float
    low: float
    high: float
    wins: float

    @property
    def evident(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0.0 or self.high < 0.0


def difference(first: Floats, second: Floats, *, level: float = 0.95) -> MeanDifference:
    """Return the paired difference of two policies with the interval of its resampled distribution.

    The interval is the percentile interval of the bootstrap: each path is one history that could
    have been, its difference one possible answer. It does not shrink with the number of paths.

    Args:
        first, second: (S,) float64, one number a path, same paths.
        level: Share of the distribution inside, in (0, 1).
    """
    gaps = first - second
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(gaps, [tail, 1.0 - tail])
    return MeanDifference(float(gaps.mean()), float(low), float(high), float((gaps > 0.0).mean()))
