"""Trades in whole shares, as the live planner finds them: the plain form of `whole_kernel`.

Prices are multiples of a tick, so money turns into whole numbers and the exact search of
`engines.planning` plans every rebalance, purchase and sale. Wanted values are rounded to a tick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from steelyard.engines.lab.backtest.records import WholeShares
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem as Allocation
from steelyard.engines.planning.problem import Infeasible, Line

REBALANCE, INVEST, RAISE = range(3)
"""Trade both ways; spend without selling, in proportion to the shortfalls; sell without buying."""

ROUNDING = 2.0**-10
"""Ticks that the float arithmetic of fees may be off by; so much less than a tick may be overspent."""


def trades(
    mode: int,
    shares: Sequence[float],
    prices: Sequence[float],
    weights: Sequence[float],
    managed: float,
    free: float,
    whole: WholeShares,
) -> tuple[list[float] | None, bool]:
    """Return the value to buy (negative: sell) of each instrument, None for no trade; and if it is proven.

    Args:
        mode: REBALANCE, INVEST or RAISE.
        shares: Held, whole numbers.
        prices: Multiples of the tick.
        weights: Wanted fractions of `managed`.
        managed: Wealth to spread, > 0 unless money is raised.
        free: Cash to spend, the reserve taken off; negative: at least so much must come from sales.
        whole: Ticks and costs.
    """
    lines = []
    places = []
    for i, price in enumerate(prices):
        price_ticks, held = int(price / whole.tick), int(shares[i])
        # A tick is a power of two: to divide by it rounds nothing.
        target = max(round(weights[i] * managed / whole.tick), 0)
        short = target - price_ticks * held
        if mode == INVEST and short <= 0:
            continue
        places.append(i)
        lines.append(
            Line(
                symbol=f"{int(whole.ranks[i]):08d}",
                price=price_ticks,
                held=held,
                target=Fraction(target),
                divisor=Fraction(short if mode == INVEST else 1),
                can_buy=mode != RAISE,
                can_sell=mode != INVEST,
                rate=Fraction(whole.rate, whole.unit),
                floor=whole.floor,
                extra_rate=Fraction(int(whole.extra[i]), whole.unit),
            )
        )
    budget = math.floor(free / whole.tick + ROUNDING)
    if not lines or (mode == INVEST and budget <= 0):
        return None, True
    try:
        answer = solve(Allocation(tuple(lines), budget, whole.least))
    except Infeasible:
        # Not even selling everything is enough: a withdrawal then takes all there is.
        return ([-s * p for s, p in zip(shares, prices, strict=True)] if mode == RAISE else None), True
    bought = [0.0] * len(prices)
    for place, steps in zip(places, answer.steps, strict=True):
        bought[place] = (float(steps) - shares[place]) * prices[place]
    return (bought if any(v != 0.0 for v in bought) else None), answer.proven
