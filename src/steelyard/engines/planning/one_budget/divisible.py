"""Plans with instruments whose shares are divisible, alone or beside whole-share ones.

Without a least cost or a smallest trade the divisible block is a convex problem in one multiplier:
its price of money is found by bisection, the set of buyers and sellers it implies is then solved in
exact fractions, and the result is rounded to steps (a billionth of a share) inside the budget. Whole
shares beside it are planned first against the money the block leaves. Where that is not a proof, the
answer says so and carries the bound of the relaxation in which every share is divisible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

from steelyard.engines.planning.problem import AllocationProblem, Answer, Infeasible, Line
from steelyard.records import replace

ZERO = Fraction(0)
MEETS = Fraction(1, 10**9)
"""Value and bound meet when they are this close, relative to the value."""


def solve_divisible(problem: AllocationProblem, solve: Callable[..., Answer], *, node_limit: int) -> Answer:
    """Return the best plan found for a problem with at least one divisible line.

    Args:
        problem: As for `search.solve`.
        solve: The whole-share search, for what is not divisible.
        node_limit: Handed on to it.

    Raises:
        Infeasible: No allowed plan exists.
    """
    whole = [i for i, line in enumerate(problem.lines) if not line.continuous]
    relaxed = _relax(problem.lines, Fraction(problem.budget))
    # All lines divisible and no least costs: every plan is allowed there too, so none misses less.
    bound = _miss(problem.lines, relaxed)
    fixed: dict[int, tuple[int, bool]] = {}
    nodes = 0
    if whole:
        fixed, nodes = _place_whole(problem, whole, relaxed, solve, node_limit)
    values = _block(problem, fixed)
    steps, sold = [0] * len(problem.lines), [False] * len(problem.lines)
    for index, (count, gone) in fixed.items():
        steps[index], sold[index] = count, gone
    for index, count in _round(problem, fixed, values).items():
        line = problem.lines[index]
        steps[index] = count
        sold[index] = bool(line.odd) and count == 0 and line.can_sell and values[index] <= line.odd
    value = sum(
        (_missed(x, _worth(x, n, s)) for x, n, s in zip(problem.lines, steps, sold, strict=True)), ZERO
    )
    # Half a step of every line is what rounding alone may cost.
    rounding = sum((Fraction(x.price) ** 2 / x.divisor for x in problem.lines if x.continuous), ZERO)
    proven = value - bound <= max(MEETS * value, 4 * rounding)
    return Answer(tuple(steps), tuple(sold), value, min(bound, value), proven, nodes)


def _worth(line: Line, steps: int, sold: bool) -> Fraction:
    return ZERO if sold else Fraction(line.odd + line.price * steps)


def _held(line: Line) -> Fraction:
    return Fraction(line.odd + line.price * line.held)


def _missed(line: Line, worth: Fraction) -> Fraction:
    return (worth - line.target) ** 2 / line.divisor


def _miss(lines: Sequence[Line], values: Sequence[Fraction]) -> Fraction:
    return sum((_missed(line, v) for line, v in zip(lines, values, strict=True)), ZERO)


def _rates(line: Line) -> Fraction:
    return line.rate + line.extra_rate


def _at(line: Line, multiplier: Fraction) -> Fraction:
    """Return the value a divisible line takes when money is worth `multiplier`, proportional costs only."""
    held = _held(line)
    if line.can_buy:
        bought = line.target - multiplier * (1 + _rates(line)) * line.divisor / 2
        if bought > held:
            return bought
    if line.can_sell:
        kept = line.target - multiplier * (1 - _rates(line)) * line.divisor / 2
        if kept < held:
            return max(kept, ZERO)
    return held


def _use(line: Line, value: Fraction) -> Fraction:
    change = value - _held(line)
    return change * (1 + _rates(line)) if change > 0 else change * (1 - _rates(line))


def _relax(lines: Sequence[Line], budget: Fraction) -> list[Fraction]:
    """Return the exact optimum when every line is divisible and only proportional costs count.

    Raises:
        Infeasible: Selling everything that may be sold leaves the budget short.
    """
    lowest = sum((_use(x, ZERO) for x in lines if x.can_sell), ZERO)
    if lowest > budget:
        raise Infeasible(lowest - budget)

    def spent(multiplier: Fraction) -> Fraction:
        return sum((_use(line, _at(line, multiplier)) for line in lines), ZERO)

    if spent(ZERO) <= budget:
        return [_at(line, ZERO) for line in lines]
    # `spent` is piecewise linear and falling in the multiplier; between two neighbouring
    # breakpoints it is linear, so one interpolation there is exact.
    breaks = sorted({b for line in lines for b in _breaks(line) if b > 0})
    low, high = ZERO, None
    first, last = 0, len(breaks)
    while first < last:
        middle = (first + last) // 2
        if spent(breaks[middle]) > budget:
            low, first = breaks[middle], middle + 1
        else:
            high, last = breaks[middle], middle
    if high is None:
        high = max(low, Fraction(1)) * 2
        while spent(high) > budget:
            high *= 2
    at_low, at_high = spent(low), spent(high)
    multiplier = high if at_low == at_high else low + (high - low) * (at_low - budget) / (at_low - at_high)
    return [_at(line, multiplier) for line in lines]


def _breaks(line: Line) -> list[Fraction]:
    held, half = _held(line), line.divisor / 2
    points = [(line.target - held) / ((1 + _rates(line)) * half)]
    if _rates(line) < 1:
        points += [
            (line.target - held) / ((1 - _rates(line)) * half),
            line.target / ((1 - _rates(line)) * half),
        ]
    return points


def _place_whole(
    problem: AllocationProblem,
    whole: list[int],
    relaxed: list[Fraction],
    solve: Callable[..., Answer],
    node_limit: int,
) -> tuple[dict[int, tuple[int, bool]], int]:
    """Plan the whole-share lines against the money that the relaxed divisible lines leave over."""
    taken = sum((_use(problem.lines[i], relaxed[i]) for i in range(len(relaxed)) if i not in whole), ZERO)
    lines = tuple(problem.lines[i] for i in whole)
    slack = max(_held(problem.lines[i]) for i in range(len(relaxed)) if i not in whole)
    # What the divisible lines would take is a guess. Where it leaves the whole ones too little, they get
    # more, in the end all of it; what they then leave is spent by the block exactly.
    for money in (floor(problem.budget - taken), floor(problem.budget - taken + slack), problem.budget):
        try:
            answer = solve(replace(problem, lines=lines, budget=money), node_limit=node_limit)
        except Infeasible:
            continue
        fixed = {i: (n, s) for i, n, s in zip(whole, answer.steps, answer.sold_out, strict=True)}
        try:
            _block(problem, fixed)
        except Infeasible:
            continue
        return fixed, answer.nodes
    raise Infeasible(Fraction(1))


def _cost(line: Line, amount: Fraction) -> Fraction:
    return max(Fraction(line.floor), line.rate * amount) + line.extra_rate * amount if amount else ZERO


def _left(problem: AllocationProblem, fixed: dict[int, tuple[int, bool]]) -> Fraction:
    left = Fraction(problem.budget)
    for index, (steps, sold) in fixed.items():
        line = problem.lines[index]
        change = _worth(line, steps, sold) - _held(line)
        left -= change + _cost(line, abs(change))
    return left


def _block(problem: AllocationProblem, fixed: dict[int, tuple[int, bool]]) -> dict[int, Fraction]:
    """Return the values of the divisible lines given the whole ones; too small trades are left out."""
    idle: set[int] = set()
    left = _left(problem, fixed)
    free = [i for i in range(len(problem.lines)) if i not in fixed]
    while True:
        active = [i for i in free if i not in idle]
        lines = [problem.lines[i] for i in active]
        traded_floor = ZERO
        values: dict[int, Fraction] = {}
        # A least cost depends on which lines trade, and these on what costs leave: set aside, solved again,
        # until it is enough. What eight rounds leave short, `_round` gives back.
        for _ in range(8):
            solved = _relax(lines, left - traded_floor)
            values = dict(zip(active, solved, strict=True))
            extra = sum(
                (
                    max(ZERO, x.floor - x.rate * abs(v - _held(x)))
                    for x, v in zip(lines, solved, strict=True)
                    if v != _held(x)
                ),
                ZERO,
            )
            if extra <= traded_floor:
                break
            traded_floor = extra
        small = [i for i, v in values.items() if 0 < abs(v - _held(problem.lines[i])) < problem.min_trade]
        if not small:
            return {i: values.get(i, _held(problem.lines[i])) for i in free}
        idle.add(
            min(small, key=lambda i: (abs(values[i] - _held(problem.lines[i])), problem.lines[i].symbol))
        )


def _round(
    problem: AllocationProblem, fixed: dict[int, tuple[int, bool]], values: dict[int, Fraction]
) -> dict[int, int]:
    """Round values to steps inside the budget; money left by rounding down goes to the largest remainders."""
    left = _left(problem, fixed)
    steps: dict[int, int] = {}
    remainders: list[tuple[Fraction, str, int]] = []
    for index, value in values.items():
        line = problem.lines[index]
        if value == _held(line):
            steps[index] = line.held
            continue
        wanted = (value - line.odd) / line.price
        steps[index] = max(floor(wanted), 0)
        if value > _held(line):
            steps[index] = max(steps[index], line.held)
            remainders.append((-(wanted - steps[index]), line.symbol, index))
        sold_out = bool(line.odd) and steps[index] == 0 and value <= line.odd and line.can_sell
        change = _worth(line, steps[index], sold_out) - _held(line)
        left -= change + _cost(line, abs(change))
    for _, _, index in sorted(remainders):
        line = problem.lines[index]
        before = Fraction(line.price * (steps[index] - line.held))
        extra = line.price + _cost(line, before + line.price) - _cost(line, before)
        if extra <= left and (steps[index] + 1) * line.price + line.odd <= line.target + line.price:
            steps[index] += 1
            left -= extra
    # Floors and rounding may leave a hair too little: give back steps of the largest purchase.
    while left < 0:
        index = max(steps, key=lambda i: (steps[i] - problem.lines[i].held) * problem.lines[i].price)
        line = problem.lines[index]
        before = Fraction(line.price * (steps[index] - line.held))
        if before <= 0:
            raise Infeasible(-left)
        steps[index] -= 1
        left += line.price + _cost(line, before) - _cost(line, before - line.price)
    return steps
