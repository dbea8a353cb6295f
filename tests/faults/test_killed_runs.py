"""A run that is killed at any statement or socket operation is finished by the next one.

What must hold after every kill: the alert arrived, it arrived once unless the outbox says that it may have
arrived twice, the day is recorded once, the look is handled, and the database is sound.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

STEP = int(os.environ.get("STEELYARD_KILL_STEP", "1"))
PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "40%"
TLT = "60%"
[[accounts]]
name = "main"
cash = { KRW = "0" }
positions = [
  { symbol = "VOO", shares = 8 },
  { symbol = "TLT", shares = 20, price = "80000 KRW" },
]
[fx]
USDKRW = "1500"
"""


class Service(BaseHTTPRequestHandler):
    """Counts the messages it accepts, by path."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got[self.path] += 1
        self.send_response(503 if self.path.startswith("/down") else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.got = Counter()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("second", ["b", "down"])
def test_no_kill_loses_an_alert_or_repeats_one_unsaid(tmp_path, service, second):
    template = tmp_path / "template"
    (template / "prices").mkdir(parents=True)
    (template / "portfolio.toml").write_text(PORTFOLIO)
    (template / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    address = f"json://127.0.0.1:{service.server_port}"
    services = {"STEELYARD_NOTIFY_A": f"{address}/a", "STEELYARD_NOTIFY_B": f"{address}/{second}"}
    script = Path(__file__).with_name("killed_runs.py")
    words = [sys.executable, str(script), str(template), str(tmp_path), str(STEP), json.dumps(services)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert points[-1]["killed"] == 0
    assert len(points) > 100 // STEP
    repeated = 0
    for point in points:
        at = point["at"]
        assert point["killed"] in (-9, 0), point
        assert point["finished"] == 0, point
        base = sqlite3.connect(tmp_path / str(at) / "steelyard.db")
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",), at
        assert base.execute("SELECT count(*) FROM valuations").fetchone() == (1,), at
        assert base.execute("SELECT count(*) FROM runs WHERE outcome = 'done'").fetchone() == (1,), at
        assert base.execute("SELECT kind FROM messages").fetchall() == [("rebalance_due",)], at
        states = dict(base.execute("SELECT service, state FROM deliveries"))
        assert states == {"a": "sent", "b": "sent" if second == "b" else "waiting"}, at
        for name in {"a", second} - {"down"}:
            arrived = service.got[f"/{name}/{at}"]
            unknown = base.execute(
                "SELECT count(*) FROM attempts WHERE service = ? AND outcome = 'unknown'", (name,)
            ).fetchone()[0]
            assert 1 <= arrived <= 1 + unknown, (at, name, arrived, unknown)
            repeated += arrived - 1
        base.close()
    assert repeated > 0 or STEP > 1, "no kill fell between a service's acceptance and its record"
