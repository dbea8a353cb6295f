"""Thresholds against looks: every pair is a policy, so that neighbours are seen and not one lucky cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.app.lab.backtest import Candidate, candidate
from steelyard.app.lab.compare import Comparison

THRESHOLDS = ("1%", "2%", "3%", "4%", "5%", "7.5%", "10%", "15%")
LOOKS = ("daily", "weekly", "monthly", "quarterly", "semiannual", "annual")


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where each pair is among the policies of a comparison.

    Attributes:
        thresholds, looks: Rows and columns.
        cells: One row a threshold: the number of the policy, counted from 0.
    """

    thresholds: tuple[str, ...]
    looks: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]

    def to_dict(self, policies: Sequence[str]) -> dict[str, Any]:
        """Return it as in the document of `compare`, with the texts of the comparison's policies."""
        return {
            "thresholds": list(self.thresholds),
            "looks": list(self.looks),
            "policies": [[policies[n] for n in row] for row in self.cells],
        }


def sweep(yardstick: Candidate) -> tuple[tuple[Candidate, ...], Sweep]:
    """Return the policies to compare, the yardstick first and none twice, and where each pair is."""
    chosen = [yardstick]
    places = {yardstick.text: 0}
    rows = []
    for threshold in THRESHOLDS:
        row = []
        for look in LOOKS:
            tried = candidate(f"threshold {threshold} look {look}")
            if tried.text not in places:
                places[tried.text] = len(chosen)
                chosen.append(tried)
            row.append(places[tried.text])
        rows.append(tuple(row))
    return tuple(chosen), Sweep(THRESHOLDS, LOOKS, tuple(rows))


def gains(comparison: Comparison) -> tuple[Sequence[float], Sequence[bool]]:
    """Return by policy the growth a year less that of the first, and whether it is more than luck.

    With resampling it is the mean over the paths; without, what happened, and nothing is evident.
    """
    if comparison.differences:
        return [d.mean for d in comparison.differences], [d.evident for d in comparison.differences]
    results = comparison.study.results
    grown = [r.cagr_if_sold if comparison.study.after_tax else r.cagr for r in results]
    return [g - grown[0] for g in grown], [False] * len(results)
