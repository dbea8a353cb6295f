"""The band map: what every rule costs every saver, on a grid of size, deposits, gain, regime and rule.

A situation is a saver of two funds at 60/40; a cell is a situation with a rule. All cells walk the same
paths, so that differences are surer than costs. The best rule of a situation is chosen on one set of markets
and told from another, since what is chosen and told on the same one looks better than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import numpy as np

from steelyard.engines.arrays import Floats
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.saver import Rules, Situation, Taxation, markets, mean_and_half, walk

TARGETS = (0.6, 0.4)
VOLATILITY, AVERSION, COMMISSION, GROWTH = 0.15, 4.0, 0.0005, 0.06
YEARS, LOOKS, DEPOSIT_EVERY = 10, 52, 4
SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000)
DEPOSITS = (0.0, 0.025, 0.05, 0.10, 0.20, 0.40)
GAINS = (0.0, 0.15, 0.30, 0.50, 0.70)
TRIGGERS = (
    0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.075, 0.10, 0.125, 0.15,
    0.20, 0.25,
)  # fmt: skip
RATIOS = (0.0, 0.25, 0.5, 0.75, 0.875, 1.0)
_BP = 1e4


@dataclass(frozen=True, slots=True)
class Regime:
    """How gains are taxed, and what a share costs there.

    Attributes:
        name: none | us | kr-overseas | kr-other.
        kind: As the saver's kernel codes it. rate: On gains. allowance: A year, money.
        carries: A year's loss goes on. price: Of a share, in the money of the allowance.
    """

    name: str
    kind: int = codes.UNTAXED
    rate: float = 0.0
    allowance: float = 0.0
    carries: bool = False
    price: float = 600.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The axes, what is walked, and where from."""

    regimes: tuple[Regime, ...]
    sizes: tuple[int, ...] = SIZES
    deposits: tuple[float, ...] = DEPOSITS
    gains: tuple[float, ...] = GAINS
    triggers: tuple[float, ...] = TRIGGERS
    ratios: tuple[float, ...] = RATIOS
    paths: int = 100
    seed: int = 21

    @property
    def situations(self) -> list[tuple[Regime, int, float, float]]:
        """Regime, size over price, deposits and gain, in the order of the file."""
        return list(product(self.regimes, self.sizes, self.deposits, self.gains))

    @property
    def rules(self) -> Floats:
        """(P, 2) trigger and destination; the last never sells."""
        pairs = [(b, b * r) for b, r in product(self.triggers, self.ratios)]
        return np.array([*pairs, (np.inf, 0.0)])

    @property
    def cells(self) -> int:
        """How many there are."""
        return len(self.situations) * len(self.rules)


@dataclass(frozen=True, eq=False, slots=True)
class MapRow:
    """A situation with what its rules cost, all a year in parts of wealth.

    Attributes:
        regime, size, deposits, gain: The situation.
        cost, half: (P,) of each rule, and half of its interval.
        tax, trades: (P,) tax beyond never selling; rebalances.
        best: Number of the rule chosen on other markets.
        more, more_half: (P,) than that rule, on the same paths.
    """

    regime: str
    size: int
    deposits: float
    gain: float
    cost: Floats
    half: Floats
    tax: Floats
    trades: Floats
    best: int
    more: Floats
    more_half: Floats

    def alike(self, rules: Floats) -> tuple[float, float]:
        """Return the least and greatest trigger that cannot be told from the best; infinite: never."""
        triggers = rules[self.more <= self.more_half, 0]
        triggers = np.append(triggers, rules[self.best, 0])
        return float(triggers.min()), float(triggers.max())


def small(grid: Grid) -> Grid:
    """Return a grid of a few situations and rules, for a first look and for tests."""
    return Grid(
        regimes=grid.regimes,
        sizes=(30, 100_000),
        deposits=(0.0, 0.20),
        gains=(0.0, 0.5),
        triggers=(0.01, 0.02, 0.03, 0.05, 0.10, 0.20),
        ratios=(0.0, 0.5, 1.0),
        paths=grid.paths,
        seed=grid.seed,
    )


