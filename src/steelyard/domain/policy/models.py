"""Model portfolios: named target weights to start from.

Starting points with their origin, not advice: `init --model` writes one into a file that is then the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.money import plain
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Model:
    """Named target weights.

    Attributes:
        name: What `init --model` takes.
        title: For people.
        weights: Symbol to fraction, summing to exactly 1, in the order to show them.
        description: One or two sentences.
        source: Where the split comes from.
        classes: By symbol of `weights`, the class it stands for and the funds that meet it, listed in the
            US and in Korea; what an account may hold decides which of them is bought there.
    """

    name: str
    title: str
    weights: Mapping[str, Decimal]
    description: str
    source: str
    classes: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelList:
    """Model portfolios, in the order to show them."""

    models: tuple[Model, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `models --json` (`steelyard/models/1`)."""
        rows = [
            {
                "name": m.name,
                "title": m.title,
                "weights": {s: plain(w) for s, w in m.weights.items()},
                "classes": {
                    name: {"weight": plain(m.weights[s]), "members": list(members)}
                    for s, (name, members) in m.classes.items()
                },
                "description": m.description,
                "source": m.source,
            }
            for m in self.models
        ]
        return {"schema": "steelyard/models/1", "models": rows}
