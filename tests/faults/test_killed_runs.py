"""A run that is killed at any statement or socket operation is finished by the next one.

What must hold after every kill: every alert arrived, none arrived twice unless the outbox says that it may
have, the day is recorded once, the look is handled, and the database is sound. What each scenario must end
with is written down beside it. `make test` kills at every eightieth
point, `make test-long` at every third and `benchmarks/killed_runs.py` at every one.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from acceptance.webhook import webhook
from lanes import sizes
from steelyard.adapters.database.automation_schema import STEPS
from steelyard.adapters.database.migrations import Part, bring_up_to_date

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

STEP = int(os.environ.get("STEELYARD_KILL_STEP", "3"))
FEW = max(80, STEP)
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
DUE, CASH, DIGEST = (
    "Rebalance due: portfolio.toml",
    "Cash to invest: portfolio.toml",
    "Still to be rebalanced: portfolio.toml",
)
NO_PRICE, FAILED = "No good price: VOO", "Steelyard could not finish: price-missing"
CODE = "from steelyard.interfaces.cli.main import main; main()"


@pytest.fixture
def service():
    with webhook(lambda path: 503 if path.startswith("/down") else 200) as server:
        yield server


def accepted(service):
    """The messages that came, by path and title."""
    return Counter((path, json.loads(body)["title"]) for path, body in service.got)


def on(folder, sql, *values):
    base = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    base.execute(sql, values)
    base.close()


def nothing(folder, address):
    """A portfolio that was never looked after."""


def several(folder, address):
    """Idle cash and a weekly digest beside what is out of its band."""
    text = PORTFOLIO.replace('KRW = "0"', 'KRW = "3000000"')
    (folder / "portfolio.toml").write_text(text)
    (folder / "automation.toml").write_text('[alerts]\ndigest = "weekly"\nnew_cash = "1000000"\n')


def first_version(folder, address):
    """A database as the first version left it, a message waiting in it."""
    base = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    bring_up_to_date(base, folder / "steelyard.db", Part("automation", STEPS[:1]))
    base.execute(
        "INSERT INTO messages VALUES (1, 'portfolio.toml', 'digest', 'digest', 'old', 'text', '2026')"
    )
    base.execute("INSERT INTO deliveries VALUES (1, 'a', 'waiting', 0, '2026', '')")
    base.close()


def left_over(folder, address):
    """The look is handled; service b was down then and is up again."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    env |= {"STEELYARD_NOTIFY_A": f"{address}/a/earlier", "STEELYARD_NOTIFY_B": f"{address}/down/earlier"}
    subprocess.run([sys.executable, "-c", CODE, "run"], cwd=folder, env=env, check=True, capture_output=True)
    on(folder, "UPDATE deliveries SET next_at = '2020' WHERE state = 'waiting'")


def no_price(folder, address):
    """Nobody has a price of VOO."""
    (folder / "prices" / "VOO.csv").unlink()


@dataclass(frozen=True)
class Scenario:
    """What is there before, and what must be there after the run that was killed and the next one.

    Attributes:
        prepare: Makes it so, in a folder with a portfolio and a price.
        messages: Titles in the order they are written.
        services: Path on the service by name; `down` refuses everything.
        elsewhere: Messages that services had before, by service.
        status: Of a run that is not killed.
    """

    prepare: Callable
    messages: tuple[str, ...] = (DUE,)
    services: dict = field(default_factory=lambda: {"a": "a", "b": "b"})
    elsewhere: dict = field(default_factory=dict)
    only_a: tuple[str, ...] = ()
    status: int = 0


SCENARIOS = {
    "first run": Scenario(nothing),
    "one service is down": Scenario(nothing, services={"a": "a", "b": "down"}),
    "several alerts, three services": Scenario(
        several, (DUE, CASH, DIGEST), services={"a": "a", "b": "down", "c": "c"}
    ),
    "database of the first version": Scenario(first_version, ("old", DUE), only_a=("old",)),
    "only what was left over": Scenario(left_over, elsewhere={"a": (DUE,)}),
    "no price": Scenario(no_price, (NO_PRICE, FAILED), status=3),
}


def killed(template, folder, services, address, step):
    """Return what became of a run at every kill point."""
    script = Path(__file__).with_name("killed_runs.py")
    named = {f"STEELYARD_NOTIFY_{n.upper()}": f"{address}/{path}" for n, path in services.items()}
    words = [sys.executable, str(script), str(template), str(folder), str(step), "1", json.dumps(named)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "step", sizes(FEW, STEP, "a run killed at every third statement or socket operation")
)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_kill_loses_an_alert_or_repeats_one_unsaid(tmp_path, service, name, step):
    scenario = SCENARIOS[name]
    template = tmp_path / "template"
    (template / "prices").mkdir(parents=True)
    (template / "portfolio.toml").write_text(PORTFOLIO)
    (template / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    address = f"json://127.0.0.1:{service.server_port}"
    scenario.prepare(template, address)
    points = killed(template, tmp_path, scenario.services, address, step)
    assert points[-1]["killed"] == scenario.status
    assert len(points) > 30 // step
    repeated = 0
    for point in points:
        assert point["killed"] == -9 or point is points[-1], point
        assert point["finished"] == scenario.status, point
        with_base = sqlite3.connect(tmp_path / str(point["at"]) / "steelyard.db")
        repeated += check(scenario, with_base, accepted(service), point["at"])
        with_base.close()
    report = os.environ.get("STEELYARD_KILL_REPORT")
    if report:
        with Path(report).open("a", encoding="utf-8") as out:
            line = {"scenario": name, "kills": len(points) - 1, "said to be possibly doubled": repeated}
            out.write(json.dumps(line) + "\n")


def check(scenario, base, got, at):
    """Hold one folder against its scenario; return how many messages arrived twice, all of them said."""
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",), at
    done = 1 if scenario.status == 0 else 0
    assert base.execute("SELECT count(*) FROM valuations").fetchone() == (done,), at
    assert base.execute("SELECT count(*) FROM runs WHERE outcome = 'done'").fetchone() == (done,), at
    titles = tuple(row[0] for row in base.execute("SELECT title FROM messages ORDER BY id"))
    assert titles == scenario.messages, at
    states = {
        (title, service): state
        for title, service, state in base.execute(
            "SELECT m.title, d.service, d.state FROM deliveries d JOIN messages m ON m.id = d.message"
        )
    }
    unknown = Counter(
        base.execute(
            "SELECT m.title, a.service FROM attempts a JOIN messages m ON m.id = a.message"
            " WHERE a.outcome = 'unknown'"
        ).fetchall()
    )
    repeated = 0
    for title in titles:
        for name, path in scenario.services.items():
            if title in scenario.only_a and name != "a":
                continue
            assert states[title, name] == ("waiting" if path == "down" else "sent"), (at, title, name)
            if path == "down" or title in scenario.elsewhere.get(name, ()):
                assert got[f"/{path}/{at}", title] == 0 or path == "down", (at, title, name)
                continue
            arrived = got[f"/{path}/{at}", title]
            assert 1 <= arrived <= 1 + unknown[title, name], (at, title, name, arrived)
            repeated += arrived - 1
    return repeated
