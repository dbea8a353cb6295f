"""All results of the literature that are held here, in the order they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.app.lab.literature import exact, korean, priced
from steelyard.app.lab.literature.findings import AGREES, DIFFERS, NOT_RUN, SAME_SIGN, Finding
from steelyard.engines.market.price_history import PriceHistory

GROUPS: dict[str, Callable[[], list[Finding]]] = {
    "leland": exact.leland,
    "gerhold": exact.gerhold,
    "dybvig-pezzo": exact.dybvig_pezzo,
    "cube-root": exact.cube_root,
    "mei": exact.mei,
    "sun": exact.sun,
    "daryanani": exact.daryanani,
    "vanguard-costs": exact.vanguard_costs,
}
SIMULATED = (
    "leland",
    "vanguard",
    "vanguard_counts",
    "timing_luck",
    "booth_fama",
    "growth_optimum",
    "premium",
)


@dataclass(frozen=True, slots=True)
class Review:
    """What comparing with the literature found."""

    findings: tuple[Finding, ...]
    seed: int

    def count(self, verdict: str) -> int:
        """Return how many have a verdict."""
        return sum(f.verdict == verdict for f in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `lab literature --json`."""
        return {
            "schema": "steelyard/literature/1",
            "seed": self.seed,
            "verdicts": {v: self.count(v) for v in (AGREES, SAME_SIGN, DIFFERS, NOT_RUN)},
            "findings": [f.to_dict() for f in self.findings],
        }


def review(
    history: PriceHistory | None,
    of_korea: PriceHistory | None = None,
    *,
    seed: int = 7,
    only: Sequence[str] = (),
) -> Review:
    """Return the findings.

    Args:
        history: Daily total-return closes of `priced.FUNDS`; None leaves what needs them for later.
        of_korea: Those of `korean.FUNDS`, daily or monthly, likewise.
        seed: Of what is simulated.
        only: Beginnings of names; all unless given.
    """

    def wanted(name: str) -> bool:
        return not only or any(name.startswith(o) or o.startswith(name) for o in only)

    found: list[Finding] = []
    for name, run in GROUPS.items():
        if wanted(name) or (name == "sun" and wanted("kritzman")):
            found += run()
    names = [name for name in SIMULATED if wanted(name.replace("_", "-"))]
    if names:
        from steelyard.app.lab.literature import simulated

        for name in names:
            found += getattr(simulated, name)(seed)
    found += priced.missing() if history is None else priced.findings(history)
    found += korean.missing() if of_korea is None else korean.findings(of_korea, seed)
    return Review(tuple(f for f in found if not only or any(f.name.startswith(o) for o in only)), seed)
