"""Exact one-budget plans at compiled speed: the same as `search.solve`, for many problems.

The work is in `search_kernel`. What does not fit into its numbers, or holds two plans too near for its
arithmetic to tell apart, goes back to `search.solve`, so that the plan never depends on the road taken.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from operator import attrgetter, mul
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.engines.planning.compiled.line_kernel import COLUMNS, LIMITED, PROVEN
from steelyard.engines.planning.compiled.search_kernel import solve_rows, solve_rows_each
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Answer

NODE_LIMIT = 1_000_000
"""States looked at before a problem stops with a certified gap: about half a second."""

WIDEST = (1 << 62) - 1

_fields = attrgetter(
    "price", "held", "odd", "target", "divisor", "can_buy", "can_sell", "rate", "floor", "extra_rate",
    "least_steps", "most_steps", "continuous", "symbol",
)  # fmt: skip
_ratio = Fraction.as_integer_ratio


class _Packed(NamedTuple):
    """A problem as numbers, with the columns from which a plan's exact objective is worked out.

    Attributes:
        numbers: The lines of `solve_batch`, one after the other.
        unit: The common denominator of the rates.
        prices, odds: As in the lines.
        tops, bottoms: Numerators and denominators of the targets.
        over, under: Numerators and denominators of the divisors.
    """

    numbers: array[int]
    unit: int
    prices: tuple[int, ...]
    odds: tuple[int, ...]
    tops: tuple[int, ...]
    bottoms: tuple[int, ...]
    over: tuple[int, ...]
    under: tuple[int, ...]


class BatchAnswer(NamedTuple):
    """What `solve_batch` found.

    Attributes:
        steps: (L,) int64, whole steps held after the trades.
        sold_out: (L,) bool, whether the odd fraction left too.
        value: (K,) float64, the objective reached, to the rounding of a float; NaN where there is no plan.
        bound: (K,) float64, a proven lower bound; equals `value` where the status is PROVEN.
        status: (K,) int64.
        nodes: (K,) int64, states looked at.
    """

    steps: npt.NDArray[np.int64]
    sold_out: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    bound: npt.NDArray[np.float64]
    status: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int64]


def solve_compiled(problem: AllocationProblem, *, node_limit: int = NODE_LIMIT) -> Answer:
    """Return the best allowed plan of one problem, the one `search.solve` returns.

    Args:
        problem: See its record. Divisible lines and numbers too large for the kernel go to `search.solve`.
        node_limit: States to look at before stopping with a certified gap, >= 0; where no more than 64 plans
            are left all are tried, whatever it is. At the limit the plan is the kernel's best, which may
            differ from the one `search.solve` has at its own.

    Raises:
        Infeasible: Even the sales that raise the most leave the budget short.
    """
    packed = _pack(problem)
    if packed is None:
        return solve(problem)
    lines = np.frombuffer(packed.numbers, np.int64).reshape(-1, COLUMNS)
    steps, sold = np.empty(len(lines), np.int64), np.empty(len(lines), np.bool_)
    status, _, bound, nodes = solve_rows(
        lines, problem.budget, problem.min_trade, packed.unit, node_limit, steps, sold
    )
    if status > LIMITED:
        return solve(problem)
    return _answer(packed, steps.tolist(), sold.tolist(), bound, status == PROVEN, nodes)


def solve_batch(
    lines: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    heads: npt.NDArray[np.int64],
    *,
    node_limit: int = NODE_LIMIT,
) -> BatchAnswer:
    """Solve K problems of L lines in all; item k is what it would be alone.

    A status is PROVEN (the plan ranks first), LIMITED (best found at the node limit, with its bound),
    INFEASIBLE, UNDECIDED (two plans nearer than the arithmetic can tell) or TOO_LARGE (the numbers do not
    fit). The last two have no plan here: give the problem to `search.solve`. The interpreter lock is
    released, so that threads can share the work.

    Args:
        lines: (L, 15) int64, C order. price, held, odd, target numerator and denominator, divisor
            numerator and denominator, can_buy, can_sell (0 or 1), rate in 1/unit, floor in ticks,
            extra_rate in 1/unit, least_steps, most_steps (-1: none), place of the symbol in its problem when
            sorted. Meanings and ranges as in `Line`; all lines are whole shares.
        starts: (K + 1,) int64, problem k has the lines starts[k] .. starts[k + 1] - 1, at least one.
        heads: (K, 3) int64, budget, min_trade and unit, the common denominator of the rates, >= 1.
        node_limit: States to look at before a problem stops with a certified gap, >= 0.
    """
    count = len(heads)
    answer = BatchAnswer(
        steps=np.empty(len(lines), np.int64),
        sold_out=np.zeros(len(lines), np.bool_),
        value=np.full(count, np.nan),
        bound=np.full(count, np.nan),
        status=np.empty(count, np.int64),
        nodes=np.zeros(count, np.int64),
    )
    solve_rows_each(lines, starts, heads, node_limit, *answer)
    return answer


def pack(
    problems: Sequence[AllocationProblem],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return problems as the arrays of `solve_batch`: lines, starts, heads.

    Raises:
        OverflowError: A problem has no lines, divisible lines or a number beyond 64 bits.
    """
    numbers, starts, heads = array("q"), [0], []
    for problem in problems:
        packed = _pack(problem)
        if packed is None:
            raise OverflowError("a problem does not fit into whole 64-bit lines")
        numbers.extend(packed.numbers)
        starts.append(len(numbers) // COLUMNS)
        heads.append((problem.budget, problem.min_trade, packed.unit))
    lines = np.array(numbers, np.int64).reshape(-1, COLUMNS)
    return lines, np.array(starts, np.int64), np.array(heads, np.int64).reshape(-1, 3)


def _pack(problem: AllocationProblem) -> _Packed | None:
    """Return the problem as numbers, None when they do not fit."""
    lines = problem.lines
    n = len(lines)
    if not lines:
        return None
    # Column by column: the loops over lines are then those of C.
    (
        prices, helds, odds, targets, divisors, buys, sells, rates, floors, extras,
        leasts, mosts, splits, symbols,
    ) = zip(*map(_fields, lines), strict=True)  # fmt: skip
    if any(splits):
        return None
    tops, bottoms = zip(*map(_ratio, targets), strict=True)
    over, under = (tops, bottoms) if divisors == targets else _ratios(divisors)
    if len(set(map(id, rates))) == len(set(map(id, extras))) == 1:
        # As nearly always: one commission and one spread for all lines.
        (rate, below), (extra, under_extra) = rates[0].as_integer_ratio(), extras[0].as_integer_ratio()
        unit = lcm(below, under_extra)
        in_rates, in_extras = [rate * (unit // below)] * n, [extra * (unit // under_extra)] * n
    else:
        unit = lcm(*(x.denominator for x in rates), *(x.denominator for x in extras))
        in_rates, in_extras = [int(x * unit) for x in rates], [int(x * unit) for x in extras]
    flat = [0] * (COLUMNS * n)
    flat[0::COLUMNS], flat[1::COLUMNS], flat[2::COLUMNS] = prices, helds, odds
    flat[3::COLUMNS], flat[4::COLUMNS], flat[5::COLUMNS], flat[6::COLUMNS] = tops, bottoms, over, under
    flat[7::COLUMNS], flat[8::COLUMNS], flat[9::COLUMNS] = buys, sells, in_rates
    flat[10::COLUMNS], flat[11::COLUMNS], flat[12::COLUMNS] = floors, in_extras, leasts
    flat[13::COLUMNS] = [-1 if most is None else most for most in mosts]
    flat[14::COLUMNS] = _ranks(symbols)
    if max(abs(problem.budget), problem.min_trade, unit) > WIDEST:
        return None
    try:
        numbers = array("q", struct.pack(f"{len(flat)}q", *flat))
    except struct.error:
        return None
    return _Packed(numbers, unit, prices, odds, tops, bottoms, over, under)


def _ratios(numbers: tuple[Fraction, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return numerators and denominators; one fraction that all lines share is taken apart once."""
    if len(set(map(id, numbers))) == 1:
        top, bottom = numbers[0].as_integer_ratio()
        return (top,) * len(numbers), (bottom,) * len(numbers)
    tops, bottoms = zip(*map(_ratio, numbers), strict=True)
    return tops, bottoms


def _ranks(symbols: tuple[str, ...]) -> Sequence[int]:
    """Return the place of each symbol when sorted; equal ones keep their order."""
    if list(symbols) == sorted(symbols):
        return range(len(symbols))
    ranks = [0] * len(symbols)
    for rank, place in enumerate(sorted(range(len(symbols)), key=symbols.__getitem__)):
        ranks[place] = rank
    return ranks


def _answer(
    packed: _Packed, steps: list[int], sold: list[bool], bound: float, proven: bool, nodes: int
) -> Answer:
    _, _, prices, odds, tops, bottoms, over, under = packed
    rows = zip(prices, odds, steps, sold, tops, bottoms, strict=True)
    # One common denominator instead of a sum of fractions: most of the time went there.
    aways = [(0 if gone else odd + price * n) * b - t for price, odd, n, gone, t, b in rows]
    if len(set(over)) == len(set(under)) == 1:
        common = lcm(*set(bottoms))
        parts = [away * (common // b) for away, b in zip(aways, bottoms, strict=True)]
        total = sum(map(mul, parts, parts))
        value = Fraction(total * under[0], common * common * over[0])
    else:
        parts = [b * b * o for b, o in zip(bottoms, over, strict=True)]
        common = lcm(*parts)
        missed = [away * away * u for away, u in zip(aways, under, strict=True)]
        value = Fraction(sum(m * (common // p) for m, p in zip(missed, parts, strict=True)), common)
    lower = value if proven else min(Fraction(max(bound, 0.0)), value)
    return Answer(tuple(steps), tuple(sold), value, lower, proven, nodes)
