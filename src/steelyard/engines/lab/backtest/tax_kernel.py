"""Lots and taxes of one backtest, compiled: the operations of `after_tax`, in the same order.

`tax` is `records_kernel.Taxes`: the rules and one policy's book together.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner
from steelyard.engines.lab.backtest.sizing_kernel import fee

UNTAXED, YEARLY, WITHHELD, TERMS = range(4)
# An amount that rounding left a hair below a whole unit of currency is that unit.
CENT = 1e-6

# Columns of a year's gains.
NET, SHORT, LONG = range(3)


@inner
def open_book(tax):
    """Forget everything: a new policy starts."""
    # Only where lots begin and end: what lies between is written before it is read.
    tax.lots.first[:] = 0
    tax.lots.end[:] = 0
    tax.lots.pool[:] = 0.0
    tax.gains[:] = 0.0
    tax.carry[:] = 0.0
    tax.assessed[0] = 0


@inner
def cut(figures, amount):
    """Cut an amount >= 0 to whole units of currency where the country does."""
    if figures.whole:
        return np.floor(amount + CENT)
    return amount


@inner
def cut_tax(figures, amount):
    """Cut a tax >= 0 to the unit that is collected."""
    if figures.whole:
        return np.floor((amount + CENT) / figures.tax_unit) * figures.tax_unit
    return amount


@inner
def withheld(figures, gain):
    """Return what is withheld from the gain of one sale."""
    if gain <= 0.0:
        return 0.0
    # Base, national tax and the local tax on it are each cut, as the law has it (`records.TaxRules.whole`).
    national = cut_tax(figures, cut(figures, gain) * figures.withheld)
    if national < figures.waived_below:
        return 0.0
    return national + cut_tax(figures, national * figures.withheld_local)


@inner
def book_purchase(kind, lots, i, shares, cost, t):
    """Add a lot."""
    if kind == UNTAXED:
        return
    # A row has as many places as there are sessions: an instrument is bought at most once at each, since
    # gains are realised only where a session has traded nothing.
    last = lots.end[i]
    lots.shares[i, last] = shares
    lots.cost[i, last] = cost
    lots.bought[i, last] = t
    lots.end[i] = last + 1
    lots.pool[i] = lots.pool[i] + cost


@inner
def book_sale(tax, i, held, sold, proceeds, t):
    """Take shares out of the lots, book the gain in its year and return the tax withheld."""
    kind, lots = tax.kinds[i], tax.lots
    if kind == UNTAXED:
        return 0.0
    # Taken before the sale: under the moving average every share of it leaves at one cost, whichever lots
    # empty.
    average = lots.pool[i] / held
    left, gain, long = sold, 0.0, 0.0
    first, end = lots.first[i], lots.end[i]
    while left > 0.0 and first < end:
        shares = lots.shares[i, first]
        whole = shares <= left
        part = shares if whole else left
        # A lot that goes whole takes its cost as it stands: a part of one would leave rounding behind.
        cost = lots.cost[i, first] if whole else lots.cost[i, first] * (part / shares)
        if tax.averaged[i]:
            cost = average * part
        here = proceeds * (part / sold) - cost
        gain = gain + here
        if lots.bought[i, first] <= tax.long_since[t]:
            long = long + here
        lots.pool[i] = lots.pool[i] - cost
        left = left - part
        if whole:
            first += 1
        else:
            lots.shares[i, first] = shares - part
            lots.cost[i, first] = lots.cost[i, first] - cost
    # With the last share goes what rounding left in a lot; an empty row starts again at its first place.
    if sold >= held:
        first = end
    if first == end:
        first, end = 0, 0
        lots.pool[i] = 0.0
    lots.first[i] = first
    lots.end[i] = end
    year = tax.gains[tax.year[t]]
    if kind == YEARLY:
        year[NET] = year[NET] + gain
    elif kind == TERMS:
        year[SHORT] = year[SHORT] + (gain - long)
        year[LONG] = year[LONG] + long
    return withheld(tax.figures, gain) if kind == WITHHELD else 0.0


@inner
def expected(tax, i, held, sold, proceeds):
    """Return what a sale of an instrument whose tax is withheld would have withheld; nothing is booked."""
    # What is withheld at the sale is always by the moving average, so the pool is enough to know it.
    return withheld(tax.figures, proceeds - tax.lots.pool[i] / held * sold)


@inner
def year_tax(tax, y):
    """Return the tax of a year's gains and change what is carried on."""
    figures, gains, carry = tax.figures, tax.gains, tax.carry
    over = gains[y, NET] - figures.allowance
    taxable = cut(figures, over) if over > 0.0 else 0.0
    owed = cut_tax(figures, taxable * figures.national) + cut_tax(figures, taxable * figures.local)
    short, long = gains[y, SHORT] - carry[0], gains[y, LONG] - carry[1]
    total = short + long
    if total < 0.0:
        # Other income takes up a part of the loss, and that part is taken off the short loss first: 26 U.S.C.
        # 1212(b)(2) counts it as a short gain of the year before the rest is carried on by its term.
        loss = -total
        offset = loss if loss < figures.offset else figures.offset
        short_loss = loss
        if short >= 0.0:
            short_loss = 0.0
        elif long < 0.0:
            short_loss = -short
        from_short = offset if offset < short_loss else short_loss
        carry[0] = short_loss - from_short
        carry[1] = (loss - short_loss) - (offset - from_short)
        return owed - figures.ordinary * offset
    carry[0] = 0.0
    carry[1] = 0.0
    # A short loss eats into the long gain, a long loss into the short one: only what is left of all is taxed.
    gain = 0.0
    if long > 0.0:
        gain = long if long < total else total
    return owed + figures.short * (total - gain) + figures.long * gain


