"""The compiled backtest: against a hand-written C loop, after tax in whole shares, as a whole command.

Twenty years daily, five instruments, 10 bp of cost; ratios are taken within one run. The C loop does
what the kernel does for a fractional portfolio (weights exact after costs), on the same arrays, and must
end at the same value; like the kernel it takes any number of instruments. It needs gcc.
"""

from __future__ import annotations

import compileall
import ctypes
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np

from steelyard import bootstrap
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.app.lab import backtest as lab
from steelyard.engines.lab.backtest import compiled_backtest, resample
from steelyard.engines.lab.backtest.records import Backtest, Market, PolicyRules, TradingTerms
from steelyard.engines.market.price_history import PriceHistory

SESSIONS, INSTRUMENTS, RATE = 5216, 5, 0.001

C_LOOP = r"""
#include <math.h>
/* One policy, tallies only: growth, worst fall, sums of returns, turnover, costs, number of trades. */
void follow(const double *restrict prices, const unsigned char *restrict looks, long sessions,
            const double *restrict targets, double band, int always, double rate, double initial,
            double *restrict out, long n) {
    double shares[64] = {0}, worth[64], cash = initial, previous = initial, growth = 1, peak = 1, trough = 1;
    double mean = 0, square = 0, turnover = 0, costs = 0, count = 0, value = 0;
    for (long t = 0; t < sessions; t++) {
        double total = 0, spent = 0, moved = 0;
        for (int i = 0; i < n; i++) { worth[i] = shares[i] * prices[t * n + i]; total += worth[i]; }
        total += cash;
        int due = t == 0 || (looks[t] && always);
        if (!due && looks[t])
            for (int i = 0; i < n; i++) due |= fabs(worth[i] - targets[i] * total) > band * total;
        if (due) {
            double left = total;
            for (int k = 0; k < 64; k++) {
                double excess = left - total, slope = 1;
                for (int i = 0; i < n; i++) {
                    double gap = targets[i] * left - worth[i];
                    excess += rate * fabs(gap);
                    slope += gap >= 0 ? rate * targets[i] : -rate * targets[i];
                }
                double lower = left - excess / slope;
                if (!(lower < left)) break;
                left = lower;
            }
            for (int i = 0; i < n; i++) {
                double gap = targets[i] * left - worth[i];
                shares[i] = (worth[i] + gap) / prices[t * n + i];
                cash -= gap; moved += fabs(gap); spent += rate * fabs(gap);
            }
            cash -= spent;
            if (t) count++;
        }
        value = total - spent;
        if (t == 0) { growth = peak = value / initial; costs = spent; }
        else {
            double change = value / previous;
            growth *= change; mean += change - 1; square += (change - 1) * (change - 1);
            if (growth > peak) peak = growth; else if (growth < trough * peak) trough = growth / peak;
            if (moved > 0) { turnover += moved / 2 / (value + spent); costs += spent; }
        }
        previous = value;
    }
    out[0] = value; out[1] = growth; out[2] = trough; out[3] = mean; out[4] = square; out[5] = turnover;
    out[6] = costs; out[7] = count;
}
"""


def prices() -> np.ndarray:
    random = np.random.default_rng(20240607)
    return 100 * np.exp(np.cumsum(random.normal(0.0003, 0.01, (SESSIONS, INSTRUMENTS)), axis=0))


def problem(*, always: bool, widths: np.ndarray, every: int = 1) -> Backtest:
    policies = len(widths)
    looks = np.zeros((1, SESSIONS), dtype=np.bool_)
    looks[0, ::every] = True
    market = Market(
        prices(),
        np.arange(SESSIONS, dtype=np.int64),
        np.empty((0, INSTRUMENTS)),
        np.empty(0),
        np.empty(0),
    )
    rules = PolicyRules(
        targets=np.full(INSTRUMENTS, 1 / INSTRUMENTS),
        looks=looks,
        schedule=np.zeros(policies, dtype=np.int64),
        always=np.full(policies, always),
        bands=np.repeat(widths[:, None], INSTRUMENTS, axis=1),
        max_interval=np.full(policies, -1, dtype=np.int64),
        cooldown=np.zeros(policies, dtype=np.int64),
        boxed=np.zeros(policies, dtype=np.bool_),
        low=np.zeros((policies, INSTRUMENTS)),
        high=np.ones((policies, INSTRUMENTS)),
    )
    return Backtest(market, rules, TradingTerms(10_000.0, RATE, 0.0, np.zeros(INSTRUMENTS)))


def median(call: Callable[[], object], repeats: int = 31) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def c_loop(folder: Path) -> Callable[[Backtest], np.ndarray] | None:
    if shutil.which("gcc") is None:
        return None
    source, library = folder / "loop.c", folder / "loop.so"
    source.write_text(C_LOOP)
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(library), "-lm"], check=True)
    follow = ctypes.CDLL(str(library)).follow
    follow.restype = None
    pointer, number = ctypes.c_void_p, ctypes.c_double
    follow.argtypes = [
        pointer,
        pointer,
        ctypes.c_long,
        pointer,
        number,
        ctypes.c_int,
        number,
        number,
        pointer,
        ctypes.c_long,
    ]

    def call(p: Backtest) -> np.ndarray:
        rules, out = p.rules, np.empty((p.shape[0], 8))
        for row in range(p.shape[0]):
            follow(
                p.market.prices.ctypes.data,
                rules.looks.ctypes.data,
                SESSIONS,
                rules.targets.ctypes.data,
                float(rules.bands[row, 0]),
                int(rules.always[row]),
                p.terms.rate,
                p.terms.initial,
                out[row].ctypes.data,
                INSTRUMENTS,
            )
        return out

    return call


