"""A change of the targets in a portfolio file, to be looked at before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.money import figure
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class TargetChange:
    """One target; `before` is None for a new one."""

    name: str
    before: Decimal | None
    after: Decimal


@dataclass(frozen=True, slots=True)
class TargetsEdit:
    """What a portfolio file says of its targets, what it would say, and its text either way.

    Attributes:
        file: As its owner named it.
        targets: Every target as it would be, in the order of the file.
        before: What the file says now, where that is a number; by the same names.
        original: The text as it was read; it is written over only as long as it is the same.
        text: The text as it would be: weights changed where they stand, comments and all else as they were.
    """

    file: str
    targets: Mapping[str, Decimal]
    before: Mapping[str, Decimal]
    original: str
    text: str

    @property
    def changes(self) -> tuple[TargetChange, ...]:
        """The targets that would change."""
        return tuple(
            TargetChange(name, self.before.get(name), weight)
            for name, weight in self.targets.items()
            if self.before.get(name) != weight
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `targets set --json` and `targets from-holdings --json`."""
        return {
            "schema": "steelyard/targets/1",
            "file": self.file,
            "targets": {name: figure(weight) for name, weight in self.targets.items()},
            "changes": [
                {"name": c.name, "before": figure(c.before), "after": figure(c.after)} for c in self.changes
            ],
        }
