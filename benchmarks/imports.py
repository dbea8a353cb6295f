"""Time and memory of `import`: 100,000 rows of this program's own format, of plain CSV and of a broker's.

    python benchmarks/imports.py [ROWS]

Each is imported into an empty journal by a process of its own, and then once more, when every row is there.
The ratio is to a bare loop in the same minute: cells of the native file into Decimals and dates, and those
into a table of SQLite as wide, with nothing checked and nothing told apart.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

CODE = "import sys, steelyard; print(steelyard.import_('portfolio.toml', sys.argv[1], columns={map}).counts)"
BARE = """
import csv, sqlite3, sys
from datetime import date
from decimal import Decimal
rows = list(csv.DictReader(open(sys.argv[1])))
db = sqlite3.connect("bare.db")
db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE e (id TEXT UNIQUE, %s) STRICT" % ", ".join(f"c{n} TEXT" for n in range(22)))
made = [(date.fromisoformat(r["date"]), r["type"], r["symbol"], Decimal(r["shares"]),
         Decimal(r["price"] or 0), r["currency"], Decimal(r["fees"] or 0)) for r in rows]
with db:
    db.executemany("INSERT INTO e VALUES (%s)" % ",".join("?" * 23), (
        (str(n) + repr(m), *map(str, m), *[None] * 15) for n, m in enumerate(made)))
"""
PORTFOLIO = """base_currency = "USD"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
kept = "journal"
[[accounts.positions]]
symbol = "VOO"
shares = "0"
price = "600"
"""
MAP = """[columns]
date = "Day"
type = "What"
symbol = "Fund"
shares = "Count"
price = "Price"
currency = "Currency"
fees = "Costs"
"""


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


def plain(rows: int) -> str:
    """Return the same with other names for the columns, to be read with a map."""
    return "Day,What,Fund,Count,Price,Currency,Costs\n" + native(rows).partition("\n")[2]


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


def cost(folder: str, code: str, file: str) -> tuple[float, float, str]:
    """Return processor seconds and megabytes of a process, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code += "\nimport resource as r; print(r.getrusage(r.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", code, file], cwd=folder, check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *said, peak = done.stdout.splitlines()
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(peak) / 1024, " ".join(said)


def main() -> None:
    """Print processor seconds, their ratio to the bare loop and megabytes of each import."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    kinds = (("native", native, "None"), ("plain", plain, "'map.toml'"), ("schwab", schwab, "None"))
    for name, make, map_ in kinds:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
            (Path(folder) / "map.toml").write_text(MAP, encoding="utf-8")
            (Path(folder) / "rows.csv").write_text(make(rows), encoding="utf-8")
            (Path(folder) / "native.csv").write_text(native(rows), encoding="utf-8")
            bare, _, _ = cost(folder, BARE, "native.csv")
            for what in ("new", "known"):
                seconds, peak, said = cost(folder, CODE.format(map=map_), "rows.csv")
                print(
                    f"{name:7} {what:6} {seconds:6.2f} s  {seconds / bare:5.2f} times {bare:.2f} s"
                    f"  {peak:6.0f} MB  {said}"
                )


if __name__ == "__main__":
    main()
