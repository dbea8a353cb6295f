"""The data files that come with the package: the catalogue, the model portfolios, the tax rates.

Found beside this file rather than through importlib.resources, whose import costs more than the reading.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.policy.models import Model

if TYPE_CHECKING:
    from steelyard.domain.tax.rules import Rule

_DATA = Path(__file__).parents[2] / "data"


def load_catalogue() -> Catalogue:
    """Read the catalogue of instruments."""
    data = json.loads((_DATA / "catalogue.json").read_text(encoding="utf-8"))
    return Catalogue(data["instruments"], data["replacements"])


def load_models() -> tuple[Model, ...]:
    """Read the model portfolios, in the order to show them."""
    data = json.loads((_DATA / "models.json").read_text(encoding="utf-8"))
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


def load_tax_rules(country: str) -> tuple[dict[str, Any], tuple[Rule, ...]]:
    """Read a country's tax figures and the rules behind them.

    Args:
        country: ISO 3166 code, `US` or `KR`.

    Returns:
        The figures as the file has them (whole numbers, and text for every other number, so that no
        binary float comes in), and the rules.
    """
    from steelyard.domain.tax.rules import Rule

    data = json.loads((_DATA / f"tax_{country.lower()}.json").read_text(encoding="utf-8"))
    rules = tuple(
        Rule(
            id=row["id"],
            text=row["text"],
            source=row["source"],
            verified=date.fromisoformat(row["verified"]),
            doubtful=row.get("doubtful", ""),
        )
        for row in data.pop("rules")
    )
    return data, rules


def sample_path() -> Path:
    """Return where the bundled sample portfolio lies."""
    return _DATA / "sample.toml"
