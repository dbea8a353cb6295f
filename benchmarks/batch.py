"""A platform of whole-share accounts of ten funds, from tables to proof, beside the search kernel alone.

    python benchmarks/batch.py [--accounts 100000]

One run measures all of it, so that ratios say something where seconds do not: the kernel alone on the very
problems of the platform, and rounding the weights down, as NumPy and Polars would be asked to. Every plan is
exact and proven; a rounded one is neither, and leaves the money of the fractions idle.
"""

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import polars
import pyarrow.parquet as pq

from steelyard import batch
from steelyard.api.bucket_tasks import book_of
from steelyard.app.batch.account_rows import account_arrays
from steelyard.bootstrap import batch_work
from steelyard.engines.planning.compiled.compiled_search import solve_batch

sys.path.append(str(Path(__file__).parent.parent / "examples" / "platform"))
from make import make

THREADS = 2
TERMS = {"base_currency": "USD", "as_of": date(2026, 11, 23), "commission": "0.1%"}


def timed(name, work, reference=None):
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ratio = (
        "" if reference is None else f"  {wall / reference[0]:5.2f} x kernel, CPU {cpu / reference[1]:5.2f} x"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:32} {wall:7.2f} s, CPU {cpu:7.2f} s, peak {peak:5.2f} GiB{ratio}", flush=True)
    return found, (wall, cpu)


def problems(book, rows):
    """The allocation problems of a bucket whose accounts hold whole shares and cash in cents."""
    arrays, models = account_arrays(book, rows), book.arrays
    of = arrays.settings[:, 0]
    first, last = models.models[of, 0], models.models[of + 1, 0]
    count = last - first
    starts = np.concatenate([[0], np.cumsum(count)])
    owner = np.repeat(np.arange(len(of)), count)
    line = models.lines[first[owner] + np.arange(starts[-1]) - starts[owner]]
    held = np.zeros((len(of), models.line_of.shape[1]), np.int64)
    holder = np.repeat(np.arange(len(of)), np.diff(arrays.starts))
    held[holder, arrays.symbols] = arrays.shares
    own = held[owner, line[:, 0]]
    price = line[:, 2] * 10 ** (2 - line[:, 3])
    cash = arrays.amounts // 10 ** (arrays.cash_places - 2)
    managed = np.add.reduceat(own * price, starts[:-1]) + cash
    lines = np.zeros((len(owner), 15), np.int64)
    lines[:, 0], lines[:, 1] = price, own
    lines[:, 3], lines[:, 4] = line[:, 1] * managed[owner], 10 ** models.models[of[owner], 1]
    lines[:, 5:9], lines[:, 9], lines[:, 13], lines[:, 14] = 1, 1, -1, line[:, 6]
    heads = np.stack([cash, np.zeros_like(cash), np.full_like(cash, 1000)], axis=1)
    return lines, starts, np.ascontiguousarray(heads)


def rounded_by_numpy(folder):
    """Targets rounded down to whole shares, as they are off a spreadsheet: no cost, no budget, no proof."""
    models, prices = (pq.read_table(folder / f"{n}.parquet").to_pandas() for n in ("models", "prices"))
    positions, accounts = (
        pq.read_table(folder / f"{n}.parquet").to_pandas() for n in ("positions", "accounts")
    )
    price = dict(zip(prices.symbol, prices.price.astype(float), strict=True))
    positions["worth"] = positions.shares * positions.symbol.map(price)
    total = positions.groupby("account").worth.sum()
    wide = accounts[["account", "model"]].merge(models[["model", "symbol", "target"]], on="model")
    wide = wide.merge(positions[["account", "symbol", "shares"]], on=["account", "symbol"], how="left")
    weight = wide.target.str.rstrip("%").astype(float).to_numpy() / 100
    wanted = np.floor(weight * wide.account.map(total).to_numpy() / wide.symbol.map(price).to_numpy())
    wide["change"] = wanted - wide.shares.fillna(0)
    return wide[wide.change != 0]


def rounded_by_polars(folder):
    """The same in Polars, lazily."""
    scan = {
        n: polars.scan_parquet(folder / f"{n}.parquet") for n in ("positions", "accounts", "models", "prices")
    }
    price = scan["prices"].select("symbol", polars.col("price").cast(polars.Float64))
    total = (
        scan["positions"]
        .join(price, on="symbol")
        .group_by("account")
        .agg((polars.col("shares") * polars.col("price")).sum().alias("total"))
    )
    weight = polars.col("target").str.strip_suffix("%").cast(polars.Float64) / 100
    return (
        scan["accounts"]
        .select("account", "model")
        .join(scan["models"].select("model", "symbol", weight.alias("weight")), on="model")
        .join(total, on="account")
        .join(price, on="symbol")
        .join(scan["positions"], on=["account", "symbol"], how="left")
        .with_columns(
            change=(polars.col("weight") * polars.col("total") / polars.col("price")).floor()
            - polars.col("shares").fill_null(0)
        )
        .filter(polars.col("change") != 0)
        .collect(engine="streaming")
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=100_000)
    count = parser.parse_args().accounts
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder / "warm", 500, plain=True)
        batch.prepare(folder / "warm", folder / "warm-work", **TERMS)
        batch.check_work(folder / "warm-work")
        batch.plan_work(folder / "warm-work", folder / "warm-out")
        batch.reconcile(folder / "warm-work", folder / "warm-out")
        make(folder / "tables", count, plain=True)
        work, out = folder / "work", folder / "out"
        print(f"{count:,} accounts, {THREADS} threads")
        timed("prepare", lambda: batch.prepare(folder / "tables", work, threads=THREADS, **TERMS))
        timed("check", lambda: batch.check_work(work, threads=THREADS))
        place = batch_work(work)
        book = book_of(place)
        packed = [
            problems(book, batch_rows)
            for entry in place.manifest()["buckets"]
            for batch_rows in place.bucket(entry).combine_chunks().to_batches()
        ]

        def kernel():
            with ThreadPoolExecutor(THREADS) as pool:
                return list(pool.map(lambda one: solve_batch(*one), packed))

        lines, starts, heads = packed[0]
        solve_batch(lines[: starts[1]], starts[:2], heads[:1])  # Compiled before it is timed.
        answers, reference = timed("the search kernel alone", kernel)
        proven = sum(int((answer.status == 0).sum()) for answer in answers)
        print(f"  {1e6 * reference[0] / count:.2f} us an account; {proven:,} proven by the kernel")
        told, _ = timed("plan", lambda: batch.plan_work(work, out, threads=THREADS), reference)
        print(f"  {told.statuses}, {told.trades:,} trades")
        timed("reconcile", lambda: batch.reconcile(work, out, threads=THREADS), reference)
        timed("rounded down, NumPy and pandas", lambda: rounded_by_numpy(folder / "tables"), reference)
        timed("rounded down, Polars", lambda: rounded_by_polars(folder / "tables"), reference)


if __name__ == "__main__":
    main()
