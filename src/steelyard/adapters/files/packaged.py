"""The data files that come with the package: the catalogue, the model portfolios, the sample.

Found beside this file rather than through importlib.resources, whose import costs more than the reading.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.policy.models import Model

DATA = Path(__file__).parents[2] / "data"


def load_catalogue() -> Catalogue:
    """Read the catalogue of instruments."""
    data = json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))
    return Catalogue(data["instruments"], data["replacements"])


def load_models() -> tuple[Model, ...]:
    """Read the model portfolios, in the order to show them."""
    data = json.loads((DATA / "models.json").read_text(encoding="utf-8"))
    return tuple(
        Model(
            name=name,
            title=row["title"],
            weights={symbol: Decimal(weight) for symbol, weight in row["weights"].items()},
            description=row["description"],
            source=row["source"],
        )
        for name, row in data.items()
    )


def sample_path() -> Path:
    """Return where the bundled sample portfolio lies."""
    return DATA / "sample.toml"
