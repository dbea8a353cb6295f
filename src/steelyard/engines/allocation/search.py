"""The exact whole-share plan under one budget, in plain Python without any solver.

Depth-first branch and bound. Everything but the budget is separate per instrument, so for a price m
of money the best a set of instruments can do alone is a sum of per-instrument minima, S(m); with r
left to spend, S(m) - m r bounds what they can reach together, for every m >= 0. Instruments are
walked from the dearest share down and their states outwards from the best; the first state whose
bound passes the incumbent ends its level. Floats steer and prune, with slack; whatever could be a tie
is compared exactly, so the ranked order (objective, trades, turnover, symbol order) is exact too.

Source: Lagrangian relaxation of a separable problem with one coupling constraint.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf, lcm
from typing import TypeVar

from steelyard.engines.allocation.divisible import solve_divisible
from steelyard.engines.allocation.options import Choices, Option, Scale
from steelyard.engines.allocation.problem import Answer, Infeasible, Line, Problem

Number = TypeVar("Number", int, float)

NODE_LIMIT = 300_000
"""Partial choices looked at before the search stops with a certified gap: a few seconds in plain Python."""

SLACK = 1e-12
"""Relative rounding error allowed for in a float bound before a branch is given up."""


def solve(problem: Problem, *, node_limit: int = NODE_LIMIT) -> Answer:
    """Return the best allowed plan, with its certificate.

    Args:
        problem: Lines in any order; integers and fractions, see `Problem`.
        node_limit: Partial choices to look at before stopping with a certified gap.

    Returns:
        The plan that ranks first: least objective, then fewest trades, then least turnover, then
        most value in the symbol that sorts first. `proven` is False only after the node limit.

    Raises:
        Infeasible: Even the sales that raise the most leave the budget short.
    """
    if any(line.continuous for line in problem.lines):
        return solve_divisible(problem, solve, node_limit=node_limit)
    return _Search(problem, node_limit).run()


def scale_of(lines: tuple[Line, ...]) -> Scale:
    """Return the denominators that make every target and cost of some lines whole."""
    values = lcm(*(line.target.denominator for line in lines), 1)
    rates = lcm(*(line.rate.denominator for line in lines), *(x.extra_rate.denominator for x in lines), 1)
    return Scale(values, rates)


class _Search:
    """One run: the lines in search order, the suffix bounds, the incumbent."""

    def __init__(self, problem: Problem, node_limit: int) -> None:
        self.node_limit = node_limit
        lines = problem.lines
        scale = scale_of(lines)
        self.budget = problem.budget * scale.rates
        raised = sum(line.price * line.held + line.odd for line in lines if line.can_sell)
        money = max(problem.budget + raised, 0)
        # Equal instruments stand side by side, so that their permutations can be skipped.
        self.order = sorted(
            range(len(lines)), key=lambda i: (-lines[i].price, _kind(lines[i]), lines[i].symbol)
        )
        self.choices = [
            Choices(lines[i], scale, min_trade=problem.min_trade, most_money=money) for i in self.order
        ]
        self.twin = [
            place > 0 and _kind(lines[i]) == _kind(lines[self.order[place - 1]])
            for place, i in enumerate(self.order)
        ]
        # Position of every symbol's line in the search order, for the last rank.
        self.by_symbol = sorted(range(len(lines)), key=lambda place: lines[self.order[place]].symbol)
        self.cheapest = _suffix_sums([c.cheapest() for c in self.choices]) or [0]
        self.best: list[Option] = []
        self.best_miss = inf
        self.best_exact: Fraction | None = None
        self.nodes = 0
        self.open_bound = inf

    def run(self) -> Answer:
        if self.cheapest[0] > self.budget:
            scale = self.choices[0].scale.rates if self.choices else 1
            raise Infeasible(Fraction(self.cheapest[0] - self.budget, scale))
        if not self.choices:
            return Answer((), (), Fraction(0), Fraction(0), True, 0)
        peak = self._price_budget()
        self._first_plan(peak)
        self.multipliers = self._grid(peak)
        self.bounds = [_suffix_sums([c.best(m)[0] for c in self.choices]) for m in self.multipliers]
        self._walk(0, self.budget, 0.0, [])
        return self._answer()

    def _price_budget(self) -> float:
        """Return the multiplier at which the unconstrained choices spend the budget, 0 if they never do."""
        if self._spent(0.0) <= self.budget:
            return 0.0
        high = 1e-300
        step = max(_unit_multiplier(c) for c in self.choices)
        high = step
        while self._spent(high) > self.budget and high < step * 1e30:
            high *= 4
        low = 0.0
        for _ in range(60):
            middle = (low + high) / 2
            if self._spent(middle) > self.budget:
                low = middle
            else:
                high = middle
            if high - low <= 1e-12 * high:
                break
        return high

    def _spent(self, multiplier: float) -> int:
        return sum(c.best(multiplier)[1].spent for c in self.choices)

    def _grid(self, peak: float) -> list[float]:
        """Return multipliers around the best one, and 0: dense near it, sparse far away."""
        unit = max(_unit_multiplier(c) for c in self.choices)
        grid = {0.0, peak}
        for halvings in range(0, 14):
            width = 2 * unit / 2**halvings
            grid.add(peak + width)
            grid.add(max(peak - width, 0.0))
        return sorted(grid)

    def _first_plan(self, peak: float) -> None:
        """Find a feasible plan: the priced choices, made affordable, then filled up greedily."""
        plan = [c.best(peak)[1] for c in self.choices]
        spent = sum(o.spent for o in plan)
        multiplier = max(peak, max(_unit_multiplier(c) for c in self.choices) * 1e-6)
        for _ in range(120):
            if spent <= self.budget:
                break
            multiplier *= 2
            plan = [c.best(multiplier)[1] for c in self.choices]
            spent = sum(o.spent for o in plan)
        if spent > self.budget:
            plan = [min(_extremes(c), key=lambda o: (o.spent, o.miss)) for c in self.choices]
            spent = sum(o.spent for o in plan)
        for _ in range(4 * len(plan) + 40):
            swap = self._best_swap(plan, spent)
            if swap is None:
                break
            place, option = swap
            spent += option.spent - plan[place].spent
            plan[place] = option
        self._offer(plan)

    def _best_swap(self, plan: list[Option], spent: int) -> tuple[int, Option] | None:
        best: tuple[float, int, Option] | None = None
        for place, (choice, now) in enumerate(zip(self.choices, plan, strict=True)):
            change = now.steps - choice.line.held
            for other in (change + 1, change - 1):
                side = 1 if other > 0 else -1
                if other and not choice._allowed(other, side):
                    continue
                option = choice.state(other)
                gain = now.miss - option.miss
                if (
                    gain > 0
                    and spent + option.spent - now.spent <= self.budget
                    and (best is None or gain > best[0])
                ):
                    best = (gain, place, option)
        return None if best is None else (best[1], best[2])

    def _walk(self, place: int, left: int, miss: float, chosen: list[Option]) -> None:
        if place == len(self.choices):
            self._offer(chosen)
            return
        self.nodes += 1
        # The multiplier that bounds this node best; the bound is concave in it, but the grid is short.
        money = float(left)
        bound, at = -inf, 0
        for index, multiplier in enumerate(self.multipliers):
            here = self.bounds[index][place] - multiplier * money
            if here > bound:
                bound, at = here, index
        multiplier = self.multipliers[at]
        rest = self.bounds[at][place + 1] - multiplier * money
        margin = SLACK * (abs(self.bounds[at][place]) + abs(multiplier * money) + miss)
        if miss + bound > self.best_miss + margin:
            return
        if self.nodes > self.node_limit:
            self.open_bound = min(self.open_bound, miss + bound - margin)
            return
        ceiling = chosen[-1].value if self.twin[place] and chosen else None
        for cost, option in self.choices[place].outward(multiplier):
            if miss + cost + rest > self.best_miss + margin:
                return
            if self.nodes > self.node_limit:
                self.open_bound = min(self.open_bound, miss + cost + rest - margin)
                return
            remaining = left - option.spent
            if remaining < self.cheapest[place + 1] or (ceiling is not None and option.value > ceiling):
                continue
            chosen.append(option)
            self._walk(place + 1, remaining, miss + option.miss, chosen)
            chosen.pop()

    def _offer(self, plan: list[Option]) -> None:
        """Take a feasible plan if it ranks before the incumbent."""
        miss = sum(o.miss for o in plan)
        if miss > self.best_miss * (1 + SLACK) and self.best:
            return
        exact = sum((c.exact_miss(o) for c, o in zip(self.choices, plan, strict=True)), Fraction(0))
        if self.best_exact is None or (exact, self._rank(plan)) < (self.best_exact, self._rank(self.best)):
            self.best, self.best_exact, self.best_miss = list(plan), exact, float(exact)

    def _rank(self, plan: list[Option]) -> tuple[int, int, tuple[int, ...]]:
        trades = sum(o.amount > 0 for o in plan)
        turnover = sum(o.amount for o in plan)
        return trades, turnover, tuple(-plan[place].value for place in self.by_symbol)

    def _answer(self) -> Answer:
        assert self.best_exact is not None
        steps = [0] * len(self.order)
        sold = [False] * len(self.order)
        for place, index in enumerate(self.order):
            steps[index] = self.best[place].steps
            sold[index] = self.best[place].sold_out
        proven = self.open_bound == inf
        bound = self.best_exact if proven else min(Fraction(max(self.open_bound, 0.0)), self.best_exact)
        return Answer(tuple(steps), tuple(sold), self.best_exact, bound, proven, self.nodes)


def _extremes(choice: Choices) -> list[Option]:
    states = list(choice.singles)
    if choice.most_sold >= choice.least_sold:
        states.append(choice.state(-choice.most_sold))
    return states


def _kind(line: Line) -> tuple[object, ...]:
    """Everything about a line but its name: two lines of one kind are interchangeable."""
    return (
        line.held, line.target, line.divisor, line.odd, line.can_buy, line.can_sell, line.rate, line.floor,
        line.extra_rate, line.price, line.least_steps, -1 if line.most_steps is None else line.most_steps,
    )  # fmt: skip


def _unit_multiplier(choice: Choices) -> float:
    """Return how much the price of money must move to move a line by one step."""
    line = choice.line
    return 2.0 * line.price / float(line.divisor) / choice.scale.rates


def _suffix_sums(terms: list[Number]) -> list[Number]:
    """Return for every place the sum of the terms from there on; one longer than the terms."""
    sums = [terms[0] * 0] if terms else []
    for term in reversed(terms):
        sums.append(sums[-1] + term)
    return sums[::-1]
