"""What a simulation of a saver is asked, and what it answers, as values; without numba."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FEWEST = 20
"""Paths that an interval needs."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How markets are simulated: paths, their length in years, and the seed."""

    paths: int = 200
    years: int = 10
    seed: int = 21


@dataclass(frozen=True, slots=True)
class Simulated:
    """A rule on simulated markets; costs a year, parts of wealth, each half an interval of 95 %.

    Attributes:
        cost, half: Of everything. more, more_half: Than the best rule, on the same paths.
        tracking, trading, tax: Parts of it. trades, turnover: A year. deviation: Root mean square.
    """

    cost: float
    half: float
    more: float
    more_half: float
    tracking: float
    trading: float
    tax: float
    trades: float
    turnover: float
    deviation: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Tried:
    """A band that was tried on the way: its cost a year, and half its interval, 0 of a closed form."""

    trigger: float
    destination: float
    cost: float
    half: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in self.__slots__}
