"""One backtest problem: a market, the rules of P policies, and the terms of trade, as arrays.

The one idea: everything that needs a calendar, a name or a decimal is decided before (app/), so that
what is left is float64 arithmetic that two implementations can do in the same order: `reference` says
what it means, `kernel` does it fast, and their results are equal bit for bit.

Letters: T sessions, N instruments, P policies, L look schedules, S resampled paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SESSIONS_A_YEAR = 252
DUST = 1e-12
"""A trade smaller than this fraction of the managed value is rounding, not a trade: it is not made."""


@dataclass(frozen=True, slots=True)
class Market:
    """What happened, session by session. Every array is C-contiguous and free of NaN.

    Attributes:
        prices: (T, N) float64, > 0, one share in base currency at the close.
        days: (T,) int64, the dates as day numbers, strictly rising.
        distributions: (T, N) float64 >= 0, cash a share paid at the session to who held it at the close
            before, base currency; (0, N) for none.
        interest: (T,) float64, what one unit of cash earns from the close before to this one; (0,) for none.
        flows: (T,) float64, money paid in (or, negative, taken out) at the close, before any trade;
            (0,) for none.
    """

    prices: Floats
    days: Ints
    distributions: Floats
    interest: Floats
    flows: Floats


@dataclass(frozen=True, slots=True)
class Rules:
    """When P policies trade and where to. Every array is C-contiguous.

    Attributes:
        targets: (N,) float64 in [0, 1], summing to 1.
        looks: (L, T) bool, the sessions on which a schedule looks.
        schedule: (P,) int64, the row of `looks` of each policy.
        always: (P,) bool, due at every look (calendar).
        bands: (P, N) float64 > 0, half-widths as fractions of the managed value, inf for none.
        max_interval: (P,) int64, due at a look more than this many days after the last trade; -1 for never.
        cooldown: (P,) int64, not due fewer than this many days after the last trade.
        boxed: (P,) bool, trade to the nearest point of the box below, not to the targets.
        low, high: (P, N) float64, the box in weights; low <= target <= high. Read where `boxed`.
    """

    targets: Floats
    looks: Flags
    schedule: Ints
    always: Flags
    bands: Floats
    max_interval: Ints
    cooldown: Ints
    boxed: Flags
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Terms:
    """What trading costs and what is kept back; the same for every policy.

    Attributes:
        initial: Money on the first session, > 0.
        rate: Commission, fraction of the traded value, in [0, 1).
        floor: Least commission of one trade, base currency.
        conversion: (N,) float64, what is added to the commission, fraction of the traded value.
        reserve_amount: Cash never spent, base currency.
        reserve_weight: The same as a fraction of all wealth.
        buy_with_flows: Money paid in is spent at once without selling (else it waits for a rebalance).
    """

    initial: float
    rate: float
    floor: float
    conversion: Floats
    reserve_amount: float = 0.0
    reserve_weight: float = 0.0
    buy_with_flows: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """A market, P policies and the terms."""

    market: Market
    rules: Rules
    terms: Terms

    @property
    def shape(self) -> tuple[int, int, int]:
        """P policies, T sessions, N instruments."""
        sessions, instruments = self.market.prices.shape
        return len(self.rules.schedule), sessions, instruments


@dataclass(frozen=True, slots=True)
class Runs:
    """What P policies did.

    Attributes:
        values: (P, T) float64, all wealth at the close, after flows, trades and costs.
        paid: (P, T) float64, the flow that took place (less than asked for when the money ran out).
        costs: (P, T) float64, trading costs of the session.
        traded: (P, T) float64, value bought plus value sold.
        drifts: (P, T) float64, largest |drift| before the session's trades; 0 on the first session.
        rebalanced: (P, T) bool, the policy traded; False on the first session and for flows.
        cash: (P, T) float64, after the session, reserve included.
        shares: (P, T, N) float64, after the session; (P, 0, N) when holdings were not asked for.
        ruined: (P,) int64, the session whose withdrawal could not be paid in full, -1 for none.
    """

    values: Floats
    paid: Floats
    costs: Floats
    traded: Floats
    drifts: Floats
    rebalanced: Flags
    cash: Floats
    shares: Floats
    ruined: Ints

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """All arrays, in the order of the attributes."""
        return (
            self.values,
            self.paid,
            self.costs,
            self.traded,
            self.drifts,
            self.rebalanced,
            self.cash,
            self.shares,
            self.ruined,
        )


def empty_runs(problem: Problem, *, holdings: bool) -> Runs:
    """Return runs for an engine to fill, all zeros."""
    policies, sessions, instruments = problem.shape
    zeros: list[Floats] = [np.zeros((policies, sessions)) for _ in range(6)]
    return Runs(
        values=zeros[0],
        paid=zeros[1],
        costs=zeros[2],
        traded=zeros[3],
        drifts=zeros[4],
        rebalanced=np.zeros((policies, sessions), dtype=np.bool_),
        cash=zeros[5],
        shares=np.zeros((policies, sessions if holdings else 0, instruments)),
        ruined=np.full(policies, -1, dtype=np.int64),
    )


TALLIES = ("final", "growth", "trough", "mean", "square", "turnover", "costs", "rebalances")
"""What a resampled run is summed up in, in this order; see `reference.tally`."""
