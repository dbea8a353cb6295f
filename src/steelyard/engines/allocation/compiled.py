"""Exact one-budget plans at compiled speed: the same as `search.solve`, for many problems.

The work is in `search_kernel`. What does not fit into its numbers, or holds two plans too near for its
arithmetic to tell apart, goes back to `search.solve`, so that the plan never depends on the road taken.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.engines.allocation.line_kernel import COLUMNS, LIMITED, PROVEN
from steelyard.engines.allocation.problem import Answer, Infeasible, Problem
from steelyard.engines.allocation.search import solve
from steelyard.engines.allocation.search_kernel import solve_rows, solve_rows_each

NODE_LIMIT = 1_000_000
"""States looked at before a problem stops with a certified gap: about half a second."""

WIDEST = (1 << 62) - 1

_fields = attrgetter(
    "price", "held", "odd", "target", "divisor", "can_buy", "can_sell", "rate", "floor", "extra_rate",
    "least_steps", "most_steps", "continuous",
)  # fmt: skip


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


def solve_compiled(problem: Problem, *, node_limit: int = NODE_LIMIT) -> Answer:
    """Return the best allowed plan of one problem, the one `search.solve` returns.

    Args:
        problem: See its record. Divisible lines and numbers too large for the kernel go to `search.solve`.
        node_limit: States to look at before stopping with a certified gap, >= 0. At the limit the plan is
            the kernel's best, which may differ from the one `search.solve` has at its own.

    Raises:
        Infeasible: Even the sales that raise the most leave the budget short.
    """
    packed = _pack(problem)
    if packed is None:
        return solve(problem)
    numbers, unit = packed
    lines = np.frombuffer(numbers, np.int64).reshape(-1, COLUMNS)
    steps, sold = np.empty(len(lines), np.int64), np.empty(len(lines), np.bool_)
    status, _, bound, nodes = solve_rows(
        lines, problem.budget, problem.min_trade, unit, node_limit, steps, sold
    )
    if status > LIMITED:
        return solve(problem)
    return _answer(problem, steps.tolist(), sold.tolist(), bound, status == PROVEN, nodes)


def solve_many(problems: Sequence[Problem], *, node_limit: int = NODE_LIMIT) -> list[Answer | Infeasible]:
    """Return for every problem what `solve_compiled` returns or raises, in the order given."""
    answers: list[Answer | Infeasible] = []
    for problem in problems:
        try:
            answers.append(solve_compiled(problem, node_limit=node_limit))
        except Infeasible as error:
            answers.append(error)
    return answers


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
    problems: Sequence[Problem],
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
        numbers.extend(packed[0])
        starts.append(len(numbers) // COLUMNS)
        heads.append((problem.budget, problem.min_trade, packed[1]))
    lines = np.array(numbers, np.int64).reshape(-1, COLUMNS)
    return lines, np.array(starts, np.int64), np.array(heads, np.int64).reshape(-1, 3)


def _pack(problem: Problem) -> tuple[array[int], int] | None:
    """Return the lines as numbers and the common denominator of the rates, None when they do not fit."""
    lines = problem.lines
    if not lines:
        return None
    # Lines mostly share their fractions: each is taken apart once, by identity.
    shared = {id(x.rate): x.rate for x in lines} | {id(x.extra_rate): x.extra_rate for x in lines}
    ratios = {key: rate.as_integer_ratio() for key, rate in shared.items()}
    unit = lcm(*(bottom for _, bottom in ratios.values()))
    rates = {key: top * (unit // bottom) for key, (top, bottom) in ratios.items()}
    ranks = [0] * len(lines)
    symbols = [x.symbol for x in lines]
    for rank, place in enumerate(sorted(range(len(lines)), key=symbols.__getitem__)):
        ranks[place] = rank
    flat: list[int] = []
    for line, rank in zip(lines, ranks, strict=True):
        price, held, odd, target, divisor, buy, sell, rate, floor, extra, least, most, split = _fields(line)
        if split:
            return None
        wanted = target.as_integer_ratio()
        over = wanted if divisor is target else divisor.as_integer_ratio()
        most = -1 if most is None else most
        flat += (price, held, odd, *wanted, *over, buy, sell)
        flat += (rates[id(rate)], floor, rates[id(extra)], least, most, rank)
    if max(abs(problem.budget), problem.min_trade, unit) > WIDEST:
        return None
    try:
        return array("q", flat), unit
    except OverflowError:
        return None


def _answer(
    problem: Problem, steps: list[int], sold: list[bool], bound: float, proven: bool, nodes: int
) -> Answer:
    # One common denominator instead of a sum of fractions: most of the time went there.
    tops, bottoms = [], []
    for line, n, gone in zip(problem.lines, steps, sold, strict=True):
        top, bottom = line.target.as_integer_ratio()
        away = (0 if gone else line.odd + line.price * n) * bottom - top
        over, under = line.divisor.as_integer_ratio()
        tops.append(away * away * under)
        bottoms.append(bottom * bottom * over)
    common = lcm(*bottoms)
    value = Fraction(sum(t * (common // b) for t, b in zip(tops, bottoms, strict=True)), common)
    lower = value if proven else min(Fraction(max(bound, 0.0)), value)
    return Answer(tuple(steps), tuple(sold), value, lower, proven, nodes)
