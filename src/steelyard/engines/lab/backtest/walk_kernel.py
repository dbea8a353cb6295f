"""Policies through all sessions, compiled: the operations of `plain_backtest`, in the same order.

One loop walks; what a session consists of is in the functions below it. They are copied into the loop
before it is compiled (`inlined`), since to hand over their arrays at every session would take longer than the
session. The loop is not split further: a walk for each thing that can be kept, around one function of a
session, ran as fast but took a fifth longer to compile, which everybody waits for once a version.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled, inlined, inner
from steelyard.engines.lab.backtest.quiet_kernel import glide, hold
from steelyard.engines.lab.backtest.records_kernel import (
    Costs,
    Market,
    Policy,
    Position,
    Record,
    Rules,
    Tally,
    Terms,
)
from steelyard.engines.lab.backtest.sizing_kernel import buy, fee, project, rebalance, sell
from steelyard.engines.lab.backtest.tax_kernel import (
    WITHHELD,
    book_purchase,
    book_sale,
    expected,
    harvest,
    levy,
    open_book,
)
from steelyard.engines.lab.backtest.whole_kernel import INVEST, RAISE, REBALANCE, trades

ROUNDS = 60
"""As in `plain_backtest`."""

# Places in `runs`.
VALUES, COSTS, RUINED = 0, 2, 8


@compiled
def walk(
    market, rules, costs, terms, distributions, interest, flows, whole, tax, stages, position, runs, ending,
    sums,
):  # fmt: skip
    """Walk all policies through all sessions.

    Groups come as plain tuples and get their names here: numba takes three times as long to recognise a
    named tuple that Python hands over. What may be None is an argument of its own, since only then is its
    code left out at compile time: a path pays only for what it uses, when compiled and when run.

    Args:
        market, rules, costs, terms: The fields of `records_kernel.Market` and so on, as tuples.
        distributions, interest, flows: As in `records.Market`, or None.
        whole: `records_kernel.Planner`, or None for divisible shares.
        tax: `records_kernel.Taxes`, overwritten, or None.
        stages: As in `records.Backtest`, or None.
        position: The fields of `records_kernel.Position`, overwritten.
        runs: The arrays of `records.Runs` but the last, written, or None. Without places for costs only
            wealth and rebalances are; without places for shares these are left out.
        ending: (P, 2), the last array of `records.Runs`, written.
        sums: (P, 10), written in the order of `records.TALLIES`, or None.
    """
    market, rules, costs, terms = Market(*market), Rules(*rules), Costs(*costs), Terms(*terms)
    position = Position(*position)
    prices, days = market.prices, market.days
    shares, bought = position.shares, position.bought
    sessions, n = prices.shape
    measured = False
    if runs is not None:
        measured = runs[COSTS].shape[1] > 0
    for p in range(ending.shape[0]):
        policy = _policy(rules, p, 0, n)
        if tax is not None:
            open_book(tax)
        for i in range(n):
            shares[i] = 0.0
        cash, value, last, count, ruined, unproven = terms.initial, 0.0, days[0], 0.0, -1, 0.0
        tally = Tally(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, terms.initial)
        t = 0
        while t < sessions:
            moved = t == 0
            if stages is not None and (moved or stages[t] != stages[t - 1]):
                moved = True
                policy = _policy(rules, stages[t] * ending.shape[0] + p, stages[t] * n, n)
            if (
                runs is not None and flows is None and interest is None and distributions is None
                and tax is None and t > 0 and not measured and not policy.look[t]
            ):  # fmt: skip
                # Up to the next look nothing can happen: wealth alone is written, in a loop of its own.
                until = hold(shares, cash, prices, policy.look, t, runs[VALUES][p])
                if until > t:
                    t = until
                    continue
            if (
                runs is None and sums is not None and flows is None and interest is None
                and distributions is None and tax is None and stages is None and t > 0
            ):  # fmt: skip
                until, tally = glide(market, policy, terms, shares, cash, last, t, tally)
                if until > t:
                    value, t = tally.previous, until
                    continue
            cash, taxed = _receive(distributions, interest, tax, shares, cash, t)
            levied = 0.0
            if tax is not None and tax.assessed[0] < tax.due[t]:
                levied = levy(tax, tax.due[t])
                cash = cash - levied
                taxed = taxed + levied
            held = 0.0
            for i in range(n):
                held = held + shares[i] * prices[t, i]
            before, flow = cash + held, 0.0
            if flows is not None:
                flow = flows[t]
                cash = cash + flow
            total = cash + held
            rebalanced, drift, spent, traded, withheld = False, 0.0, 0.0, 0.0, 0.0
            if total > 0.0:
                dealt, rebalanced, drift, gaps = _decide(
                    market, policy, costs, terms, flows, whole, tax, position, cash, total, levied, last, t,
                    moved, measured,
                )  # fmt: skip
                unproven = unproven + gaps
                if dealt:
                    cash, spent, traded, withheld = _settle(position, prices, costs, tax, cash, t)
                if tax is not None and tax.harvest[t]:
                    for i in range(n):
                        position.touched[i] = dealt and bought[i] != 0.0
                    reserve = terms.reserve_amount + terms.reserve_weight * total
                    change, cost, turned = harvest(
                        tax, t, shares, prices[t], position.touched, cash - reserve, costs, whole is not None
                    )
                    cash, spent, traded = cash + change, spent + cost, traded + turned
                value = total - spent
                if tax is not None:
                    value = value - withheld
                    taxed = taxed + withheld
                paid = flow
                if value <= 0.0:
                    # Fees took what the last sale raised: less is paid out than was asked for.
                    paid, value, ruined = flow - value, 0.0, t
            else:
                paid, value, ruined = -before, 0.0, t
            if rebalanced:
                last, count = days[t], count + 1.0
            if runs is not None:
                _write(runs, p, t, shares, cash, value, ruined, paid, spent, traded, taxed, drift, rebalanced)
            if sums is not None:
                tally = _add(tally, t, value, paid, spent, traded, taxed)
            if ruined >= 0:
                break
            t += 1
        liquid = 0.0
        if ruined < 0:
            liquid = _liquidate(prices, costs, tax, shares, cash)
        ending[p, 0], ending[p, 1] = liquid, unproven
        if runs is not None:
            runs[RUINED][p] = ruined
        if sums is not None:
            _sum_up(sums, p, value, tally, count, liquid)


@inner
def size_trades(mode, position, prices, weights, managed, free, costs, dust, whole, tax):
    """Write how much is traded, with room for the tax that the sales themselves withhold.

    What a plan's sales would have withheld is put aside and the plan made again, until it is enough: the tax
    depends on the sales, and these on what tax leaves to spend. See `plain_backtest._Sizing`.

    Returns:
        Whether anything is traded, and how many plans are not proven (infinity: numbers too large).
    """
    shares, worth, bought, _, _, _ = position
    aside, gaps, dealt = 0.0, 0.0, False
    for turn in range(ROUNDS + 1):
        if whole is not None:
            wealth = managed - aside if mode == REBALANCE else managed
            dealt, gap = trades(mode, shares, prices, weights, wealth, free - aside, whole, bought)
            gaps = gaps + gap
        elif mode == REBALANCE:
            dealt = rebalance(worth, weights, managed - aside, costs, dust, bought)
        else:
            sell(worth, weights, managed, aside - free, costs, bought)
            dealt = True
        if tax is None or not dealt or turn == ROUNDS:
            break
        owed = 0.0
        for i in range(worth.shape[0]):
            if bought[i] < 0.0 and tax.kinds[i] == WITHHELD:
                size = abs(bought[i])
                sold = shares[i] - (worth[i] + bought[i]) / prices[i]
                owed = owed + expected(tax, i, shares[i], sold, size - fee(costs, i, size))
        if owed <= aside:
            break
        # It only grows: what is put aside makes the plan sell more, and that withholds more.
        aside = owed
    return dealt, gaps


@inlined
def _policy(rules, p, first, n):
    banded = False
    for i in range(rules.bands.shape[1]):
        banded = banded or rules.bands[p, i] != np.inf
    return Policy(
        rules.targets[first : first + n], rules.looks[rules.schedule[p]], rules.always[p], rules.bands[p],
        banded, rules.max_interval[p], rules.cooldown[p], rules.boxed[p], rules.low[p], rules.high[p],
    )  # fmt: skip


@inlined
def _decide(
    market, policy, costs, terms, flows, whole, tax, position, cash, total, levied, last, t, moved, measured
):
    """Write what a session trades into `position.bought`: a rebalance, else new money, else cash to raise.

    Args:
        market to position: As for `walk`, by name.
        cash, total: Cash and all wealth, income, tax and flow of the session included.
        levied: Tax of past years that left at this session.
        last: Day of the last rebalance.
        t: Session.
        moved: The targets are new at this session, so it trades to them whatever the policy says.
        measured: The drift is asked for.

    Returns:
        Whether anything is traded, whether that is a rebalance, the largest drift, plans not proven.
    """
    prices, days = market
    shares, worth, bought = position.shares, position.worth, position.bought
    dealt, rebalanced, drift, unproven, flow = False, False, 0.0, 0.0, 0.0
    if flows is not None:
        flow = flows[t]
    due, looking = moved, False
    if not moved and policy.look[t] and days[t] - last >= policy.cooldown:
        due = policy.always or 0 <= policy.max_interval < days[t] - last
        looking = policy.banded and not due
    # Most sessions have nothing to do: this one question keeps them short.
    if due or looking or measured or flow != 0.0 or levied != 0.0:
        reserve = terms.reserve_amount + terms.reserve_weight * total
        managed, free = total - reserve, cash - reserve
        if managed > 0.0:
            if looking:
                due = _is_outside(policy, shares, prices, managed, t)
            if measured and t > 0:
                drift = _largest_drift(policy, shares, prices, managed, t)
            if due or flow != 0.0 or levied != 0.0:
                # Kept only where something may be traded: the loop is faster without the stores.
                for i in range(shares.shape[0]):
                    worth[i] = shares[i] * prices[t, i]
            if due:
                _aim(policy, position, managed, moved)
                if whole is None and tax is None:
                    dealt = rebalance(worth, position.weights, managed, costs, terms.dust, bought)
                else:
                    dealt, unproven = size_trades(
                        REBALANCE, position, prices[t], position.weights, managed, free, costs, terms.dust,
                        whole, tax,
                    )  # fmt: skip
                rebalanced = dealt and t > 0
        if flows is not None:
            invests = t > 0 and flow > 0.0 and terms.buy_with_flows
            if not dealt and invests and free > terms.dust * managed:
                if whole is None:
                    dealt = buy(worth, policy.targets, managed, free, costs, bought)
                else:
                    dealt, gaps = trades(
                        INVEST, shares, prices[t], policy.targets, managed, free, whole, bought
                    )
                    unproven = unproven + gaps
        if flows is not None or tax is not None:
            owes = flow < 0.0 or levied > 0.0
            if not dealt and owes and -free > terms.dust * total:
                for i in range(shares.shape[0]):
                    worth[i] = shares[i] * prices[t, i]
                dealt, gaps = size_trades(
                    RAISE, position, prices[t], policy.targets, managed, free, costs, terms.dust, whole, tax
                )
                unproven = unproven + gaps
    return dealt, rebalanced, drift, unproven


@inlined
def _receive(distributions, interest, tax, shares, cash, t):
    """Return cash with a session's interest and distributions, and the tax kept of these."""
    # Nothing is earned on the first session: nobody held anything at a close before it. Interest comes first,
    # so that it is of the cash that lay there overnight and not of what is paid today.
    kept = 0.0
    if interest is not None and t > 0:
        cash = cash + cash * interest[t]
    if distributions is not None:
        for i in range(shares.shape[0] if t > 0 else 0):
            if tax is None:
                cash = cash + shares[i] * distributions[t, i]
            else:
                paid_out = shares[i] * distributions[t, i]
                off = paid_out * tax.distributed[i]
                cash = cash + (paid_out - off)
                kept = kept + off
    return cash, kept


