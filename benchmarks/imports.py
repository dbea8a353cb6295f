"""Time and memory of `import`: 100,000 rows of this program's own format and of a broker's.

    python benchmarks/imports.py [ROWS]

Each is imported into an empty journal by a process of its own, and then once more, when every row is there.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

CODE = "import sys, steelyard; print(steelyard.import_('portfolio.toml', sys.argv[1]).counts)"


def native(rows: int) -> str:
    """Return purchases, a deposit each hundred rows."""
    lines = ["date,type,symbol,shares,price,currency,fees"]
    for n in range(rows):
        day = date(2000, 1, 3) + timedelta(n // 12)
        if n % 100 == 0:
            lines.append(f"{day},deposit,,100000,,USD,")
        else:
            lines.append(f"{day},buy,VOO,{n % 7 + 1},{400 + n % 90}.{n % 100:02},USD,1")
    return "\n".join(lines) + "\n"


def schwab(rows: int) -> str:
    """Return the same as a history of Schwab."""
    lines = ["Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount"]
    for n in range(rows):
        day = (date(2000, 1, 3) + timedelta(n // 12)).strftime("%m/%d/%Y")
        shares, cents = n % 7 + 1, 40000 + n % 9000
        paid = shares * cents + 100
        money = f"-${paid // 100}.{paid % 100:02}"
        price = f"${cents // 100}.{cents % 100:02}"
        lines.append(f'"{day}","Buy","VOO","A FUND","{shares}","{price}","$1.00","{money}"')
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print seconds and megabytes of each import."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for name, text in (("native", native(rows)), ("schwab", schwab(rows))):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rows.csv").write_text(text, encoding="utf-8")
            for what in ("new", "known"):
                begun = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", CODE, "rows.csv"],
                    cwd=folder,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seconds = time.perf_counter() - begun
                peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                print(f"{name:8} {what:6} {seconds:6.2f} s  {peak:6.0f} MB  {done.stdout.strip()}")


if __name__ == "__main__":
    main()
