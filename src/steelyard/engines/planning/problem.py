"""The whole-share allocation problem with one budget, and its answer.

Everything is exact: money is counted in integer ticks of the base currency (the caller picks
a tick so small that every price, cost floor and cash amount is whole), shares in integer
steps of each instrument. Only wanted values, divisors and rates are fractions.

Minimise  sum over i of (value_i - target_i)^2 / divisor_i
where     value_i = odd_i + price_i * steps_i, or 0 after a complete sale
subject to  cash - reserve - purchases + sales - costs >= 0  (that sum is `budget` before trading).
"""

from __future__ import annotations

from fractions import Fraction

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument of the problem.

    Attributes:
        symbol: Its name; the last rank of the objective prefers more of the symbol that sorts first.
        price: Ticks per step, > 0.
        held: Whole steps held, >= 0.
        odd: Ticks that the odd fraction beyond the whole steps is worth, >= 0. It can only leave
            together with all the rest (a complete sale); it is otherwise kept.
        target: Wanted value in ticks, >= 0.
        divisor: What the squared miss is divided by, > 0 (1, the target, or the shortfall).
        can_buy, can_sell: Whether it may be traded that way; both False is locked.
        rate: Proportional cost, fraction of the traded value, >= 0.
        floor: Least cost of a trade, ticks, >= 0; a trade costs max(floor, rate * amount).
        extra_rate: Proportional cost added on top of the commission (conversion), >= 0.
        continuous: Shares are divisible; `price` is then the price of a step that is small
            enough not to matter (1e-9 share), so steps may run into the trillions.
        least_steps: Fewest whole steps that must be held after the trades (0 unless told).
        most_steps: Most whole steps that may be held after the trades, None for no limit.
    """

    symbol: str
    price: int
    held: int
    target: Fraction
    divisor: Fraction = Fraction(1)
    odd: int = 0
    can_buy: bool = True
    can_sell: bool = True
    rate: Fraction = Fraction(0)
    floor: int = 0
    extra_rate: Fraction = Fraction(0)
    continuous: bool = False
    least_steps: int = 0
    most_steps: int | None = None


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """Instruments that share one budget.

    Attributes:
        lines: The instruments, in any order; the answer is in the same order.
        budget: Ticks to spend before any sale: cash plus new money less the reserve. May be
            negative: then at least that much, costs included, must come from sales.
        min_trade: Least amount of a trade in ticks; a smaller one is not allowed.
    """

    lines: tuple[Line, ...]
    budget: int
    min_trade: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The best plan found, with its certificate.

    Attributes:
        steps: Whole steps held after the trades, one a line.
        sold_out: Whether the odd fraction left too (a complete sale), one a line. A line without
            an odd fraction says False.
        value: The objective reached, ticks squared over the divisor's unit, exact.
        bound: A proven lower bound of it.
        proven: True when the search was complete: no allowed plan ranks before this one.
        nodes: How many partial choices were looked at.
    """

    steps: tuple[int, ...]
    sold_out: tuple[bool, ...]
    value: Fraction
    bound: Fraction
    proven: bool
    nodes: int


class Infeasible(Exception):
    """No allowed plan exists: even with every allowed sale the budget stays short.

    Attributes:
        short: Ticks still missing after the sales that raise the most.
        accounts: Indexes of the accounts that are short, where there are several.
    """

    def __init__(self, short: Fraction, accounts: tuple[int, ...] = ()) -> None:
        super().__init__(f"short of {short} ticks after every allowed sale")
        self.short = short
        self.accounts = accounts
