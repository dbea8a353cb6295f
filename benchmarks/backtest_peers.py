"""One backtest with a value series: ours at three depths against bt and vectorbt, in one run.

Twenty years daily, five instruments, quarterly, 10 bp. The peers are run by their own interpreter (`make
peers`), each in the fastest correct form known: bt with the trigger first and divisible shares, vectorbt by
orders from a matrix and by an order function on the segments of the looks. Ratios of one run; medians.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas
from backtest import numpy_segments

import steelyard
from steelyard.app.lab import backtest as lab
from steelyard.engines.lab.backtest import compiled_backtest
from steelyard.engines.market.price_history import PriceHistory

ROOT = Path(__file__).parent.parent
SESSIONS, NAMES = 5216, "ABCDE"
LOOKS = ("monthly", "quarterly", "semiannual", "annual")

PEERS = r"""
import json, statistics, sys, time
import numpy as np, pandas as pd, bt, vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb
from vectorbt.portfolio.enums import SizeType, Direction

given = np.load(sys.argv[1])
data = pd.DataFrame(given["prices"], index=pd.to_datetime(given["days"]), columns=list("ABCDE"))
targets = np.full(5, 0.2)
looks = ~pd.Series(data.index.to_period("Q")).duplicated().to_numpy()
size = np.where(looks[:, None], targets, np.nan)

def bt_series():
    weigh = bt.algos.WeighSpecified(**dict(zip("ABCDE", targets)))
    steps = [bt.algos.RunQuarterly(), weigh, bt.algos.Rebalance()]
    test = bt.Backtest(bt.Strategy("s", steps), data, initial_capital=1e6, integer_positions=False,
                       commissions=lambda q, p: abs(q) * p * 0.001, progress_bar=False)
    test.run()
    return test.strategy.values.to_numpy()[1:]

def vbt_matrix():
    return vbt.Portfolio.from_orders(data, size, size_type="targetpercent", group_by=True, cash_sharing=True,
                                     call_seq="auto", init_cash=1e6, fees=0.001, freq="D").value().to_numpy()

@njit
def before(c, targets):
    for col in range(c.from_col, c.to_col):
        c.last_val_price[col] = c.close[c.i, col]
    keys = np.empty(len(targets))
    nb.sort_call_seq_nb(c, targets, SizeType.TargetPercent, Direction.LongOnly, keys)
    return ()

@njit
def order(c, targets):
    return nb.order_nb(targets[c.col], c.close[c.i, c.col], size_type=SizeType.TargetPercent,
                       direction=Direction.LongOnly, fees=0.001)

mask = looks[:, None]
def vbt_segments():
    done = vbt.Portfolio.from_order_func(
        data, order, targets, pre_segment_func_nb=before, pre_segment_args=(targets,), segment_mask=mask,
        group_by=True, cash_sharing=True, init_cash=1e6, freq="D")
    return done.value().to_numpy()

out = {}
calls = {"bt": bt_series, "vectorbt, matrix": vbt_matrix, "vectorbt, segments": vbt_segments}
for name, call in calls.items():
    end = float(call()[-1])
    took = []
    for _ in range(11):
        start = time.perf_counter(); call(); took.append(time.perf_counter() - start)
    out[name] = [statistics.median(took), end]
versions = {m.__name__: m.__version__ for m in (bt, vbt, np, pd)}
print(json.dumps([out, versions]))
"""


def median(call: Callable[[], object], repeats: int) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    python = ROOT / ".venv-peers" / "bin" / "python"
    if not python.is_file():
        print("the other engines are not installed: make peers")
        return
    random = np.random.default_rng(20240607)
    closes = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.01, (SESSIONS, len(NAMES))), axis=0))
    span = (date(2004, 1, 2) + timedelta(days=n) for n in range(2 * SESSIONS))
    days = [d for d in span if d.weekday() < 5][:SESSIONS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.npz"
        np.savez(path, prices=closes, days=np.array([d.isoformat() for d in days]))
        done = subprocess.run(
            [str(python), "-c", PEERS, str(path)], capture_output=True, text=True, check=True
        )
    peers, versions = json.loads(done.stdout)
    targets = dict.fromkeys(NAMES, Decimal("0.2"))
    history = PriceHistory(tuple(NAMES), tuple(days), closes)
    settings = lab.BacktestSettings(targets, initial=Decimal(1_000_000), commission=Decimal("0.001"))
    chosen = [lab.candidate("calendar quarterly")]
    problem = lab.assemble(history, chosen, settings)
    stamps = np.array(days, dtype="datetime64[D]")
    frame = pandas.DataFrame(closes, index=pandas.DatetimeIndex(stamps), columns=list(NAMES))
    order = {"initial": 1_000_000, "commission": "0.1%"}

    def series(prices: object, dates: object = None) -> np.ndarray:
        study = steelyard.backtest(prices, targets, "calendar quarterly", dates=dates, **order)
        return study.results[0].values

    rival = numpy_segments(problem)
    assert np.allclose(rival, series(frame), rtol=1e-6)
    ours = {
        "the engine on its arrays": median(
            lambda: compiled_backtest.run(problem, holdings=False, details=False), 301
        ),
        "steelyard.backtest, array and dates": median(lambda: series(closes, stamps), 301),
        "steelyard.backtest, pandas frame": median(lambda: series(frame), 301),
        "the same with all statistics": median(
            lambda: steelyard.backtest(frame, targets, "calendar quarterly", **order).summary(), 51
        ),
    }
    by_segments = median(lambda: numpy_segments(problem), 101)
    grid = [f"calendar {look}{at}" for look in LOOKS for at in ("", " last")]
    several = [lab.assemble(history, [lab.candidate(line)], settings) for line in grid]
    together = median(lambda: steelyard.backtest(closes, targets, grid, dates=stamps, **order), 51)
    apart = median(lambda: [numpy_segments(one) for one in several], 21)
    end = float(compiled_backtest.run(problem, holdings=False).values[0, -1])
    print(f"Python {platform.python_version()}, {platform.machine()}, {versions}; medians of one run")
    for name, (seconds, last) in peers.items():
        print(f"{name:36s} {seconds * 1e3:10.3f} ms   ends {last / end - 1:+.1e} from ours (its own sizing)")
    for name, seconds in ours.items():
        rivals = {peer: took for peer, (took, _) in peers.items()} | {"NumPy": by_segments}
        times = "   ".join(f"{rival} / ours {took / seconds:.4g}" for rival, took in rivals.items())
        print(f"{name:36s} {seconds * 1e3:10.3f} ms   {times}")
    each = together / len(grid) * 1e3
    print(f"{len(grid)} calendars in one call, each {each:.3f} ms; NumPy / ours {apart / together:.4g}")


if __name__ == "__main__":
    main()
