"""What tools look at, and what a tool is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the tools of one server look at.

    Attributes:
        file: The portfolio file.
        as_of: The day to evaluate for, None for today.
        prices: Past prices for `backtest` and `compare`, None for none.
        orders: Whether an approved plan may be carried out now.
    """

    file: Path
    as_of: date | None = None
    prices: Path | None = None
    orders: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        name, title, description: For the assistant and whoever watches it.
        takes: JSON schema of its arguments.
        gives: JSON schema of its answer.
        answer: Makes the answer.
        sums: Says it in one sentence.
        reads: It only reads and calculates.
    """

    name: str
    title: str
    description: str
    takes: Mapping[str, Any]
    gives: Mapping[str, Any]
    answer: Callable[[Shelf, Mapping[str, Any]], Mapping[str, Any]]
    sums: Callable[[Mapping[str, Any]], str]
    reads: bool = True
