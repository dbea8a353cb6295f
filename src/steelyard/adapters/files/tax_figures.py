"""A country's tax figures and the rules behind them, from the data files that come with the package."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from steelyard.adapters.files.packaged import DATA
from steelyard.domain.tax.rules import Rule
from steelyard.words import written


def load_tax_rules(country: str) -> tuple[dict[str, Any], tuple[Rule, ...]]:
    """Read a country's tax figures and the rules behind them.

    Args:
        country: ISO 3166 code, `US` or `KR`.

    Returns:
        The figures as the file has them (whole numbers, and text for every other number, so that no
        binary float comes in), and the rules.
    """
    data = json.loads((DATA / f"tax_{country.lower()}.json").read_text(encoding="utf-8"))
    rules = tuple(
        Rule(
            id=row["id"],
            text=written(row["text"]),
            # A source at home is named in every language, one abroad as its country does.
            source=written(row["source"]) if country == "KR" else row["source"],
            verified=date.fromisoformat(row["verified"]),
            doubtful=written(row.get("doubtful", "")),
        )
        for row in data.pop("rules")
    )
    return data, rules
