"""Which of several portfolios: each with what it is worth and whether something is due."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import steelyard
from steelyard.errors import SteelyardError
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One portfolio: its address, and what it is worth and needs, or what is wrong with its file."""

    name: str
    address: str
    value: Decimal | None = None
    currency: str = ""
    due: bool = False
    problem: str = ""


def choice(files: Mapping[str, Path], prefixes: Mapping[str, str], visit: Visit) -> Screen:
    """Show the portfolios of a folder; one that cannot be read stops no other."""
    found = []
    for name, file in files.items():
        try:
            report = steelyard.check(steelyard.load(file, as_of=visit.as_of), as_of=visit.as_of)
        except SteelyardError as error:
            found.append(Choice(name, prefixes[name], problem=error.problems[0].message))
            continue
        base, worth = report.portfolio.base_currency, report.valuation.total
        found.append(Choice(name, prefixes[name], worth, base, report.decision.due))
    return Screen("choice.html", {"choices": found, "due": [c for c in found if c.due]})
