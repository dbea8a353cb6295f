"""Ten thousand injected faults, kill -9 among them: no duplicate, no lost order, no overspend.

    python benchmarks/faults.py [FAULTS] [FIRST_SEED]

Prints the faults by kind, what went wrong (nothing, it is hoped) and how long recovery took. Ends with 1
when anything went wrong.
"""

import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from acceptance.hostile_broker import trial


def main() -> int:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    faults: Counter[str] = Counter()
    kills, changes, problems, recoveries = 0, 0, [], []
    print(platform.python_version(), platform.machine(), platform.system())
    while faults.total() < wanted:
        with tempfile.TemporaryDirectory() as folder:
            verdict = trial(Path(folder), seed)
        faults.update(verdict.faults)
        kills += verdict.kills
        changes += verdict.changes
        problems += [f"seed {seed}: {p}" for p in verdict.problems]
        recoveries += verdict.recoveries
        seed += 1
    for name, count in faults.most_common():
        print(f"{count:7}  {name}")
    print(
        f"{faults.total():7}  faults in {seed - first} plans, {kills} of them ended the process with kill -9"
    )
    print(f"{changes:7}  fills changed money")
    print(f"{len(problems):7}  duplicates, losses, overspends and disagreements with the broker")
    print(f"recovery: median {median(recoveries):.3f} s, longest {max(recoveries):.3f} s")
    for problem in problems[:20]:
        print(problem)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
