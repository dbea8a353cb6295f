"""Lots and wash sales: agreement on 100,000 random histories, and how the fold grows with the journal.

Goal: a journal of 100,000 entries folds in a few seconds. Times are this machine's and only good as ratios:
doubling the journal should little more than double the time. The garbage collector is set as the program sets
it. `python benchmarks/wash_sales.py [histories]`.
"""

import gc
import importlib.util
import platform
import random
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.united_states.tax_year import Setting, positions
from steelyard.domain.tax.united_states.wash_sales import wash_sales

SIZES = (12_500, 25_000, 50_000, 100_000)
GROUPS = {"VOO": "sp500", "IVV": "sp500"}


def naive_module():
    """Return the test module that holds the naive implementation."""
    path = Path(__file__).parent.parent / "tests" / "domain" / "tax" / "test_wash_sales.py"
    spec = importlib.util.spec_from_file_location("test_wash_sales", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def journal(count, seed=1):
    """Return a journal of ten years: six instruments in four accounts, twice as many buys as sells."""
    r = random.Random(seed)
    start = date(2016, 1, 4)
    held = {}
    entries = []
    for number in range(count):
        day = start + timedelta(number * 3650 // count)
        account = r.choice(["main", "other", "spouse", "ira"])
        symbol = r.choice(["VOO", "IVV", "BND", "VEA", "GLD", "TLT"])
        key = (account, symbol)
        price = Decimal(r.randint(5000, 15000)) / 100
        if held.get(key, 0) > 4 and r.random() < 0.4:
            shares = r.randint(1, held[key] // 2)
            kind = "sell"
        else:
            shares, kind = r.randint(1, 20), "buy"
        held[key] = held.get(key, 0) + (shares if kind == "buy" else -shares)
        entries.append(Entry(day, account, kind, symbol, Decimal(shares), price, "USD", Decimal("1.00")))
    return entries


def main():
    """Print agreement, then one line per method and size."""
    gc.set_threshold(50_000)
    histories = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}")
    tests = naive_module()
    wrong = 0
    for seed in range(10**6, 10**6 + histories):
        blocks = tests.history(seed)
        result = wash_sales(blocks, GROUPS)
        wrong += tests.expanded(blocks, result) != tests.naive(blocks, GROUPS)
    print(f"random histories: {histories}, disagreements with the naive implementation: {wrong}")
    for method in ("fifo", "lifo", "hifo", "average"):
        before = None
        for size in SIZES:
            setting = Setting(
                classes=dict.fromkeys(["VOO", "IVV", "BND", "VEA", "TLT"], "security")
                | {"GLD": "collectible"},
                settles=lambda day: day,
                sheltered=("ira",),
                methods={
                    (a, c): method
                    for a in ("main", "other", "spouse", "ira")
                    for c in ("security", "collectible")
                },
                groups=GROUPS,
            )
            entries = journal(size)
            begin = time.perf_counter()
            found = positions(entries, setting)
            seconds = time.perf_counter() - begin
            ratio = "" if before is None else f", {seconds / before:.2f} times half the journal"
            print(f"{method:8} {size:7} entries {seconds:6.2f} s, {len(found.washed.washes)} washes{ratio}")
            before = seconds


if __name__ == "__main__":
    main()
