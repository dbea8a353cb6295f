"""`tax` on a ten-year journal of 2,000 entries as a process, against a click hello-world, in one run.

Goal: within 0.3 s in either country. Import is timed once, for the reader; it is no part of the goal.
"""

import csv
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""Of a user: modules are compiled once, not at every start."""
HELLO = "import click\n@click.command()\ndef hello():\n    click.echo('hello')\nhello()\n"
RUNS = 15
ENTRIES = 2000
AS_OF = "2026-11-23"
CODE = "from steelyard.interfaces.cli.main import main; main()"
FIELDS = ("date", "account", "type", "symbol", "shares", "price", "currency", "fx_rate")
SYMBOLS = {"US": ("VOO", "QQQ", "TLT", "GLD", "VTI"), "KR": ("VOO", "QQQ", "TLT", "069500", "360750")}


def portfolio(country: str) -> str:
    base = "USD" if country == "US" else "KRW"
    weight = 100 // len(SYMBOLS[country])
    targets = "\n".join(f'"{s}" = "{weight}%"' for s in SYMBOLS[country])
    more = "other_income = 100000\n" if country == "US" else ""
    accounts = "".join(f'[[accounts]]\nname = "{name}"\n' for name in ("a", "b"))
    return (
        f'base_currency = "{base}"\n[targets]\n{targets}\n[tax]\njurisdiction = "{country}"\n{more}{accounts}'
    )


def rows(country: str) -> list[tuple[object, ...]]:
    """Purchases and sales on weekdays over ten years, two accounts, prices that rise and fall."""
    r = random.Random(1)
    held: dict[tuple[str, str], int] = {}
    found = []
    start = date(2016, 11, 28)
    for i in range(ENTRIES):
        day = start + timedelta(days=i * 3640 // ENTRIES)
        day -= timedelta(days=max(day.weekday() - 4, 0))
        key = r.choice("ab"), r.choice(SYMBOLS[country])
        selling = held.get(key, 0) > 5 and r.random() < 0.4
        shares = r.randint(1, 5)
        held[key] = held.get(key, 0) + (-shares if selling else shares)
        domestic = key[1].isdigit()
        price = r.randint(8000, 60000) if domestic else r.randint(8000, 60000) / 100
        foreign = country == "KR" and not domestic
        found.append(
            (
                day, key[0], "sell" if selling else "buy", key[1], shares, price,
                "KRW" if domestic else "USD", r.randint(1100, 1450) if foreign else "",
            )
        )  # fmt: skip
    return found


def prepare(folder: Path, country: str) -> float:
    """Write the file, import the journal, and return the seconds the import took."""
    folder.mkdir()
    (folder / "portfolio.toml").write_text(portfolio(country))
    with (folder / "trades.csv").open("w", newline="") as file:
        csv.writer(file).writerows([FIELDS, *rows(country)])
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", CODE, "import", "trades.csv"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env=ENVIRONMENT,
        check=True,
    )
    return time.perf_counter() - start


def main() -> None:
    root = Path(tempfile.mkdtemp())
    (root / "hello.py").write_text(HELLO)
    commands = {"hello": ([sys.executable, "hello.py"], root)}
    for country in ("KR", "US"):
        taken = prepare(root / country, country)
        print(f"import of {ENTRIES} entries, {country}: {taken:.2f} s")
        command = [sys.executable, "-c", CODE, "tax", "--json", "--as-of", AS_OF]
        commands[f"tax {country}"] = (command, root / country)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 2):
        for name, (command, folder) in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, env=ENVIRONMENT, check=True)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken[2:]) for name, taken in seconds.items()}
    print(f"Python {platform.python_version()}, {platform.machine()}, {RUNS} runs, {ENTRIES} entries")
    for name, median in medians.items():
        print(f"{name:6} {median * 1e3:6.1f} ms  {median / medians['hello']:.2f} times hello")


if __name__ == "__main__":
    main()
