"""Sun's programme on Korean funds: prices that a person points to, shares and government bonds of KRX.

The programme knows only how much the two move against each other; it is walked, beside the usual rules, on
the months as they were and on resampled ones, all on the same paths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from steelyard.app.lab.literature.findings import PRICES, Finding, found, needs_prices
from steelyard.engines.arrays import Floats
from steelyard.engines.lab import closed_forms, programme
from steelyard.engines.lab.saver import mean_and_half
from steelyard.engines.market.price_history import PriceHistory
from steelyard.words import join, say

FUNDS = ("069500", "152380")
_NAME, _CLAIM = (
    "sun-korea",
    say("of nine usual rules, those not evidently dearer than the programme on Korean months"),
)
_SOURCE = say(
    "Sun, Fan, Chen, Schouwenaars, Albota 2006: none; Korean setting of research-go (log utility, 20 bp, "
    "monthly) on other funds"
)
_TARGET, _AVERSION, _MOVE, _LOOKS = 0.6, 1.0, 0.004, 12
_PATHS, _BLOCK = 400, 12
_BANDS = ((0.02, 0.0), (0.02, 0.0175), (0.05, 0.0), (0.05, 0.025), (0.05, 0.05), (0.1, 0.0))
_EVERY = (1, 3, 12)

Rule = tuple[float, float, float, float]
"""Least and greatest weight that is left alone, and where to from below and from above."""


def missing() -> list[Finding]:
    """Return the finding that waits for prices."""
    return [needs_prices(_NAME, _CLAIM, _SOURCE, 0.0, join(say(" and "), FUNDS))]


def findings(history: PriceHistory, seed: int) -> list[Finding]:
    """Return it for monthly closes of the two funds, at least five years of them."""
    months = np.array([d.year * 12 + d.month for d in history.dates])
    ends = np.flatnonzero(months[1:] != months[:-1])
    closes = history.prices[ends]
    moves = closes[1:] / closes[:-1]
    if len(moves) < 60:
        return missing()
    apart = np.log(moves[:, 0] / moves[:, 1])
    volatility = float(apart.std(ddof=1)) * math.sqrt(_LOOKS)
    funds = programme.TwoFunds(_TARGET, volatility, _AVERSION, _MOVE, 0.0, float(_LOOKS))
    best = programme.solve(programme.chain(funds, 0.36))
    optimum: Rule = (best.low, best.high, best.low_to, best.high_to)
    bands: list[Rule] = [(_TARGET - b, _TARGET + b, _TARGET - d, _TARGET + d) for b, d in _BANDS]
    dislike = closed_forms.drift_of(_TARGET, volatility, _AVERSION).dislike
    paths = _resampled(moves, seed)
    costs = _costs(paths, optimum, bands, dislike)
    as_it_was = _costs(moves[np.newaxis], optimum, bands, dislike)[0] * 1e4
    more, half = mean_and_half(costs[:, 1:] - costs[:, :1])
    nearest = int(more.argmin())
    return [
        found(
            _NAME,
            _CLAIM,
            _SOURCE,
            0.0,
            float(np.sum(more - half <= 0.0)),
            within=0.0,
            basis=PRICES,
            seed=seed,
            why=say(
                "it leaves {low:.0f} to {high:.0f} % alone; the nearest rule costs {more:+.2f} ±{half:.2f} "
                "bp a year on {paths} resampled paths of {months} months; as it was, {cheaper} of {rules} "
                "were cheaper, by {most:.2f} bp at most",
                low=100 * best.low,
                high=100 * best.high,
                more=more[nearest] * 1e4,
                half=half[nearest] * 1e4,
                paths=_PATHS,
                months=len(moves),
                cheaper=int(np.sum(as_it_was[1:] < as_it_was[0])),
                rules=len(as_it_was) - 1,
                most=max(as_it_was[0] - as_it_was[1:].min(), 0.0),
            ),
        )
    ]


def _resampled(moves: Floats, seed: int) -> Floats:
    """Return circular blocks of a year, (S, T, 2)."""
    random = np.random.Generator(np.random.PCG64(seed))
    count = -(-len(moves) // _BLOCK)
    starts = random.integers(0, len(moves), (_PATHS, count))
    rows = (starts[:, :, np.newaxis] + np.arange(_BLOCK)).reshape(_PATHS, -1)[:, : len(moves)] % len(moves)
    found_moves: Floats = moves[rows]
    return found_moves


def _costs(paths: Floats, optimum: Rule, bands: Sequence[Rule], dislike: float) -> Floats:
    """Return the cost a year of the programme, of bands and of calendars on paths, (S, P)."""
    rules = [(*rule, 1) for rule in (optimum, *bands)]
    rules += [(_TARGET, _TARGET, _TARGET, _TARGET, every) for every in _EVERY]
    out = np.zeros((len(paths), len(rules)))
    for column, (low, high, low_to, high_to, every) in enumerate(rules):
        weight = np.full(len(paths), _TARGET)
        for t in range(paths.shape[1]):
            stocks = weight * paths[:, t, 0]
            weight = stocks / (stocks + (1.0 - weight) * paths[:, t, 1])
            if (t + 1) % every == 0:
                to = np.where(weight < low, low_to, np.where(weight > high, high_to, weight))
                out[:, column] += _MOVE * np.abs(to - weight)
                weight = to
            out[:, column] += dislike * (weight - _TARGET) ** 2 / _LOOKS
    yearly: Floats = out / (paths.shape[1] / _LOOKS)
    return yearly
