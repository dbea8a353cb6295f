"""The best rule for three funds by dynamic programming on a grid of weights: where to trade, and to where.

States are the weights of three funds in steps of the grid (5,151 at 1 %). A year is looked at as months: at
each one stays or moves to any state, then the market moves. A move costs in proportion to the weight moved,
so the best move from every state at once is a shortest way along the three directions in which money goes
from one fund to another: five sweeps in place of 26 million pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from steelyard.engines.arrays import Flags, Floats, Ints

_NODES = 5
"""Of the Gauss-Hermite rule in each of two directions: exact for polynomials of degree 9."""


@dataclass(frozen=True, eq=False)
class ThreeFunds:
    """The market and what moves cost.

    Attributes:
        targets: (3,) fractions of the whole.
        covariance: (3, 3) of returns a year.
        aversion: Relative risk aversion.
        move: Cost of a unit of weight moved. fixed: Of a rebalance. Fractions of wealth.
        looks: A year.
        steps: Of the grid from 0 to 1.
        still: Nothing moves but by trades, as in models of prices that rise by the same money everywhere.
    """

    targets: Floats
    covariance: Floats
    aversion: float
    move: float
    fixed: float
    looks: float = 12.0
    steps: int = 100
    still: bool = False

    @cached_property
    def weights(self) -> Floats:
        """(K, 3) weights of the states."""
        first, second = np.nonzero(self.inside)
        return np.stack([first, second, self.steps - first - second], axis=1) / self.steps

    @cached_property
    def inside(self) -> Flags:
        """(steps + 1, steps + 1) where weights of the first two funds leave something for the third."""
        counts = np.arange(self.steps + 1)
        found: Flags = counts[:, np.newaxis] + counts[np.newaxis, :] <= self.steps
        return found

    @cached_property
    def numbers(self) -> Ints:
        """(steps + 1, steps + 1) number of a state, -1 outside."""
        found = np.full(self.inside.shape, -1)
        found[self.inside] = np.arange(int(self.inside.sum()))
        return found


@dataclass(frozen=True, eq=False, slots=True)
class ThreePlan:
    """The best rule.

    Attributes:
        trades: (K,) whether something is traded at the first look.
        to: (K,) the state gone to, itself where nothing is traded.
        value: (K,) cost of a state over the whole time, fraction of wealth.
        yearly: Cost a year in the long run, as far as the time is long enough.
    """

    trades: Flags
    to: Ints
    value: Floats
    yearly: float


def solve(funds: ThreeFunds, looks: int = 12) -> ThreePlan:
    """Return the best rule for so many looks ahead."""
    places, shares = _market(funds)
    standing = _standing(funds)
    value = np.zeros(len(standing))
    rate = 0.0
    for _ in range(looks):
        onward = standing + (value[places] * shares).sum(axis=1)
        best = np.minimum(onward, funds.fixed + _shortest_ways(funds, onward))
        rate = float((best - value)[_target_state(funds)])
        value = best
    trades = onward > value + 1e-15
    to = np.arange(len(value))
    _choose(funds, onward, np.flatnonzero(trades), to)
    return ThreePlan(trades, to, value, rate * funds.looks)


def rule_value(funds: ThreeFunds, to: Ints, looks: int = 12) -> Floats:
    """Return what any rule costs by state over so many looks: `to` is the state that each goes to."""
    places, shares = _market(funds)
    standing = _standing(funds)
    moved = np.abs(funds.weights[to] - funds.weights).sum(axis=1) / 2.0
    paid = np.where(to == np.arange(len(to)), 0.0, funds.fixed + funds.move * moved)
    value = np.zeros(len(to))
    for _ in range(looks):
        value = paid + (standing + (value[places] * shares).sum(axis=1))[to]
    return value


def band_rule(funds: ThreeFunds, trigger: float, destination: float) -> Ints:
    """Return the moves of "trigger b, trade back to d": all distances are shrunk until the largest is d."""
    off = funds.weights - funds.targets
    largest = np.abs(off).max(axis=1)
    shrunk = funds.targets + off * (destination / np.maximum(largest, 1e-12))[:, np.newaxis]
    whole = np.rint(shrunk[:, :2] * funds.steps).astype(np.int64)
    to = funds.numbers[whole[:, 0].clip(0, funds.steps), whole[:, 1].clip(0, funds.steps)]
    found: Ints = np.where((largest > trigger + 1e-12) & (to >= 0), to, np.arange(len(to)))
    return found


def _target_state(funds: ThreeFunds) -> int:
    return int(np.abs(funds.weights - funds.targets).sum(axis=1).argmin())


def _standing(funds: ThreeFunds) -> Floats:
    off = funds.weights - funds.targets
    found: Floats = 0.5 * funds.aversion * np.einsum("ki,ij,kj->k", off, funds.covariance, off) / funds.looks
    return found


def _market(funds: ThreeFunds) -> tuple[Ints, Floats]:
    """Return the states that each may come to by the next look (K, Q), and with what chance."""
    if funds.still:
        own = np.arange(len(funds.weights))[:, np.newaxis]
        return own, np.ones(own.shape)
    nodes, chances = np.polynomial.hermite_e.hermegauss(_NODES)
    covariance, targets = funds.covariance, funds.targets
    against = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    # A fund is expected to earn what it adds to the risk of the targets, so that weights have no drift there.
    mean = against @ (covariance @ targets - np.diag(covariance) / 2.0) / funds.looks
    values, vectors = np.linalg.eigh(against @ covariance @ against.T / funds.looks)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    pairs = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    chance = np.outer(chances, chances).reshape(-1) / (2.0 * np.pi)
    growth = np.exp(np.concatenate([mean + pairs @ root.T, np.zeros((len(pairs), 1))], axis=1))
    grown = funds.weights[:, np.newaxis, :] * growth[np.newaxis]
    moved = grown / grown.sum(axis=2, keepdims=True)
    middle = (moved * chance[:, np.newaxis]).sum(axis=1, keepdims=True)
    # A point between states is shared by its three neighbours, which adds variance; it is taken off before.
    spread = (((moved - middle) ** 2).sum(axis=2) * chance).sum(axis=1)
    part = moved * funds.steps - np.floor(moved * funds.steps)
    added = ((part * (1.0 - part)).sum(axis=2) * chance).sum(axis=1) / funds.steps**2
    keep = np.sqrt(np.clip(1.0 - added / np.maximum(spread, 1e-18), 0.25, 1.0))
    moved = middle + (moved - middle) * keep[:, np.newaxis, np.newaxis]
    places, shares = _neighbours(funds, moved)
    count = len(funds.weights)
    return places.reshape(count, -1), (shares * chance[np.newaxis, :, np.newaxis]).reshape(count, -1)


def _neighbours(funds: ThreeFunds, moved: Floats) -> tuple[Ints, Floats]:
    """Return the three states around each point and its shares of them: the point is their mean."""
    scaled = np.clip(moved[..., :2] * funds.steps, 0.0, funds.steps)
    floor = np.minimum(np.floor(scaled + 1e-12), funds.steps).astype(np.int64)
    part = np.clip(scaled - floor, 0.0, 1.0)
    i, j = floor[..., 0], floor[..., 1]
    p, q = part[..., 0], part[..., 1]
    upper = p + q > 1.0
    shares = np.stack(
        [np.where(upper, p + q - 1.0, 1.0 - p - q), np.where(upper, 1.0 - q, p), np.where(upper, 1.0 - p, q)],
        axis=-1,
    )
    corner = np.where(upper, 1, 0)
    size = funds.steps
    states = np.stack(
        [
            funds.numbers[np.minimum(i + corner, size), np.minimum(j + corner, size)],
            funds.numbers[np.minimum(i + 1, size), j],
            funds.numbers[i, np.minimum(j + 1, size)],
        ],
        axis=-1,
    )
    # On the border a neighbour outside has no share but for rounding.
    shares = np.where(states < 0, 0.0, shares)
    return np.maximum(states, 0), shares / shares.sum(axis=-1, keepdims=True)


def _shortest_ways(funds: ThreeFunds, onward: Floats) -> Floats:
    """Return the least of the cost of a move and what follows, over all states to move to."""
    size = funds.steps
    table = np.full((size + 1, size + 1), np.inf)
    table[funds.inside] = onward
    slope = (funds.move / size * np.arange(size + 1))[:, np.newaxis]
    first, third = np.indices(table.shape)
    turned = np.clip(size - first - third, 0, size)

    def one_way(rows: Floats) -> Floats:
        down = np.minimum.accumulate(rows - slope, axis=0) + slope
        up = np.minimum.accumulate((rows + slope)[::-1], axis=0)[::-1] - slope
        found: Floats = np.minimum(np.minimum(down, up), rows)
        return found

    def turn(rows: Floats) -> Floats:
        # In place of the second fund's weight the third's, or back: money goes from the first to the second.
        return np.where(funds.inside, rows[first, turned], np.inf)

    # A move has one fund on one side: two directions after each other, in any order, are among these five.
    for direction in (0, 1, 2, 0, 1):
        if direction == 0:
            table = one_way(table)
        elif direction == 1:
            table = one_way(table.T).T
        else:
            table = turn(one_way(turn(table)))
        table = np.where(funds.inside, table, np.inf)
    found: Floats = table[funds.inside]
    return found


def quadratic_rule(funds: ThreeFunds, weights: Floats) -> Ints:
    """Return the moves that weigh costs against the squared distances left, each with its weight (3,).

    Source: Markowitz and van Dijk (2003); Kritzman, Myrgren and Page (2007).
    """
    off = funds.weights - funds.targets
    onward = _standing(funds) + off**2 @ weights
    best = np.minimum(onward, funds.fixed + _shortest_ways(funds, onward))
    to = np.arange(len(onward))
    _choose(funds, onward, np.flatnonzero(onward > best + 1e-15), to)
    return to


def _choose(funds: ThreeFunds, onward: Floats, states: Ints, to: Ints) -> None:
    """Write into `to` where the given states go."""
    weights = funds.weights
    for some in np.array_split(states, max(1, len(states) // 256)):
        far = sum(np.abs(weights[some, i][:, np.newaxis] - weights[:, i][np.newaxis, :]) for i in range(3))
        to[some] = (onward[np.newaxis, :] + funds.move / 2.0 * far).argmin(axis=1)
