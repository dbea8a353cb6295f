"""A rule of ours against the usual ones at equal deviation, on each half of a history.

Our rule, "even tracking": of all bands that stand off by the same mean square m, b^2 + d^2 = 6 m, the one
whose trades cost least by the closed form at the person's own costs: least C(b - d) / (b^2 - d^2). Its form
was made without any history. Its only number, m, is set so that it stands off as far as the rival does, on
resampled paths that nothing is told from; costs are told from others, the same ones for both, and from each
half as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from steelyard.app.lab.advice.saver_inputs import SaverInputs
from steelyard.app.lab.advice.simulated_bands import situation
from steelyard.app.lab.advice.tried_rules import TriedRule, as_arrays, usual_rules
from steelyard.engines.arrays import Floats
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.closed_forms import Band
from steelyard.engines.lab.saver import Outcome, Rules, Situation, mean_and_half, walk
from steelyard.errors import InputError
from steelyard.words import say

RIVALS = ("threshold 2% to 1.75%", "threshold 5% relative 25%", "threshold 5% look quarterly")
BLOCK = 21
"""Mean length of what is resampled in one piece, sessions."""
_LEAST = 5 * 252
_SPLITS = 400


@dataclass(frozen=True, slots=True)
class Duel:
    """Ours against one rival on a half of the history; a year, parts of wealth; ours less theirs.

    Attributes:
        part: first | second half. rival: Its text. trigger, destination: Of ours.
        deviation, rival_deviation: Root mean square, resampled.
        tracking, trading, total: Mean differences, each with half its 95 % interval.
        history: Difference of the total on the history as it was.
        verdict: better | worse | no evidence.
    """

    part: str
    rival: str
    trigger: float
    destination: float
    deviation: float
    rival_deviation: float
    tracking: tuple[float, float]
    trading: tuple[float, float]
    total: tuple[float, float]
    history: float

    @property
    def verdict(self) -> str:
        """Whether the interval of the total leaves zero out."""
        mean, half = self.total
        if abs(mean) <= half:
            return "no evidence"
        return "better" if mean < 0 else "worse"

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {
            "part": self.part,
            "rival": self.rival,
            "trigger": self.trigger,
            "destination": self.destination,
            "deviation": self.deviation,
            "rival_deviation": self.rival_deviation,
            **{
                name: {"mean": mean, "half": half}
                for name, (mean, half) in (
                    ("tracking", self.tracking),
                    ("trading", self.trading),
                    ("total", self.total),
                )
            },
            "history": self.history,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Duels:
    """All of them, and what they rest on."""

    duels: tuple[Duel, ...]
    paths: int
    seed: int
    sessions: tuple[int, int]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `lab rule --json`."""
        return {
            "schema": "steelyard/rule/1",
            "paths": self.paths,
            "seed": self.seed,
            "sessions": {"first": self.sessions[0], "second": self.sessions[1]},
            "duels": [one.to_dict() for one in self.duels],
            "notes": [*self.notes],
        }


