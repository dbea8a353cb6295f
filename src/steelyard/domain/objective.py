"""What a plan minimises: one record for each of the five words, read wherever an objective is asked for.

A miss is how far a goal ends from its wanted value. An objective raises each miss to a power, divides it by
something of the goal, and adds them up; two also count the money that is left idle.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

ObjectiveName = Literal["absolute", "relative", "shortfall", "deviation", "relative_deviation"]


@dataclass(frozen=True, slots=True)
class Objective:
    """One way to measure how far from its targets a plan ends.

    Attributes:
        name: As its owner and the documents call it.
        power: 2 for squared misses, 1 for their sizes.
        weighting: What a miss is divided by: nothing, the target, or what is missing to begin with.
        counts_idle: Idle money counts as much as a misplaced one.
    """

    name: ObjectiveName
    power: int
    weighting: Literal["none", "target", "shortfall"]
    counts_idle: bool = False

    @property
    def money_power(self) -> int:
        """To which power its value is in base currency: 2, 1, or 0 for a plain number."""
        return self.power - (self.weighting != "none")

    @property
    def sells_out_first(self) -> bool:
        """Whether what has no target is sold before anything else, since no miss of it can be counted."""
        return self.weighting == "target"

    @property
    def toward_targets(self) -> bool:
        """Whether it aims at the targets themselves, whatever destination the policy names."""
        return self.weighting == "shortfall"

    def divisor(self, wanted: Fraction, held: Fraction) -> Fraction | None:
        """Return what the miss of a goal is divided by, None for a goal that it leaves out.

        Args:
            wanted: What the goal should be worth, base currency.
            held: What it is worth now.
        """
        if self.weighting == "none":
            return Fraction(1)
        of = wanted if self.weighting == "target" else wanted - held
        return of if of > 0 else None

    def idle(self, managed: Fraction) -> Fraction:
        """Return what one unit of idle money counts.

        Args:
            managed: Managed value, in the same unit of money.
        """
        if not self.counts_idle:
            return Fraction(0)
        if self.weighting == "none":
            return Fraction(1)
        return 1 / managed if managed > 0 else Fraction(0)


OBJECTIVES = {
    one.name: one
    for one in (
        Objective("absolute", 2, "none"),
        Objective("relative", 2, "target"),
        Objective("shortfall", 2, "shortfall"),
        Objective("deviation", 1, "none", counts_idle=True),
        Objective("relative_deviation", 1, "target", counts_idle=True),
    )
}
"""By name."""
OF_PLANS = tuple(name for name, one in OBJECTIVES.items() if not one.toward_targets)
"""Those that a rebalance and a withdrawal may ask for."""
OF_NEW_MONEY = ("shortfall", "absolute", "relative")
"""Those that new money may be spent by, the usual one first."""


def objective_named(name: str) -> Objective:
    """Return an objective.

    Raises:
        InputError: There is none of that name (`objective`).
    """
    if name not in OBJECTIVES:
        raise InputError(
            "objective",
            say("{objective!r} is no objective", objective=name),
            say("use one of {choices}", choices=", ".join(OBJECTIVES)),
        )
    return OBJECTIVES[name]
