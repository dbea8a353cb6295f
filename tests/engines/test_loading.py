"""A process begins with plain code and loads machine code when that is worth it; both give the same bits.

In processes of their own: this one has loaded its kernels long ago, or has not, as other tests decided.
"""

import subprocess
import sys

PLAIN_FIRST = """
import sys
from datetime import date, timedelta
import numpy as np
import steelyard
from steelyard.engines.loading import load_for

days = np.array([date(2020, 1, 1) + timedelta(days=n) for n in range(900)], dtype="M8[D]")
closes = np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.01, (900, 3)), axis=0))
policies = ["calendar monthly", "threshold 5% to edge", "hold"]
options = {"commission": "0.1%", "dates": days}
targets = {"A": "50%", "B": "30%", "C": "20%"}
first = steelyard.backtest(closes, targets, policies, **options)
numbers = [repr(r.to_dict()) for r in first.results]
assert "numba" not in sys.modules
assert not load_for(0.0)
while not load_for(0.0):
    steelyard.backtest(closes, targets, policies, **options)
again = steelyard.backtest(closes, targets, policies, **options)
assert "numba" in sys.modules
assert [repr(r.to_dict()) for r in again.results] == numbers
for one, other in zip(first.results, again.results):
    assert one.values.tobytes() == other.values.tobytes()
"""
SAME_INTAKE = """
import numpy as np
from datetime import date, timedelta
from steelyard.app.lab.look_sessions import look_mask
from steelyard.engines.market import intake, intake_kernel
from steelyard.engines.lab.backtest import look_kernel
from steelyard.engines.loading import load_for

rng = np.random.default_rng(7)
epoch = date(1970, 1, 1).toordinal()
seen = set()
for turn in range(400):
    count = int(rng.integers(2, 40))
    start = int(rng.integers(-20_000, 80_000))
    steps = rng.integers(1, 4, count)
    if turn % 5 == 0:
        steps[:] = 7
    stamps = start + np.cumsum(steps)
    ticks = int(rng.choice([1, 86_400, 1000 * 86_400, 10**6 * 86_400, 10**9 * 86_400]))
    closes = rng.uniform(90, 110, (count, 3))
    if turn % 3 == 0:
        closes[rng.integers(count), rng.integers(3)] = rng.choice([0.0, -1.0, np.nan, 1e16, 300.0, 60.0])
    if turn % 7 == 0:
        stamps[-1] = stamps[0]
    results = []
    for room in (intake, intake_kernel):
        days, kept = np.empty(count, np.int64), np.empty((count, 3))
        plain = room.take(stamps * ticks, ticks, epoch, closes, 1e15, days, kept)
        results.append([bool(plain), days.tolist(), kept.tobytes()])
        columns = np.ascontiguousarray(closes.T)
        both = room.take_columns(stamps * ticks, ticks, epoch, columns, 1e15, 1.9, days, kept)
        results[-1] += [bool(both[0]), bool(both[0] and both[1]), kept.tobytes()]
        if plain:
            results[-1].append(bool(room.is_usual(days, closes, 1.9)))
            weekdays = all(date.fromordinal(d).weekday() < 5 for d in days.tolist())
            assert not results[-1][-1] or weekdays
    assert results[0] == results[1], turn
    seen.add((results[0][0], results[0][4]))
    if plain:
        for look in ("weekly", "biweekly", "monthly", "quarterly", "annual"):
            for at in ("first", "last"):
                from steelyard.app.lab.look_sessions import _period_starts
                mask = np.empty(count, np.bool_)
                look_kernel.mark(days, _period_starts(int(days[0]), int(days[-1]), look), at == "last", mask)
                assert look_mask(days, look, at).tolist() == mask.tolist()
assert not load_for(0.0)
assert seen == {(True, True), (True, False), (False, False)}
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_process_begins_without_machine_code_and_goes_on_with_the_same_bits():
    run(PLAIN_FIRST)


def test_prices_and_looks_are_the_same_before_and_after_machine_code_is_loaded():
    run(SAME_INTAKE)
