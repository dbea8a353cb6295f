"""Whole plans through the library against an older commit, in one run, tax known or not.

    git worktree add --detach ../old 71086d0
    python benchmarks/households.py --old ../old/src [--cases 60] [--kind "one account, tax"]

Processor time of `plan` on the same files in two processes that take turns; the first plans of each warm up
and do not count. A plan is also asked how sure it is: stage (a) proven, and stage (b).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

KINDS = {
    "one account of 10": (1, 10, False),
    "one account of 10, tax": (1, 10, True),
    "3 x 8, lots and tax": (3, 8, True),
    "4 x 10": (4, 10, False),
    "8 x 20": (8, 20, False),
    "12 x 30": (12, 30, False),
}
AS_OF = date(2026, 11, 23)
WARM = 3

WORKER = """
import datetime, json, sys, time
import steelyard
for line in sys.stdin:
    portfolio = steelyard.load(line.strip())
    start = time.process_time()
    plan = steelyard.plan(portfolio, as_of=datetime.date(2026, 11, 23))
    spent = time.process_time() - start
    goal, effort = plan.objective, getattr(plan, "effort", None)
    print(json.dumps([spent, goal.proven_optimal if hasattr(goal, "proven_optimal") else goal.proven,
        None if effort is None else effort.proven, len(plan.trades), str(goal.value), str(goal.bound),
        str(getattr(plan, "managed_after", "1"))]), flush=True)
"""


def household(seed: int, accounts: int, funds: int, taxed: bool) -> str:
    """Return the text of a file: weights of about a percent to a third, holdings from nothing to 1.6 of them.

    Taxed: an American owner with a taxable account (lots of one to three purchases, gains and losses), then
    an IRA, a Roth, and so on.
    """
    r = random.Random(f"{seed} {accounts} {funds} {taxed}")
    total = 10 ** r.uniform(4.5, 6)
    shares = [r.random() + 0.1 for _ in range(funds)]
    weights = [max(int(1000 * s / sum(shares)), 1) for s in shares]
    weights[0] += 1000 - sum(weights)
    prices = [round(r.uniform(5, 600), 2) for _ in range(funds)]
    purses = [r.random() + 0.2 for _ in range(accounts)]
    kinds = ["taxable", "ira", "roth", "taxable"]
    text = [
        'base_currency = "USD"',
        "[costs]",
        f'commission = "{r.choice(["0", "0.05%", "0.1%"])}"',
        "[targets]",
    ]
    text += [f'S{i:02} = "{w / 10:.1f}%"' for i, w in enumerate(weights)]
    if taxed:
        text += ["[tax]", 'jurisdiction = "US"', 'filing = "single"', "other_income = 120000"]
    for i in range(funds):
        text += [f"[instruments.S{i:02}]", 'currency = "USD"', 'exchange = "XNYS"', 'us_class = "security"']
    for a in range(accounts):
        part = total * purses[a] / sum(purses)
        text += ["[[accounts]]", f'name = "a{a}"', f'kind = "{kinds[a % 4] if taxed else "taxable"}"']
        text += [f'cash = {{ USD = "{part * r.uniform(0.0, 0.05):.2f}" }}']
        for i in range(funds):
            held = int(part * weights[i] / 1000 * r.uniform(0, 1.6) / prices[i])
            text += [
                "[[accounts.positions]]",
                f'symbol = "S{i:02}"',
                f'price = "{prices[i]}"',
                f"shares = {held}",
            ]
            if taxed and kinds[a % 4] == "taxable" and held:
                text.append(f"lots = [{', '.join(lots(r, held, prices[i]))}]")
    return "\n".join(text)


def lots(r: random.Random, held: int, price: float) -> list[str]:
    """Return one to three purchases of the last years that add up to the shares."""
    found = []
    left = held
    for n in range(r.randint(1, 3)):
        part = left if n == 2 or left < 2 else r.randint(1, left)
        day = AS_OF - timedelta(days=r.randint(60, 1500))
        found.append(
            f'{{ bought = {day}, shares = {part}, unit_cost = "{price * r.uniform(0.5, 1.3):.2f}" }}'
        )
        left -= part
        if not left:
            break
    if left:
        found.append(f'{{ bought = {AS_OF - timedelta(days=400)}, shares = {left}, unit_cost = "{price}" }}')
    return found


def worker(source: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )


def asked(process: subprocess.Popen[str], file: Path) -> list[object]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{file}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--old", type=Path)
    given.add_argument("--new", type=Path, default=Path(__file__).parents[1] / "src")
    given.add_argument("--cases", type=int, default=60)
    given.add_argument("--kind", action="append")
    options = given.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {options.cases} files a kind")
    sources = {"new": options.new} | ({"old": options.old} if options.old else {})
    folder = Path(tempfile.mkdtemp())
    for kind in options.kind or KINDS:
        accounts, funds, taxed = KINDS[kind]
        processes = {name: worker(source) for name, source in sources.items()}
        rows: dict[str, list[list[object]]] = {name: [] for name in sources}
        for seed in range(-WARM, options.cases):
            file = folder / f"{accounts}-{funds}-{taxed}-{seed}.toml"
            file.write_text(household(seed, accounts, funds, taxed))
            for name, process in processes.items():
                row = asked(process, file)
                if seed >= 0:
                    rows[name].append(row)
        for process in processes.values():
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
        print(kind)
        for name, found in rows.items():
            spent = sorted(float(str(r[0])) for r in found)
            known = [r[2] for r in found if r[2] is not None]
            print(
                f"  {name}: median {statistics.median(spent) * 1e3:8.1f} ms, "
                f"95th {spent[int(len(spent) * 0.95)] * 1e3:8.1f}, longest {spent[-1] * 1e3:8.1f}; "
                f"proven: (a) {sum(bool(r[1]) for r in found)}, (b) {sum(map(bool, known))} of {len(known)}"
            )
        if "old" in rows:
            ratios = [
                float(str(n[0])) / float(str(o[0])) for n, o in zip(rows["new"], rows["old"], strict=True)
            ]
            medians = [statistics.median(float(str(r[0])) for r in rows[x]) for x in ("new", "old")]
            print(f"  new / old: {medians[0] / medians[1]:.2f}, of ratios {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