@inner
def levy(tax, upto):
    """Return the tax of the years before `upto` that were not assessed yet."""
    assessed, owed = tax.assessed, 0.0
    while assessed[0] < upto:
        owed = owed + year_tax(tax, assessed[0])
        assessed[0] = assessed[0] + 1
    return owed


@inner
def gain_a_value(tax, i, held, net):
    """Return the gain of a holding as a fraction of its value after costs."""
    return 1.0 - tax.lots.pool[i] / (held * net)


@inner
def harvestable(tax, i, held, net, room):
    """Return how many shares, in the order they are sold, gain at most some room, and that gain."""
    lots = tax.lots
    shares, gain, average = 0.0, 0.0, tax.lots.pool[i] / held
    for k in range(lots.first[i], lots.end[i]):
        each = net - (average if tax.averaged[i] else lots.cost[i, k] / lots.shares[i, k])
        if each > 0.0 and gain + each * lots.shares[i, k] > room:
            shares = shares + (room - gain) / each
            gain = room
            break
        shares = shares + lots.shares[i, k]
        gain = gain + each * lots.shares[i, k]
    return (shares if shares < held else held), gain


@inner
def harvest(tax, t, shares, prices, touched, free, costs, whole):
    """Realise gains up to the unused allowance and buy back, as `plain_backtest.harvest` does.

    Returns:
        What it changes cash by, the costs, the value traded.
    """
    # The dearest gain for its value first: it fills the allowance with the least turnover. What this session
    # has traded already is left alone, or a plan would be undone in the hour it was made.
    n = shares.shape[0]
    figures, year = tax.figures, tax.gains[tax.year[t]]
    relief = figures.national + figures.local
    change, spent, moved = 0.0, 0.0, 0.0
    for _ in range(n):
        room = figures.allowance - year[NET]
        best, most = -1, 0.0
        for i in range(n):
            net = prices[i] * (1.0 - costs.rate - costs.conversion[i])
            if tax.kinds[i] != YEARLY or touched[i] or not shares[i] > 0.0 or not net > 0.0:
                continue
            here = gain_a_value(tax, i, shares[i], net)
            if here > most:
                best, most = i, here
        if best < 0 or room <= 0.0:
            break
        touched[best] = True
        net = prices[best] * (1.0 - costs.rate - costs.conversion[best])
        sold, gain = harvestable(tax, best, shares[best], net, room)
        if whole:
            sold = np.floor(sold)
        if not sold > 0.0:
            continue
        size = sold * prices[best]
        charge = fee(costs, best, size)
        got = size - charge
        money = got + (free + change if free + change > 0.0 else 0.0)
        # Bought back with what the sale brought and what cash is free, never more than was sold: a harvest
        # changes no weight by more than its costs.
        back = money / (1.0 + costs.rate + costs.conversion[best])
        if costs.rate * back < costs.floor:
            back = (money - costs.floor) / (1.0 + costs.conversion[best])
        if whole:
            back = np.floor(back / prices[best]) * prices[best]
        if size < back:
            back = size
        if not back > 0.0:
            continue
        again = fee(costs, best, back)
        # Worth it only where the tax that the allowance saves is more than both trades cost.
        if charge + again >= relief * gain:
            continue
        held = shares[best]
        book_sale(tax, best, held, sold, got, t)
        shares[best] = (held - sold) + back / prices[best]
        book_purchase(tax.kinds[best], tax.lots, best, back / prices[best], back + again, t)
        change = change + (got - back - again)
        spent = spent + (charge + again)
        moved = moved + (size + back)
    return change, spent, moved
