"""Kill -9 of `run` at every database statement and every socket operation, in every scenario of tests/faults.

Prints kills a scenario and how many messages arrived twice (each of them said in the outbox). The judgement
is that of the test; this only takes every kill point instead of every third.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        env = {**os.environ, "STEELYARD_KILL_STEP": "1", "STEELYARD_KILL_REPORT": str(report)}
        words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "long"]
        words += ["tests/faults/test_killed_runs.py"]
        status = subprocess.run(words, cwd=ROOT, env=env, check=False).returncode
        rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        print(", ".join(f"{key}: {value}" for key, value in row.items()))
    print(f"kills: {sum(row['kills'] for row in rows)}")
    sys.exit(status)


if __name__ == "__main__":
    main()