@inlined
def _is_outside(policy, shares, prices, managed, t):
    # To the end and without a branch: with few instruments that is faster than to stop at the first.
    outside = False
    for i in range(shares.shape[0]):
        size = abs(shares[i] * prices[t, i] - policy.targets[i] * managed)
        outside |= size > policy.width[i] * managed
    return outside


@inlined
def _largest_drift(policy, shares, prices, managed, t):
    worst = 0.0
    for i in range(shares.shape[0]):
        size = abs(shares[i] * prices[t, i] - policy.targets[i] * managed)
        worst = size if size > worst else worst
    return worst / managed


@inlined
def _aim(policy, position, managed, moved):
    """Write the wanted weights: the targets, or the nearest point of the box."""
    weights = position.weights
    if not moved and policy.boxed:
        for i in range(weights.shape[0]):
            weights[i] = position.worth[i] / managed
        project(weights, policy.low, policy.high, position.breaks)
    else:
        for i in range(weights.shape[0]):
            weights[i] = policy.targets[i]


@inlined
def _settle(position, prices, costs, tax, cash, t):
    """Trade what is in `position.bought`; return cash after it, costs, value traded, tax withheld."""
    shares, worth, bought = position.shares, position.worth, position.bought
    spent, traded, withheld = 0.0, 0.0, 0.0
    for i in range(shares.shape[0]):
        if bought[i] != 0.0:
            size, was = abs(bought[i]), shares[i]
            # From the value wanted, not by adding shares: what is sold out then ends at exactly none.
            shares[i] = (worth[i] + bought[i]) / prices[t, i]
            cash = cash - bought[i]
            traded = traded + size
            charge = fee(costs, i, size)
            spent = spent + charge
            if tax is not None:
                if bought[i] > 0.0:
                    book_purchase(tax.kinds[i], tax.lots, i, shares[i] - was, size + charge, t)
                else:
                    withheld = withheld + book_sale(tax, i, was, was - shares[i], size - charge, t)
    cash = cash - spent
    if tax is not None:
        cash = cash - withheld
    return cash, spent, traded, withheld


