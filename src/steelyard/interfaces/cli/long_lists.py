"""Lists that are longer than somebody reads: their beginning, and how much more there is.

Files may be as long as they like within their limit; 100,000 rows of a table take a minute to draw. What is
left out is in the JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steelyard.words import say

MOST_ROWS = 1000
"""Rows of a table that are shown: a plan never has more."""
MOST_LINES = 100
"""Lines of one kind that are told one by one."""


def first_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines, and after the hundredth how many are left."""
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield more(len(lines) - MOST_LINES)


def more(count: int) -> str:
    """Return the line that stands for the rest."""
    return say("and {count:,} more; --json has them all", count=count)
