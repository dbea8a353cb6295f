"""Bands of a saver by simulation: searched on one set of markets, measured on another.

What is searched and measured on the same paths looks better than it is. All rules walk the same paths, so
that the difference between two of them is far surer than the cost of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.app.lab.advice.saver_inputs import SaverInputs
from steelyard.app.lab.advice.simulation_values import Drawing, Simulated, Tried
from steelyard.app.lab.advice.tried_rules import TriedRule, as_arrays
from steelyard.engines.arrays import Floats
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.closed_forms import Band
from steelyard.engines.lab.saver import (
    Rules,
    Situation,
    Taxation,
    markets,
    mean_and_half,
    walk,
)

_TRIGGERS = (0.25, 0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.45, 1.8, 2.4, 3.2)
_RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)
_GROWTH = 0.06
"""A year, of the targets' mix: it decides how soon there are gains to tax. A plain saver stays as rich."""
_LEAST = 0.004
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """The best band, least and greatest trigger that cannot be told from it, and all that was tried."""

    best: Band
    as_good: tuple[float, float]
    tried: tuple[Tried, ...]


def situation(saver: SaverInputs) -> Situation:
    """Return the saver as the engine takes it."""
    tax = saver.tax
    prices = saver.prices if saver.prices is not None else np.ones(len(saver.symbols))
    return Situation(
        targets=saver.targets,
        covariance=saver.covariance,
        aversion=saver.aversion,
        value=saver.value,
        prices=prices,
        whole=saver.whole,
        gain=saver.gain,
        deposits=saver.deposits / saver.value,
        in_parts=saver.is_plain,
        commission=saver.commission,
        least=saver.least,
        fixed=saver.fixed,
        tax=None
        if tax is None
        else Taxation(np.array(tax.kinds, np.int64), tax.yearly, tax.allowance, tax.carries, tax.sale),
        looks=saver.looks,
        deposit_every=max(1, saver.looks // 12),
    )


def search(saver: SaverInputs, start: Band, drawing: Drawing) -> Found:
    """Return the band that costs least on the paths of a seed.

    Args:
        saver: See there.
        start: The best of the closed form, around which is searched.
        drawing: See there.
    """
    growth = _markets(saver, drawing, drawing.seed)
    middle = max(start.trigger, 4.0 * _LEAST)
    triggers = np.clip(np.array(_TRIGGERS) * middle, _LEAST, _MOST)
    pairs = np.array([(b, b * r) for b in triggers for r in _RATIOS])
    costs = _costs(saver, growth, pairs)
    at = int(costs.mean(axis=0).argmin())
    first = pairs[at]
    near = np.array(
        [
            (b, min(d, b))
            for b in first[0] * np.array([0.9, 0.95, 1.0, 1.05, 1.1])
            for d in (first[1], max(first[1] - 0.12 * b, 0.0), first[1] + 0.12 * b)
        ]
    )
    again = _costs(saver, growth, near)
    best = near[int(again.mean(axis=0).argmin())]
    beside = again[:, [int(again.mean(axis=0).argmin())]]
    more, half = mean_and_half(costs - beside)
    alike = pairs[more <= half][:, 0]
    alike = np.append(alike, best[0])
    mean, own = mean_and_half(costs)
    tried = [Tried(*map(float, row)) for row in zip(*pairs.T, mean, own, strict=True)]
    return Found(Band(float(best[0]), float(best[1])), (float(alike.min()), float(alike.max())), tuple(tried))


def measure(
    saver: SaverInputs, best: Band, rules: Sequence[TriedRule], drawing: Drawing
) -> tuple[Simulated, ...]:
    """Return what the best band and the rules do, in this order, on markets that nothing was searched on."""
    growth = _markets(saver, drawing, drawing.seed + 1)
    funds = len(saver.symbols)
    tried = Rules.bands(np.array([best.trigger]), np.array([best.destination]), funds) + Rules(
        *as_arrays(saver, tuple(rules))
    )
    outcome = walk(situation(saver), growth, tried)
    cost, half = mean_and_half(outcome.costs)
    more, more_half = mean_and_half(outcome.costs - outcome.costs[:, :1])
    means, tax = outcome.measures.mean(axis=0), outcome.extra_tax.mean(axis=0)
    return tuple(
        Simulated(
            cost=float(cost[n]),
            half=float(half[n]),
            more=float(more[n]),
            more_half=float(more_half[n]),
            tracking=float(means[n, codes.TRACKING]),
            trading=float(means[n, codes.TRADING]),
            tax=float(tax[n]),
            trades=float(means[n, codes.TRADES]),
            turnover=float(means[n, codes.TURNOVER]),
            deviation=float(np.sqrt(means[n, codes.SQUARE])),
        )
        for n in range(len(cost))
    )


def _markets(saver: SaverInputs, drawing: Drawing, seed: int) -> Floats:
    return markets(
        saver.targets,
        saver.covariance,
        years=drawing.years,
        looks=saver.looks,
        paths=drawing.paths,
        seed=seed,
        growth=0.0 if saver.is_plain else _GROWTH,
    )


def _costs(saver: SaverInputs, growth: Floats, pairs: Floats) -> Floats:
    rules = Rules.bands(pairs[:, 0].copy(), pairs[:, 1].copy(), len(saver.symbols))
    return walk(situation(saver), growth, rules).costs
