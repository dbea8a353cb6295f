"""Rules that advice compares, as the numbers that closed forms and the simulation need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from steelyard.app.lab.advice.saver_inputs import LOOKS_A_YEAR, SaverInputs
from steelyard.domain.policy import policy_text
from steelyard.domain.policy.policies import Policy, band
from steelyard.engines.arrays import Floats, Ints
from steelyard.engines.lab import closed_forms
from steelyard.engines.lab.closed_forms import Band, YearlyCost

USUAL = (
    ("threshold 2% to 1.75%", "threshold 2% to edge look daily", 0.875),
    ("threshold 5%", "threshold 5% look daily", None),
    ("threshold 5% to halfway", "threshold 5% look daily to halfway", None),
    ("threshold 5% relative 25%", "threshold 5% relative 25% look daily", None),
    ("calendar monthly", "calendar monthly", None),
    ("calendar quarterly", "calendar quarterly", None),
    ("calendar annual", "calendar annual", None),
    ("threshold 5% look quarterly", "threshold 5% look quarterly", None),
)
"""What is written, what is read, and where to inside the band if the grammar has no word for it."""
_INWARD = {"target": 0.0, "halfway": 0.5, "edge": 1.0}
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule with its numbers.

    Attributes:
        text: Its name in every output.
        widths: Of each fund's band; 0 where the calendar alone decides, infinite where nothing does.
        ratio: Where to, a part of the band.
        look: When it is looked at, a look of the policy grammar; None for the person's own.
        longest: Most years without a rebalance, 0 for no limit.
    """

    text: str
    widths: tuple[float, ...]
    ratio: float
    look: str | None = None
    longest: float = 0.0

    @property
    def band(self) -> Band | None:
        """The band where one holds for all funds and nothing else decides, None otherwise."""
        width = self.widths[0]
        if self.longest or not 0.0 < width < math.inf or any(w != width for w in self.widths):
            return None
        return Band(width, self.ratio * width)

    @property
    def never_sells(self) -> bool:
        """Whether no band and no calendar ever asks for a sale."""
        return not self.longest and all(map(math.isinf, self.widths))

    @property
    def is_calendar(self) -> bool:
        """Whether the calendar alone decides."""
        return not any(self.widths)


def own_rule(saver: SaverInputs, policy: Policy) -> TriedRule:
    """Return the rule of a portfolio file."""
    return _rule(saver, policy_text.text(policy), policy, None)


def usual_rules(saver: SaverInputs) -> tuple[TriedRule, ...]:
    """Return what people do, and never selling."""
    rules = [_rule(saver, text, policy_text.parse(line), inward) for text, line, inward in USUAL]
    return (*rules, TriedRule("hold", (math.inf,) * len(saver.symbols), 0.0))


def in_closed_form(saver: SaverInputs, rule: TriedRule, fund: int) -> YearlyCost | None:
    """Return what a rule costs for one fund against the others, None where no closed form knows it.

    A band is watched all the time there; between daily looks it is overshot a little.
    """
    drift, band = saver.drift(fund), rule.band
    if rule.is_calendar and rule.look is not None:
        return closed_forms.periodic_cost(drift, saver.cost_of_move(), 1.0 / LOOKS_A_YEAR[rule.look])
    if band is None or (rule.look not in (None, "daily")):
        return None
    return closed_forms.band_cost(drift, saver.cost_of_move(), band)


def _rule(saver: SaverInputs, text: str, policy: Policy, inward: float | None) -> TriedRule:
    if policy.kind == "hold":
        return TriedRule(text, (math.inf,) * len(saver.symbols), 0.0)
    if policy.kind == "calendar":
        return TriedRule(text, (0.0,) * len(saver.symbols), 0.0, policy.look)
    widths = []
    for symbol, target in zip(saver.symbols, saver.targets, strict=True):
        width = band(symbol, Decimal(repr(float(target))), policy)
        widths.append(math.inf if width is None else float(width))
    ratio = _INWARD[policy.destination] if inward is None else inward
    days = policy.max_interval_days if policy.kind == "hybrid" else None
    return TriedRule(text, tuple(widths), ratio, policy.look, (days or 0) / _DAYS_A_YEAR)


def as_arrays(saver: SaverInputs, rules: tuple[TriedRule, ...]) -> tuple[Floats, Floats, Ints, Ints]:
    """Return widths, ratios, looks between decisions and longest waits, as the engine's `Rules` has them."""
    every = [max(1, round(saver.looks / LOOKS_A_YEAR[r.look or saver.look])) for r in rules]
    return (
        np.array([r.widths for r in rules]),
        np.array([r.ratio for r in rules]),
        np.array(every, np.int64),
        np.array([round(r.longest * saver.looks) for r in rules], np.int64),
    )
