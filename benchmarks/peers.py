"""Plans side by side with PyPortfolioOpt and with kallegrens/rebalance, on the same cases.

    python benchmarks/peers.py [--python PATH] [--cases 1000]

The peers are looked for in the interpreter at PATH (an environment of their own: they pin what they need);
one that is not importable there is skipped with a sentence. `pip install PyPortfolioOpt
packaging rebalance` brings both where Python is new enough; else a checkout of kallegrens/rebalance on that
interpreter's path will do. Every plan is measured in what its peer itself minimises, with idle cash
counted as one more holding whose target is zero, and ours is made for the same measure (`--objective
deviation` or `relative_deviation`). Without idle cash, and in squares, ours may be worse: it was not asked
for that.
"""

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

NOT_IMPORTABLE = 3
KODEX_CASE = {
    "prices": [35_000, 550_000, 85_000, 260_000],
    "held": [80, 8, 18, 3],
    "percents": [30, 40, 20, 10],
    "cash": 1_000_000,
}

Case = dict[str, Any]


def random_case(seed: int) -> Case:
    """4 to 20 instruments of 5,000 to 600,000, weights of whole percents, two to a hundred million in all."""
    r = random.Random(seed)
    n = r.randint(4, 20)
    prices = [r.randint(500, 60_000) * 10 for _ in range(n)]
    cuts = sorted(r.sample(range(1, 100), n - 1))
    percents = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    total = int(10 ** r.uniform(6.3, 8))
    held = [int(total * c / 100 * r.uniform(0, 1.3) / p) for c, p in zip(percents, prices, strict=True)]
    while sum(p * h for p, h in zip(prices, held, strict=True)) > total * 0.97:
        held[r.randrange(n)] //= 2
    cash = total - sum(p * h for p, h in zip(prices, held, strict=True))
    return {"prices": prices, "held": held, "percents": percents, "cash": cash}


# Run by the peers' interpreter: one planner, all cases, shares held afterwards and seconds as JSON.


def pypfopt_planner(how: str) -> Callable[[Case], list[int]]:
    import pandas as pd
    from pypfopt.discrete_allocation import DiscreteAllocation

    def plan(case: Case) -> list[int]:
        names = [f"E{i:02}" for i in range(len(case["prices"]))]
        weights = {name: c / 100 for name, c in zip(names, case["percents"], strict=True)}
        prices = pd.Series([float(p) for p in case["prices"]], index=names)
        total = case["cash"] + sum(p * h for p, h in zip(case["prices"], case["held"], strict=True))
        allocation = DiscreteAllocation(weights, prices, total_portfolio_value=total)
        shares, _ = getattr(allocation, how)()
        return [int(shares.get(name, 0)) for name in names]

    return plan


def kallegrens_planner(objective: str, selling: bool) -> Callable[[Case], list[int]]:
    import rebalance.asset
    from loguru import logger
    from rebalance.money import Price
    from rebalance.portfolio import Portfolio
    from rebalance.rebalancing_helper import rebalance as rebalanced

    logger.remove()
    quoted: dict[str, float] = {}
    rebalance.asset.fetch_yfinance_price = lambda ticker: Price(quoted[ticker], "KRW")

    def plan(case: Case) -> list[int]:
        names = [f"E{i:02}" for i in range(len(case["prices"]))]
        quoted.update({name: float(p) for name, p in zip(names, case["prices"], strict=True)})
        portfolio = Portfolio()
        portfolio.common_currency = "KRW"
        portfolio.selling_allowed = selling
        portfolio.easy_add_assets(names, case["held"])
        portfolio.easy_add_cash([float(case["cash"])], ["KRW"])
        targets = {name: float(c) for name, c in zip(names, case["percents"], strict=True)}
        _, units, *_ = rebalanced(portfolio, targets, objective=objective)
        return [h + int(units[name]) for h, name in zip(case["held"], names, strict=True)]

    return plan


PLANNERS: dict[str, tuple[Callable[[], Callable[[Case], list[int]]], str, bool]] = {
    "PyPortfolioOpt greedy": (lambda: pypfopt_planner("greedy_portfolio"), "absolute", True),
    "PyPortfolioOpt lp": (lambda: pypfopt_planner("lp_portfolio"), "absolute", True),
    "kallegrens absolute-l1": (lambda: kallegrens_planner("absolute-l1", True), "absolute", True),
    "kallegrens relative-l1": (lambda: kallegrens_planner("relative-l1", True), "relative", True),
    "kallegrens absolute-l1, buy": (lambda: kallegrens_planner("absolute-l1", False), "absolute", False),
    "kallegrens relative-l1, buy": (lambda: kallegrens_planner("relative-l1", False), "relative", False),
}


def serve(name: str) -> None:
    try:
        plan = PLANNERS[name][0]()
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_IMPORTABLE)
    answers = []
    for case in json.load(sys.stdin):
        start = time.perf_counter()
        try:
            shares = plan(case)
        except Exception as error:  # a peer's failure is a result here
            shares = f"{type(error).__name__}: {error}"
        answers.append((shares, time.perf_counter() - start))
    print("answers " + json.dumps(answers))


# Run by our interpreter.


