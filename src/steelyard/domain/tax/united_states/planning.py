"""What United States rules say ahead of a trade: losses a purchase would undo, gains that are free.

Both look forward from a day: what is already on the return is `united_states`, what a sale would add to it
is `UnitedStates.plan_tax`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ZERO, exact_sum, written
from steelyard.domain.tax.planning import FreeGains, NoBuy
from steelyard.domain.tax.united_states.capital_gains import Carry, Schedule, net
from steelyard.domain.tax.united_states.positions import Positions, Setting
from steelyard.domain.tax.united_states.tax_year import Owner, Summary
from steelyard.domain.tax.united_states.wash_sales import WINDOW_DAYS
from steelyard.words import say


def no_buys(held: Positions, setting: Setting, as_of: date) -> tuple[NoBuy, ...]:
    """Return the losses of the last 30 days that still count, by sale day and symbol.

    Args:
        held: Of the journal up to that day, all accounts and years.
        setting: Says which symbols are identical and which accounts are the return's.
        as_of: Day of the purchases.

    Source: 26 U.S.C. 1091(a), rule us.wash-sale.
    """
    window = timedelta(days=WINDOW_DAYS)
    losses: dict[tuple[date, str], Decimal] = defaultdict(lambda: ZERO)
    for block in held.washed.blocks:
        if block.sold_on is None or not setting.reports(block.account) or as_of - block.sold_on > window:
            continue
        if block.gain < ZERO:
            key = block.sold_on, block.symbol
            losses[key] = EXACT.subtract(losses[key], block.gain)
    found, groups = [], setting.groups
    for (sold_on, symbol), loss in sorted(losses.items()):
        group = groups.get(symbol)
        same = {s for s, g in groups.items() if g == group and group is not None}
        free = sold_on + window + timedelta(days=1)
        found.append(NoBuy(frozenset({symbol} | same), symbol, sold_on, loss, free, "us.wash-sale"))
    return tuple(found)


def free_gains(
    rates: Schedule,
    so_far: Summary,
    owner: Owner,
    *,
    limit: Decimal,
    is_free: Callable[[TaxLot], bool],
) -> FreeGains:
    """Return the long-term gain that can still be realised at 0 %.

    Income, the year's net gain and qualified dividends fill the bracket; losses of the year and those carried
    in are used up by gains before anything is taxed, which `cost` counts.

    Args:
        rates: Of the year and the filing.
        so_far: The year to date.
        owner: `income` is taxable income after the deductions; below zero where the deductions exceed the
            income, and that much more is free.
        limit: See `capital_gains.loss_limit`.
        is_free: Whether a lot's gain is long-term and no collectible.

    Source: 26 U.S.C. 1(h)(1)(B), rule us.brackets.
    """
    income = owner.taxable
    nothing, first, second = rates.gains[1][0], rates.gains[0][0], rates.gains[1][1]
    assert nothing == ZERO, "the lowest bracket of long-term gains is free"
    net_gain = EXACT.subtract(EXACT.add(so_far.short_term, so_far.long_term), _whole(so_far.carried))
    qualified = owner.qualified_of(so_far.dividends)
    room = EXACT.subtract(first, exact_sum((income, net_gain, qualified)))

    def at(short: Decimal, long: Decimal, metal: Decimal) -> Decimal:
        netting = net(
            EXACT.add(so_far.short_term, short),
            exact_sum((so_far.long_term, long, metal)),
            limit=limit,
            carry=so_far.carried,
            collectibles=EXACT.add(so_far.collectibles, metal),
            income=EXACT.add(income, qualified),
        )
        tax = owner.tax_on(rates, netting, qualified)
        return EXACT.subtract(tax.total, EXACT.multiply(second, _whole(netting.carry)))

    before = at(ZERO, ZERO, ZERO)
    return FreeGains(
        room=room,
        is_free=is_free,
        later_rate=second,
        cost=lambda gains: EXACT.subtract(
            at(*(gains.get(bucket, ZERO) for bucket in ("short", "long", "metal"))), before
        ),
        why=say("is taxed at 0 % this year; buy back the same day, no wash-sale rule holds for gains"),
        note=say(
            "long-term gains are taxed at 0 % up to {first} of taxable income, and {left} is "
            "left; other_income is taken as taxable income after the standard deduction "
            "(where the deduction exceeds the income, state the difference with a minus); "
            "credits and state taxes are not considered",
            first=written(first, "USD"),
            left=written(max(room, ZERO), "USD"),
        ),
    )


def _whole(carry: Carry) -> Decimal:
    return EXACT.add(carry.short, carry.long)
