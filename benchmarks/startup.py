"""Whole commands against a click hello-world, in turn, in one run: medians and ratios.

Goal: `check --json` within 2 times, `plan --json` of one account with 20 instruments within 3 times,
`run --if-due` on a day with nothing to do within 100 ms.
"""

import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELLO = "import click\n@click.command()\ndef hello():\n    click.echo('hello')\nhello()\n"
RUNS = 30
# As on a user's machine: modules are compiled once and read from then on.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def portfolio(instruments: int) -> str:
    r = random.Random(1)
    lines = ['base_currency = "USD"', "[targets]"]
    lines += [f'E{i:02} = "{100 // instruments}%"' for i in range(instruments)]
    lines += ["[[accounts]]", 'name = "main"', 'cash = { USD = "5000" }']
    for i in range(instruments):
        price = r.randint(500, 60000) / 100
        shares = int(200_000 * r.uniform(0.5, 1.5) / instruments / price)
        lines += [
            "[[accounts.positions]]",
            f'symbol = "E{i:02}"',
            f"shares = {shares}",
            f'price = "{price} USD"',
        ]
    return "\n".join(lines)


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "portfolio.toml").write_text(portfolio(20))
    (folder / "hello.py").write_text(HELLO)
    code = "from steelyard.interfaces.cli.main import main; main()"
    commands = {
        "hello": [sys.executable, "hello.py"],
        "check": [sys.executable, "-c", code, "check", "--json"],
        "plan": [sys.executable, "-c", code, "plan", "--json"],
        "idle": [sys.executable, "-c", code, "run", "--if-due"],
    }
    # The look date that is due today is handled here; later runs have nothing to do.
    subprocess.run(commands["idle"], cwd=folder, capture_output=True, check=True, env=ENVIRONMENT)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 2):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, capture_output=True, check=True, env=ENVIRONMENT)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken[2:]) for name, taken in seconds.items()}
    print(f"Python {platform.python_version()}, {platform.machine()}, {RUNS} runs, 20 instruments")
    for name, median in medians.items():
        print(f"{name:6} {median * 1e3:6.1f} ms  {median / medians['hello']:.2f} times hello")


if __name__ == "__main__":
    main()
