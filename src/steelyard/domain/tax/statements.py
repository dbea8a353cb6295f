"""What a broker's yearly statement of sales has in common with a year as computed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from steelyard.domain.books.statements import StatedSale
from steelyard.domain.money import figure
from steelyard.domain.tax.country import Disposal
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A sale that the statement and the year do not agree on.

    Attributes:
        stated: None where only the year has it.
        ours: None where only the statement has it.
        amount: Stated gain less ours.
        reason: The likely one.
    """

    stated: StatedSale | None
    ours: Disposal | None
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A statement beside a year.

    Attributes:
        agreed: How many sales agree, to the won (or cent).
        differences: The others, in the order of the statement, then of the year.
        stated, ours: Gain of all sales.
    """

    agreed: int
    differences: tuple[Difference, ...]
    stated: Decimal
    ours: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `tax --reconcile --json` (`steelyard/reconciliation/1`)."""
        return {
            "schema": "steelyard/reconciliation/1",
            "agreed": self.agreed,
            "stated_gain": figure(self.stated),
            "our_gain": figure(self.ours),
            "differences": [
                {
                    "line": None if d.stated is None else d.stated.line,
                    "symbol": d.stated.symbol if d.stated else d.ours.symbol if d.ours else "",
                    "stated_gain": None if d.stated is None else figure(d.stated.counted),
                    "our_gain": None if d.ours is None else figure(d.ours.counted),
                    "difference": figure(d.amount),
                    "reason": d.reason,
                }
                for d in self.differences
            ],
        }
