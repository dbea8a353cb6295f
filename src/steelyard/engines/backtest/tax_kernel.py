"""Lots and taxes of one backtest, compiled: the operations of `after_tax`, in the same order.

`tax` is the rules and the book together: kinds, averaged, year, due, long_since, harvest, distributed;
figures (15,); and the book: lots (2, N, T) of shares and cost, bought (N, T), ends (N, 2) of the first lot
and the one behind the last, pool (N,), gains (Y, 3), carry (2,), assessed (1,).
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.backtest.sizing_kernel import fee
from steelyard.engines.compilation import inner

UNTAXED, YEARLY, WITHHELD, TERMS = range(4)
CENT = 1e-6

KINDS, AVERAGED, YEAR, DUE, LONG_SINCE, HARVEST, DISTRIBUTED, FIGURES = range(8)
LOTS, BOUGHT, ENDS, POOL, GAINS, CARRY, ASSESSED = range(8, 15)
WHOLE, ALLOWANCE, NATIONAL, LOCAL, KEPT, KEPT_LOCAL, WAIVED, SHORT, LONG, ORDINARY, OFFSET = range(11)


@inner
def open_book(tax):
    """Forget everything: a new policy starts."""
    ends, pool, gains, carry, assessed = tax[ENDS], tax[POOL], tax[GAINS], tax[CARRY], tax[ASSESSED]
    for i in range(pool.shape[0]):
        ends[i, 0] = 0
        ends[i, 1] = 0
        pool[i] = 0.0
    for y in range(gains.shape[0]):
        for c in range(3):
            gains[y, c] = 0.0
    carry[0] = 0.0
    carry[1] = 0.0
    assessed[0] = 0


@inner
def cut(figures, amount):
    """Cut an amount >= 0 to whole units of currency where the country does."""
    if figures[WHOLE] > 0.0:
        return np.floor(amount + CENT)
    return amount


@inner
def withheld(figures, gain):
    """Return what is withheld from the gain of one sale."""
    if gain <= 0.0:
        return 0.0
    national = cut(figures, cut(figures, gain) * figures[KEPT])
    if national < figures[WAIVED]:
        return 0.0
    return national + cut(figures, national * figures[KEPT_LOCAL])


# What every trade calls is given what it needs and not the whole book: to hand over fifteen arrays takes as
# long as to book the lot.


@inner
def book_purchase(kind, lots, bought, ends, pool, i, shares, cost, t):
    """Add a lot."""
    if kind == UNTAXED:
        return
    last = ends[i, 1]
    lots[0, i, last] = shares
    lots[1, i, last] = cost
    bought[i, last] = t
    ends[i, 1] = last + 1
    pool[i] = pool[i] + cost


@inner
def book_sale(
    kind, averaged, long_since, year, figures, lots, bought, ends, pool, gains, i, held, sold, proceeds
):
    """Take shares out of the lots, book the gain in a year and return the tax withheld."""
    if kind == UNTAXED:
        return 0.0
    average = pool[i] / held
    left, gain, long = sold, 0.0, 0.0
    first, end = ends[i, 0], ends[i, 1]
    while left > 0.0 and first < end:
        shares = lots[0, i, first]
        whole = shares <= left
        part = shares if whole else left
        cost = lots[1, i, first] if whole else lots[1, i, first] * (part / shares)
        if averaged:
            cost = average * part
        here = proceeds * (part / sold) - cost
        gain = gain + here
        if bought[i, first] <= long_since:
            long = long + here
        pool[i] = pool[i] - cost
        left = left - part
        if whole:
            first += 1
        else:
            lots[0, i, first] = shares - part
            lots[1, i, first] = lots[1, i, first] - cost
    if sold >= held:
        first = end
    if first == end:
        first, end = 0, 0
        pool[i] = 0.0
    ends[i, 0] = first
    ends[i, 1] = end
    if kind == YEARLY:
        gains[year, 0] = gains[year, 0] + gain
    elif kind == TERMS:
        gains[year, 1] = gains[year, 1] + (gain - long)
        gains[year, 2] = gains[year, 2] + long
    return withheld(figures, gain) if kind == WITHHELD else 0.0


@inner
def expected(figures, pool, held, sold, proceeds):
    """Return what a sale of an instrument whose tax is withheld would have withheld; nothing is booked."""
    return withheld(figures, proceeds - pool / held * sold)


@inner
def year_tax(tax, y):
    """Return the tax of a year's gains and change what is carried on."""
    figures, gains, carry = tax[FIGURES], tax[GAINS], tax[CARRY]
    over = gains[y, 0] - figures[ALLOWANCE]
    taxable = cut(figures, over) if over > 0.0 else 0.0
    owed = cut(figures, taxable * figures[NATIONAL]) + cut(figures, taxable * figures[LOCAL])
    short, long = gains[y, 1] - carry[0], gains[y, 2] - carry[1]
    total = short + long
    if total < 0.0:
        loss = -total
        offset = loss if loss < figures[OFFSET] else figures[OFFSET]
        short_loss = loss
        if short >= 0.0:
            short_loss = 0.0
        elif long < 0.0:
            short_loss = -short
        from_short = offset if offset < short_loss else short_loss
        carry[0] = short_loss - from_short
        carry[1] = (loss - short_loss) - (offset - from_short)
        return owed - figures[ORDINARY] * offset
    carry[0] = 0.0
    carry[1] = 0.0
    gain = 0.0
    if long > 0.0:
        gain = long if long < total else total
    return owed + figures[SHORT] * (total - gain) + figures[LONG] * gain


