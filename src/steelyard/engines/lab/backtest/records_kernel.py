"""What the compiled backtest hands from function to function, by name: tuples cost compiled code nothing.

They are in a kernel file because their order is part of the machine code that is kept on disk. What a market,
the rules and the terms mean is in `records`; here is only what a kernel reads.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Market(NamedTuple):
    """Prices (T, N) and day numbers (T,); income and flows come apart, as None where there are none."""

    prices: Any
    days: Any


class Rules(NamedTuple):
    """`records.PolicyRules`, in its order."""

    targets: Any
    looks: Any
    schedule: Any
    always: Any
    bands: Any
    max_interval: Any
    cooldown: Any
    boxed: Any
    low: Any
    high: Any


class Costs(NamedTuple):
    """What one trade costs: see `sizing_kernel.fee`."""

    conversion: Any
    rate: Any
    floor: Any


class Terms(NamedTuple):
    """`records.TradingTerms` without costs, and the fraction of wealth below which a trade is rounding."""

    initial: Any
    reserve_amount: Any
    reserve_weight: Any
    buy_with_flows: Any
    dust: Any


class Policy(NamedTuple):
    """The rules of one policy: a row of `Rules`, and whether any of its bands is finite."""

    targets: Any
    look: Any
    always: Any
    width: Any
    banded: Any
    max_interval: Any
    cooldown: Any
    boxed: Any
    low: Any
    high: Any


class Position(NamedTuple):
    """Shares held (N,), and room to size trades in, all of it overwritten at every session that trades.

    Attributes:
        shares: Held.
        worth: Their value before the trades.
        bought: Value to buy, negative to sell.
        weights: Wanted.
        breaks: (2 N,) for `project`.
        touched: (N,) bool, traded already when gains are harvested.
    """

    shares: Any
    worth: Any
    bought: Any
    weights: Any
    breaks: Any
    touched: Any


class Record(NamedTuple):
    """The arrays of `records.Runs` but the last, in its order."""

    values: Any
    paid: Any
    costs: Any
    traded: Any
    drifts: Any
    rebalanced: Any
    cash: Any
    shares: Any
    ruined: Any
    taxes: Any


class Tally(NamedTuple):
    """What a run adds up to so far, see `plain_backtest.tally`; `previous`: wealth of the session before."""

    growth: Any
    peak: Any
    trough: Any
    mean: Any
    square: Any
    turnover: Any
    costs: Any
    taxes: Any
    previous: Any


class Planner(NamedTuple):
    """`records.WholeShares` and room for its lines: (N, 15), places and steps (N,) int64, sold (N,) bool."""

    tick: Any
    rate: Any
    unit: Any
    floor: Any
    least: Any
    limit: Any
    extra: Any
    ranks: Any
    lines: Any
    places: Any
    steps: Any
    sold: Any


class Figures(NamedTuple):
    """The numbers of `records.TaxRules`, in its order."""

    whole: Any
    tax_unit: Any
    allowance: Any
    national: Any
    local: Any
    withheld: Any
    withheld_local: Any
    waived_below: Any
    short: Any
    long: Any
    ordinary: Any
    offset: Any


class Lots(NamedTuple):
    """The lots of one policy, oldest first in a row an instrument.

    Attributes:
        shares: (N, T). cost: (N, T), fees included.
        bought: (N, T) int64, session.
        first: (N,) int64, the oldest lot left. end: The one behind the newest; equal when there is none.
        pool: (N,), cost of all that is left.
    """

    shares: Any
    cost: Any
    bought: Any
    first: Any
    end: Any
    pool: Any


class Taxes(NamedTuple):
    """The rules of `records.TaxRules` and one policy's book.

    Attributes:
        kinds: to `distributed`: As in the rules.
        lots: See there.
        gains: (Y, 3), a year's net gain of kind YEARLY, its short and its long gain of kind TERMS.
        carry: (2,), short and long loss carried on.
        assessed: (1,) int64, years whose tax was paid.
    """

    kinds: Any
    averaged: Any
    year: Any
    due: Any
    long_since: Any
    harvest: Any
    distributed: Any
    figures: Any
    lots: Any
    gains: Any
    carry: Any
    assessed: Any
