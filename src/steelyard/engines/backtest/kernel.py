"""The door to the compiled backtest: the operations of `reference`, in the same order, on given arrays.

The compiled functions are in the files named `_kernel.py`, constants come in as arguments. `fastmath` is
off, so no sum is reordered and no product fused: results equal the reference bit for bit.
The entry points release the interpreter lock, so that threads can share the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.engines.allocation.compiled.line_kernel import COLUMNS
from steelyard.engines.arrays import Floats
from steelyard.engines.backtest.draw_kernel import draw
from steelyard.engines.backtest.lanes_kernel import STATES, run_lanes
from steelyard.engines.backtest.problem import DUST, TALLIES, Market, Problem, Runs, empty_runs
from steelyard.engines.backtest.walk_kernel import walk
from steelyard.errors import InputError
from steelyard.words import say

_LANES = 256
"""Policies walked side by side: few enough that their state stays in the fastest cache."""
_FEW = 4
"""Fewer policies than this are walked one by one."""


def run(problem: Problem, *, holdings: bool = True, details: bool = True) -> Runs:
    """Return what every policy of a problem did; equal to `reference.run` bit for bit.

    Args:
        problem: See its record for shapes and units.
        holdings: Keep the shares of every session.
        details: Record more than wealth and rebalances, which alone take half as long.
    """
    runs = empty_runs(problem, holdings=holdings, details=details)
    walk(*_flat(problem), *_extras(problem), runs.ending, runs[:-1], None)
    if problem.whole is not None:
        _check(runs.ending)
    return runs


def tallies(
    problem: Problem,
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
        (count, P, 10) float64 in the order of `problem.TALLIES`.
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


def history_tallies(problem: Problem) -> Floats:
    """Return the tallies of every policy on the history itself, (P, 10) float64."""
    out = np.empty((problem.shape[0], len(TALLIES)))
    _tally(problem, _extras(problem), out)
    return out


def _tally(problem: Problem, extras: tuple[Any, Any], out: Floats) -> None:
    """Fill the tallies of every policy; `extras` are overwritten, so one set serves path after path."""
    flat = _flat(problem)
    market = problem.market
    moving = len(market.flows) + len(market.interest) + len(market.distributions)
    plain = problem.whole is None and problem.tax is None
    if moving or not plain or problem.shape[0] < _FEW:
        ending = np.empty((problem.shape[0], 2))
        walk(*flat, *extras, ending, None, out)
        _check(ending)
    else:
        prices, days, targets, looks, *rules = flat[0], flat[1], *flat[5:15]
        for first in range(0, problem.shape[0], _LANES):
            part = slice(first, first + _LANES)
            rows = [rule[part] for rule in rules]
            count, n = len(rows[0]), prices.shape[1]
            room = (
                np.zeros((STATES + 2 * n, count)),
                np.empty(count, np.int64),
                np.zeros(len(days), np.bool_),
            )
            run_lanes(
                prices, days, targets, looks, *rows, *flat[15:22],
                *room, np.empty((4, n)), np.empty(2 * n), out[part],
            )  # fmt: skip


def _flat(problem: Problem) -> tuple[Any, ...]:
    market, rules, terms = problem.market, problem.rules, problem.terms
    return (
        market.prices,
        market.days,
        market.distributions if len(market.distributions) else None,
        market.interest if len(market.interest) else None,
        market.flows if len(market.flows) else None,
        rules.targets,
        rules.looks,
        rules.schedule,
        rules.always,
        rules.bands,
        rules.max_interval,
        rules.cooldown,
        rules.boxed,
        rules.low,
        rules.high,
        terms.conversion,
        terms.initial,
        terms.rate,
        terms.floor,
        terms.reserve_amount,
        terms.reserve_weight,
        DUST,
        terms.buy_with_flows,
    )


def _extras(problem: Problem) -> tuple[Any, Any]:
    """Return what the kernels of whole shares and of tax take, None where there is none of it."""
    whole, tax = problem.whole, problem.tax
    _, sessions, n = problem.shape
    plans = None
    if whole is not None:
        plans = (
            whole.tick,
            np.array([whole.rate, whole.unit, whole.floor, whole.least, whole.limit], np.int64),
            whole.extra,
            whole.ranks,
            np.empty((n, COLUMNS), np.int64),
            np.empty(n, np.int64),
            np.empty(n, np.int64),
            np.empty(n, np.bool_),
        )
    if tax is None:
        return plans, None
    figures = [
        float(tax.whole), tax.allowance, tax.national, tax.local, tax.withheld, tax.withheld_local,
        tax.waived_below, tax.short, tax.long, tax.ordinary, tax.offset,
    ]  # fmt: skip
    book = (
        tax.kinds, tax.averaged, tax.year, tax.due, tax.long_since, tax.harvest, tax.distributed,
        np.array(figures), np.empty((2, n, sessions)), np.empty((n, sessions), np.int64),
        np.zeros((n, 2), np.int64), np.empty(n), np.empty((tax.years, 3)), np.empty(2), np.zeros(1, np.int64),
    )  # fmt: skip
    return plans, book


def _check(ending: Floats) -> None:
    """Refuse results of plans whose numbers did not fit."""
    if np.isinf(ending[:, 1]).any():
        raise InputError(
            "whole-too-large",
            say("wealth grew beyond what whole-share plans can count"),
            say("start with more money, or leave --whole out"),
        )
