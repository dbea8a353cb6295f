"""The compiled search: time per problem on random cases, and on families made to be hard.

Goals: 10,000 random cases of 4 to 30 instruments with p50 within 0.03 ms and p99 within 0.5 ms, in the
kernel and through `solve_compiled`, all proven; every hard case proven within 0.5 s
or with its certified gap.
"""

import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numba
import numpy as np

from steelyard.engines.planning.compiled.compiled_search import pack, solve_batch, solve_compiled
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import AllocationProblem, Line

CASES = 10_000
HARD = 60
MODES = ("full", "buy-only", "relative")


def problem(r: random.Random, prices: list[int], total: int, mode: str) -> AllocationProblem:
    """Draw weights of whole percents and holdings around them; what is held never exceeds the total."""
    n = len(prices)
    shares = [r.randint(1, 100) for _ in prices]
    percents = [s * 1000 // sum(shares) for s in shares]
    percents[0] += 1000 - sum(percents)
    targets = [Fraction(total * p, 1000) for p in percents]
    buying = mode != "full"
    held = [
        int(float(t) * r.uniform(0.0, 1.1 if buying else 1.6) / p)
        for t, p in zip(targets, prices, strict=True)
    ]
    while buying and sum(h * p for h, p in zip(held, prices, strict=True)) > total * 0.98:
        held[r.randrange(n)] //= 2
    lines = tuple(
        Line(
            symbol=f"E{i:02}",
            price=prices[i],
            held=held[i],
            target=targets[i],
            divisor=max(targets[i], Fraction(1)) if mode == "relative" else Fraction(1),
            can_sell=not buying,
        )
        for i in range(n)
    )
    return AllocationProblem(lines, total - sum(h * p for h, p in zip(held, prices, strict=True)))


def ordinary(seed: int) -> AllocationProblem:
    """Prices of 5 to 600, totals of 10 thousand to a million, in hundredths; every third with commission."""
    r = random.Random(seed)
    prices = [r.randint(500, 60_000) for _ in range(r.randint(4, 30))]
    total = int(10 ** r.uniform(6, 8))
    case = problem(r, prices, total, MODES[seed % 3])
    if r.random() < 0.67:
        return case
    cost = {"rate": Fraction(r.choice([1, 5, 10, 25]), 10_000), "floor": r.choice([0, 0, 100])}
    return replace(case, lines=tuple(replace(x, **cost) for x in case.lines))


def clusters(r: random.Random) -> list[int]:
    return [r.randint(480, 520) for _ in range(10)] + [r.randint(48_000, 52_000) for _ in range(10)]


def equal(r: random.Random) -> list[int]:
    return [r.randint(500, 60_000)] * 20


def powers(r: random.Random) -> list[int]:
    return [500 << r.randint(0, 7) for _ in range(20)]


def cheap(r: random.Random) -> list[int]:
    return [r.randint(500, 510) for _ in range(30)]


def shared(r: random.Random) -> list[int]:
    """Prices of one common divisor, a total off by one: the budget can never be spent to the end."""
    return [997 * r.randint(1, 60) for _ in range(20)]


def nearly_shared(r: random.Random) -> list[int]:
    return [997 * r.randint(1, 60) + r.randint(-1, 1) for _ in range(20)]


def dear(r: random.Random) -> list[int]:
    """A few whole shares of everything at most: the budget buys about twenty."""
    return [r.randint(60_000, 180_000) for _ in range(30)]


def three_scales(r: random.Random) -> list[int]:
    return [10**e * r.randint(98, 102) for e in (1, 2, 3) for _ in range(8)]


def superincreasing(r: random.Random) -> list[int]:
    return [(101 << i % 11) + 1 for i in range(22)]


def same_ratio(r: random.Random) -> list[int]:
    """Even prices and an odd target everywhere: many plans with nearly the same miss."""
    return [2 * r.randint(5_000, 5_020) for _ in range(25)]


def subset_sum(r: random.Random, mode: str, n: int) -> AllocationProblem:
    """One share or none of each, and a miss that falls by as much as is spent: which prices add up best?

    All are even and the budget is odd, so the bound is never met; whatever spends as much is a tie.
    """
    prices = [2 * r.randint(7_500, 30_000) for _ in range(n)]
    relative = mode == "relative"
    targets = [Fraction(p * 3, 5) if relative else Fraction(p + 6_000, 2) for p in prices]
    lines = tuple(
        Line(f"E{i:02}", p, 0, t, divisor=t if relative else Fraction(1), can_sell=mode == "full")
        for i, (p, t) in enumerate(zip(prices, targets, strict=True))
    )
    return AllocationProblem(lines, int(sum(targets)) // 2 * 2 - 1)


FAMILIES: dict[str, tuple[Callable[[random.Random], list[int]], int]] = {
    "clusters 5 / 500": (clusters, 2_000_000),
    "equal prices": (equal, 2_000_000),
    "powers of two": (powers, 2_000_000),
    "near-equal cheap": (cheap, 2_000_001),
    "shared divisor": (shared, 997 * 2_000 + 1),
    "nearly shared": (nearly_shared, 997 * 2_000 - 1),
    "few dear shares": (dear, 2_000_000),
    "three scales": (three_scales, 2_000_003),
    "superincreasing": (superincreasing, 2_000_000),
    "even prices": (same_ratio, 2_000_001),
}


def cases() -> Iterator[tuple[str, list[AllocationProblem]]]:
    for name, (prices, total) in FAMILIES.items():
        for mode in MODES:
            drawn = [random.Random(f"{name} {mode} {k}") for k in range(HARD)]
            yield f"{name}, {mode}", [problem(r, prices(r), total, mode) for r in drawn]
    for n in (12, 20, 30):
        for mode in MODES:
            drawn = [random.Random(f"subset {n} {mode} {k}") for k in range(HARD // 6)]
            yield f"subset sum of {n}, {mode}", [subset_sum(r, mode, n) for r in drawn]


def timed(call: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = call()
    return (time.perf_counter() - start) * 1e3, result


def row(name: str, taken: list[float], rest: str) -> None:
    p50, p99 = np.percentile(taken, [50, 99])
    print(f"{name:30} {p50:9.4f} {p99:9.3f} {max(taken):9.2f}  {rest}")


def main() -> None:
    print(f"Python {platform.python_version()}, numba {numba.__version__}, numpy {np.__version__}, ", end="")
    print(f"{platform.machine()}, {sys.platform}, one thread; milliseconds")
    first, _ = timed(lambda: solve_compiled(ordinary(0)))
    solve_batch(*pack([ordinary(0)]))
    print(f"first call, compiling or from the cache: {first:.0f} ms")
    problems = [ordinary(seed) for seed in range(CASES)]
    print(f"{'':30} {'p50':>9} {'p99':>9} {'max':>9}  proven, given to the plain search")
    packed = [pack([p]) for p in problems]
    kernel, door, plain = [], [], []
    proven = handed = same = 0
    for p, arrays in zip(problems, packed, strict=True):
        spent, batch = timed(lambda arrays=arrays: solve_batch(*arrays))
        kernel.append(spent)
        handed += batch.status[0] > 2
        spent, answer = timed(lambda p=p: solve_compiled(p))
        door.append(spent)
        proven += answer.proven
    for p in problems[:300]:
        spent, answer = timed(lambda p=p: solve(p))
        plain.append(spent)
        mine = solve_compiled(p)
        same += (answer.steps, answer.value) == (mine.steps, mine.value)
    whole, _ = timed(lambda: solve_batch(*pack(problems)))
    both = pack(problems)
    whole, _ = timed(lambda: solve_batch(*both))
    rest = f"{proven} of {CASES}, {handed}"
    row(f"{CASES} random, batch of one", kernel, rest)
    row(f"{CASES} random, solve_compiled", door, rest)
    row("300 random, plain search", plain, f"same plan in {same} of 300")
    print(f"all in one batch: {whole / CASES:.4f} ms a problem")
    ratio = float(np.median(plain) / np.median(kernel[:300]))
    print(f"plain search over batch of one, medians of the same 300: {ratio:.0f} times")
    worst = 0.0
    for name, hard in cases():
        taken, open_gaps, handed = [], [], 0
        for p in hard:
            spent, answer = timed(lambda p=p: solve_compiled(p))
            taken.append(spent)
            if not answer.proven:
                open_gaps.append(float(1 - answer.bound / answer.value))
            handed += int(solve_batch(*pack([p])).status[0] > 2)
        worst = max(worst, *taken)
        rest = f"{len(hard) - len(open_gaps)} of {len(hard)}, {handed}"
        if open_gaps:
            rest += f"; widest certified gap {max(open_gaps):.1e}"
        row(name, taken, rest)
    print(f"worst of the hard families: {worst:.0f} ms")


if __name__ == "__main__":
    main()
