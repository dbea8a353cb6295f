"""Whole commands against a click hello-world, in turn, in one run: processor time, medians and ratios.

Goal: `check --json` and `holdings --json` within 2 times, `plan --json` of one account with 20 instruments
within 3 times, `run --if-due` on a day with nothing to do within 100 ms. With a journal of 2,000 entries over
ten years and [tax] (those of `tax.py`): `check` and `holdings` within 3 times.
"""

import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import tax

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


def with_journal(folder: Path) -> Path:
    """Make a folder whose journal has the entries of `tax.py`, its file the prices of what they hold."""
    tax.prepare(folder, "US")
    prices = "".join(
        f'[[accounts.positions]]\nsymbol = "{symbol}"\nshares = 0\nprice = "900 USD"\n'
        for symbol in tax.SYMBOLS["US"]
    )
    text = (
        (folder / "portfolio.toml").read_text().replace("[[accounts]]\n", '[[accounts]]\nkept = "journal"\n')
    )
    (folder / "portfolio.toml").write_text(text + prices)
    return folder


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "portfolio.toml").write_text(portfolio(20))
    (folder / "hello.py").write_text(HELLO)
    journal = with_journal(folder / "journal")
    code = [sys.executable, "-c", "from steelyard.interfaces.cli.main import main; main()"]
    commands = {
        "hello": (folder, [sys.executable, "hello.py"]),
        "check": (folder, [*code, "check", "--json"]),
        "holdings": (folder, [*code, "holdings", "--json"]),
        "plan": (folder, [*code, "plan", "--json"]),
        "idle": (folder, [*code, "run", "--if-due"]),
        "check, 2,000 entries": (journal, [*code, "check", "--json"]),
        "holdings, 2,000 entries": (journal, [*code, "holdings", "--json"]),
        "plan, 2,000 entries": (journal, [*code, "plan", "--json", "--cash", "100000", "--account", "b"]),
    }
    # The look date that is due today is handled here; later runs have nothing to do.
    subprocess.run(commands["idle"][1], cwd=folder, capture_output=True, check=True, env=ENVIRONMENT)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 2):
        for name, (where, command) in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, cwd=where, capture_output=True, check=True, env=ENVIRONMENT)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    counted = {name: taken[2:] for name, taken in seconds.items()}
    print(f"Python {platform.python_version()}, {platform.machine()}, {RUNS} runs, 20 instruments")
    for name, taken in counted.items():
        # Run by run against its own hello: what slows the machine for a while slows both.
        ratio = statistics.median(mine / hello for mine, hello in zip(taken, counted["hello"], strict=True))
        least = min(taken) / min(counted["hello"])
        print(
            f"{name:24} {statistics.median(taken) * 1e3:6.1f} ms  {ratio:.2f} times hello (least {least:.2f})"
        )


if __name__ == "__main__":
    main()
