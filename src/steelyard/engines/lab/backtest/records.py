"""One backtest: a market, the rules of P policies, and the terms of trade, as arrays.

The one idea: everything that needs a calendar, a name or a decimal is decided before (app/), so that
what is left is float64 arithmetic that two implementations can do in the same order: `plain_backtest` says
what it means, `compiled_backtest` does it fast, and their results are equal bit for bit.

Letters: T sessions, N instruments, P policies, L look schedules, S resampled paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from steelyard.engines.arrays import Flags, Floats, Ints

DUST = 1e-12
"""A trade smaller than this fraction of the managed value is rounding, not a trade: it is not made."""


class Market(NamedTuple):
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


class PolicyRules(NamedTuple):
    """When P policies trade and where to. Every array is C-contiguous.

    Attributes:
        targets: (N,) float64 in [0, 1], summing to 1. With stages (see `Backtest`) those of every stage in
            turn, (S N,); every array below with P rows then has S P.
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
class TradingTerms:
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
class WholeShares:
    """How trades in whole shares are planned: by the exact search of the live planner, in whole ticks.

    Attributes:
        tick: A power of two, base currency; every price of the market is a multiple of it.
        unit: Common denominator of the rates, >= 1.
        rate: `TradingTerms.rate` in 1 / unit.
        extra: (N,) int64, `TradingTerms.conversion` in 1 / unit.
        floor: `TradingTerms.floor` in ticks.
        least: No trade below this many ticks.
        ranks: (N,) int64, the place of each instrument in the order of the symbols, for ties.
        limit: States that one plan may look at.
    """

    tick: float
    unit: int
    rate: int
    extra: Ints
    floor: int
    least: int
    ranks: Ints
    limit: int = 1_000_000


UNTAXED, YEARLY, WITHHELD, TERMS = range(4)
"""How gains of an instrument are taxed: not at all, as the year's net gain, each sale, by holding period."""


@dataclass(frozen=True, slots=True)
class TaxRules:
    """What tax takes of gains, and when. Costs of trading count into cost and proceeds.

    Attributes:
        kinds: (N,) int64, one of UNTAXED, YEARLY, WITHHELD, TERMS.
        averaged: (N,) bool, shares leave at the moving average cost, else oldest first; WITHHELD always.
        year: (T,) int64, the tax year (0, 1, ...) that a sale of each session belongs to, never falling.
        due: (T,) int64, how many of these years have fallen due by each session.
        long_since: (T,) int64, the last session whose purchase is long-term when sold at each one, else -1.
        harvest: (T,) bool, sessions on which YEARLY gains are realised up to the unused allowance.
        distributed: (N,) float64, fraction of a distribution that is withheld.
        whole: Bases and taxes are cut to whole units of currency at every step, as in Korea.
        tax_unit: Taxes to multiples of this many of them.
        allowance: Of a year's net gain. national, local: Rates on the rest.
        withheld: Rate on the gain of a sale. withheld_local: Fraction of that on top.
        waived_below: Withholding below this is not collected.
        short, long: Rates on gains by holding period. ordinary: What a deductible loss saves.
        offset: Net loss that other income takes up a year; the rest is carried on.
    """

    kinds: Ints
    averaged: Flags
    year: Ints
    due: Ints
    long_since: Ints
    harvest: Flags
    distributed: Floats
    whole: bool = False
    tax_unit: float = 1.0
    allowance: float = 0.0
    national: float = 0.0
    local: float = 0.0
    withheld: float = 0.0
    withheld_local: float = 0.0
    waived_below: float = 0.0
    short: float = 0.0
    long: float = 0.0
    ordinary: float = 0.0
    offset: float = 0.0

    @property
    def years(self) -> int:
        """How many tax years there are."""
        return int(self.year[-1]) + 1


@dataclass(frozen=True, slots=True)
class Backtest:
    """A market, P policies and the terms; divisible shares and no tax unless given.

    Attributes:
        market, rules, terms, whole, tax: See there.
        stages: (T,) int64, which of S sets of rules holds at each session, where instruments join or leave
            on the way: at the first session of another set every policy looks, and trades to its targets.
    """

    market: Market
    rules: PolicyRules
    terms: TradingTerms
    whole: WholeShares | None = None
    tax: TaxRules | None = None
    stages: Ints | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """P policies, T sessions, N instruments."""
        sessions, instruments = self.market.prices.shape
        return len(self.rules.schedule) * instruments // len(self.rules.targets), sessions, instruments


class Runs(NamedTuple):
    """What P policies did, array by array.

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
        taxes: (P, T) float64, tax that left at the session: withheld, or of a year that fell due; negative
            for a refund.
        ending: (P, 2) float64, wealth after selling everything at the last session and paying all tax, and
            how many plans of whole shares stopped at their limit.
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
    taxes: Floats
    ending: Floats


def empty_runs(problem: Backtest, *, holdings: bool, details: bool = True) -> Runs:
    """Return runs for an engine to fill, all zeros.

    Without details there is only what is not (P, T), and `values`, which hold whatever was in memory.
    """
    policies, sessions, instruments = problem.shape
    shape = policies, sessions
    if details:
        values, paid, costs, traded, drifts, cash, taxes = (np.zeros(shape) for _ in range(7))
    else:
        values = np.empty(shape)
        paid = costs = traded = drifts = cash = taxes = np.empty((policies, 0))
    shares = np.zeros((policies, sessions if holdings else 0, instruments))
    ruined = np.empty(policies, dtype=np.int64)
    ruined.fill(-1)
    ending = np.zeros((policies, 2))
    rebalanced = np.zeros(shape, dtype=np.bool_)
    return Runs(values, paid, costs, traded, drifts, rebalanced, cash, shares, ruined, taxes, ending)


TALLIES = (
    "final", "growth", "trough", "mean", "square", "turnover", "costs", "rebalances", "taxes", "liquidation",
)  # fmt: skip
"""What a resampled run is summed up in, in this order; see `plain_backtest.tally`."""


def on_ticks(prices: Floats, tick: float) -> Floats:
    """Return prices rounded to multiples of a tick, at least one."""
    rounded: Floats = np.maximum(np.rint(prices / tick), 1.0) * tick
    return rounded
