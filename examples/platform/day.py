"""A day of a platform: its accounts judged, planned and proven, and what goes to the market as blocks.

    python examples/platform/day.py FOLDER --accounts 10000

Orders of all accounts are netted by symbol: what one account sells another may buy, only the rest is sent.
What comes back filled is given to the accounts in whole shares by largest remainders: nobody is a share or
more from their part of the fill, and what is given adds up to what was filled.
"""

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from make import make

from steelyard import batch

TERMS = {"base_currency": "USD", "as_of": date(2026, 11, 23), "commission": "0.1%"}
FILLED = 0.93
"""Of every block, so that there is something to share out."""


def shared_out(wanted, filled):
    """Share `filled` whole shares among orders of `wanted` shares: largest remainders, then the first.

    >>> shared_out(np.array([50, 30, 20, 1]), 90).tolist()
    [44, 27, 18, 1]
    """
    parts = wanted * filled
    given = parts // wanted.sum()
    left = filled - int(given.sum())
    rest = parts - given * wanted.sum()
    order = np.lexsort((np.arange(len(wanted)), -rest))
    given[order[:left]] += 1
    return given


def blocks(trades):
    """Return a row for each symbol: shares bought and sold by accounts, crossed between them, and sent."""
    rows = []
    frame = trades.select(["symbol", "side", "shares"]).to_pandas()
    frame["shares"] = frame["shares"].astype(float)
    for symbol, mine in frame.groupby("symbol", observed=True):
        bought, sold = (float(mine.shares[mine.side == side].sum()) for side in ("buy", "sell"))
        rows.append(
            {
                "symbol": symbol,
                "bought": bought,
                "sold": sold,
                "crossed": min(bought, sold),
                "side": "buy" if bought > sold else "sell",
                "sent": abs(bought - sold),
            }
        )
    return rows


def allocations(trades, block):
    """Return what each account of the heavier side gets of the crossed and the filled shares of a block."""
    frame = trades.select(["account", "symbol", "side", "shares"]).to_pandas()
    mine = frame[(frame.symbol == block["symbol"]) & (frame.side == block["side"])]
    wanted = np.floor(mine.shares.astype(float).to_numpy()).astype(np.int64)
    filled = min(int(block["crossed"] + block["sent"] * FILLED), int(wanted.sum()))
    return pa.table(
        {
            "account": mine.account.to_numpy(),
            "symbol": np.repeat(block["symbol"], len(mine)),
            "wanted": wanted,
            "given": shared_out(wanted, filled) if wanted.sum() else wanted,
        }
    )


def day(folder, count):
    """Run the day in a folder; return the counts and the blocks."""
    make(folder / "tables", count, giant=max(count // 50, 10))
    made = batch.prepare(folder / "tables", folder / "work", refuse=True, **TERMS)
    due = batch.check_work(folder / "work")
    planned = batch.plan_work(folder / "work", folder / "out")
    proven = batch.reconcile(folder / "work", folder / "out")
    trades = pq.read_table(folder / "out" / "trades")
    found = blocks(trades)
    pq.write_table(pa.Table.from_pylist(found), folder / "blocks.parquet")
    given = [allocations(trades, block) for block in found]
    pq.write_table(pa.concat_tables(given), folder / "allocations.parquet")
    return made, due, planned, proven, found, given


def main():
    """Run the day and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, default=10_000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    made, due, planned, proven, found, given = day(asked.folder, asked.accounts)
    print(f"{made.accounts:,} accounts, {made.positions:,} positions, {made.buckets} buckets")
    print(f"due: {due.statuses.get('due', 0):,}; planned: {planned.statuses.get('planned', 0):,}")
    print(f"proven: {proven.accounts:,} accounts once each, {proven.refused:,} of them refused")
    print(f"{'symbol':8} {'bought':>12} {'sold':>12} {'crossed':>12}  {'sent':>12}")
    for block, shares in zip(found, given, strict=True):
        off = max(
            np.abs(shares["given"].to_numpy() - shares["wanted"].to_numpy() * part(shares)), default=0.0
        )
        print(
            f"{block['symbol']:8} {block['bought']:12,.0f} {block['sold']:12,.0f} {block['crossed']:12,.0f}  "
            f"{block['side']} {block['sent']:8,.0f}  at most {off:.2f} shares from anybody's part"
        )


def part(shares):
    """Return which part of what was wanted is given in all."""
    wanted = shares["wanted"].to_numpy().sum()
    return shares["given"].to_numpy().sum() / wanted if wanted else 0.0


if __name__ == "__main__":
    main()
