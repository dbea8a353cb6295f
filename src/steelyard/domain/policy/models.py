"""Model portfolios: named target weights to start from.

Starting points with their origin, not advice: `init --model` writes one into a file that is then the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """Named target weights.

    Attributes:
        name: What `init --model` takes.
        title: For people.
        weights: Symbol to fraction, summing to exactly 1, in the order to show them.
        description: One or two sentences.
        source: Where the split comes from.
    """

    name: str
    title: str
    weights: Mapping[str, Decimal]
    description: str
    source: str
