"""The example of a platform: its day runs, its blocks add up, and its fills are shared out fairly."""

import random
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "examples" / "platform"))
import day as example  # noqa: E402


def test_a_day_of_a_platform(tmp_path):
    """Blocks are added up anew from the trades, in Python."""
    _, due, planned, proven, blocks, given = example.day(tmp_path, 200)
    assert proven.to_dict() == planned.to_dict()
    assert planned.statuses["planned"] >= due.statuses["due"] > 0
    net = {}
    for row in pq.read_table(tmp_path / "out" / "trades").to_pylist():
        sign = 1 if row["side"] == "buy" else -1
        net[row["symbol"]] = net.get(row["symbol"], 0) + sign * row["shares"]
    for block, shares in zip(blocks, given, strict=True):
        sent = block["sent"] if block["side"] == "buy" else -block["sent"]
        assert abs(float(net[block["symbol"]]) - sent) < 1e-6
        assert (shares["given"].to_numpy() <= shares["wanted"].to_numpy()).all()


def test_a_fill_is_shared_out_to_the_last_share_and_nobody_is_a_share_off():
    """The quota rule of largest remainders: floor or ceiling of the exact part, and the sum is the fill."""
    draw = random.Random(4)
    for _ in range(300):
        wanted = np.array([draw.randint(1, 400) for _ in range(draw.randint(1, 40))])
        filled = draw.randint(0, int(wanted.sum()))
        given = example.shared_out(wanted, filled)
        assert given.sum() == filled
        assert (np.abs(given - wanted * filled / wanted.sum()) < 1).all()
        assert (given <= wanted).all()