@inner
def levy(tax, upto):
    """Return the tax of the years before `upto` that were not assessed yet."""
    assessed, owed = tax[ASSESSED], 0.0
    while assessed[0] < upto:
        owed = owed + year_tax(tax, assessed[0])
        assessed[0] = assessed[0] + 1
    return owed


@inner
def gain_a_value(tax, i, held, net):
    """Return the gain of a holding as a fraction of its value after costs."""
    return 1.0 - tax[POOL][i] / (held * net)


@inner
def harvestable(tax, i, held, net, room):
    """Return how many shares, in the order they are sold, gain at most some room, and that gain."""
    lots, ends = tax[LOTS], tax[ENDS]
    shares, gain, average = 0.0, 0.0, tax[POOL][i] / held
    for k in range(ends[i, 0], ends[i, 1]):
        each = net - (average if tax[AVERAGED][i] else lots[1, i, k] / lots[0, i, k])
        if each > 0.0 and gain + each * lots[0, i, k] > room:
            shares = shares + (room - gain) / each
            gain = room
            break
        shares = shares + lots[0, i, k]
        gain = gain + each * lots[0, i, k]
    return (shares if shares < held else held), gain


@inner
def harvest(tax, t, shares, prices, touched, free, conversion, rate, floor, whole):
    """Realise gains up to the unused allowance and buy back, dearest gain first; see `reference.harvest`.

    Returns:
        What it changes cash by, the costs, the value traded.
    """
    n = shares.shape[0]
    figures, year = tax[FIGURES], tax[YEAR][t]
    relief = figures[NATIONAL] + figures[LOCAL]
    change, spent, moved = 0.0, 0.0, 0.0
    for _ in range(n):
        room = figures[ALLOWANCE] - tax[GAINS][year, 0]
        best, most = -1, 0.0
        for i in range(n):
            net = prices[i] * (1.0 - rate - conversion[i])
            if tax[KINDS][i] != YEARLY or touched[i] or not shares[i] > 0.0 or not net > 0.0:
                continue
            here = gain_a_value(tax, i, shares[i], net)
            if here > most:
                best, most = i, here
        if best < 0 or room <= 0.0:
            break
        touched[best] = True
        net = prices[best] * (1.0 - rate - conversion[best])
        sold, gain = harvestable(tax, best, shares[best], net, room)
        if whole:
            sold = np.floor(sold)
        if not sold > 0.0:
            continue
        size = sold * prices[best]
        charge = fee(size, conversion[best], rate, floor)
        got = size - charge
        money = got + (free + change if free + change > 0.0 else 0.0)
        back = money / (1.0 + rate + conversion[best])
        if rate * back < floor:
            back = (money - floor) / (1.0 + conversion[best])
        if whole:
            back = np.floor(back / prices[best]) * prices[best]
        if size < back:
            back = size
        if not back > 0.0:
            continue
        again = fee(back, conversion[best], rate, floor)
        if charge + again >= relief * gain:
            continue
        held = shares[best]
        kind, lots, bought, ends, pool = tax[KINDS][best], tax[LOTS], tax[BOUGHT], tax[ENDS], tax[POOL]
        book_sale(
            kind, tax[AVERAGED][best], tax[LONG_SINCE][t], year, figures, lots, bought, ends, pool,
            tax[GAINS], best, held, sold, got,
        )  # fmt: skip
        shares[best] = (held - sold) + back / prices[best]
        book_purchase(kind, lots, bought, ends, pool, best, back / prices[best], back + again, t)
        change = change + (got - back - again)
        spent = spent + (charge + again)
        moved = moved + (size + back)
    return change, spent, moved
