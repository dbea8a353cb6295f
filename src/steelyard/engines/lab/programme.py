"""The best band for two funds by dynamic programming: exact for a market of looks, without the small model.

The state is the log odds of the first fund's weight, on an even grid, where the market moves every state
alike: between two looks by a normal step. At a look one may stay or move to any state. Howard's policy
iteration finds the rule with the least cost a year; the same chain values any other rule. The distances
above and below the target come out as they are, so upper and lower bands may differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard.engines.arrays import Flags, Floats, Ints

_POINTS = 451
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class TwoFunds:
    """The market of a programme, and what moves cost.

    Attributes:
        target: Weight of the first fund.
        volatility: Of the one return less the other, a root year.
        aversion: Relative risk aversion.
        move: Cost of a unit of weight moved. fixed: Of a rebalance. Fractions of wealth.
        least: Least cost of a rebalance, fraction of wealth (two least commissions).
        looks: A year.
    """

    target: float
    volatility: float
    aversion: float
    move: float
    fixed: float
    looks: float
    least: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """The grid of a programme.

    Attributes:
        weights: (K,) weight of the first fund, rising.
        steps: (K, K) chance of going from one state to another between two looks.
        standing: (K,) cost of a state until the next look.
        funds: See there.
    """

    weights: Floats
    steps: Floats
    standing: Floats
    funds: TwoFunds


@dataclass(frozen=True, slots=True)
class ChainRule:
    """A rule on the chain and what it costs a year, fractions of wealth.

    Attributes:
        low, high: No trade at weights between them.
        low_to, high_to: The weight traded to from beyond each, at the edge.
        cost, trading: Both costs, and that of trades alone, a year.
        trades, turnover: A year; turnover of one leg.
        deviation: Root of the mean squared distance, after trades.
    """

    low: float
    high: float
    low_to: float
    high_to: float
    cost: float
    trading: float
    trades: float
    turnover: float
    deviation: float


def chain(funds: TwoFunds, reach: float, points: int = _POINTS) -> Chain:
    """Return the grid.

    Args:
        funds: See there.
        reach: Distance from the target that the grid has to hold; far enough that no rule tried goes there.
        points: K. The spacing should be well below a look's step.
    """
    target, step = funds.target, funds.volatility / math.sqrt(funds.looks)
    middle = math.log(target / (1.0 - target))
    width = reach / (target * (1.0 - target)) + 4.0 * step
    spacing = 2.0 * width / (points - 1)
    odds = middle + spacing * (np.arange(points) - points // 2)
    weights = 1.0 / (1.0 + np.exp(-odds))
    # Neither fund is favoured at the target: the weight, not its log odds, has no drift there.
    mean = -(1.0 - 2.0 * target) * step**2 / 2.0
    # Rounding to states adds the variance of an even spread over a cell, which is taken off before.
    spread = math.sqrt(max(step**2 - spacing**2 / 12.0, step**2 / 4.0))
    edges = (np.arange(-points, points) + 0.5) * spacing
    below = np.array([0.5 * math.erfc(-(e - mean) / (spread * math.sqrt(2.0))) for e in edges])
    columns = np.arange(points)[np.newaxis, :] - np.arange(points)[:, np.newaxis] + points
    steps = below[columns] - below[columns - 1]
    steps[:, 0] = below[columns[:, 0]]
    steps[:, -1] = 1.0 - below[columns[:, -1] - 1]
    dislike = funds.aversion * funds.volatility**2 / 2.0
    # Until the next look the weight strays on, whatever the rule: half a look's variance on top.
    strays = (funds.volatility * weights * (1.0 - weights)) ** 2 / (2.0 * funds.looks)
    standing = dislike * ((weights - target) ** 2 + strays) / funds.looks
    return Chain(weights, steps, standing, funds)


def solve(grid: Chain) -> ChainRule:
    """Return the best rule: at every state stay or go to the best place, at the least cost a year."""
    to = np.full(len(grid.weights), len(grid.weights) // 2)
    for _ in range(_ROUNDS):
        _, relative = _value(grid, to)
        # What every state costs from here on, if one stands there until the next look.
        onward = grid.standing + grid.steps @ relative
        places, worth = _best_moves(grid, onward)
        better = np.where(worth < onward - 1e-16, places, np.arange(len(to)))
        if np.array_equal(better, to):
            break
        to = better
    return measured(grid, to)


def band_rule(grid: Chain, trigger: float, destination: float) -> Ints:
    """Return the moves of "trigger b, trade back to d", the same above and below."""
    weights, target = grid.weights, grid.funds.target
    off = weights - target
    wanted = target + np.sign(off) * destination
    nearest = np.abs(weights[np.newaxis, :] - wanted[:, np.newaxis]).argmin(axis=1)
    return np.where(np.abs(off) > trigger, nearest, np.arange(len(weights)))


def measured(grid: Chain, to: Ints) -> ChainRule:
    """Return what a rule costs and does, from the long-run shares of time of its states.

    Args:
        grid: See there.
        to: (K,) the state that each goes to at a look; itself where nothing is traded.
    """
    weights, funds = grid.weights, grid.funds
    stay: Flags = to == np.arange(len(to))
    # Balance of what flows between states after trades; one equation gives way to the sum of 1.
    flow = np.zeros_like(grid.steps)
    np.add.at(flow.T, to, grid.steps.T)
    balance = flow.T - np.eye(len(to))
    balance[-1] = 1.0
    right = np.zeros(len(to))
    right[-1] = 1.0
    shares = np.clip(np.linalg.solve(balance, right), 0.0, None)
    shares /= shares.sum()
    before = shares @ grid.steps
    moved = np.abs(weights[to] - weights)
    paid = np.where(stay, 0.0, _cost(funds, moved))
    trading = funds.looks * float(before @ paid)
    kept = np.flatnonzero(stay)
    # The stretch without trades that holds the target.
    middle = int(np.abs(weights - funds.target).argmin())
    low = high = middle if stay[middle] else int(to[middle])
    while low > kept[0] and stay[low - 1]:
        low -= 1
    while high < kept[-1] and stay[high + 1]:
        high += 1
    return ChainRule(
        low=float(weights[low]),
        high=float(weights[high]),
        low_to=float(weights[to[max(low - 1, 0)]]),
        high_to=float(weights[to[min(high + 1, len(to) - 1)]]),
        cost=funds.looks * float(shares @ grid.standing) + trading,
        trading=trading,
        trades=funds.looks * float(before @ ~stay),
        turnover=funds.looks * float(before @ moved),
        deviation=math.sqrt(float(shares @ (weights - funds.target) ** 2)),
    )


def _cost(funds: TwoFunds, moved: Floats) -> Floats:
    return np.maximum(funds.fixed + funds.move * moved, funds.least)


def _value(grid: Chain, to: Ints) -> tuple[float, Floats]:
    """Return the cost a look of a rule, and what each state costs more than the middle one."""
    count = len(to)
    moved = np.abs(grid.weights[to] - grid.weights)
    paid = np.where(to == np.arange(count), 0.0, _cost(grid.funds, moved)) + grid.standing[to]
    matrix = np.eye(count) - grid.steps[to]
    # The relative value of the middle is 0, so that its column is free for the cost a look.
    matrix[:, count // 2] = 1.0
    found: Floats = np.linalg.solve(matrix, paid).astype(np.float64)
    rate = float(found[count // 2])
    found[count // 2] = 0.0
    return rate, found


def _best_moves(grid: Chain, onward: Floats) -> tuple[Ints, Floats]:
    """Return for every state the best one to go to, and what it costs from there with the way."""
    weights, funds = grid.weights, grid.funds
    ways = _cost(funds, np.abs(weights[:, np.newaxis] - weights[np.newaxis, :])) + onward[np.newaxis, :]
    places = ways.argmin(axis=1)
    return places, ways[np.arange(len(weights)), places]