def numpy_segments(p: Backtest) -> np.ndarray:
    """The honest rival: one product of growth per stretch between looks."""
    prices, targets = p.market.prices, p.rules.targets
    edges = [*np.flatnonzero(p.rules.looks[0]).tolist(), SESSIONS - 1]
    values, value, worth = np.empty(SESSIONS), p.terms.initial / (1 + RATE), np.zeros(INSTRUMENTS)
    for first, last in pairwise(edges):
        if first:
            total = worth.sum()
            value = total - RATE * np.abs(targets * total - worth).sum()
        stretch = prices[first : last + 1] / prices[first] * (targets * value)
        values[first : last + 1] = stretch.sum(axis=1)
        worth = stretch[-1]
    return values


def after_tax() -> Iterator[tuple[str, float]]:
    """Yield policies and how many resampled twenty-year backtests a second they do on two threads.

    Korea: overseas-listed funds, whole shares, lots first in first out, gains realised up to the yearly
    allowance, tax paid from the portfolio in May, liquidation at the end.
    """
    symbols = ("VOO", "QQQ", "TLT", "GLD", "VTI")
    text = 'base_currency = "KRW"\n[targets]\n' + "".join(f'{s} = "20%"\n' for s in symbols)
    portfolio = parse(
        text + '[tax]\njurisdiction = "KR"\n', "portfolio.toml", load_catalogue(), need_accounts=False
    )
    terms = bootstrap.backtest_tax(portfolio, harvest=True)
    assert not isinstance(terms, str), terms
    span = (date(2004, 1, 2) + timedelta(days=n) for n in range(2 * SESSIONS))
    days = tuple([d for d in span if d.weekday() < 5][:SESSIONS])
    history = PriceHistory(symbols, days, prices() * 1000)
    equal = dict.fromkeys(symbols, Decimal("0.2"))
    settings = lab.BacktestSettings(
        equal, initial=Decimal(100_000_000), commission=Decimal(str(RATE)), whole=True, tax=terms
    )
    for policy in ("calendar quarterly", "threshold 5%", "hybrid quarterly 5% 180d", "calendar monthly"):
        one = lab.assemble(history, [lab.candidate(policy)], settings)
        resample.resampled(one, paths=4, seed=1, block=21.0)
        start = time.perf_counter()
        resample.resampled(one, paths=2000, seed=1, block=21.0)
        yield policy, 2000 / (time.perf_counter() - start)


def processes(folder: Path) -> tuple[float, list[float]]:
    """Return the seconds of a first `compare --demo` after an installation, and of five that follow."""
    source = Path(__file__).parent.parent / "src"
    shutil.copytree(source, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder / "src", quiet=2)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(folder / "src"), "XDG_CACHE_HOME": str(folder)}
    code = "from steelyard.interfaces.cli.main import main; main()"
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, "compare", "--demo"], env=env, capture_output=True, check=True
        )
        seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[1:]


def main() -> None:
    cpu = platform.processor() or platform.machine()
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {cpu}; medians")
    never = np.array([np.inf])
    cases = {
        "quarterly": problem(always=True, widths=never, every=63),
        "5 % band, daily look": problem(always=False, widths=np.array([0.05])),
        "200 bands, daily look": problem(always=False, widths=np.linspace(0.005, 0.2, 200)),
    }
    with tempfile.TemporaryDirectory() as folder:
        loop = c_loop(Path(folder))
        for name, p in cases.items():
            ours = median(lambda p=p: compiled_backtest.history_tallies(p))
            line = f"{name:24s} kernel {ours * 1e3:8.3f} ms"
            if loop is not None:
                # The kernel also adds up taxes and what is owed at the end: nothing here.
                assert np.allclose(loop(p), compiled_backtest.history_tallies(p)[:, :8], rtol=1e-9), name
                theirs = median(lambda p=p: loop(p))
                line += f"   C loop {theirs * 1e3:8.3f} ms   kernel / C {ours / theirs:5.2f}"
            print(line)
    one = cases["quarterly"]
    series = median(lambda: compiled_backtest.run(one, holdings=False, details=False))
    print(f"with the value series    kernel {series * 1e3:8.3f} ms")
    rival = median(lambda: numpy_segments(one))
    print(f"NumPy by segments        {rival * 1e3:8.3f} ms   {rival / series:8.0f} times the kernel")
    start = time.perf_counter()
    resample.resampled(cases["200 bands, daily look"], paths=1000, seed=1, block=21.0)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"200 policies x 1,000 resampled paths: {took:.2f} s on 2 threads, peak {peak:.0f} MiB")
    for policy, rate in after_tax():
        print(f"after tax in whole shares, {policy}: {rate:,.0f} a second on 2 threads")
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = processes(Path(folder))
    print(f"compare --demo as a process: first {cold:.2f} s, then {statistics.median(warm):.2f} s")


if __name__ == "__main__":
    main()