def ours(case: Case, measure: str, selling: bool) -> tuple[list[int], float, bool]:
    """Return the shares of our plan for the sum of sizes with idle cash, its time, and if it is proven."""
    from steelyard.engines.planning.household.household import Goal, Household, Position
    from steelyard.engines.planning.household.totals.several_budgets import solve_household
    from steelyard.engines.planning.one_budget.search import solve

    total = case["cash"] + sum(p * h for p, h in zip(case["prices"], case["held"], strict=True))
    targets = [Fraction(total * c, 100) for c in case["percents"]]
    relative = measure == "relative"
    start = time.perf_counter()
    goals = tuple(Goal(f"E{i:02}", t, t if relative else Fraction(1)) for i, t in enumerate(targets))
    positions = tuple(
        Position(0, i, 0, price, held, can_sell=selling)
        for i, (price, held) in enumerate(zip(case["prices"], case["held"], strict=True))
    )
    idle = Fraction(1, total) if relative else Fraction(1)
    problem = Household(goals, positions, ((case["cash"],),), power=1, idle=idle)
    best = solve_household(problem, solve, seconds=5)
    return list(best.change.steps), time.perf_counter() - start, best.proven


def errors(case: Case, shares: list[int], measure: str) -> tuple[Fraction, Fraction, Fraction]:
    """Return the peer's error with idle cash, without it, and the squared miss (weights, exact)."""
    total = case["cash"] + sum(p * h for p, h in zip(case["prices"], case["held"], strict=True))
    idle = Fraction(total - sum(p * n for p, n in zip(case["prices"], shares, strict=True)), total)
    plain, squared = Fraction(0), Fraction(0)
    for price, n, percent in zip(case["prices"], shares, case["percents"], strict=True):
        miss = Fraction(price * n, total) - Fraction(percent, 100)
        scale = Fraction(percent, 100) if measure == "relative" else Fraction(1)
        plain += abs(miss) / scale
        squared += miss**2 / scale
    return plain + abs(idle), plain, squared


def tally(pairs: list[tuple[Fraction, Fraction]]) -> str:
    better = sum(a < b for a, b in pairs)
    equal = sum(a == b for a, b in pairs)
    return f"{better:4}/{equal:4}/{len(pairs) - better - equal:4}"


def version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or "absent"


def compare(name: str, python: str, cases: list[Case]) -> None:
    _, measure, selling = PLANNERS[name]
    done = subprocess.run(
        [python, __file__, "--serve", name], input=json.dumps(cases), capture_output=True, text=True
    )
    if done.returncode == NOT_IMPORTABLE:
        print(f"{name:28} skipped: {done.stderr.strip().splitlines()[-1]}")
        return
    if done.returncode:
        print(f"{name:28} skipped: it ended with {done.stderr.strip().splitlines()[-1]}")
        return
    text = next(x for x in done.stdout.splitlines() if x.startswith("answers "))
    with_cash, without, squared, theirs, mine = [], [], [], [], []
    failed = overspent = proven = 0
    worse, open_ = [], []
    answers = json.loads(text.removeprefix("answers "))
    for number, (case, (shares, seconds)) in enumerate(zip(cases, answers, strict=True)):
        if isinstance(shares, str):
            failed += 1
            continue
        budget = case["cash"] + sum(p * h for p, h in zip(case["prices"], case["held"], strict=True))
        if sum(p * n for p, n in zip(case["prices"], shares, strict=True)) > budget:
            overspent += 1
            continue
        plan, spent, sure = ours(case, measure, selling)
        proven += sure
        if not sure:
            open_.append(number)
        a, b = errors(case, plan, measure), errors(case, shares, measure)
        with_cash.append((a[0], b[0]))
        if a[0] > b[0]:
            worse.append(number)
        without.append((a[1], b[1]))
        squared.append((a[2], b[2]))
        theirs.append(seconds)
        mine.append(spent)
    ratio = statistics.median(theirs) / statistics.median(mine)
    unit = 1 if measure == "relative" else 100
    means = [float(statistics.mean(side)) * unit for side in zip(*with_cash, strict=True)]
    print(
        f"{name:28} {tally(with_cash)}  {tally(without)}  {tally(squared)}  {means[0]:7.4f} {means[1]:7.4f}"
        f"  {statistics.median(mine) * 1e3:6.2f} {statistics.median(theirs) * 1e3:7.1f} {ratio:6.0f}"
        + f"  proven {proven}"
        + (f"  failed {failed}" if failed else "")
        + (f"  overspent {overspent}" if overspent else "")
        + (f"  worse in {worse}" if worse else "")
        + (f"  not proven in {open_}" if open_ else ""),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--serve", choices=PLANNERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    print(f"Python {platform.python_version()}, {platform.machine()}", end="")
    for package in ("pyportfolioopt", "rebalance", "cvxpy", "highspy"):
        print(f", {package} {version(arguments.python, package)}", end="")
    heading = (
        f"{'':28} {'peer + cash':>14}  {'without cash':>14}  {'squared':>14}"
        f"  {'mean error with cash':>15}  {'median ms':>12}"
    )
    for title, cases in (
        ("four instruments, 10,510,000", [KODEX_CASE]),
        (f"{arguments.cases} random cases", [random_case(k) for k in range(arguments.cases)]),
    ):
        print(f"\n\n{title}: ours better/equal/worse in each measure; means and times ours, theirs")
        print(heading)
        for name in PLANNERS:
            compare(name, arguments.python, cases)
    print("\nmean errors: percent of the total for absolute, sum of relative misses for relative-l1")


if __name__ == "__main__":
    main()
