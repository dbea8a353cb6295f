"""Policies through all sessions, compiled: the operations of `reference`, in the same order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.backtest.sizing_kernel import buy, fee, project, rebalance, sell
from steelyard.engines.backtest.tax_kernel import (
    AVERAGED,
    BOUGHT,
    DISTRIBUTED,
    DUE,
    ENDS,
    FIGURES,
    GAINS,
    HARVEST,
    KINDS,
    LONG_SINCE,
    LOTS,
    POOL,
    WITHHELD,
    YEAR,
    book_purchase,
    book_sale,
    expected,
    harvest,
    levy,
    open_book,
)
from steelyard.engines.backtest.whole_kernel import INVEST, RAISE, REBALANCE, trades
from steelyard.engines.compilation import compiled, inner

ROUNDS = 60


@inner
def sized(
    mode, shares, worth, prices, weights, managed, free, conversion, rate, floor, dust, whole, book, bought
):
    """Write how much is traded, with room for the tax that the sales themselves withhold.

    `book` is the kinds, pools and figures of the tax book, or None. See `reference._Sizing`.

    Returns:
        Whether anything is traded, and how many plans are not proven (infinity: numbers too large).
    """
    n = worth.shape[0]
    aside, gaps, dealt = 0.0, 0.0, False
    for turn in range(ROUNDS + 1):
        if whole is not None:
            wealth = managed - aside if mode == REBALANCE else managed
            dealt, gap = trades(mode, shares, prices, weights, wealth, free - aside, whole, bought)
            gaps = gaps + gap
        elif mode == REBALANCE:
            dealt = rebalance(worth, weights, managed - aside, conversion, rate, floor, dust, bought)
        else:
            sell(worth, weights, managed, aside - free, conversion, rate, floor, bought)
            dealt = True
        if book is None or not dealt or turn == ROUNDS:
            break
        kinds, pool, figures = book
        owed = 0.0
        for i in range(n):
            if bought[i] < 0.0 and kinds[i] == WITHHELD:
                size = abs(bought[i])
                sold = shares[i] - (worth[i] + bought[i]) / prices[i]
                charge = fee(size, conversion[i], rate, floor)
                owed = owed + expected(figures, pool[i], shares[i], sold, size - charge)
        if owed <= aside:
            break
        aside = owed
    return dealt, gaps


@inner
def hold(shares, cash, prices, look, t, values):
    """Write wealth from session `t` up to the next look or to ruin, and return that session.

    Four sessions at a time: their sums do not wait for each other, each adds up in its own order. Places that
    cannot be negative need no look whether they are, which was a fifth of the loop.
    """
    sessions, n = prices.shape
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    while t + 4 <= sessions:
        first = np.uint64(t)
        second, third, fourth = first + one, first + two, first + three
        if look[first] | look[second] | look[third] | look[fourth]:
            break
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for place in range(n):
            i = np.uint64(place)
            held = shares[i]
            a = a + held * prices[first, i]
            b = b + held * prices[second, i]
            c = c + held * prices[third, i]
            d = d + held * prices[fourth, i]
        a, b, c, d = cash + a, cash + b, cash + c, cash + d
        if not ((a > 0.0) & (b > 0.0) & (c > 0.0) & (d > 0.0)):
            break
        values[first], values[second], values[third], values[fourth] = a, b, c, d
        t += 4
    while t < sessions and not look[t]:
        a = 0.0
        for place in range(n):
            a = a + shares[place] * prices[t, place]
        a = cash + a
        if not a > 0.0:
            break
        values[t] = a
        t += 1
    return t


@compiled
def walk(
    prices, days, distributions, interest, flows,
    targets, looks, schedule, always, bands, max_interval, cooldown, boxed, low, high,
    conversion, initial, rate, floor, reserve_amount, reserve_weight, dust, buys,
    whole, tax, ending, record, sums,
):  # fmt: skip
    """Walk all policies through all sessions.

    The arguments up to `buys` are those of `kernel`. Those that may be None (`distributions`, `interest`,
    `flows`, `whole`, `tax`, `record`) have their code left out at compile time where they are: a path
    pays only for what it uses, when it is compiled and when it runs. One long function, since to compile a
    walk of one policy and then a loop over policies took a quarter longer.
    `ending` is (P, 2). `record` is the arrays of `Runs` from `values` to `taxes`, else the tallies go into
    `sums` (P, 10).
    """
    sessions, n = prices.shape
    shares, worth, bought, weights = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    breaks, touched = np.empty(2 * n), np.empty(n, np.bool_)
    if record is not None:
        values, paid, costs, traded, drifts, rebalanced, held_cash, held_shares, ends, taxes = record
        keeps = n if held_shares.shape[1] > 0 else 0
        detailed = costs.shape[1] > 0
    else:
        detailed = False
    for p in range(schedule.shape[0]):
        look, width = looks[schedule[p]], bands[p]
        if record is not None:
            wealth = values[p]
        for i in range(n):
            shares[i] = 0.0
        cash = initial
        last = days[0]
        banded = False
        for i in range(n):
            banded = banded or width[i] != np.inf
        ruined = -1
        previous = initial
        growth, peak, trough, mean, square, turnover = 1.0, 1.0, 1.0, 0.0, 0.0, 0.0
        all_costs, all_taxes, count, value = 0.0, 0.0, 0.0, 0.0
        unproven, liquid = 0.0, 0.0
        if tax is not None:
            open_book(tax)
            # Taken out of the loop: handing over the whole book at every session takes longer than the rest.
            dues, harvests, kept_of, assessed = tax[DUE], tax[HARVEST], tax[DISTRIBUTED], 0
            kinds, averaged, long_since, year_of = tax[KINDS], tax[AVERAGED], tax[LONG_SINCE], tax[YEAR]
            figures, lots, opened, ends_of, pool = tax[FIGURES], tax[LOTS], tax[BOUGHT], tax[ENDS], tax[POOL]
            gains, book = tax[GAINS], (kinds, pool, figures)
        else:
            book = None
        t = 0
        while t < sessions:
            if (
                record is not None and flows is None and interest is None and distributions is None
                and tax is None and t > 0 and not detailed and not look[t]
            ):  # fmt: skip
                # Up to the next look nothing can happen: wealth alone is written, in a loop of its own.
                until = hold(shares, cash, prices, look, t, wealth)
                if until > t:
                    t = until
                    continue
            if interest is not None and t > 0:
                cash = cash + cash * interest[t]
            levied, levy_now = 0.0, 0.0
            if distributions is not None:
                for i in range(n if t > 0 else 0):
                    if tax is None:
                        cash = cash + shares[i] * distributions[t, i]
                    else:
                        paid_out = shares[i] * distributions[t, i]
                        off = paid_out * kept_of[i]
                        cash = cash + (paid_out - off)
                        levied = levied + off
            if tax is not None and assessed < dues[t]:
                assessed = dues[t]
                levy_now = levy(tax, assessed)
                cash = cash - levy_now
                levied = levied + levy_now
            held = 0.0
            for i in range(n):
                held = held + shares[i] * prices[t, i]
            flow = 0.0
            before = cash + held
            if flows is not None:
                flow = flows[t]
                cash = cash + flow
            total = cash + held
            spent, dealt, moved, pays, kept = 0.0, False, 0.0, flow, 0.0
            if total <= 0.0:
                pays = -before
                ruined = t
            else:
                due = t == 0
                if t > 0 and look[t] and days[t] - last >= cooldown[p]:
                    due = always[p] or 0 <= max_interval[p] < days[t] - last
                    looking = banded and not due
                else:
                    looking = False
                if due or looking or detailed or flow != 0.0 or levy_now != 0.0:
                    reserve = reserve_amount + reserve_weight * total
                    managed = total - reserve
                    if managed > 0.0:
                        if looking:
                            for i in range(n):
                                size = abs(shares[i] * prices[t, i] - targets[i] * managed)
                                due |= size > width[i] * managed
                        if record is not None and detailed:
                            worst = 0.0
                            for i in range(n):
                                size = abs(shares[i] * prices[t, i] - targets[i] * managed)
                                worst = size if size > worst else worst
                            if t > 0:
                                drifts[p, t] = worst / managed
                        if due or flow != 0.0 or levy_now != 0.0:
                            # Kept only where something may be traded: the loop is faster without the stores.
                            for i in range(n):
                                worth[i] = shares[i] * prices[t, i]
                        if due:
                            if t > 0 and boxed[p]:
                                for i in range(n):
                                    weights[i] = worth[i] / managed
                                project(weights, low[p], high[p], breaks)
                            else:
                                for i in range(n):
                                    weights[i] = targets[i]
                            if whole is None and tax is None:
                                dealt = rebalance(
                                    worth, weights, managed, conversion, rate, floor, dust, bought
                                )
                            else:
                                dealt, gaps = sized(
                                    REBALANCE, shares, worth, prices[t], weights, managed, cash - reserve,
                                    conversion, rate, floor, dust, whole, book, bought,
                                )  # fmt: skip
                                unproven = unproven + gaps
                            if dealt and t > 0:
                                last = days[t]
                                count = count + 1.0
                                if record is not None:
                                    rebalanced[p, t] = True
                    if flows is not None:
                        spend = t > 0 and flow > 0.0 and buys and cash - reserve > dust * managed
                        if not dealt and spend:
                            if whole is None:
                                free = cash - reserve
                                dealt = buy(worth, targets, managed, free, conversion, rate, floor, bought)
                            else:
                                dealt, gaps = trades(
                                    INVEST, shares, prices[t], targets, managed, cash - reserve, whole, bought
                                )
                                unproven = unproven + gaps
                        if not dealt and flow < 0.0 and reserve - cash > dust * total:
                            for i in range(n):
                                worth[i] = shares[i] * prices[t, i]
                            dealt, gaps = sized(
                                RAISE, shares, worth, prices[t], targets, managed, cash - reserve,
                                conversion, rate, floor, dust, whole, book, bought,
                            )  # fmt: skip
                            unproven = unproven + gaps
                    if tax is not None and not dealt and levy_now > 0.0 and reserve - cash > dust * total:
                        for i in range(n):
                            worth[i] = shares[i] * prices[t, i]
                        dealt, gaps = sized(
                            RAISE, shares, worth, prices[t], targets, managed, cash - reserve,
                            conversion, rate, floor, dust, whole, book, bought,
                        )  # fmt: skip
                        unproven = unproven + gaps
                if dealt:
                    for i in range(n):
                        if bought[i] != 0.0:
                            size, was = abs(bought[i]), shares[i]
                            shares[i] = (worth[i] + bought[i]) / prices[t, i]
                            cash = cash - bought[i]
                            moved = moved + size
                            charge = fee(size, conversion[i], rate, floor)
                            spent = spent + charge
                            if tax is not None:
                                if bought[i] > 0.0:
                                    book_purchase(
                                        kinds[i], lots, opened, ends_of, pool,
                                        i, shares[i] - was, size + charge, t,
                                    )  # fmt: skip
                                else:
                                    kept = kept + book_sale(
                                        kinds[i], averaged[i], long_since[t], year_of[t], figures,
                                        lots, opened, ends_of, pool, gains,
                                        i, was, was - shares[i], size - charge,
                                    )  # fmt: skip
                    cash = cash - spent
                    if tax is not None:
                        cash = cash - kept
                if tax is not None and harvests[t]:
                    for i in range(n):
                        touched[i] = dealt and bought[i] != 0.0
                    reserve = reserve_amount + reserve_weight * total
                    change, cost, turned = harvest(
                        tax, t, shares, prices[t], touched, cash - reserve, conversion, rate, floor,
                        whole is not None,
                    )  # fmt: skip
                    cash = cash + change
                    spent = spent + cost
                    moved = moved + turned
                value = total - spent
                if tax is not None:
                    value = value - kept
                if value <= 0.0:
                    pays = flow - value
                    ruined = t
            if ruined >= 0:
                value = 0.0
            if record is not None:
                if detailed:
                    paid[p, t] = pays
                    costs[p, t] = spent
                    traded[p, t] = moved
                    taxes[p, t] = levied + kept
                if ruined >= 0:
                    # What comes after is zero already, but for wealth recorded alone.
                    for after in range(t, sessions if not detailed else t):
                        wealth[after] = 0.0
                    break
                values[p, t] = value
                if detailed:
                    held_cash[p, t] = cash
                for i in range(keeps):
                    held_shares[p, t, i] = shares[i]
            if sums is not None:
                if t == 0:
                    growth = value / initial
                    peak = growth
                    all_costs = spent
                else:
                    change = (value - pays) / previous
                    growth = growth * change
                    mean = mean + (change - 1.0)
                    square = square + (change - 1.0) * (change - 1.0)
                    peak = growth if growth > peak else peak
                    fall = growth / peak
                    trough = fall if growth < trough * peak else trough
                    if moved > 0.0:
                        turnover = turnover + moved / 2.0 / (value + spent)
                        all_costs = all_costs + spent
                all_taxes = all_taxes + (levied + kept)
                previous = value
                if ruined >= 0:
                    break
            t += 1
        if ruined < 0:
            t = sessions - 1
            liquid = cash
            for i in range(n):
                size = shares[i] * prices[t, i]
                got = size - fee(size, conversion[i], rate, floor)
                if got > 0.0:
                    liquid = liquid + got
                    if tax is not None:
                        liquid = liquid - book_sale(
                            kinds[i], averaged[i], long_since[t], year_of[t], figures,
                            lots, opened, ends_of, pool, gains, i, shares[i], shares[i], got,
                        )  # fmt: skip
            if tax is not None:
                liquid = liquid - levy(tax, gains.shape[0])
        ending[p, 0] = liquid
        ending[p, 1] = unproven
        if sums is not None:
            sums[p, 0], sums[p, 1], sums[p, 2], sums[p, 3] = value, growth, trough, mean
            sums[p, 4], sums[p, 5], sums[p, 6], sums[p, 7] = square, turnover, all_costs, count
            sums[p, 8], sums[p, 9] = all_taxes, liquid
        if record is not None:
            ends[p] = ruined