def duels(saver: SaverInputs, prices: Floats, *, paths: int, seed: int) -> Duels:
    """Return ours against each rival.

    Args:
        saver: Its costs, size and tax; looks are daily.
        prices: (T, N) closes of its funds, daily.
        paths: Resampled. seed: Of the drawing.

    Raises:
        InputError: Less than five years on each side.
    """
    moves = prices[1:] / prices[:-1]
    middle = len(moves) // 2
    if middle < _LEAST:
        raise InputError(
            "short-history",
            say("{count} returns say too little about volatility", count=len(moves)),
            say("give ten years of daily prices or more"),
        )
    saver = replace(saver, look="daily")
    one = situation(saver)
    random = np.random.Generator(np.random.PCG64(seed))
    known = {rule.text: rule for rule in usual_rules(saver)}
    found = []
    for part, held in (("first", moves[:middle]), ("second", moves[middle:])):
        matching = _resampled(random, held, max(paths // 2, 20), len(held))
        telling = _resampled(random, held, paths, len(held))
        for text in RIVALS:
            band = _matched(saver, one, matching, known[text])
            both = _band(saver, band) + Rules(*as_arrays(saver, (known[text],)))
            out = walk(one, telling, both)
            ours, theirs = np.sqrt(out.measures[:, :, codes.SQUARE].mean(axis=0)).tolist()
            as_it_was = walk(one, held[np.newaxis], both).costs[0]
            found.append(
                Duel(
                    part=part,
                    rival=text,
                    trigger=band.trigger,
                    destination=band.destination,
                    deviation=ours,
                    rival_deviation=theirs,
                    tracking=_difference(out, codes.TRACKING),
                    trading=_difference(out, codes.TRADING),
                    total=_paired(out.costs),
                    history=float(as_it_was[0] - as_it_was[1]),
                )
            )
    told = say(
        "ours is matched and told on different resampled paths of the same half: nothing is held out of the "
        "history itself"
    )
    return Duels(tuple(found), paths, seed, (middle, len(moves) - middle), (*saver.notes, told))


def even_band(saver: SaverInputs, square: float) -> Band:
    """Return the band of a mean square whose trades cost least at a saver's costs.

    With b = r cos t and d = r sin t the mean square is r^2 / 6 whatever t, from d = 0 to d = b.
    """
    cost, radius = saver.cost_of_move(), math.sqrt(6.0 * square)
    best, least = Band(radius, 0.0), math.inf
    for step in range(_SPLITS):
        angle = math.pi / 4.0 * step / _SPLITS
        b, d = radius * math.cos(angle), radius * math.sin(angle)
        paid = cost(b - d) / (b * b - d * d)
        if paid < least:
            best, least = Band(b, d), paid
    return best


def _band(saver: SaverInputs, band: Band) -> Rules:
    return Rules.bands(np.array([band.trigger]), np.array([band.destination]), len(saver.symbols))


def _matched(saver: SaverInputs, one: Situation, paths: Floats, rival: TriedRule) -> Band:
    """Return our band that stands off as far as the rival on some paths, by halving."""
    wanted = walk(one, paths, Rules(*as_arrays(saver, (rival,)))).measures[:, 0, codes.SQUARE].mean()
    low, high = 1e-7, 0.02
    for _ in range(18):
        middle = math.sqrt(low * high)
        rules = _band(saver, even_band(saver, middle))
        if walk(one, paths, rules).measures[:, 0, codes.SQUARE].mean() < wanted:
            low = middle
        else:
            high = middle
    return even_band(saver, low)


def _difference(out: Outcome, measure: int) -> tuple[float, float]:
    return _paired(out.measures[:, :, measure])


def _paired(values: Floats) -> tuple[float, float]:
    """Return the mean of the first column less the second by path, and half its interval."""
    mean, half = mean_and_half(values[:, 0] - values[:, 1])
    return float(mean), float(half)


def _resampled(random: np.random.Generator, moves: Floats, paths: int, length: int) -> Floats:
    """Return stationary block bootstraps (S, T, N) of price moves, circular."""
    starts = random.integers(0, len(moves), size=(paths, length))
    anew = random.random((paths, length)) < 1.0 / BLOCK
    anew[:, 0] = True
    rows = np.empty((paths, length), np.int64)
    for t in range(length):
        before = rows[:, t - 1] + 1 if t else starts[:, 0]
        rows[:, t] = np.where(anew[:, t], starts[:, t], before) % len(moves)
    found: Floats = np.ascontiguousarray(moves[rows])
    return found


def summary(found: Sequence[Duel]) -> str:
    """Return a sentence on whether the rule beats all, some or none: in both halves, and nowhere worse."""
    rivals = dict.fromkeys(one.rival for one in found)
    better = [r for r in rivals if all(one.verdict == "better" for one in found if one.rival == r)]
    if len(better) == len(rivals):
        return say("it beats all of them at equal deviation, in both halves")
    if better:
        return say("at equal deviation it beats in both halves only: {rivals}", rivals=", ".join(better))
    return say("at equal deviation it beats none of them in both halves: no evidence for it")
