"""A saver's years under many bands on simulated markets: the situation, the paths and what comes out.

All rules of all situations walk the same paths, so that differences between rules are far surer than the
costs themselves. What the market earns is set so that no fund is favoured at the targets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard.engines.arrays import Floats, Ints
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.saver_kernel import walk as walk_compiled

T_95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution; paths are tens at the least."""


@dataclass(frozen=True, eq=False, slots=True)
class Taxation:
    """How gains are taxed.

    Attributes:
        kinds: (N,) UNTAXED, YEARLY (the year's net gain) or EACH_SALE (losses count nothing) of the codes.
        yearly: Rate of YEARLY above `allowance`, money; a net loss goes on to later years if it `carries`.
        sale: Rate of EACH_SALE.
    """

    kinds: Ints
    yearly: float = 0.0
    allowance: float = 0.0
    carries: bool = False
    sale: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Rules:
    """Rules to walk.

    Attributes:
        widths: (P, N) bands, infinite for none. ratios: (P,) where to, parts of the band.
        seen: (P,) looks from one decision to the next.
        longest: (P,) most looks without a rebalance, 0 for no limit.
    """

    widths: Floats
    ratios: Floats
    seen: Ints
    longest: Ints

    @staticmethod
    def bands(triggers: Floats, destinations: Floats, funds: int) -> Rules:
        """Return bands of the same width for all funds, looked at always."""
        ratios = destinations / np.maximum(triggers, 1e-12)
        whole = np.ones(len(triggers), np.int64)
        return Rules(np.repeat(triggers[:, np.newaxis], funds, axis=1), ratios, whole, whole * 0)

    def __add__(self, other: Rules) -> Rules:
        return Rules(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("widths", "ratios", "seen", "longest")
            )
        )


@dataclass(frozen=True, eq=False, slots=True)
class Situation:
    """A saver.

    Attributes:
        targets: (N,) summing to 1. covariance: (N, N) a year. aversion: Relative risk aversion.
        value: Of the portfolio, money. prices: (N,) of a share, money.
        whole: Whole shares.
        gain: Part of the value that is unrealised gain.
        deposits: Paid in a year as a part of the first value. With `in_parts` it and what is fixed of costs
            and tax grow as the wealth does, so that the saver stays in the same situation.
        commission: (N,) parts of a trade's value, 0 unless given. least, fixed: Of a trade, of a rebalance.
        tax: None for none.
        looks: A year. deposit_every: Looks from one deposit to the next.
    """

    targets: Floats
    covariance: Floats
    aversion: float
    value: float
    prices: Floats
    whole: bool = False
    gain: float = 0.0
    deposits: float = 0.0
    in_parts: bool = False
    commission: Floats | None = None
    least: float = 0.0
    fixed: float = 0.0
    tax: Taxation | None = None
    looks: int = 252
    deposit_every: int = 21


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What rules did by path.

    Attributes:
        measures: (S, P, `saver_codes_kernel.MEASURES`).
        untouched: (S,) tax a year of never selling on the same paths.
    """

    measures: Floats
    untouched: Floats

    @property
    def costs(self) -> Floats:
        """(S, P) cost a year, part of wealth: tracking, trading, and tax beyond that of never selling."""
        m = self.measures
        found: Floats = m[:, :, codes.TRACKING] + m[:, :, codes.TRADING] + self.extra_tax
        return found

    @property
    def extra_tax(self) -> Floats:
        """(S, P) tax a year beyond that of never selling, part of wealth."""
        found: Floats = self.measures[:, :, codes.TAX] - self.untouched[:, np.newaxis]
        return found


def markets(
    targets: Floats,
    covariance: Floats,
    *,
    years: float,
    looks: int,
    paths: int,
    seed: int,
    growth: float = 0.06,
) -> Floats:
    """Return the factors (S, T, N) by which prices move from look to look: geometric Brownian motion.

    Args:
        targets, covariance: As in `Situation`.
        years, looks, paths, seed: Length, looks a year, S, and of the generator.
        growth: Expected return a year of the targets' mix; matters for tax alone.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    steps = round(years * looks)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    with_mix = covariance @ targets
    mean = growth + with_mix - float(targets @ with_mix) - np.diag(covariance) / 2.0
    shocks = random.standard_normal((paths, steps, len(targets))) @ root.T
    found: Floats = np.exp(mean / looks + shocks / math.sqrt(looks))
    return found


def walk(situation: Situation, growth: Floats, rules: Rules) -> Outcome:
    """Return what rules do.

    Args:
        situation: See there.
        growth: (S, T, N) from `markets`.
        rules: See there.
    """
    one, funds = situation, len(situation.targets)
    tried = Rules.bands(np.array([np.inf]), np.zeros(1), funds) + rules
    tax = one.tax or Taxation(np.zeros(funds, np.int64))
    commission = np.zeros(funds) if one.commission is None else one.commission
    out = np.empty((len(growth), len(tried.ratios), codes.MEASURES))
    # Types are given exactly: one of another would be compiled again.
    walk_compiled(
        growth, tried.widths, tried.ratios, tried.seen, tried.longest, one.targets,
        one.aversion / 2.0 * one.covariance, one.prices.astype(float), float(one.value), float(one.gain),
        float(one.deposits * one.value), one.in_parts, one.deposit_every,
        one.looks, one.whole, commission, float(one.least), float(one.fixed), tax.kinds, float(tax.yearly),
        float(tax.allowance), tax.carries, float(tax.sale), out,
    )  # fmt: skip
    return Outcome(out[:, 1:], out[:, 0, codes.TAX].copy())


def mean_and_half(values: Floats) -> tuple[Floats, Floats]:
    """Return the mean over paths, the first axis, and half the width of its 95 % interval."""
    half = T_95 * values.std(axis=0, ddof=1) / math.sqrt(len(values))
    return values.mean(axis=0), half
