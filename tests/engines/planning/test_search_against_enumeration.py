"""The one-budget search against every allowed plan, listed one by one."""

import random
from fractions import Fraction
from itertools import product

import pytest

from lanes import blocks
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Infeasible, Line


def enumerate_best(problem):
    """Return the first-ranked (value, trades, turnover, negative values by symbol) and its states."""
    best = None
    lines = problem.lines
    states = []
    for x in lines:
        raised = sum(y.price * y.held + y.odd for y in lines)
        top = x.held + max(problem.budget + raised, 0) // x.price + 1
        options = [(x.held, False, x.odd + x.price * x.held, Fraction(0), 0)]
        for n in range(0, top + 1):
            if n == x.held or (n > x.held and not x.can_buy) or (n < x.held and not x.can_sell):
                continue
            options.append((n, False, x.odd + x.price * n, *flows(x, x.price * (n - x.held))))
        if x.odd and x.can_sell:
            options.append((0, True, 0, *flows(x, -(x.odd + x.price * x.held))))
        states.append([o for o in options if o[4] == 0 or o[4] >= problem.min_trade])
    order = sorted(range(len(lines)), key=lambda i: lines[i].symbol)
    for plan in product(*states):
        if sum(o[3] for o in plan) > problem.budget:
            continue
        miss = sum((Fraction(o[2]) - x.target) ** 2 / x.divisor for o, x in zip(plan, lines, strict=True))
        rank = (miss, sum(o[4] > 0 for o in plan), sum(o[4] for o in plan), [-plan[i][2] for i in order])
        if best is None or rank < best[0]:
            best = rank, tuple((o[0], o[1]) for o in plan)
    return best


def flows(line, change):
    """Return (budget used, amount traded) of a change in value."""
    amount = abs(change)
    return change + max(Fraction(line.floor), line.rate * amount) + line.extra_rate * amount, amount


def random_problem(seed):
    r = random.Random(seed)
    n = r.randint(2, 4)
    weighted = r.random() < 0.4
    lines = []
    for i in range(n):
        price, held = r.choice([r.randint(3, 40), r.randint(20, 60)]), r.randint(0, 3)
        target = Fraction(r.randint(0, 150), r.choice([1, 1, 7]))
        lines.append(
            Line(
                symbol=f"S{r.randint(0, 99):02}{i}",
                price=price,
                held=held,
                target=target,
                divisor=max(target, Fraction(1)) if weighted else Fraction(1),
                odd=r.randint(1, price - 1) if r.random() < 0.2 else 0,
                can_buy=r.random() < 0.85,
                can_sell=r.random() < 0.7,
                rate=Fraction(r.choice([0, 0, 1, 25]), 1000),
                floor=r.choice([0, 0, 0, 2]),
                extra_rate=Fraction(r.choice([0, 0, 3]), 1000),
            )
        )
    if n > 2 and r.random() < 0.3:  # interchangeable instruments
        first = lines[0]
        lines[1] = Line(**{f: getattr(first, f) for f in first.__slots__ if f != "symbol"}, symbol="S00x")
    return AllocationProblem(tuple(lines), r.randint(-60, 120), r.choice([0, 0, 25]))


@pytest.mark.parametrize("block", blocks(50, "two thousand problems, every plan of each"))
def test_the_search_ranks_first_what_enumeration_ranks_first(block):
    """Both ways, fees with a least fee, smallest trade, locks, odd fractions, withdrawals: 2,000 cases."""
    for seed in range(block * 40, block * 40 + 40):
        problem = random_problem(seed)
        expected = enumerate_best(problem)
        if expected is None:
            with pytest.raises(Infeasible):
                solve(problem)
            continue
        answer = solve(problem)
        assert answer.proven
        assert answer.value == answer.bound == expected[0][0], seed
        assert tuple(zip(answer.steps, answer.sold_out, strict=True)) == expected[1], seed