def compute(
    grid: Grid, *, workers: int = 1, progress: Callable[[int], None] | None = None
) -> Iterator[MapRow]:
    """Yield the situations in the order of the grid, as they are done; leaving off leaves the rest out.

    Args:
        grid: See there.
        workers: Threads; the kernel needs no interpreter.
        progress: Called with the number of situations done.
    """
    targets, covariance = np.array(TARGETS), np.eye(2) * VOLATILITY**2 / 2.0
    chosen, told = (
        markets(
            targets, covariance, years=YEARS, looks=LOOKS, paths=grid.paths, seed=grid.seed + n, growth=GROWTH
        )
        for n in range(2)
    )
    rules = grid.rules
    tried = Rules.bands(rules[:, 0].copy(), rules[:, 1].copy(), 2)

    def row(situation: tuple[Regime, int, float, float]) -> MapRow:
        regime, size, deposits, gain = situation
        one = _situation(targets, covariance, *situation)
        best = int(walk(one, chosen, tried).costs.mean(axis=0).argmin())
        out = walk(one, told, tried)
        cost, half = mean_and_half(out.costs)
        more, more_half = mean_and_half(out.costs - out.costs[:, [best]])
        tax, trades = out.extra_tax.mean(axis=0), out.measures[:, :, codes.TRADES].mean(axis=0)
        return MapRow(regime.name, size, deposits, gain, cost, half, tax, trades, best, more, more_half)

    done, waiting = 0, iter(grid.situations)
    with ThreadPoolExecutor(workers) as pool:
        # In pieces: else what was interrupted would still be walked to its end.
        while piece := list(islice(waiting, 8 * workers)):
            for made in pool.map(row, piece):
                done += 1
                if progress is not None:
                    progress(done)
                yield made


def _situation(
    targets: Floats, covariance: Floats, regime: Regime, size: int, deposits: float, gain: float
) -> Situation:
    kinds = np.full(2, regime.kind, np.int64)
    tax = Taxation(kinds, regime.rate, regime.allowance, regime.carries, regime.rate)
    return Situation(
        targets,
        covariance,
        AVERSION,
        size * regime.price,
        np.full(2, regime.price),
        whole=True,
        gain=gain,
        deposits=deposits,
        commission=np.full(2, COMMISSION),
        tax=tax,
        looks=LOOKS,
        deposit_every=DEPOSIT_EVERY,
    )


CELL_COLUMNS = (
    "regime", "size", "deposits", "gain", "trigger", "destination", "cost_bp", "half_bp", "more_bp",
    "more_half_bp", "tax_bp", "trades",
)  # fmt: skip
BEST_COLUMNS = (
    "regime", "size", "deposits", "gain", "trigger", "destination", "cost_bp", "half_bp", "trigger_from",
    "trigger_to", "never_more_bp", "never_half_bp", "five_more_bp", "five_half_bp", "tight_more_bp",
    "tight_half_bp",
)  # fmt: skip


def cell_rows(row: MapRow, rules: Floats) -> Iterator[list[Any]]:
    """Yield the cells of a situation, as CELL_COLUMNS has them; triggers in points, costs in bp a year."""
    for n, (trigger, destination) in enumerate(rules):
        figures = (row.cost, row.half, row.more, row.more_half, row.tax)
        yield [
            row.regime, row.size, row.deposits, row.gain, _points(trigger), _points(destination),
            *(round(float(f[n]) * _BP, 3) for f in figures), round(float(row.trades[n]), 2),
        ]  # fmt: skip


def best_row(row: MapRow, rules: Floats) -> list[Any]:
    """Return a situation's best rule and three others beside it, as BEST_COLUMNS has them."""
    low, high = row.alike(rules)
    beside = [len(rules) - 1, _nearest(rules, 0.05, 0.0), _nearest(rules, 0.02, 0.0175)]
    others = [round(float(f[n]) * _BP, 3) for n in beside for f in (row.more, row.more_half)]
    return [
        row.regime, row.size, row.deposits, row.gain, *map(_points, rules[row.best]),
        round(float(row.cost[row.best]) * _BP, 3), round(float(row.half[row.best]) * _BP, 3),
        _points(low), _points(high), *others,
    ]  # fmt: skip


def _nearest(rules: Floats, trigger: float, destination: float) -> int:
    finite = np.where(np.isfinite(rules), rules, 9.0)
    return int((np.abs(finite[:, 0] - trigger) * 10 + np.abs(finite[:, 1] - destination)).argmin())


def _points(value: float) -> float | str:
    return "never" if np.isinf(value) else round(float(value) * 100.0, 4)


def regimes(rates: Sequence[tuple[str, float, float]]) -> tuple[Regime, ...]:
    """Return the four regimes; `rates` are name, rate and allowance as the countries' data have them."""
    kinds = {
        "none": (codes.UNTAXED, False, 600.0),
        "us": (codes.YEARLY, True, 600.0),
        "kr-overseas": (codes.YEARLY, False, 800_000.0),
        "kr-other": (codes.EACH_SALE, False, 40_000.0),
    }
    found = []
    for name, rate, allowance in rates:
        kind, carries, price = kinds[name]
        found.append(Regime(name, kind, rate, allowance if kind == codes.YEARLY else 0.0, carries, price))
    return tuple(found)