@inlined
def _write(runs, p, t, shares, cash, value, ruined, paid, spent, traded, taxed, drift, rebalanced):
    """Write a session of a policy; after ruin there is nothing."""
    runs = Record(*runs)
    detailed = runs.costs.shape[1] > 0
    if rebalanced:
        runs.rebalanced[p, t] = True
    if detailed:
        runs.paid[p, t] = paid
        runs.costs[p, t] = spent
        runs.traded[p, t] = traded
        runs.drifts[p, t] = drift
        runs.taxes[p, t] = taxed
    if ruined >= 0:
        # What comes after is zero already, but for wealth recorded alone.
        for after in range(t, runs.values.shape[1] if not detailed else t):
            runs.values[p, after] = 0.0
    else:
        runs.values[p, t] = value
        if detailed:
            runs.cash[p, t] = cash
        for i in range(runs.shares.shape[2] if runs.shares.shape[1] > 0 else 0):
            runs.shares[p, t, i] = shares[i]


@inlined
def _add(tally, t, value, paid, spent, traded, taxed):
    """Return the tally with one more session: `plain_backtest.tally`, step by step."""
    growth, peak, trough, mean, square, turnover, costs, taxes, previous = tally
    if t == 0:
        growth = value / previous
        peak = growth
        costs = spent
    else:
        change = (value - paid) / previous
        growth = growth * change
        mean = mean + (change - 1.0)
        square = square + (change - 1.0) * (change - 1.0)
        peak = growth if growth > peak else peak
        fall = growth / peak
        trough = fall if growth < trough * peak else trough
        if traded > 0.0:
            turnover = turnover + traded / 2.0 / (value + spent)
            costs = costs + spent
    return Tally(growth, peak, trough, mean, square, turnover, costs, taxes + taxed, value)


@inlined
def _sum_up(sums, p, value, tally, count, liquid):
    sums[p, 0], sums[p, 1], sums[p, 2], sums[p, 3] = value, tally.growth, tally.trough, tally.mean
    sums[p, 4], sums[p, 5], sums[p, 6], sums[p, 7] = tally.square, tally.turnover, tally.costs, count
    sums[p, 8], sums[p, 9] = tally.taxes, liquid


@inlined
def _liquidate(prices, costs, tax, shares, cash):
    """Return what is left when everything is sold at the last close and all tax is paid."""
    t = prices.shape[0] - 1
    for i in range(shares.shape[0]):
        size = shares[i] * prices[t, i]
        # A holding worth less than its least commission is not sold: it would cost money.
        got = size - fee(costs, i, size)
        if got > 0.0:
            cash = cash + got
            if tax is not None:
                cash = cash - book_sale(tax, i, shares[i], shares[i], got, t)
    if tax is not None:
        cash = cash - levy(tax, tax.gains.shape[0])
    return cash
