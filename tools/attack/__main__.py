"""Attack the whole product with seeded hostile input, and say what came of it.

    python tools/attack --count 500 --seed 1
    python tools/attack --seed 1 --show 37        the files and commands of one case, and its outcome

Exit status 1 when anything ended in a traceback, a hang, too much memory, an unclear refusal, or let a
control character through.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import driver
from cases import KINDS, case_of


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--kind", action="append", choices=KINDS, default=[])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", type=int, metavar="NUMBER")
    parser.add_argument("--all", action="store_true", help="show every bad case, not one of each kind")
    options = parser.parse_args()
    if options.show is not None:
        return _show(options.seed, options.show, tuple(options.kind))
    since, counts, slowest, largest = time.monotonic(), Counter[str](), (0.0, 0), (0, 0)
    seen: Counter[str] = Counter()
    numbers = range(options.first, options.first + options.count)
    for found in driver.attack(options.seed, numbers, tuple(options.kind), options.workers):
        counts[found["outcome"]] += 1
        slowest = max(slowest, (found["seconds"], found["number"]))
        largest = max(largest, (found["bytes"], found["number"]))
        if found["outcome"] not in driver.GOOD:
            # One of each is shown: the same fault is found many times.
            key = found["outcome"] + (
                "".join(found["detail"].splitlines()[-3:]) if found["outcome"] == "traceback" else ""
            )
            seen[key] += 1
            if options.all or seen[key] <= (1 if found["outcome"] == "traceback" else 8):
                print(
                    f"case {found['number']} ({found['kind']}): {found['outcome']}\n  {found['detail']}\n",
                    flush=True,
                )
    print(
        f"seed {options.seed}: tried {sum(counts.values())}, refused clearly {counts['refused']}, "
        f"accepted {counts['accepted']}"
    )
    print("; ".join(f"{name} {counts[name]}" for name in driver.OUTCOMES[2:]))
    print(
        f"slowest {slowest[0]} s (case {slowest[1]}), largest growth {largest[0] / 1e6:.0f} MB "
        f"(case {largest[1]}), {time.monotonic() - since:.0f} s in all"
    )
    return 1 if any(counts[name] for name in driver.OUTCOMES if name not in driver.GOOD) else 0


def _show(seed: int, number: int, kinds: tuple[str, ...]) -> int:
    case = case_of(seed, number, kinds)
    for name, data in case.files.items():
        print(f"--- {name} ({len(data)} bytes)\n{data[:20_000].decode('utf-8', 'backslashreplace')}")
    for words in case.commands:
        print("--- steelyard", *map(repr, words))
    outcome, detail = driver.run(case)
    print(f"--- {outcome}\n{detail}")
    return 0 if outcome in driver.GOOD else 1


if __name__ == "__main__":
    sys.exit(main())
