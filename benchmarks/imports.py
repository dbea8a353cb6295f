"""Time and memory of `import`: 100,000 rows of this program's own format, of plain CSV and of each broker's.

    python benchmarks/imports.py [ROWS] [NAME...]

What brokers write is written as the tests of the round trip write it (`tests/broker_writers.py`). Each is
imported into an empty journal by a process of its own, and then once more, when every row is there.
The ratio is to a bare loop in the same minute: cells of the native file into Decimals and dates, and those
into a table of SQLite as wide, with nothing checked and nothing told apart.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
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


def entries(rows: int, currency: str) -> list[object]:
    """Return purchases, now and then a sale, a deposit or a dividend."""
    from steelyard.domain.books.ledger import Entry

    symbol, step = ("VOO", Decimal("0.01")) if currency == "USD" else ("069500", Decimal(1))
    found: list[object] = []
    for n in range(rows):
        day = date(2000, 1, 3) + timedelta(n // 12)
        if n % 100 == 0:
            found.append(Entry(day, "main", "deposit", shares=Decimal(100_000), currency=currency))
        elif n % 50 == 1 and n > 50:
            price = (50_000 + n % 90) * step
            found.append(Entry(day, "main", "sell", symbol, Decimal(2), price, currency, Decimal(1)))
        elif n % 200 == 5:
            found.append(Entry(day, "main", "dividend", symbol, Decimal(10), Decimal(1 + n % 9), currency))
        else:
            price = (40_000 + n % 9000) * step
            found.append(Entry(day, "main", "buy", symbol, Decimal(n % 7 + 1), price, currency, Decimal(1)))
    return found


def brokers() -> dict[str, tuple[Callable[[int], bytes], str]]:
    """Return what each broker writes of so many rows, and its currency."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from broker_writers import BROKERS

    def of(broker: object) -> Callable[[int], bytes]:
        return lambda rows: broker.write(broker.carried(entries(rows, broker.currency)))

    return {name: (of(broker), broker.currency) for name, broker in BROKERS.items()}


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
    kinds: dict[str, tuple[Callable[[int], bytes], str]] = {
        "native": (lambda n: native(n).encode(), "USD"),
        "plain": (lambda n: plain(n).encode(), "USD"),
        **brokers(),
    }
    for name in sys.argv[2:] or kinds:
        make, currency = kinds[name]
        map_ = "'map.toml'" if name == "plain" else "None"
        with tempfile.TemporaryDirectory() as folder:
            text = PORTFOLIO.replace("USD", currency)
            text = text if currency == "USD" else text.replace("VOO", "069500")
            (Path(folder) / "portfolio.toml").write_text(text, encoding="utf-8")
            (Path(folder) / "map.toml").write_text(MAP, encoding="utf-8")
            (Path(folder) / "rows.dat").write_bytes(make(rows))
            (Path(folder) / "native.csv").write_text(native(rows), encoding="utf-8")
            bare, _, _ = cost(folder, BARE, "native.csv")
            for what in ("new", "known"):
                seconds, peak, said = cost(folder, CODE.format(map=map_), "rows.dat")
                print(
                    f"{name:31} {what:6} {seconds:6.2f} s  {seconds / bare:5.2f} times {bare:.2f} s"
                    f"  {peak:6.0f} MB  {said[:40]}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
