"""Larger steps where there are too many: a plan in thousands of shares instead of one that never ends.

The search compares plans that differ by one share. Where a portfolio has more than some hundred million of
them, one more or less is below what a double tells apart, and everything ties. So its steps are taken ten,
a hundred, a thousand at a time, until there are few enough: every such plan is one in single shares too, only
not proven to be the best of them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from steelyard.app.planning.plan_request import Outcome
from steelyard.app.planning.tradables import Tradable
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.words import say

MOST_STEPS = Decimal(500_000_000)
"""Steps of the cheapest instrument that all the money may buy."""
MOST_SHARED_STEPS = Decimal(10_000_000)
"""The same where several budgets, or tax, take a solver."""
LARGE_STEPS = Decimal(1_000_000)
"""About so many there are where steps are taken together."""


def factor_of(every: tuple[Tradable, ...], managed: Decimal, most: Decimal = MOST_STEPS) -> int:
    """Return how many steps to take at a time, a power of ten; 1 for every portfolio of a person.

    Args:
        every: All there is to trade.
        managed: What is planned with, base currency.
        most: Steps that may be planned singly.
    """
    prices = [s.price for s in every if s.traded and s.step >= ONE]
    if not prices:
        return 1
    steps = EXACT.divide(abs(managed), min(prices))
    return 1 if steps <= most else 10 ** (steps.adjusted() - LARGE_STEPS.adjusted())


def coarser(every: tuple[Tradable, ...], factor: int) -> tuple[Tradable, ...]:
    """Return the same with steps of `factor` steps; what is left over of what is held goes with its last."""
    found = []
    for one in every:
        if one.step < ONE:
            found.append(one)
            continue
        steps, rest = divmod(one.steps, factor)
        found.append(
            replace(
                one,
                step=EXACT.multiply(one.step, factor),
                price=EXACT.multiply(one.price, factor),
                steps=steps,
                odd=EXACT.add(one.odd, EXACT.multiply(one.price, rest)),
            )
        )
    return tuple(found)


def unproven(outcome: Outcome, factor: int) -> Outcome:
    """Return an outcome in large steps for what it is: the best found, with no bound but zero."""
    text = say(
        "so much is planned in steps of {factor:,} shares; the gap is that to a perfect fit", factor=factor
    )
    return replace(outcome, bound=ZERO, proven=False, note=text)
