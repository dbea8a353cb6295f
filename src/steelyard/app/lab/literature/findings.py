"""What comparing with a published result finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steelyard.words import say

EXACT, SIMULATED, PRICES = "exact", "simulated", "prices"
AGREES, SAME_SIGN, DIFFERS, NOT_RUN = "agrees", "same sign", "differs", "not run"


@dataclass(frozen=True, slots=True)
class Finding:
    """One number of a source beside ours.

    Attributes:
        name: Short, for `--only`.
        claim: What the source says, with the unit.
        source: Who, when, and where it was read; or how the target was derived where it is not their print.
        theirs, ours: The number, None where there is none.
        half: Half the 95 % interval of ours, 0 where it is exact.
        within: Difference up to which we agree, besides the interval.
        basis: exact | simulated | prices.
        verdict: agrees | same sign | differs | not run.
        why: What explains the difference, or what is missing; may be empty.
        seed: Of the simulation, None without.
    """

    name: str
    claim: str
    source: str
    theirs: float | None
    ours: float | None
    half: float
    within: float
    basis: str
    verdict: str
    why: str = ""
    seed: int | None = None

    @property
    def difference(self) -> float | None:
        """Ours less theirs."""
        return None if self.ours is None or self.theirs is None else self.ours - self.theirs

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in (*self.__slots__, "difference")}


def found(
    name: str,
    claim: str,
    source: str,
    theirs: float,
    ours: float,
    *,
    within: float,
    half: float = 0.0,
    basis: str = EXACT,
    why: str = "",
    seed: int | None = None,
) -> Finding:
    """Return a finding with its verdict: within tolerance and interval, of the same sign, or neither."""
    verdict = DIFFERS
    if abs(ours - theirs) <= within + half:
        verdict = AGREES
    elif ours * theirs > 0:
        verdict = SAME_SIGN
    return Finding(name, claim, source, theirs, ours, half, within, basis, verdict, why, seed)


def needs_prices(name: str, claim: str, source: str, theirs: float, funds: str) -> Finding:
    """Return a finding that waits for prices."""
    why = say("give daily total-return closes of {funds} with --prices", funds=funds)
    return Finding(name, claim, source, theirs, None, 0.0, 0.0, PRICES, NOT_RUN, why)
