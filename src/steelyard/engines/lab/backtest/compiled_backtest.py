"""The door to the compiled backtest: the operations of `plain_backtest`, in the same order, on given arrays.

The compiled functions are in the files named `_kernel.py`, constants come in as arguments. `fastmath` is
off, so no sum is reordered and no product fused: results equal the plain loop bit for bit.
The entry points release the interpreter lock, so that threads can share the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.engines.arrays import Floats
from steelyard.engines.lab.backtest.draw_kernel import draw
from steelyard.engines.lab.backtest.many_policies_kernel import STATES, walk_together
from steelyard.engines.lab.backtest.records import DUST, TALLIES, Backtest, Market, Runs, empty_runs
from steelyard.engines.lab.backtest.records_kernel import Figures, Lots, Planner, Taxes
from steelyard.engines.lab.backtest.walk_kernel import walk
from steelyard.engines.planning.compiled.line_kernel import COLUMNS
from steelyard.errors import InputError
from steelyard.words import say

_TOGETHER = 256
"""Policies walked side by side: few enough that their state stays in the fastest cache."""
_FEW = 4
"""Fewer policies than this are walked one by one: they do not fill a vector register."""


def run(problem: Backtest, *, holdings: bool = True, details: bool = True) -> Runs:
    """Return what every policy of a problem did; equal to `plain_backtest.run` bit for bit.

    Args:
        problem: See its record for shapes and units.
        holdings: Keep the shares of every session.
        details: Record more than wealth and rebalances, which alone take half as long.
    """
    runs = empty_runs(problem, holdings=holdings, details=details)
    extras = *_moving(problem.market), *_extras(problem), problem.stages, _position(problem.shape[2])
    walk(*_groups(problem), *extras, runs[:-1], runs.ending, None)
    if problem.whole is not None:
        _check(runs.ending)
    return runs


def tallies(
    problem: Backtest,
    *,
    seed: int,
    first: int,
    count: int,
    block: float,
    circular: bool = False,
    out: Floats | None = None,
) -> Floats:
    """Return the tallies of every policy on resampled paths first .. first + count - 1.

    Path k depends on the seed and on k alone. Its sessions are drawn from the history in blocks
    (stationary bootstrap), see `resample.draws`; the calendar stays that of the problem.

    Args:
        problem: Its prices are the history.
        seed: 0 .. 2**63 - 1.
        first: Number of the first path, >= 0.
        count: How many.
        block: Mean length of a block in sessions, >= 1.
        circular: Every block has just that length, a whole number (circular block bootstrap).
        out: (count, P, 10) float64 to fill, made unless given.

    Returns:
        (count, P, 10) float64 in the order of `records.TALLIES`.
    """
    if out is None:
        out = np.empty((count, problem.shape[0], len(TALLIES)))
    history = problem.market
    prices, paid = np.empty_like(history.prices), np.empty_like(history.distributions)
    earned = np.empty_like(history.interest)
    path = replace(problem, market=Market(prices, history.days, paid, earned, history.flows))
    tick = 0.0 if problem.whole is None else problem.whole.tick
    fixed = int(block) if circular else 0
    extras = _extras(problem)
    for k in range(count):
        draw(
            history.prices, history.distributions, history.interest,
            np.uint64(seed), first + k, 1.0 / block, fixed, tick, prices, paid, earned,
        )  # fmt: skip
        _tally(path, extras, out[k])
    return out


def history_tallies(problem: Backtest) -> Floats:
    """Return the tallies of every policy on the history itself, (P, 10) float64."""
    out = np.empty((problem.shape[0], len(TALLIES)))
    _tally(problem, _extras(problem), out)
    return out


def _tally(problem: Backtest, extras: tuple[Planner | None, Taxes | None], out: Floats) -> None:
    """Fill the tallies of every policy; `extras` are overwritten, so one set serves path after path."""
    groups = _groups(problem)
    policies, sessions, n = problem.shape
    moving = _moving(problem.market)
    plain = problem.whole is None and problem.tax is None and problem.stages is None
    if policies < _FEW or not plain or any(part is not None for part in moving):
        ending = np.empty((policies, 2))
        walk(*groups, *moving, *extras, problem.stages, _position(n), None, ending, out)
        if problem.whole is not None:
            _check(ending)
        return
    market, (targets, looks, *rows), costs, terms = groups
    for first in range(0, policies, _TOGETHER):
        part = slice(first, first + _TOGETHER)
        count = len(out[part])
        walk_together(
            market, (targets, looks, *(row[part] for row in rows)), costs, terms,
            np.zeros((STATES + 2 * n, count)), np.empty(count, np.int64), np.zeros(sessions, np.bool_),
            np.empty((3, n)), np.empty(2 * n), out[part],
        )  # fmt: skip


def _groups(problem: Backtest) -> tuple[tuple[Any, ...], ...]:
    """Return market, rules, costs and terms as the kernels take them, see `walk_kernel.walk`."""
    market, terms = problem.market, problem.terms
    return (
        (market.prices, market.days),
        tuple(problem.rules),
        (terms.conversion, terms.rate, terms.floor),
        (terms.initial, terms.reserve_amount, terms.reserve_weight, terms.buy_with_flows, DUST),
    )


def _moving(market: Market) -> tuple[Floats | None, ...]:
    """Return distributions, interest and flows, None for what there is none of."""
    distributions, interest, flows = market.distributions, market.interest, market.flows
    return (
        distributions if len(distributions) else None,
        interest if len(interest) else None,
        flows if len(flows) else None,
    )


def _position(n: int) -> tuple[Any, ...]:
    """Return the arrays of `records_kernel.Position`."""
    empty = np.empty
    return empty(n), empty(n), empty(n), empty(n), empty(2 * n), empty(n, np.bool_)


def _extras(problem: Backtest) -> tuple[Planner | None, Taxes | None]:
    """Return what the kernels of whole shares and of tax take, None where there is none of it."""
    whole, tax = problem.whole, problem.tax
    _, sessions, n = problem.shape
    planner, taxes = None, None
    if whole is not None:
        planner = Planner(
            whole.tick, whole.rate, whole.unit, whole.floor, whole.least, whole.limit,
            whole.extra, whole.ranks,
            lines=np.empty((n, COLUMNS), np.int64),
            places=np.empty(n, np.int64),
            steps=np.empty(n, np.int64),
            sold=np.empty(n, np.bool_),
        )  # fmt: skip
    if tax is not None:
        figures = Figures(
            tax.whole, tax.tax_unit, tax.allowance, tax.national, tax.local, tax.withheld,
            tax.withheld_local, tax.waived_below, tax.short, tax.long, tax.ordinary, tax.offset,
        )  # fmt: skip
        lots = Lots(
            shares=np.empty((n, sessions)),
            cost=np.empty((n, sessions)),
            bought=np.empty((n, sessions), np.int64),
            first=np.zeros(n, np.int64),
            end=np.zeros(n, np.int64),
            pool=np.empty(n),
        )
        taxes = Taxes(
            tax.kinds, tax.averaged, tax.year, tax.due, tax.long_since, tax.harvest, tax.distributed,
            figures, lots, np.empty((tax.years, 3)), np.empty(2), np.zeros(1, np.int64),
        )  # fmt: skip
    return planner, taxes


def _check(ending: Floats) -> None:
    """Refuse results of plans whose numbers did not fit."""
    if np.isinf(ending[:, 1]).any():
        raise InputError(
            "whole-too-large",
            say("wealth grew beyond what whole-share plans can count"),
            say("start with more money, or leave --whole out"),
        )
