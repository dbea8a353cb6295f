"""Several accounts against one target: time and proof of the household planner.

Goal: 4 accounts with 10 instruments within a second. Times are this machine's and only good as ratios:
the same portfolio merged into one account is planned beside each household in the same run.
"""

import platform
import random
import statistics
import time
from fractions import Fraction

from steelyard.engines.planning.household.household import Cap, Goal, Household, Position
from steelyard.engines.planning.household.totals.several_budgets import solve_household
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Line

CASES = 100
KINDS = {
    "free": {},
    "buy-only": {"buy_only": True},
    "spread 0.1 %": {"spread": Fraction(1, 1000)},
    "commission 0.1 %, least 1": {"rate": Fraction(1, 1000), "floor": 100},
    "two accounts sheltered": {"sheltered": True},
    "sheltered, one capped": {"sheltered": True, "capped": True},
    "all of them": {"rate": Fraction(1, 1000), "floor": 100, "spread": Fraction(2, 1000)},
}


def household(seed, accounts=4, instruments=10, *, buy_only=False, sheltered=False, capped=False, **costs):
    """Return a random household: totals of 30 thousand to a million, prices 5 to 600, in cents.

    Sheltered: the last two accounts may hold every second instrument only. Capped: the last one buys at
    most 70 % of risky assets, which are all but the first instrument.
    """
    r = random.Random(seed)
    total = 10 ** r.uniform(4.5, 6) * 100
    weights = [r.random() + 0.1 for _ in range(instruments)]
    prices = [int(r.uniform(5, 600) * 100) for _ in range(instruments)]
    shares = [r.random() + 0.2 for _ in range(accounts)]
    foreign = bool(costs.get("spread"))
    positions = [
        Position(
            a,
            i,
            i % 2 if foreign else 0,
            prices[i],
            int(total * weights[i] / sum(weights) * shares[a] / sum(shares) * r.uniform(0, 1.6) / prices[i]),
            can_sell=not buy_only,
        )
        for a in range(accounts)
        for i in range(instruments)
        if not (sheltered and a > 1 and i % 2)
    ]
    held = sum(s.price * s.held for s in positions)
    rest = max(total - held, total * 0.02)
    balances = tuple((int(rest * s / sum(shares) / 2),) * 2 for s in shares)
    managed = held + sum(map(sum, balances))
    goals = tuple(Goal(f"S{i:02}", Fraction(int(managed * w / sum(weights)))) for i, w in enumerate(weights))
    caps = ()
    if capped:
        risky = tuple(k for k, s in enumerate(positions) if s.account == accounts - 1 and s.goal)
        caps = (Cap(accounts - 1, risky, Fraction(7, 10)),)
    return Household(goals, tuple(positions), balances, caps=caps, **costs)


def merged(problem):
    """Return the same portfolio as one account without conversion costs."""
    lines = []
    for index, goal in enumerate(problem.goals):
        positions = [s for s in problem.positions if s.goal == index]
        lines.append(
            Line(
                goal.symbol, positions[0].price, sum(s.held for s in positions), goal.target,
                can_sell=positions[0].can_sell, rate=problem.rate, floor=problem.floor,
            )
        )  # fmt: skip
    return AllocationProblem(tuple(lines), sum(map(sum, problem.balances)))


def main():
    print(platform.python_version(), platform.machine(), platform.system())
    solve_household(household(0), solve)  # the solver's own import is not what is measured
    for name, kind in KINDS.items():
        times, ratios, gaps, proven = [], [], [], 0
        for seed in range(CASES):
            problem = household(seed, **kind)
            start = time.perf_counter()
            best = solve_household(problem, solve)
            times.append(time.perf_counter() - start)
            start = time.perf_counter()
            solve(merged(problem))
            ratios.append(times[-1] / (time.perf_counter() - start))
            proven += best.proven
            if not best.proven:
                managed = sum(g.target for g in problem.goals)
                gaps.append((float(best.value) ** 0.5 - float(best.bound) ** 0.5) / float(managed))
        print(
            f"{name:28} median {statistics.median(times):.2f} s, longest {max(times):.2f} s, "
            f"{statistics.median(ratios):.0f} times one account; proven {proven} of {CASES}"
            + (f", widest gap {max(gaps):.1e} of the portfolio (root of the sum of squares)" if gaps else "")
        )


if __name__ == "__main__":
    main()
