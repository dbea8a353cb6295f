"""Makes the tables of a platform: accounts as they are, from a seed.

    python examples/platform/make.py TABLES --accounts 100000

Most accounts hold the funds of their model off their weights; some hold fewer, odd fractions, a fund that no
model has, or nothing at all. `--plain` makes all of them whole-share accounts of ten funds, as benchmarks
measure them.
"""

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = date(2026, 11, 23)
FUNDS = {
    "VTI": 331.07, "VXUS": 76.41, "BND": 74.28, "BNDX": 49.62, "VNQ": 91.03, "GLD": 381.55, "TIP": 111.2,
    "VB": 254.9, "VWO": 54.13, "SHY": 82.77, "QQQ": 611.4, "VOO": 628.15, "IEF": 96.9, "TLT": 90.11,
}  # fmt: skip
UNMODELLED = {"ARKK": 71.3, "XLE": 92.6}


def models(plain):
    """Ten models of the funds: from all bonds to all stocks, in steps of a percent."""
    draw = np.random.default_rng(7)
    rows = []
    for number in range(10):
        names = draw.choice(list(FUNDS), 10 if plain else int(draw.integers(3, 11)), replace=False)
        cuts = np.sort(draw.choice(np.arange(1, 100), len(names) - 1, replace=False))
        weights = np.diff(np.concatenate([[0], cuts, [100]]))
        rows += [
            {"model": f"model-{number}", "symbol": str(name), "target": f"{weight}%", "policy": POLICY}
            for name, weight in zip(names, weights, strict=True)
        ]
    return rows


POLICY = "threshold 1% relative 20%"


def make(folder, count, *, plain=False, seed=1, giant=0):
    """Write the tables of a platform of `count` accounts; one of them holds `giant` positions."""
    draw = np.random.default_rng(seed)
    rows = models(plain)
    names = sorted({row["model"] for row in rows})
    funds = {
        m: [(r["symbol"], float(r["target"][:-1]) / 100) for r in rows if r["model"] == m] for m in names
    }
    of = draw.integers(0, len(names), count)
    worth = np.exp(draw.normal(11.5, 1.1, count))
    spread = np.full(count, 0.25) if plain else draw.choice([0.01, 0.05, 0.25], count)
    account = pa.array([f"A{n:08d}" for n in range(count)])
    prices = FUNDS | UNMODELLED
    symbols = list(prices)
    owners, held, shares = [], [], []
    for number, name in enumerate(names):
        mine = np.flatnonzero(of == number)
        for symbol, weight in funds[name]:
            off = np.exp(draw.normal(0, 1, len(mine)) * spread[mine])
            size = worth[mine] * weight * off / prices[symbol]
            size = np.floor(size)
            if not plain:
                odd = draw.random(len(mine)) < 0.1
                size = np.where(odd, np.round(size + draw.random(len(mine)), 4), size)
                size = np.where(draw.random(len(mine)) < 0.1, 0, size)
            there = size > 0
            owners.append(mine[there])
            held.append(np.full(there.sum(), symbols.index(symbol)))
            shares.append(size[there])
    if not plain:
        strange = np.flatnonzero(draw.random(count) < 0.05)
        owners.append(strange)
        held.append(draw.integers(len(FUNDS), len(symbols), len(strange)))
        shares.append(np.full(len(strange), 5.0))
    if giant:
        more = {f"OLD{n:05d}": 10.0 + n % 7 for n in range(giant)}
        prices |= more
        symbols = list(prices)
        owners.append(np.zeros(giant, np.int64))
        held.append(np.arange(len(symbols) - giant, len(symbols)))
        shares.append(np.ones(giant))
    owners, held, shares = map(np.concatenate, (owners, held, shares))
    order = draw.permutation(len(owners))
    owners, held, shares = owners[order], held[order], shares[order]
    folder.mkdir(parents=True, exist_ok=True)
    symbol = pa.DictionaryArray.from_arrays(pa.array(held.astype(np.int32)), pa.array(symbols))
    kind = pa.int64() if plain else pa.float64()
    positions = pa.table(
        {
            "account": account.take(pa.array(owners)),
            "symbol": symbol.cast(pa.string()),
            "shares": pa.array(shares).cast(kind),
        }
    )
    pq.write_table(positions, folder / "positions.parquet", row_group_size=1 << 20)
    cash = np.round(worth * draw.random(count) * 0.03, 2)
    starts = pa.array(np.arange(count + 1, dtype=np.int32))
    money = pa.StructArray.from_arrays([pa.array(["USD"] * count), pa.array(cash)], ["currency", "amount"])
    accounts = {
        "account": account,
        "model": pa.array([names[n] for n in of]),
        "cash": pa.ListArray.from_arrays(starts, money),
    }
    if not plain:
        flows = np.where(draw.random(count) < 0.05, np.round(worth * draw.normal(0, 0.02, count), 2), 0.0)
        last = np.datetime64(DAY) - draw.integers(1, 500, count).astype("timedelta64[D]")
        accounts |= {"cash_flow": pa.array(flows), "last_rebalance": pa.array(last)}
    pq.write_table(pa.table(accounts), folder / "accounts.parquet")
    pq.write_table(pa.Table.from_pylist(rows), folder / "models.parquet")
    listed = [{"symbol": s, "price": str(p), "priced_on": DAY} for s, p in prices.items()]
    pq.write_table(pa.Table.from_pylist(listed), folder / "prices.parquet")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--giant", type=int, default=0)
    parser.add_argument("--plain", action="store_true")
    asked = parser.parse_args()
    make(asked.folder, asked.accounts, plain=asked.plain, giant=asked.giant)
